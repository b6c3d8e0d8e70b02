r"""Gaussian-process factor analysis of what a base model leaves unexplained.

.. math:: y_{it} - m_{it} = b_i + c_i \cdot z_t + \epsilon_{it}, \quad z_k \sim GP(0, \tau_k), \quad
          \epsilon_{it} \sim N(0, \psi_i)

with a timescale for each latent, exact inference over whole trials (past and future), and EM, in which
timescales are found one by one by the likelihood itself (ECME, Liu & Rubin 1994: far fewer steps). The base
model's law is moved to the conditional mean (`tilted`).

Source: Yu, Cunningham, Santhanam, Ryu, Shenoy & Sahani 2009 (Journal of Neurophysiology 102:614).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import ArrayLike
from pydantic import PositiveFloat, PositiveInt
from scipy.optimize import minimize_scalar

from twofold.encoding.competitors.competitor import Competitor, Law
from twofold.encoding.competitors.factors import FactorModel
from twofold.encoding.competitors.foretold import Foretold
from twofold.encoding.competitors.gaussian_process import Smoother, Trajectory
from twofold.encoding.competitors.inferring import Reading, infer_by
from twofold.encoding.competitors.tilting import tilted
from twofold.encoding.latent.inferring import InferredLatents
from twofold.encoding.latent.selection import Roles
from twofold.likelihoods import ResponseDistribution
from twofold.options import Options
from twofold.recordings import Recording
from twofold.training import RandomState

LEAST_NOISE = 1e-3  # share of a neuron's residual variance
SHORTEST, LONGEST = 0.3, 300.0  # timescales, in frames


class GPFAOptions(Options):
    """How large it is and how it is fitted.

    Parameters
    ----------
    dimension
        Latents; fewer than neurons.
    steps, tolerance
        Steps of EM at most; it ends when the log-likelihood per response rises by less, in nats.
    """

    dimension: PositiveInt = 3
    steps: PositiveInt = 50
    tolerance: PositiveFloat = 1e-6


@dataclass(frozen=True, eq=False)
class GPFAState:
    """One recording.

    Parameters
    ----------
    level, noise
        (neuron,) b and psi.
    loading
        (neuron, dimension) C.
    timescales
        (dimension,) tau, in frames.
    """

    level: Float[np.ndarray, " neuron"]
    loading: Float[np.ndarray, "neuron dimension"]
    noise: Float[np.ndarray, " neuron"]
    timescales: Float[np.ndarray, " dimension"]

    def reader(self, neurons: np.ndarray) -> Callable[[Foretold], Trajectory]:
        """What reads the latents from some neurons; trials of one length share the work."""

        @cache
        def smoother(n_time: int) -> Smoother:
            return Smoother(n_time, self.timescales, self.loading[neurons], self.noise[neurons])

        def read(trial: Foretold) -> Trajectory:
            residual = trial.observed[:, neurons] - trial.mean[:, neurons] - self.level[neurons]
            return smoother(len(residual)).read(residual)

        return read


class GPFA(Competitor):
    """Smooth latents behind the residuals of a base model.

    Parameters
    ----------
    base
        A fitted video model, or a `ConstantModel`.
    options
        `GPFAOptions`; instead of it, its fields may be given by name.

    Examples
    --------
    >>> import twofold as tw
    >>> from twofold.encoding.competitors import ConstantModel
    >>> mouse = tw.simulate_movie_repeats(tw.MovieRepeats.small(n_units=6, bins_per_frame=1))
    >>> base = ConstantModel.for_recordings([mouse], "poisson", tier="all")
    >>> model = GPFA(base, dimension=1, steps=2).fit([mouse], tier="all")
    >>> model.infer(mouse, given=0.5).mean[0].shape[1]
    1
    """

    kind = "gpfa"
    options_type = GPFAOptions
    state_type = GPFAState

    def learned(self, trials: Sequence[Foretold], groups: Sequence[str]) -> GPFAState:
        """By EM, from factor analysis."""
        residuals = [trial.residual for trial in trials]
        state = begun(residuals, self.options.dimension)
        n, before = sum(residual.size for residual in residuals), -np.inf
        for _ in range(self.options.steps):
            read = trajectories(state, residuals)
            after = sum(one.log_density for one in read) / n
            if after - before < self.options.tolerance:
                break
            state, before = stepped(state, residuals, read), after
        return state

    def law_given(self, number: int, who: Roles) -> Law:
        """The base model's, moved to the mean given the latents."""
        state: GPFAState = self.states[number]
        read = state.reader(who.given)

        def law(trial: Foretold) -> ResponseDistribution:
            mean = trial.mean[:, who.targets] + state.level[who.targets]
            mean = mean + read(trial).mean @ state.loading[who.targets].T
            return tilted(trial.law(who.targets), torch.from_numpy(mean))

        return law

    def infer(
        self, recording: Recording, *, given: ArrayLike | None = None, random_state: RandomState = 0
    ) -> InferredLatents:
        """The latents in every trial, with their spread, from all neurons or from those given."""

        def read(number: int, given: np.ndarray) -> Reading:
            reader = self.states[number].reader(given)

            def one(trial: Foretold) -> tuple[np.ndarray, np.ndarray]:
                found = reader(trial)
                return found.mean, np.einsum("ktlt->tkl", found.covariance)

            return one

        return infer_by(self, read, recording, given, random_state)

    def parameters_per_neuron(self, number: int = 0) -> float:
        """Level, noise and loadings."""
        return 2.0 + self.options.dimension


def begun(residuals: Sequence[np.ndarray], dimension: int) -> GPFAState:
    """Factor analysis, turned so that factors have timescales of their own.

    With R how much of the factors their estimates hold, the covariance of estimates one frame apart is
    R A R', A that of the factors; of its eigenvectors, each with a correlation exp(-1 / 2 tau^2).
    """
    rows = np.concatenate(residuals)
    level, sd = rows.mean(0), np.where(rows.std(0) > 0, rows.std(0), 1.0)
    standard = [(residual - level) / sd for residual in residuals]
    factors = FactorModel.of(np.cov((rows / sd).T, bias=True), min(dimension, len(sd) - 1))
    unknown, weights = factors.reading()
    kept = np.eye(len(unknown)) - unknown + LEAST_NOISE * np.eye(len(unknown))
    pairs = sum(((y[:-1] @ weights).T @ (y[1:] @ weights) for y in standard), np.zeros(()))
    n_pairs = max(sum(len(y) - 1 for y in standard), 1)
    apart = np.linalg.solve(kept, np.linalg.solve(kept, (pairs + pairs.T) / (2 * n_pairs)).T)
    correlation, turn = np.linalg.eigh((apart + apart.T) / 2)
    timescales = np.sqrt(-0.5 / np.log(np.clip(correlation, 0.01, 0.998)))
    return GPFAState(level, factors.loading @ turn * sd[:, None], factors.noise * sd**2, timescales)


def trajectories(state: GPFAState, residuals: Sequence[np.ndarray]) -> list[Trajectory]:
    """The latents of every trial, from all neurons; trials of one length share the work."""
    smoothers = {
        n_time: Smoother(n_time, state.timescales, state.loading, state.noise)
        for n_time in {len(residual) for residual in residuals}
    }
    return [smoothers[len(residual)].read(residual - state.level) for residual in residuals]


def stepped(state: GPFAState, residuals: Sequence[np.ndarray], read: Sequence[Trajectory]) -> GPFAState:
    """After one step of EM, from the latents under the present state."""
    n_time = sum(len(residual) for residual in residuals)
    centred = [residual - state.level for residual in residuals]
    crossed = sum((y.T @ one.mean for y, one in zip(centred, read, strict=True)), np.zeros(()))
    square = sum(
        (one.mean.T @ one.mean + np.einsum("ktlt->kl", one.covariance) for one in read), np.zeros(())
    )
    loading = np.linalg.solve(square, crossed.T).T
    total = sum(((y**2).sum(0) for y in centred), np.zeros(()))
    noise = np.maximum(total - (loading * crossed).sum(1), LEAST_NOISE * np.where(total > 0, total, n_time))
    changed = GPFAState(state.level, loading, noise / n_time, state.timescales)
    return replace(changed, timescales=likeliest_timescales(changed, residuals))


def likeliest_timescales(state: GPFAState, residuals: Sequence[np.ndarray]) -> np.ndarray:
    """One after the other, each the likeliest within a factor of 2 of what it was, and never less likely."""
    evidence: dict[int, list[np.ndarray]] = {}
    for residual in residuals:
        seen = ((residual - state.level) / state.noise) @ state.loading
        evidence.setdefault(len(seen), []).append(seen.T.ravel())
    columns = {n_time: np.stack(each, axis=1) for n_time, each in evidence.items()}

    def cost(timescales: np.ndarray) -> float:
        """-2 log p of all trials, but for a constant."""
        value = 0.0
        for n_time, each in columns.items():
            one = Smoother(n_time, timescales, state.loading, state.noise)
            value += each.shape[1] * one.log_det - float(((one.half @ each) ** 2).sum())
        return value

    found = state.timescales.copy()
    for k in range(len(found)):

        def along(log_tau: float, k: int = k) -> float:
            changed = found.copy()
            changed[k] = np.exp(log_tau)
            return cost(changed)

        present = np.log(found[k])
        bounds = np.clip([present - np.log(2), present + np.log(2)], np.log(SHORTEST), np.log(LONGEST))
        best = minimize_scalar(along, bounds=bounds, method="bounded", options={"xatol": 0.02})
        if best.fun < along(present):
            found[k] = np.exp(best.x)
    return found
