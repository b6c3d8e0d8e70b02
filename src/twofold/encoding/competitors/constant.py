"""What a competitor without video begins with: for each neuron its likeliest law that never changes."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

import numpy as np
from jaxtyping import Float
from pydantic import Field, NonNegativeInt, PositiveInt
from torch import Tensor

from twofold.encoding.population import FAMILIES
from twofold.encoding.saving import OF_LIKELIHOODS, likelihood_from, likelihood_settings, own_tensors
from twofold.errors import DataError, OptionError, did_you_mean
from twofold.likelihoods import Likelihood, ResponseStatistics
from twofold.options import Options
from twofold.recordings import Recording, refuse_withheld
from twofold.sampling import Clip, TrialClips

CONSTANT = "twofold constant model"


class SavedConstant(Options):
    """One recording of a constant model, but its tensors."""

    name: str
    likelihood: dict[str, Any]


class SavedConstantModel(Options):
    """All of a constant model but its tensors."""

    format: Literal["twofold constant model"] = "twofold constant model"
    version: Literal[1] = 1
    likelihood: str
    populations: list[SavedConstant] = Field(min_length=1)
    n_neurons: list[PositiveInt]
    frames_lost: NonNegativeInt = 0


class ConstantModel:
    """Responses that depend on nothing: the null model, as something to add other neurons to.

    Parameters
    ----------
    names
        Of the recordings.
    likelihoods
        Of each.
    raw
        (neuron, parameter) outputs of each, before the link.
    frames_lost
        Frames at the beginning of a trial that are left out, to be compared with a model of the video.

    Examples
    --------
    >>> import twofold as tw
    >>> mouse = tw.simulate_movie_repeats(tw.MovieRepeats.small(n_units=4, bins_per_frame=1))
    >>> model = ConstantModel.for_recordings([mouse], "poisson", tier="all")
    >>> model.raw_of(0, TrialClips(mouse).read(0, n_frames=5)).shape
    torch.Size([5, 4, 1])
    """

    def __init__(
        self,
        names: Sequence[str],
        likelihoods: Sequence[Likelihood],
        raw: Sequence[Tensor],
        frames_lost: int = 0,
    ) -> None:
        self.names, self._likelihoods, self._raw = tuple(names), tuple(likelihoods), tuple(raw)
        self.frames_lost = frames_lost

    @classmethod
    def for_recordings(
        cls,
        recordings: Sequence[Recording],
        likelihood: str = "zig",
        *,
        tier: str = "train",
        frames_lost: int = 0,
    ) -> ConstantModel:
        """Fitted to the trials of a tier.

        Parameters
        ----------
        recordings
            With one response per frame.
        likelihood
            "zig", "flow", "poisson" or "gaussian".
        tier
            Trials to fit to.
        frames_lost
            As of the model.

        Raises
        ------
        OptionError
            If there is no such likelihood.
        DataError
            If responses are withheld, or the likelihood cannot explain them.
        """
        if likelihood not in FAMILIES:
            raise OptionError(f"likelihood={likelihood!r}: {did_you_mean(likelihood, FAMILIES)}")
        likelihoods, raw = [], []
        for recording in recordings:
            refuse_withheld(recording.tier(tier), to="train on")
            trials = TrialClips(recording, tier)
            try:
                likelihoods.append(
                    FAMILIES[likelihood].for_responses(_responses(trials)).requires_grad_(False)
                )
            except DataError as error:
                raise DataError(f"{recording.name!r}: {error}") from None
            raw.append(likelihoods[-1].constant(ResponseStatistics.of(_responses(trials))))
        return cls([recording.name for recording in recordings], likelihoods, raw, frames_lost)

    def likelihood_of(self, number: int) -> Likelihood:
        """Likelihood of a recording."""
        return copy.deepcopy(self._likelihoods[number])

    def n_neurons_of(self, number: int) -> int:
        """How many neurons a recording has."""
        return len(self._raw[number])

    def raw_of(self, number: int, clip: Clip) -> Float[Tensor, "time neuron parameter"]:
        """The same outputs at all times of a trial."""
        raw = self._raw[number]
        return raw.expand(len(clip.responses) - self.frames_lost, *raw.shape)

    def describe(self) -> dict[str, Any]:
        """All but the tensors, as JSON can hold it."""
        saved = SavedConstantModel(
            likelihood=self._likelihoods[0].name,
            populations=[
                SavedConstant(name=name, likelihood=likelihood_settings(likelihood))
                for name, likelihood in zip(self.names, self._likelihoods, strict=True)
            ],
            n_neurons=[len(raw) for raw in self._raw],
            frames_lost=self.frames_lost,
        )
        return saved.model_dump(mode="json")

    def state_dict(self) -> dict[str, Tensor]:
        """The tensors by name."""
        found = {f"{number}.raw": raw for number, raw in enumerate(self._raw)}
        for number, likelihood in enumerate(self._likelihoods):
            own = likelihood.state_dict()
            found |= {f"{number}.{name}": own[name] for name in OF_LIKELIHOODS if name in own}
        return found

    @classmethod
    def rebuilt(cls, content: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> ConstantModel:
        """From what `describe` and `state_dict` say."""
        saved = SavedConstantModel.model_validate(content)
        likelihoods = [
            likelihood_from(saved.likelihood, own_tensors(tensors, f"{number}."), one.likelihood)
            for number, one in enumerate(saved.populations)
        ]
        raw = [tensors[f"{number}.raw"] for number in range(len(likelihoods))]
        return cls([one.name for one in saved.populations], likelihoods, raw, saved.frames_lost)


def _responses(trials: TrialClips) -> Iterator[np.ndarray]:
    return (trials.responses(number) for number in range(len(trials)))
