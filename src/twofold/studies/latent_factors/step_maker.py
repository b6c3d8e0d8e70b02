"""Steps on the recordings of a study, whose keys hold all that their results depend on and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from twofold.runs.jobs import Arrays
from twofold.studies.latent_factors.extrapolating import extrapolate
from twofold.studies.latent_factors.fits import Fit
from twofold.studies.latent_factors.fitting import train
from twofold.studies.latent_factors.options import LatentFactorsOptions
from twofold.studies.latent_factors.prepared import Prepared
from twofold.studies.latent_factors.steps import Step
from twofold.studies.versions import versions

OF_TRAINING = (
    "clip_frames",
    "batch_clips",
    "learning_rate",
    "patience",
    "decay_patience",
    "rounds",
    "validation_repeats",
    "seed",
    "precision",
)


@dataclass(frozen=True, eq=False)
class StepMaker:
    """Makes steps.

    Parameters
    ----------
    prepared, options
        Of the study.
    seen
        Hashes of the recordings.
    version
        Of the package.
    """

    prepared: Prepared
    options: LatentFactorsOptions
    seen: Sequence[str]
    version: str

    @classmethod
    def of(cls, prepared: Prepared, options: LatentFactorsOptions) -> StepMaker:
        """Hash the recordings once."""
        return cls(prepared, options, prepared.key, versions()["twofold"])

    def __call__(
        self,
        name: str,
        function: Callable[..., Arrays],
        needs: Mapping[str, str] | None = None,
        /,
        **arguments: Any,
    ) -> Step:
        """A step whose key is made of its arguments."""
        return self._step(name, function, needs or {}, arguments, arguments)

    def training(self, fit: Fit) -> Step:
        """A step that trains a model."""
        needs = {} if fit.start is None else {"start": fit.start}
        return self._step(fit.name, train, needs, self._of(fit), self._key(fit))

    def extrapolating(self, name: str, fit: Fit) -> Step:
        """A step that trains the readouts of neurons that a model did not see."""
        return self._step(name, extrapolate, {"seen": fit.name}, self._of(fit), self._key(fit))

    def looking(
        self, name: str, look: Callable[..., Arrays], fit: str, part: Callable[..., Arrays], **settings: Any
    ) -> Step:
        """A step in which a part looks at a model."""
        seed = self.options.seed
        key = {"part": f"{part.__module__}.{part.__qualname__}", "seed": seed, "settings": settings}
        arguments = {"function": part, "seed": seed, "settings": settings}
        return self._step(name, look, {"tensors": fit}, arguments, key)

    def _step(
        self,
        name: str,
        function: Callable[..., Arrays],
        needs: Mapping[str, str],
        arguments: Mapping[str, Any],
        key: Mapping[str, Any],
    ) -> Step:
        own = {**key, "recordings": list(self.seen), "version": self.version}
        return Step(name, function, {"recordings": self.prepared.recordings, **arguments}, own, needs)

    def _of(self, fit: Fit) -> dict[str, Any]:
        return {"fitted": fit, "options": self.options}

    def _key(self, fit: Fit) -> dict[str, Any]:
        return {**fit.key, **{name: getattr(self.options, name) for name in OF_TRAINING}}
