"""What a model says of the responses in some trials: a distribution for each neuron and time point."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from math import log

import numpy as np
import torch
from torch import Tensor

from twofold.errors import DataError, OptionError
from twofold.likelihoods import ResponseDistribution
from twofold.recordings import refuse_withheld
from twofold.sampling import Clip, TrialClips

PerTrial = tuple[np.ndarray, ...] | np.ndarray


@dataclass(frozen=True, eq=False)
class Prediction:
    """Predicted distributions beside what was recorded, one (time, neuron) array per trial.

    `concatenate()` joins the trials; every array is then a single one.

    Parameters
    ----------
    trials
        The trials; which they are, and what was recorded.
    distributions
        One per trial.
    first_frame
        Frames at the beginning of each trial that are not predicted.
    joined
        Whether trials are joined.
    neurons
        Numbers of the neurons in the recording, of the columns; None for all.
    likelihoods
        By name, nats of the responses in a trial, for a model in which neurons depend on each other.
    """

    trials: TrialClips
    distributions: tuple[ResponseDistribution, ...]
    times: tuple[np.ndarray, ...]
    responses: tuple[np.ndarray, ...]
    first_frame: int
    joined: bool = False
    neurons: np.ndarray | None = None
    likelihoods: Mapping[str, Callable[[int], Tensor]] | None = None

    @classmethod
    def of(
        cls,
        parts: Iterable[tuple[Clip, ResponseDistribution]],
        trials: TrialClips,
        first_frame: int,
        neurons: np.ndarray | None = None,
    ) -> Prediction:
        """From every trial's clip and distribution of some neurons, in order."""
        clips, distributions = zip(*parts, strict=True)
        columns = slice(None) if neurons is None else neurons
        return cls(
            trials,
            distributions,
            tuple(clip.time_s[first_frame:] for clip in clips),
            tuple(clip.responses[first_frame:, columns] for clip in clips),
            first_frame,
            neurons=neurons,
        )

    def with_likelihoods(self, likelihoods: Mapping[str, Callable[[int], Tensor]]) -> Prediction:
        """The same with likelihoods of a model in which neurons depend on each other."""
        return replace(self, likelihoods=likelihoods)

    def concatenate(self) -> Prediction:
        """The same with trials joined, in order of time."""
        return replace(self, joined=True)

    @property
    def mean(self) -> PerTrial:
        """(time, neuron) expected responses."""
        return self._each(lambda distribution: distribution.mean)

    @property
    def variance(self) -> PerTrial:
        """(time, neuron) variance of the responses."""
        return self._each(lambda distribution: distribution.variance)

    @property
    def observed(self) -> PerTrial:
        """(time, neuron) recorded responses."""
        return self._arrange(list(self.responses))

    @property
    def time(self) -> PerTrial:
        """(time,) seconds on the recording's clock."""
        return self._arrange(list(self.times))

    @property
    def trial(self) -> PerTrial:
        """(time,) number of the trial in the recording's trial table."""
        numbers = [np.full(len(t), s.trial) for t, s in zip(self.times, self.trials.spans, strict=True)]
        return self._arrange(numbers)

    def interval(self, level: float = 0.9) -> tuple[PerTrial, PerTrial]:
        """Lower and upper ends, (time, neuron), of the central interval that holds a share `level`.

        Raises
        ------
        OptionError
            If the level is not between 0 and 1.
        """
        ends = [distribution.interval(level) for distribution in self.distributions]
        low, high = zip(*ends, strict=True)
        return self._arrange(_numpy(low)), self._arrange(_numpy(high))

    def sample(self, n: int, generator: torch.Generator) -> PerTrial:
        """(sample, time, neuron) responses drawn from the distributions.

        Parameters
        ----------
        n
            How many of each.
        generator
            Where they come from.
        """
        drawn = [distribution.sample(generator, n) for distribution in self.distributions]
        return self._arrange(_numpy(drawn), axis=1)

    def log_likelihood(self, kind: str = "marginal") -> PerTrial:
        """Log-likelihood of the recorded responses in bits.

        Parameters
        ----------
        kind
            "marginal": (time, neuron), of each response; "joint": (time,), of all neurons together, given
            the video and the neurons given. Where neurons do not depend on each other it is the sum. With
            neurons given, also "conditioned": (time, neuron), of each response, given the video and them.
            Of a state with memory "joint" is (trial,), of all times together, and "per_time_joint" (time,),
            of each time as if there were no other.

        Raises
        ------
        OptionError
            If there is no such kind.
        DataError
            If the responses to some trials were withheld.
        """
        nats = self.likelihoods or {"marginal": self._marginal, "joint": lambda t: self._marginal(t).sum(1)}
        if kind not in nats:
            raise OptionError(f"log_likelihood({kind!r}): give {' or '.join(map(repr, nats))}")
        spans = np.array([span.trial for span in self.trials.spans])
        refuse_withheld(self.trials.recording.select_trials(spans))
        bits = [nats[kind](trial).double() / log(2) for trial in range(len(self.distributions))]
        return self._arrange(_numpy(bits))

    def _marginal(self, trial: int) -> Tensor:
        observed = torch.from_numpy(self.responses[trial])
        return self.distributions[trial].log_prob(observed).double()

    def _each(self, value: Callable[[ResponseDistribution], Tensor]) -> PerTrial:
        return self._arrange(_numpy([value(distribution) for distribution in self.distributions]))

    def _arrange(self, parts: list[np.ndarray], axis: int = 0) -> PerTrial:
        if not parts:
            raise DataError("there is no trial")
        return np.concatenate(parts, axis=axis) if self.joined else tuple(parts)


def _numpy(parts: Iterable[Tensor]) -> list[np.ndarray]:
    return [part.detach().cpu().numpy() for part in parts]
