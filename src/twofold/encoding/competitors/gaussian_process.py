r"""Latents that change smoothly over a trial, and what is known of them from some neurons, exactly.

.. math:: z_k \sim N(0, K_k), \quad K_k(t, t') = (1 - \epsilon)\, e^{-(t - t')^2 / 2 \tau_k^2}
          + \epsilon\, \delta_{tt'}

With L the Cholesky factor of all K_k and :math:`G = C^\top \Psi^{-1} C`, the posterior covariance is
:math:`L (I + L^\top (G \otimes I) L)^{-1} L^\top`, which needs no inverse of K.
"""

from __future__ import annotations

from functools import cached_property
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.linalg import block_diag, solve_triangular

LEAST_NOISE = 1e-3  # epsilon

Loading = Float[np.ndarray, "neuron dimension"]
PerNeuron = Float[np.ndarray, " neuron"]
Timescales = Float[np.ndarray, " dimension"]


def kernel(n_time: int, timescale: float) -> Float[np.ndarray, "time time"]:
    """K of one latent; the timescale in frames.

    Examples
    --------
    >>> kernel(2, 1.0).round(3)
    array([[1.   , 0.606],
           [0.606, 1.   ]])
    """
    apart = np.subtract.outer(np.arange(n_time), np.arange(n_time)) / timescale
    return (1 - LEAST_NOISE) * np.exp(-0.5 * apart**2) + LEAST_NOISE * np.eye(n_time)


class Trajectory(NamedTuple):
    """Latents of a trial, their covariance over dimensions and times, and log density of what was seen."""

    mean: Float[np.ndarray, "time dimension"]
    covariance: Float[np.ndarray, "dimension time dimension_ time_"]
    log_density: float


class Smoother:
    """What is known of latents in trials of one length, whatever was recorded.

    Parameters
    ----------
    n_time
        Length of the trials.
    timescales
        (dimension,) in frames.
    loading, noise
        C and psi of the neurons that are seen.
    """

    def __init__(self, n_time: int, timescales: Timescales, loading: Loading, noise: PerNeuron) -> None:
        self.n_time, self.loading, self.noise = n_time, loading, noise
        root = block_diag(*(np.linalg.cholesky(kernel(n_time, float(tau))) for tau in timescales))
        scaled = loading / noise[:, None]
        information = np.kron(loading.T @ scaled, np.eye(n_time))
        inner = np.linalg.cholesky(np.eye(len(root)) + root.T @ information @ root)
        self.half = solve_triangular(inner, root.T, lower=True)  # covariance = half' half
        self.log_det = 2 * np.log(inner.diagonal()).sum() + n_time * np.log(2 * np.pi * noise).sum()

    @cached_property
    def covariance(self) -> Float[np.ndarray, "dimension time dimension_ time_"]:
        """Posterior covariance of all latents at all times."""
        k = self.loading.shape[1]
        return (self.half.T @ self.half).reshape(k, self.n_time, k, self.n_time)

    def read(self, residual: Float[np.ndarray, "time neuron"]) -> Trajectory:
        """The latents of one trial, from the neurons that are seen."""
        evidence = ((residual / self.noise) @ self.loading).T.reshape(-1)
        along = self.half @ evidence
        mean = (self.half.T @ along).reshape(-1, self.n_time).T
        square = (residual**2 / self.noise).sum() - along @ along
        return Trajectory(mean, self.covariance, float(-0.5 * (square + self.log_det)))
