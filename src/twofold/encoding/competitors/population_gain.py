r"""One signal that all neurons share, which scales what the video predicts and is added to it.

.. math:: y_{it} = m_{it} + (o_i + g_i m_{it})\, s_t + \epsilon_{it}, \quad s_t \sim N(0, 1), \quad
          \epsilon_{it} \sim N(0, \psi_i)

with m the base model's mean, an offset o and a gain g. What is known of s_t from the neurons given is their
mean residual, each weighed by :math:`\lambda_{it} / \psi_i`, :math:`\lambda_{it} = o_i + g_i m_{it}`,

.. math:: E[s_t] = \frac{\sum_I \lambda_{it} (y_{it} - m_{it}) / \psi_i}{1 + \sum_I \lambda_{it}^2 / \psi_i},

so that few neurons say less than many. Fitted by EM, which begins with the plain mean of the population.

Sources: Lin, Okun, Carandini & Harris 2015 (Neuron 87:644) for shared gain and offset.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import ArrayLike
from pydantic import PositiveFloat, PositiveInt

from twofold.encoding.competitors.competitor import Competitor, Law
from twofold.encoding.competitors.foretold import Foretold
from twofold.encoding.competitors.inferring import Reading, infer_by
from twofold.encoding.competitors.tilting import tilted
from twofold.encoding.latent.inferring import InferredLatents
from twofold.encoding.latent.selection import Roles
from twofold.likelihoods import ResponseDistribution
from twofold.options import Options
from twofold.recordings import Recording
from twofold.training import RandomState

LEAST_NOISE = 1e-3  # share of a neuron's residual variance
Entries = Float[np.ndarray, "time neuron"]
PerNeuron = Float[np.ndarray, " neuron"]


class PopulationGainOptions(Options):
    """What the shared signal does.

    Parameters
    ----------
    gain, offset
        Whether it scales, and whether it is added.
    steps, tolerance
        Steps of EM at most; it ends when the log-likelihood per response rises by less, in nats.
    """

    gain: bool = True
    offset: bool = True
    steps: PositiveInt = 100
    tolerance: PositiveFloat = 1e-6


class Signal(NamedTuple):
    """The shared signal at each time, (time,): its posterior mean and variance."""

    mean: Float[np.ndarray, " time"]
    variance: Float[np.ndarray, " time"]


@dataclass(frozen=True, eq=False)
class GainState:
    """What is learned of a recording, each (neuron,).

    Parameters
    ----------
    level
        Mean residual.
    offset, gain
        o and g.
    noise
        psi.
    """

    level: PerNeuron
    offset: PerNeuron
    gain: PerNeuron
    noise: PerNeuron

    def loading(self, mean: Entries) -> Entries:
        """What each neuron takes from the signal, from the base model's means."""
        return self.offset + self.gain * mean

    def of_neurons(self, neurons: np.ndarray) -> GainState:
        """That of some neurons."""
        return GainState(self.level[neurons], self.offset[neurons], self.gain[neurons], self.noise[neurons])

    def signal(self, mean: Entries, residual: Entries) -> Signal:
        """What is known of it from these neurons."""
        loading = self.loading(mean)
        precision = 1 + (loading**2 / self.noise).sum(1)
        evidence = (loading * (residual - self.level) / self.noise).sum(1)
        return Signal(evidence / precision, 1 / precision)

    def log_likelihood(self, mean: Entries, residual: Entries) -> float:
        """Log density of the residuals, in nats, mean over all entries."""
        loading, centred = self.loading(mean), residual - self.level
        precision = 1 + (loading**2 / self.noise).sum(1)
        evidence = (loading * centred / self.noise).sum(1)
        square = (centred**2 / self.noise).sum(1) - evidence**2 / precision
        log_det = np.log(self.noise).sum() + np.log(precision)
        return float(-0.5 * ((square + log_det).mean() / len(self.noise) + np.log(2 * np.pi)))


class PopulationGain(Competitor):
    """A gain and an offset shared by the population, read from the mean of the neurons given.

    Parameters
    ----------
    base
        A fitted video model, or a `ConstantModel`, for which gain and offset are one.
    options
        `PopulationGainOptions`; instead of it, its fields may be given by name.

    Examples
    --------
    >>> import twofold as tw
    >>> from twofold.encoding.competitors import ConstantModel
    >>> mouse = tw.simulate_movie_repeats(tw.MovieRepeats.small(n_units=6, bins_per_frame=1))
    >>> base = ConstantModel.for_recordings([mouse], "poisson", tier="all")
    >>> model = PopulationGain(base, gain=False).fit([mouse], tier="all")
    >>> model.predict(mouse, given=0.5).concatenate().mean.shape[1]
    3
    """

    kind = "population-gain"
    options_type = PopulationGainOptions
    state_type = GainState

    def learned(self, trials: Sequence[Foretold], groups: Sequence[str]) -> GainState:
        """By EM over all training frames."""
        told = zip(*((trial.mean, trial.residual) for trial in trials), strict=True)
        mean, residual = (np.concatenate(part) for part in told)
        state = self._begun(mean, residual)
        before = -np.inf
        for _ in range(self.options.steps):
            after = state.log_likelihood(mean, residual)
            if after - before < self.options.tolerance:
                break
            state, before = self._stepped(state, mean, residual, state.signal(mean, residual)), after
        return state

    def law_given(self, number: int, who: Roles) -> Law:
        """The base model's, moved to the mean given the signal."""
        state: GainState = self.states[number]
        own = state.of_neurons(who.targets)

        def law(trial: Foretold) -> ResponseDistribution:
            signal, mean = self._signal(state, trial, who.given), trial.mean[:, who.targets]
            moved = mean + own.level + own.loading(mean) * signal.mean[:, None]
            return tilted(trial.law(who.targets), torch.from_numpy(moved))

        return law

    def infer(
        self, recording: Recording, *, given: ArrayLike | None = None, random_state: RandomState = 0
    ) -> InferredLatents:
        """The shared signal in every trial, with its spread, from all neurons or from those given."""

        def read(number: int, seen: np.ndarray) -> Reading:
            def one(trial: Foretold) -> tuple[np.ndarray, np.ndarray]:
                signal = self._signal(self.states[number], trial, seen)
                return signal.mean[:, None], signal.variance[:, None, None]

            return one

        return infer_by(self, read, recording, given, random_state)

    def parameters_per_neuron(self, number: int = 0) -> float:
        """Level, noise, and gain or offset or both."""
        return 2.0 + self.options.gain + self.options.offset

    def _signal(self, state: GainState, trial: Foretold, given: np.ndarray) -> Signal:
        mean = trial.mean[:, given]
        return state.of_neurons(given).signal(mean, trial.observed[:, given] - mean)

    def _begun(self, mean: Entries, residual: Entries) -> GainState:
        """Regression on the mean of the population, each neuron in its standard deviations."""
        level, sd = residual.mean(axis=0), residual.std(axis=0)
        safe = np.where(sd > 0, sd, 1.0)
        plain = ((residual - level) / safe).mean(axis=1)
        spread = plain.std() or 1.0
        begun = GainState(level, np.zeros_like(sd), np.zeros_like(sd), safe**2)
        return self._stepped(begun, mean, residual, Signal(plain / spread, np.zeros(len(plain))))

    def _stepped(self, state: GainState, mean: Entries, residual: Entries, signal: Signal) -> GainState:
        """Regression of each neuron's residuals on (s, m s), with what is known of s."""
        centred, s = residual - state.level, signal.mean[:, None]
        square = (signal.mean**2 + signal.variance)[:, None]
        zero = np.zeros(residual.shape[1])
        a, b, c = square.sum(0) + zero, (square * mean).sum(0), (square * mean**2).sum(0)
        on_s, on_ms = (s * centred).sum(0), (s * mean * centred).sum(0)
        options = self.options
        if options.offset and options.gain:
            determinant = a * c - b**2
            sure = determinant > 1e-9 * a * c  # else the mean never changes, and a gain is an offset
            safe = np.where(sure, determinant, 1.0)
            offset = np.where(sure, (c * on_s - b * on_ms) / safe, on_s / a)
            gain = np.where(sure, (a * on_ms - b * on_s) / safe, 0.0)
        elif options.gain:
            offset, gain = zero, on_ms / np.where(c > 0, c, 1.0)
        else:
            offset, gain = on_s / a, zero
        # At the minimum the explained square is the product of coefficients and right-hand sides.
        explained = offset * on_s + gain * on_ms
        total = (centred**2).sum(0)
        noise = np.maximum(total - explained, LEAST_NOISE * np.where(total > 0, total, len(centred)))
        return GainState(state.level, offset, gain, noise / len(centred))
