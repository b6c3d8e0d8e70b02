"""All that workers of one search must agree on, kept beside their results."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import Field, NonNegativeInt, PositiveInt

from twofold.errors import DataError, OptionError, did_you_mean
from twofold.files import written_whole
from twofold.options import Options
from twofold.recordings import Recording
from twofold.runs.search.space import Choice, Range, Space, space_as_json
from twofold.runs.search.spaces import ModelName

PLAN, DATABASE = "search.json", "search.db"


class SearchPlan(Options):
    """A search.

    Parameters
    ----------
    model
        As in `twofold fit MODEL`.
    recordings
        Paths of stores, or of folders of stores.
    fingerprint
        What is in them, as far as it tells searches apart.
    preset
        Size of a video model.
    video
        Folder of the fitted video model that a latent one begins from.
    fixed
        Options that are not searched, as texts.
    space
        Those that are.
    trials
        How many are to come to an end, by all workers together.
    seed
        Of all draws.
    storage
        URL of a database; None is a file in the folder of the search.
    grace
        Seconds without a sign of life after which a worker's trial is given to another.
    warm_up
        Epochs in which no trial is given up.

    Examples
    --------
    >>> space = {"beta": Range(low=0.1, high=1.0)}
    >>> plan = SearchPlan(model="video", recordings=("m.zarr",), fingerprint="", space=space)
    >>> plan.trials, plan.name
    (50, 'video-bc42500a')
    """

    model: ModelName
    recordings: tuple[str, ...]
    fingerprint: str
    preset: str = "tiny"
    video: str | None = None
    fixed: dict[str, str] = Field(default_factory=dict)
    space: dict[str, Range | Choice]
    trials: PositiveInt = 50
    seed: NonNegativeInt = 0
    storage: str | None = None
    grace: PositiveInt = 60
    warm_up: NonNegativeInt = 5

    @property
    def name(self) -> str:
        """Of the study in the database; workers with the same task find each other by it."""
        return (
            f"{self.model}-{hashlib.sha256(json.dumps(self.task, sort_keys=True).encode()).hexdigest()[:8]}"
        )

    @property
    def task(self) -> dict[str, Any]:
        """What may not change in a search that goes on."""
        return {
            "model": self.model,
            "recordings": self.fingerprint,
            "preset": self.preset,
            "video": self.video is not None,
            "set": self.fixed,
            "space": space_as_json(self.space),
            "seed": self.seed,
        }

    @property
    def example(self) -> dict[str, str]:
        """Options of a trial: the fixed ones, and the first of each that is searched."""
        return {**self.fixed, **{name: kind.first for name, kind in self.space.items()}}

    def url(self, folder: Path) -> str:
        """Of the database."""
        return self.storage or f"sqlite:///{folder.absolute() / DATABASE}"

    def save(self, folder: Path) -> None:
        """Write it down."""
        with written_whole(folder / PLAN) as temporary:
            temporary.write_text(json.dumps(self.model_dump(mode="json"), indent=1), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> SearchPlan:
        """Read it back.

        Raises
        ------
        DataError
            If the folder holds no search.
        """
        path = folder / PLAN
        if not path.exists():
            raise DataError(f"{folder} holds no search; name a model and recordings to begin one")
        try:
            return cls.model_validate_json(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise DataError(f"{path} is damaged ({error}); give another --out") from None


def fingerprint(recordings: Sequence[Recording]) -> str:
    """Names and sizes, which are the same wherever the stores lie."""
    facts = [
        [one.name, len(one.neurons), len(one.time_s), one.trials.table["tier"].tolist()]
        if "tier" in one.trials.table
        else [one.name, len(one.neurons), len(one.time_s), len(one.trials)]
        for one in recordings
    ]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:16]


def check_names(names: Mapping[str, Any] | Space, known: Sequence[str], what: str) -> None:
    """Refuse options that the model does not have.

    Raises
    ------
    OptionError
        If there is one.
    """
    for name in names:
        if name not in known:
            raise OptionError(f"{what} {name}: unknown option, {did_you_mean(name, known)}")
