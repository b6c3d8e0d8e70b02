"""The state behind Poisson counts, by Laplace's method: one small Newton problem per sample and frame."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import gammaln

NEWTON_STEPS = 50
TOLERANCE = 1e-3


class StatePosterior(NamedTuple):
    """What the counts of one mouse say about its state, for every frame that may have been shown.

    Attributes
    ----------
    log_evidence
        (sample, frame) log p(counts | frame), the state integrated out.
    mode
        (sample, frame, latent) most probable state.
    mean
        (sample, frame, latent) mean state, to the first order in the skewness of its distribution.
    precision
        (sample, frame, latent, latent) inverse covariance of the state.
    """

    log_evidence: np.ndarray
    mode: np.ndarray
    mean: np.ndarray
    precision: np.ndarray


def state_posterior(
    counts: np.ndarray, typical: np.ndarray, drift: np.ndarray, loadings: np.ndarray
) -> StatePosterior:
    """Laplace approximation of s ~ N(0, I) given counts c ~ Poisson(mu), mu = typical drift exp(s.w).

    With L(s) = sum_n [c_n log mu_n - mu_n - log c_n!] - |s|^2 / 2, which is concave, s* its maximum and
    H = I + sum_n mu_n w_n w_n^T its curvature there, log p(c) = L(s*) - log det(H) / 2, and the mean of s
    is s* - H^-1 sum_n mu_n (w_n^T H^-1 w_n) w_n / 2 (Tierney and Kadane, 1986). A Newton step d is
    shortened by log(1 + m |d|) / (m |d|), m = max |w|, which makes it converge from anywhere (Sun and
    Tran-Dinh, 2019, generalized self-concordant functions).

    Parameters
    ----------
    counts
        (sample, unit) spikes.
    typical
        (frame, unit) expected spikes at s = 0 without drift.
    drift
        (sample, unit) factors.
    loadings
        (latent, unit) w; without latents the result is exact.

    Examples
    --------
    >>> found = state_posterior(np.array([[9]]), np.array([[4.0]]), np.ones((1, 1)), np.ones((1, 1)))
    >>> found.mode.round(2)   # 9 - 4 exp(s) - s = 0
    array([[[0.73]]])
    """
    n_latents = len(loadings)
    pull = (counts @ loadings.T)[:, None]
    outer = (loadings[:, None] * loadings).reshape(n_latents**2, loadings.shape[1])
    steepest = np.linalg.norm(loadings, axis=0).max(initial=0.0)
    base = typical * drift[:, None]
    mode = np.zeros((*base.shape[:2], n_latents))
    for _ in range(NEWTON_STEPS):
        mean = base * np.exp(mode @ loadings)
        gradient = pull - mean @ loadings.T - mode
        precision = np.eye(n_latents) + (mean @ outer.T).reshape(*base.shape[:2], n_latents, n_latents)
        step = np.linalg.solve(precision, gradient[..., None])[..., 0]
        length = steepest * np.linalg.norm(step, axis=-1, keepdims=True)
        if length.max(initial=0.0) < TOLERANCE:
            break
        mode += step * np.log1p(length) / np.maximum(length, 1e-12)
    # sum_n c_n log mu_n is linear in log typical, log drift and s
    fit = (
        counts @ np.log(typical).T
        + (counts * np.log(drift)).sum(axis=1, keepdims=True)
        + (pull * mode).sum(axis=-1)
    )
    constant = gammaln(counts + 1.0).sum(axis=1, keepdims=True)
    peak = fit - mean.sum(axis=-1) - constant - (mode**2).sum(axis=-1) / 2
    covariance = np.linalg.inv(precision)
    spread = covariance.reshape(*base.shape[:2], n_latents**2) @ outer
    skew = (mean * spread) @ loadings.T / 2
    return StatePosterior(
        log_evidence=peak - np.linalg.slogdet(precision)[1] / 2,
        mode=mode,
        mean=mode - (covariance @ skew[..., None])[..., 0],
        precision=precision,
    )
