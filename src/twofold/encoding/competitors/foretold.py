"""What is foretold of a trial before any neuron is given: by the video, or by each neuron's mean alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float, Integer
from torch import Tensor

from twofold.encoding.checks import check_neurons, population_of, trials_to_predict
from twofold.encoding.competitors.constant import ConstantModel
from twofold.encoding.video import VideoModel
from twofold.likelihoods import Likelihood, ResponseDistribution
from twofold.recordings import Recording
from twofold.sampling import Clip, TrialClips

Neurons = Integer[np.ndarray, " chosen"]
PerEntry = Float[np.ndarray, "time neuron"]


@runtime_checkable
class Base(Protocol):
    """What a competitor adds other neurons to."""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the recordings, in order."""
        ...

    @property
    def frames_lost(self) -> int:
        """Frames at the beginning of a trial for which there is no prediction."""
        ...

    def likelihood_of(self, number: int) -> Likelihood:
        """Likelihood of a recording, on the processor."""
        ...

    def raw_of(self, number: int, clip: Clip) -> Tensor:
        """(time, neuron, parameter) before the link, on the processor."""
        ...


@dataclass(frozen=True, eq=False)
class Foretold:
    """One trial.

    Parameters
    ----------
    likelihood
        Of all neurons.
    raw
        (time, neuron, parameter) before its link.
    observed
        (time, neuron) what was recorded; may be anything for neurons that are not read.
    """

    likelihood: Likelihood
    raw: Float[Tensor, "time neuron parameter"]
    observed: PerEntry

    @classmethod
    @torch.no_grad()
    def of(cls, base: Base, number: int, clip: Clip) -> Foretold:
        """By a base model, from frame `frames_lost` of a trial on."""
        observed = clip.responses[base.frames_lost :].astype(float)
        return cls(base.likelihood_of(number), base.raw_of(number, clip), observed)

    def law(self, neurons: Neurons | None = None) -> ResponseDistribution:
        """Distribution of the responses of some neurons, all by default, given nobody."""
        if neurons is None:
            return self.likelihood.distribution(self.raw)
        return self.likelihood.of_neurons(neurons).distribution(self.raw[:, neurons])

    @cached_property
    def mean(self) -> PerEntry:
        """Expected responses."""
        return self.law().mean.double().numpy()

    @cached_property
    def residual(self) -> PerEntry:
        """What was recorded, less what was expected."""
        return self.observed - self.mean


class ForetoldTrials(Sequence[Foretold]):
    """Trials that are foretold when they are read: one is held at a time.

    Parameters
    ----------
    base, number
        The base model, and the number of the recording in it.
    trials
        Of the recording.
    """

    def __init__(self, base: Base, number: int, trials: TrialClips) -> None:
        self.base, self.number, self.trials = base, number, trials

    def __len__(self) -> int:
        return len(self.trials)

    def __getitem__(self, trial: Any) -> Any:
        return Foretold.of(self.base, self.number, self.trials.read(range(len(self))[trial]))


def trials_of(base: Base, recording: Recording, *tiers: str) -> tuple[int, TrialClips]:
    """Number of a recording in a base model, and its trials.

    Raises
    ------
    DataError
        If the model does not know the recording, its neurons or its frames.
    """
    if isinstance(base, VideoModel):
        return trials_to_predict(base, recording, *tiers)
    number = population_of(base, recording)
    if isinstance(base, ConstantModel):
        check_neurons(recording, base.n_neurons_of(number))
    return number, TrialClips(recording, *tiers)
