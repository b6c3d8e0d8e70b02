"""The state behind zero-inflated gamma responses, by Laplace's method and, where it has memory, a filter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.special import expit

from twofold.simulate.sensorium.zig_expectation import Gaussian2
from twofold.simulate.sensorium.zig_law import ZigLaw, elu_plus_one

STEPS, TOLERANCE, LONGEST_STEP = 60, 1e-6, 1.5


class LatentPosterior(NamedTuple):
    """A Gaussian of the state at every time point.

    Attributes
    ----------
    mean
        (time, latent).
    covariance
        (time, latent, latent).
    """

    mean: np.ndarray
    covariance: np.ndarray

    def of_drive(self, a_q: np.ndarray, a_theta: np.ndarray, law: ZigLaw) -> Gaussian2:
        """What it says of v and u, each (time, neuron)."""
        flat = self.covariance.reshape(len(self.covariance), -1)
        return Gaussian2(
            v=a_q + self.mean @ law.w_q.T,
            u=a_theta + self.mean @ law.w_theta.T,
            var_v=flat @ _products(law.w_q).T,
            var_u=flat @ _products(law.w_theta).T,
            cov=flat @ _products(law.w_q, law.w_theta).T,
        )


@dataclass(frozen=True, eq=False)
class Given:
    """Responses of known neurons, and the drive under which they were given.

    Parameters
    ----------
    y, a_q, a_theta
        (time, neuron), or (trial, frame, neuron).
    law
        Of these neurons.
    """

    y: np.ndarray
    a_q: np.ndarray
    a_theta: np.ndarray
    law: ZigLaw

    def frame(self, number: int) -> Given:
        """One frame of all trials."""
        y, a_q, a_theta = (part[:, number] for part in (self.y, self.a_q, self.a_theta))
        return Given(y, a_q, a_theta, self.law)

    def by_trial(self, n_frames: int) -> Given:
        """Rows (time, neuron) as (trial, frame, neuron)."""
        n = self.y.shape[-1]
        y, a_q, a_theta = (part.reshape(-1, n_frames, n) for part in (self.y, self.a_q, self.a_theta))
        return Given(y, a_q, a_theta, self.law)


def laplace(given: Given, mean: np.ndarray, covariance: np.ndarray) -> LatentPosterior:
    """Gaussian approximation of p(z | y), for a Gaussian prior at every time point.

    Fisher scoring finds the mode: with the expected curvature every step goes uphill. The covariance S is the
    inverse of the true curvature there, or of the expected one where that is not a maximum. The mean is the
    mode and S sum_n l_n''' (w_n^T S w_n) w_n / 2, for its skewness (Tierney and Kadane, 1986).

    Parameters
    ----------
    given
        (time, neuron) responses and drive.
    mean, covariance
        (time, latent) and (time, latent, latent) of the prior.

    Examples
    --------
    >>> law = ZigLaw(np.ones((1, 1)), np.zeros((1, 1)), np.array([0.5]))
    >>> silent = Given(np.zeros((1, 1)), np.zeros((1, 1)), np.zeros((1, 1)), law)
    >>> laplace(silent, np.zeros((1, 1)), np.ones((1, 1, 1))).mean.round(2)
    array([[-0.42]])
    """
    prior = np.linalg.inv(covariance)
    z = mean.copy()
    for _ in range(STEPS):
        found = _slopes(given, z)
        gradient = found.gradient - (prior @ (z - mean)[..., None])[..., 0]
        step = np.linalg.solve(prior + found.expected, gradient[..., None])[..., 0]
        length = np.linalg.norm(step, axis=-1, keepdims=True)
        z += step * np.minimum(1, LONGEST_STEP / np.maximum(length, 1e-12))
        if length.max(initial=0.0) < TOLERANCE:
            break
    found = _slopes(given, z)
    precision = prior + found.observed
    is_maximum = np.linalg.eigvalsh(precision)[..., 0] > 0
    precision = np.where(is_maximum[..., None, None], precision, prior + found.expected)
    spread = np.linalg.inv(precision)
    flat = spread.reshape(*spread.shape[:-2], -1)
    law = given.law
    skew = (found.third_v * (flat @ _products(law.w_q).T)) @ law.w_q
    skew += (found.third_u * (flat @ _products(law.w_theta).T)) @ law.w_theta
    return LatentPosterior(z + (spread @ skew[..., None])[..., 0] / 2, spread)


def filtered(given: Given, memory: float) -> list[LatentPosterior]:
    """p(z_t | y_1 ... y_t) of a state z_t = m z_{t-1} + sqrt(1 - m^2) noise, a posterior per frame.

    Parameters
    ----------
    given
        (trial, frame, neuron), trials being independent.
    memory
        m, from 0 (white) to 1.
    """
    n_trials, k = len(given.y), given.law.w_q.shape[1]
    mean, covariance = np.zeros((n_trials, k)), np.broadcast_to(np.eye(k), (n_trials, k, k))
    found: list[LatentPosterior] = []
    for frame in range(given.y.shape[1]):
        if frame:
            mean, covariance = memory * found[-1].mean, _predicted(found[-1].covariance, memory)
        found.append(laplace(given.frame(frame), mean, covariance))
    return found


def smoothed(found: list[LatentPosterior], memory: float) -> list[LatentPosterior]:
    """p(z_t | all y) of the same state from what the filter found (Rauch, Tung and Striebel, 1965)."""
    later = [found[-1]]
    for now in reversed(found[:-1]):
        predicted = _predicted(now.covariance, memory)
        gain = memory * now.covariance @ np.linalg.inv(predicted)
        change = (gain @ (later[-1].mean - memory * now.mean)[..., None])[..., 0]
        covariance = now.covariance + gain @ (later[-1].covariance - predicted) @ gain.swapaxes(-1, -2)
        later.append(LatentPosterior(now.mean + change, covariance))
    return later[::-1]


def _predicted(covariance: np.ndarray, memory: float) -> np.ndarray:
    return memory**2 * covariance + (1 - memory**2) * np.eye(covariance.shape[-1])


class _Slopes(NamedTuple):
    gradient: np.ndarray
    expected: np.ndarray
    observed: np.ndarray
    third_v: np.ndarray
    third_u: np.ndarray


def _slopes(given: Given, z: np.ndarray) -> _Slopes:
    """Derivatives of log p(y | z), the second with its expectation, which is never negative.

    In v, with d = y - rho: 1[y > rho] - q, then -q (1 - q), then -q (1 - q) (1 - 2 q).
    In u below 0: d / theta - kappa, -d / theta, d / theta.
    In u above 0, with s = 1 / theta: (d s - kappa) s, (kappa - 2 d s) s^2, (6 d s - 2 kappa) s^3.
    """
    law = given.law
    v, u = given.a_q + z @ law.w_q.T, given.a_theta + z @ law.w_theta.T
    active = given.y > law.rho
    q, theta = expit(v), elu_plus_one(u)
    above = u > 0
    s = np.where(above, 1 / np.maximum(theta, 1), 1.0)
    d, kappa = np.where(active, given.y - law.rho, 0.0) / theta, active * law.kappa
    of_v = q * (1 - q)
    second_u = np.where(above, 2 * d - kappa, d) * s**2
    return _Slopes(
        gradient=(active - q) @ law.w_q + ((d - kappa) * s) @ law.w_theta,
        expected=_weighted(of_v, law.w_q) + _weighted(kappa * s**2, law.w_theta),
        observed=_weighted(of_v, law.w_q) + _weighted(second_u, law.w_theta),
        third_v=-of_v * (1 - 2 * q),
        third_u=np.where(above, 6 * d - 2 * kappa, d) * s**3,
    )


def _weighted(weight: np.ndarray, w: np.ndarray) -> np.ndarray:
    """(time, latent, latent) sum over neurons of weight w w^T."""
    k = w.shape[1]
    return (weight @ _products(w)).reshape(*weight.shape[:-1], k, k)


def _products(one: np.ndarray, other: np.ndarray | None = None) -> np.ndarray:
    """(neuron, latent * latent) products of each neuron's weights."""
    other = one if other is None else other
    n, k = one.shape
    return (one[:, :, None] * other[:, None, :]).reshape(n, k * k)
