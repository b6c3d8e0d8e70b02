"""Zero-inflated gamma responses whose parameters a latent state moves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from twofold.shapes import PerNeuron

BISECTIONS = 30


@dataclass(frozen=True, eq=False)
class ZigLaw:
    """Responses are silent, uniform in (0, rho), but with probability q rho + Gamma(kappa, theta).

    q = sigmoid(a_q + w_q.z) and theta = ELU(a_theta + w_theta.z) + 1.

    Parameters
    ----------
    w_q, w_theta
        (neuron, latent) weights.
    kappa
        (neuron,) shapes.
    rho
        Border of silence.

    References
    ----------
    Wei et al. 2019 (the distribution); arXiv 2410.16136, section 2 (the latents in it).

    Examples
    --------
    >>> law = ZigLaw(np.zeros((2, 1)), np.zeros((2, 1)), np.array([0.5, 0.5]))
    >>> law.draw(np.zeros((3, 2)), np.ones((3, 2)), np.random.default_rng(0)).shape
    (3, 2)
    """

    w_q: np.ndarray
    w_theta: np.ndarray
    kappa: PerNeuron
    rho: float = 0.005

    def draw(
        self, q: np.ndarray, theta: np.ndarray, rng: np.random.Generator, lognormal: bool = False
    ) -> np.ndarray:
        """(time, neuron) float32 responses for q and theta, each (time, neuron).

        With `lognormal`, amplitudes are log-normal with the mean and variance of the gamma distribution.
        """
        if lognormal:
            variance = np.log1p(1 / self.kappa)
            amplitude = np.exp(np.sqrt(variance) * rng.standard_normal(q.shape, np.float32) - variance / 2)
            amplitude = theta * self.kappa * amplitude
        else:
            kappa = np.broadcast_to(self.kappa.astype(np.float32), q.shape)
            amplitude = theta * rng.standard_gamma(kappa, dtype=np.float32)
        silent = rng.random(q.shape, np.float32) >= q
        below = self.rho * rng.random(q.shape, np.float32)
        return np.where(silent, below, self.rho + amplitude).astype(np.float32)

    def parameters(
        self, a_q: np.ndarray, a_theta: np.ndarray, latents: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """(time, neuron) q, and theta likewise."""
        return expit(a_q + latents @ self.w_q.T), elu_plus_one(a_theta + latents @ self.w_theta.T)

    def biases(
        self,
        drive_q: np.ndarray,
        drive_theta: np.ndarray,
        zeros: PerNeuron,
        mean: PerNeuron,
        rng: np.random.Generator,
    ) -> tuple[PerNeuron, PerNeuron]:
        """What to add to a drive of mean 0, so that shares of silence and mean responses are as asked.

        Parameters
        ----------
        drive_q, drive_theta
            (time, neuron) some of the drive.
        zeros, mean
            (neuron,) share of silent frames, and mean response.
        rng
            Generator of the latents.
        """
        z = rng.standard_normal((len(drive_q), self.w_q.shape[1]))
        v, u = drive_q + z @ self.w_q.T, drive_theta + z @ self.w_theta.T
        b_q = _root(lambda b: expit(v + b).mean(axis=0) - (1 - zeros), len(zeros))
        q = expit(v + b_q)
        above = mean - ((1 - q) * self.rho / 2 + q * self.rho).mean(axis=0)
        b_theta = _root(lambda b: (q * elu_plus_one(u + b)).mean(axis=0) * self.kappa - above, len(zeros))
        return b_q, b_theta


def elu_plus_one(u: np.ndarray) -> np.ndarray:
    """e^u below 0, u + 1 above.

    Examples
    --------
    >>> elu_plus_one(np.array([-np.log(2), 0.0, 1.5]))
    array([0.5, 1. , 2.5])
    """
    return np.where(u > 0, u + 1, np.exp(np.minimum(u, 0)))


def _root(increasing: Callable[[PerNeuron], PerNeuron], n: int) -> PerNeuron:
    """(neuron,) where increasing functions, one per neuron, are 0, by bisection in (-12, 12)."""
    low, high = np.full(n, -12.0), np.full(n, 12.0)
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        is_low = increasing(middle) < 0
        low, high = np.where(is_low, middle, low), np.where(is_low, high, middle)
    return (low + high) / 2
