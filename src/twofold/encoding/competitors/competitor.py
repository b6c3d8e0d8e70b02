"""What every competitor of the latent video model offers: the same `predict`, from another idea."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from twofold.encoding.competitors.conditioning import Conditioning
from twofold.encoding.competitors.foretold import Base, Foretold, ForetoldTrials, trials_of
from twofold.encoding.latent.masks import given_in_validation
from twofold.encoding.latent.options import LatentOptions
from twofold.encoding.latent.selection import Roles
from twofold.encoding.prediction import Prediction
from twofold.encoding.video import VideoModel
from twofold.errors import DataError, OptionError
from twofold.likelihoods import Likelihood, ResponseDistribution
from twofold.options import Options
from twofold.recordings import Recording, refuse_withheld
from twofold.sampling import Clip, TrialClips
from twofold.training import RandomState, seeds_from

SomeCompetitor = TypeVar("SomeCompetitor", bound="Competitor")
Nats = Callable[[int], Tensor]
Law = Callable[[Foretold], ResponseDistribution]


class Competitor(ABC):
    """Some neurons predicted from others, beside what a base model foretells.

    Parameters
    ----------
    base
        A fitted video model, or a `ConstantModel` for neurons alone; it is not changed.
    options
        How; instead of it, its fields may be given by name.

    Attributes
    ----------
    states
        What was learned of each recording, a frozen dataclass of arrays; empty before `fit`.
    """

    kind: ClassVar[str]
    options_type: ClassVar[type[Options]]
    state_type: ClassVar[type]
    has_joint: ClassVar[bool] = False

    def __init__(self, base: Base, options: Options | None = None, **settings: Any) -> None:
        if options is not None and not isinstance(options, self.options_type):
            raise OptionError(f"options: give {self.options_type.__name__}, not {type(options).__name__}")
        self.base = base
        self.options: Any = self.options_type(**settings) if options is None else options
        self.states: tuple[Any, ...] = ()
        self._halves: dict[int, Conditioning] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the recordings, in order."""
        return self.base.names

    @property
    def frames_lost(self) -> int:
        """Frames at the beginning of a trial for which there is no prediction."""
        return self.base.frames_lost

    def measure_of(self, number: int) -> str:
        """What the probabilities of a recording are of; bits compare between equal ones only."""
        return self.base.likelihood_of(number).measure

    # --- what a competitor is --------------------------------------------------------------------

    @abstractmethod
    def learned(self, trials: Sequence[Foretold], groups: Sequence[str]) -> Any:
        """The state of a recording, from its training trials and the video that each shows."""

    @abstractmethod
    def law_given(self, number: int, who: Roles) -> Law:
        """What turns a trial into the distribution of the targets, given others; solved once for all."""

    def unconditioned(self, number: int, trial: Foretold, neurons: np.ndarray) -> ResponseDistribution:
        """The same, given nobody: what the base model foretells."""
        return trial.law(neurons)

    def joint(self, number: int, trial: Foretold, who: Roles) -> Tensor:
        """(time,) log p of all targets together, given others, in nats; where `has_joint`."""
        return self.unconditioned(number, trial, who.targets).log_prob(_scored(trial, who)).double().sum(1)

    @abstractmethod
    def parameters_per_neuron(self, number: int = 0) -> float:
        """How many numbers a neuron adds to those of the base model."""

    # --- fitting and predicting ------------------------------------------------------------------

    def fit(self: SomeCompetitor, recordings: Sequence[Recording], *, tier: str = "train") -> SomeCompetitor:
        """Learn from the trials of a tier.

        Parameters
        ----------
        recordings
            Those of the base model, in its order.
        tier
            The one that the base model was trained on.

        Returns
        -------
        Competitor
            This one.

        Raises
        ------
        DataError
            If they are other recordings, or their responses are withheld.
        """
        names = tuple(recording.name for recording in recordings)
        if names != self.names:
            raise DataError(
                f"the model is for {', '.join(self.names)}, but the recordings are {', '.join(names)}; "
                "give the same ones in the same order"
            )
        if isinstance(self.base, VideoModel):
            self.base.eval()
        states = []
        for recording in recordings:
            number, trials = trials_of(self.base, recording, tier)
            refuse_withheld(recording.tier(tier), to="train on")
            told = ForetoldTrials(self.base, number, trials)
            states.append(self.learned(told, [span.stimulus for span in trials.spans]))
        self.states, self._halves = tuple(states), {}
        return self

    def predict(
        self,
        recording: Recording,
        *,
        given: ArrayLike | None = None,
        neurons: ArrayLike | None = None,
        random_state: RandomState = 0,
    ) -> Prediction:
        """Distribution of the responses of some neurons in every trial, given those of others.

        Parameters
        ----------
        recording
            One of those that the model was fitted to, or other trials of the same neurons; found by its name.
        given
            Neurons whose responses are known: numbers, a boolean mask, or a share of all; None for none, when
            the base model predicts.
        neurons
            Neurons to predict, said likewise; all that are not given by default.
        random_state
            Draws neurons where shares are given: the same as `LatentVideoModel.predict`.

        Returns
        -------
        Prediction
            Its log-likelihoods are "marginal", given nobody; "conditioned"; and "joint" where there is a law
            of all neurons together.

        Raises
        ------
        DataError
            If a neuron is both given and to be predicted, or the recording does not fit the model.
        OptionError
            If the model is not fitted.
        """
        seed = seeds_from(random_state, 2)[0]
        known = Conditioning.of(self, recording, given, neurons, random_state=seed)
        number, trials = self.trials_of(recording)
        told: list[Foretold] = []

        def parts() -> Iterator[tuple[Clip, ResponseDistribution]]:
            for clip in trials.whole():
                told.append(trial := Foretold.of(self.base, number, clip))
                yield clip, known.law(trial)

        found = Prediction.of(parts(), trials, self.frames_lost, known.neurons)
        who = Roles(known.given, known.neurons)
        return found.with_likelihoods(self._likelihoods(number, told, who, found.distributions))

    def _likelihoods(
        self, number: int, told: Sequence[Foretold], who: Roles, laws: Sequence[ResponseDistribution]
    ) -> Mapping[str, Nats]:
        def marginal(t: int) -> Tensor:
            law = self.unconditioned(number, told[t], who.targets)
            return law.log_prob(_scored(told[t], who)).double()

        def conditioned(t: int) -> Tensor:
            return laws[t].log_prob(_scored(told[t], who)).double()

        named: dict[str, Nats] = {"marginal": marginal}
        if len(who.given):
            named["conditioned"] = conditioned
        if self.has_joint or not len(who.given):
            named["joint"] = lambda t: self.joint(number, told[t], who)
        return named

    # --- what scoring and writing ask for -----------------------------------------------------------

    def trials_of(self, recording: Recording, *tiers: str) -> tuple[int, TrialClips]:
        """Number of a recording, and its trials; refused where they do not fit the model."""
        return trials_of(self.base, recording, *tiers)

    def likelihood_of(self, number: int) -> Likelihood:
        """Likelihood of the base model."""
        return self.base.likelihood_of(number)

    def distribution_of(self, number: int, clip: Clip) -> ResponseDistribution:
        """Distribution of the responses in a whole trial, given nobody."""
        who = Roles(np.empty(0, dtype=np.int64), np.arange(clip.responses.shape[1]))
        return Conditioning.of_roles(self, number, who).distribution(clip)

    def conditioned_of(self, number: int, clip: Clip) -> tuple[np.ndarray, ResponseDistribution]:
        """Recorded responses of half of the neurons, and their distribution given those of the other half.

        The halves are those of `LatentVideoModel`.
        """
        if number not in self._halves:
            given = given_in_validation(clip.responses.shape[1], LatentOptions())
            who = Roles(np.flatnonzero(given), np.flatnonzero(~given))
            self._halves[number] = Conditioning.of_roles(self, number, who)
        half = self._halves[number]
        return clip.responses[self.frames_lost :, half.neurons], half.distribution(clip)

    # --- keeping it ------------------------------------------------------------------------------

    def describe(self) -> dict[str, Any]:
        """All but the tensors, as JSON can hold it."""
        from twofold.encoding.competitors.saving import describe

        return describe(self)

    def save(self, path: Path | str) -> None:
        """Write the model to a file; `twofold.load` reads it."""
        from twofold.encoding.competitors.saving import save_competitor

        save_competitor(self, path)


def _scored(trial: Foretold, who: Roles) -> Tensor:
    return torch.from_numpy(trial.observed[:, who.targets]).float()


def folds_of(groups: Iterable[str], most: int = 5) -> np.ndarray:
    """(trial,) fold of each trial; those of one video are left out together.

    Raises
    ------
    DataError
        If all trials show one video.

    Examples
    --------
    >>> folds_of(["a", "b", "a", "c"], most=2)
    array([0, 0, 0, 1])
    """
    group = np.unique(list(groups), return_inverse=True)[1]
    n = int(group.max()) + 1
    if n < 2:
        raise DataError("choosing by left-out videos needs training trials of at least 2 videos; there is 1")
    return group * min(most, n) // n
