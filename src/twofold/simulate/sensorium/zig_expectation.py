"""Expectations of the zero-inflated gamma law over a Gaussian state: slow, plain references.

Per neuron the state enters through v = a_q + w_q.z and u = a_theta + w_theta.z alone, which are jointly
Gaussian.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.special import expit, gammaln, log_ndtr, logsumexp, ndtr

from twofold.simulate.sensorium.zig_law import elu_plus_one

RATE_NODES = 15
V_NODES, U_NODES = 12, 40
CHUNK_ELEMENTS = 250_000


class Gaussian2(NamedTuple):
    """The Gaussian of (v, u), every part broadcasting to (time, neuron).

    Attributes
    ----------
    v, u
        Means.
    var_v, var_u, cov
        Variances and covariance.
    """

    v: np.ndarray
    u: np.ndarray
    var_v: np.ndarray
    var_u: np.ndarray
    cov: np.ndarray

    def rows(self, rows: slice) -> Gaussian2:
        """Some time points; what does not depend on time stays."""
        return Gaussian2(*(part[rows] if len(part) == len(self.v) else part for part in self))


def mean_theta(mean: np.ndarray, sd: np.ndarray) -> np.ndarray:
    """E[theta] for u ~ N(m, s^2), theta = e^u below 0 and u + 1 above.

    E = (m + 1) Phi(m / s) + s phi(m / s) + exp(m + s^2 / 2) Phi(-(m + s^2) / s)

    Examples
    --------
    >>> mean_theta(np.array([0.0, 5.0]), np.array([1e-9, 0.5])).round(6)
    array([1., 6.])
    """
    s = np.maximum(sd, 1e-9)
    density = np.exp(-((mean / s) ** 2) / 2) / np.sqrt(2 * np.pi)
    below = np.exp(mean + s**2 / 2 + log_ndtr(-(mean + s**2) / s))
    return (mean + 1) * ndtr(mean / s) + s * density + below


def expected_rate(state: Gaussian2, kappa: np.ndarray, rho: float) -> np.ndarray:
    """(time, neuron) mean response, E_v[q(v) (kappa E[theta | v] + rho)] + (1 - E[q]) rho / 2.

    Parameters
    ----------
    state
        What is known of v and u.
    kappa
        (neuron,) shapes.
    rho
        Border of silence.

    Examples
    --------
    >>> zero = np.zeros((1, 1))
    >>> expected_rate(Gaussian2(zero, zero, zero, zero, zero), np.array([0.5]), rho=0.0)
    array([[0.25]])
    """
    return _in_chunks(state, lambda part, _: _expected_rate(part, kappa, rho))


def _expected_rate(state: Gaussian2, kappa: np.ndarray, rho: float) -> np.ndarray:
    sd_v = np.sqrt(np.maximum(state.var_v, 0))
    slope, sd_u = _given_v(state)
    total = np.zeros(np.broadcast_shapes(*(part.shape for part in state)))
    for x, weight in zip(*_hermite(RATE_NODES), strict=True):
        q = expit(state.v + x * sd_v)
        theta = mean_theta(state.u + slope * x * sd_v, sd_u)
        total += weight * (q * (kappa * theta + rho) + (1 - q) * rho / 2)
    return total


def log_marginal(y: np.ndarray, state: Gaussian2, kappa: np.ndarray, rho: float) -> np.ndarray:
    """(time, neuron) log p(y) in nats, each entry by itself, v and u integrated out.

    Silence counts as a mass, 1 - q; above rho it is a density, E[q(v) gamma(y - rho; kappa, theta(u))], by
    Gauss-Hermite sums over u and over v given u. With variances of 0 it is log p(y | v, u).

    Parameters
    ----------
    y
        (time, neuron) responses.
    state, kappa, rho
        As in `expected_rate`.

    Examples
    --------
    >>> zero = np.zeros((1, 1))
    >>> log_marginal(zero, Gaussian2(zero, zero, zero, zero, zero), np.array([0.5]), rho=0.005).round(3)
    array([[-0.693]])
    """
    return _in_chunks(state, lambda part, rows: _log_marginal(y[rows], part, kappa, rho))


def _log_marginal(y: np.ndarray, state: Gaussian2, kappa: np.ndarray, rho: float) -> np.ndarray:
    found = np.empty(y.shape)
    active = y > rho
    sd_v = np.sqrt(np.maximum(state.var_v, 0))
    silent = sum(w * expit(-(state.v + x * sd_v)) for x, w in zip(*_hermite(RATE_NODES), strict=True))
    found[~active] = np.log(np.broadcast_to(silent, y.shape)[~active])
    if active.any():
        entries = (np.broadcast_to(part, y.shape)[active] for part in (*state, kappa))
        found[active] = _log_density(y[active].astype(float) - rho, *entries)
    return found


def _log_density(
    d: np.ndarray,
    v: np.ndarray,
    u: np.ndarray,
    var_v: np.ndarray,
    var_u: np.ndarray,
    cov: np.ndarray,
    kappa: np.ndarray,
) -> np.ndarray:
    """(entry,) log E[q(v) gamma(d; kappa, theta(u))]."""
    sd_u = np.sqrt(np.maximum(var_u, 0))
    slope, sd_v = _given_v(Gaussian2(u, v, var_u, var_v, cov))  # here v is what is left, given u
    terms = np.empty((U_NODES, len(d)))
    for i, (x, weight) in enumerate(zip(*_hermite(U_NODES), strict=True)):
        theta = elu_plus_one(u + x * sd_u)
        at = v + slope * x * sd_u
        q = sum(w * expit(at + node * sd_v) for node, w in zip(*_hermite(V_NODES), strict=True))
        terms[i] = np.log(weight * q) - d / theta - kappa * np.log(theta)
    return logsumexp(terms, axis=0) + (kappa - 1) * np.log(d) - gammaln(kappa)


def _given_v(state: Gaussian2) -> tuple[np.ndarray, np.ndarray]:
    """Slope of E[u | v] in v, and the standard deviation of u given v."""
    slope = np.divide(
        state.cov, state.var_v, out=np.zeros_like(state.cov, dtype=float), where=state.var_v > 0
    )
    return slope, np.sqrt(np.maximum(state.var_u - slope * state.cov, 0))


def _hermite(nodes: int) -> tuple[np.ndarray, np.ndarray]:
    """Nodes and weights of E[f(x)], x ~ N(0, 1)."""
    x, w = np.polynomial.hermite_e.hermegauss(nodes)
    return x, w / w.sum()


def _in_chunks(state: Gaussian2, function: Callable[[Gaussian2, slice], np.ndarray]) -> np.ndarray:
    """A function of blocks of time points, in bounded memory."""
    n_time, n_neurons = state.v.shape
    size = max(1, CHUNK_ELEMENTS // max(1, n_neurons))
    blocks = [slice(start, start + size) for start in range(0, n_time, size)]
    return np.concatenate([function(state.rows(rows), rows) for rows in blocks])
