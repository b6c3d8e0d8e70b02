"""Expectations over uncertain outputs in numpy, by many nodes on both sides of every kink."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, gammaln, log_expit, logsumexp

RHO = 0.005
NODES, REACH = 200, 18.0


@dataclass(frozen=True)
class Case:
    """Entries with jointly Gaussian outputs (v, u), u the last one."""

    mean: np.ndarray  # (entry, 2)
    sd: np.ndarray  # (entry, 2)
    correlation: np.ndarray  # (entry,)
    kappa: np.ndarray  # (entry,)
    y: np.ndarray  # (entry,)

    @classmethod
    def over_the_whole_range(cls, seed, n=40, largest_sd=5.0):
        """Means up to 6, standard deviations from 0.01 to 5, four in ten responses silent."""
        rng = np.random.default_rng(seed)
        sd = np.exp(rng.uniform(np.log(0.01), np.log(largest_sd), (n, 2)))
        y = np.where(rng.random(n) < 0.4, RHO * rng.random(n), RHO + rng.gamma(0.5, 4, n))
        return cls(rng.uniform(-6, 6, (n, 2)), sd, rng.uniform(-0.99, 0.99, n), rng.uniform(0.3, 2, n), y)

    @property
    def covariance(self):
        shared = self.correlation * self.sd.prod(1)
        return np.stack([[self.sd[:, 0] ** 2, shared], [shared, self.sd[:, 1] ** 2]]).transpose(2, 0, 1)

    def first_given_last(self, u):
        """Mean (entry, node) and standard deviation (entry, 1) of v where u (entry, node) is known."""
        slope = (self.correlation * self.sd[:, 0] / self.sd[:, 1])[:, None]
        left = self.sd[:, :1] * np.sqrt(1 - self.correlation[:, None] ** 2)
        return self.mean[:, :1] + slope * (u - self.mean[:, 1:]), left


def nodes(m, s, n=NODES, reach=REACH, panels=1):
    """x and weights without the density, (entry, node), Gauss-Legendre left and right of m + s x = 0."""
    x_0 = np.clip(-m / s, -reach, reach)
    edges = np.concatenate([np.linspace(-reach, x_0, panels + 1), np.linspace(x_0, reach, panels + 1)[1:]])
    x, w = np.polynomial.legendre.leggauss(n)
    half, middle = (edges[1:] - edges[:-1]).T / 2, (edges[1:] + edges[:-1]).T / 2
    flat = len(m), -1
    return (middle[..., None] + half[..., None] * x).reshape(flat), (half[..., None] * w).reshape(flat)


def expectation(function, m, s):
    """E[f(m + s x)], f taking (entry, node)."""
    x, w = nodes(m, s)
    return (function(m[:, None] + s[:, None] * x) * w * normal(x)).sum(1)


def normal(x):
    return np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi)


def theta(u):
    return np.where(u < 0, np.exp(np.minimum(u, 0)), 1 + np.maximum(u, 0))


def log_theta(u):
    return np.where(u < 0, u, np.log1p(np.maximum(u, 0)))


def zig_expected(case):
    """E[log p(y)]."""
    (m_v, m_u), (s_v, s_u), active = case.mean.T, case.sd.T, case.y > RHO
    d, kappa = np.where(active, case.y - RHO, 1.0), case.kappa
    gamma = expectation(lambda u: -d[:, None] / theta(u) - kappa[:, None] * log_theta(u), m_u, s_u)
    gamma += (kappa - 1) * np.log(d) - gammaln(kappa)
    return np.where(
        active, expectation(log_expit, m_v, s_v) + gamma, expectation(lambda v: log_expit(-v), m_v, s_v)
    )


def zig_log_marginal(case):
    """log p(y), over many panels, as far as 130 standard deviations."""
    active = case.y > RHO
    d, kappa = np.where(active, case.y - RHO, 1.0)[:, None], case.kappa[:, None]
    constant = (kappa - 1) * np.log(d) - gammaln(kappa)

    def log_density(u):
        return constant - d / theta(u) - kappa * log_theta(u) + np.log(expected_q(case, u))

    silent = np.log(expectation(lambda v: expit(-v), case.mean[:, 0], case.sd[:, 0]))
    return np.where(active, log_integral(log_density, case, n=12), silent)


def expected_q(case, u, n=48):
    """E[q | u] for (entry, node) u."""
    m_v, s_v = case.first_given_last(u)
    x, w = np.polynomial.legendre.leggauss(n)
    found = np.zeros_like(u)
    x_0 = np.clip(-m_v / s_v, -9, 9)
    for low, high in ((-9, x_0), (x_0, 9)):
        half, middle = (high - low) / 2, (high + low) / 2
        for node, weight in zip(x, w, strict=True):
            at = middle + half * node
            found += half * weight * normal(at) * expit(m_v + s_v * at)
    return found


def log_integral(log_density, case, n=24, panels=100, reach=130.0):
    """log E[p(y | u)] from the logarithm of what is averaged, as far as `reach` standard deviations."""
    m, s = case.mean[:, 1], case.sd[:, 1]
    x, w = nodes(m, s, n, reach, panels)
    with np.errstate(divide="ignore"):
        log = log_density(m[:, None] + s[:, None] * x) - x**2 / 2 - np.log(2 * np.pi) / 2 + np.log(w)
    return logsumexp(log, axis=1)


def zig_mean(case):
    """E[y]."""

    def mean_given(u):
        q = expected_q(case, u, 32)
        return q * (case.kappa[:, None] * theta(u) + RHO) + (1 - q) * RHO / 2

    return expectation(mean_given, case.mean[:, 1], case.sd[:, 1])


def poisson_expected(case, y):
    """E[log p(y)] of counts."""

    def log_prob(u):
        return y[:, None] * log_theta(u) - theta(u) - gammaln(y + 1)[:, None]

    return expectation(log_prob, case.mean[:, 1], case.sd[:, 1])


def poisson_log_marginal(case, y):
    """log p(y) of counts."""
    return log_integral(
        lambda u: y[:, None] * log_theta(u) - theta(u) - gammaln(y + 1)[:, None],
        case,
        panels=800,
        reach=1000.0,
    )


def gaussian_expected(case, y):
    """E[log p(y)] of a mean v and a standard deviation theta(u): over v given u in closed form."""

    def log_prob(u):
        m_v, s_v = case.first_given_last(u)
        square = (y[:, None] - m_v) ** 2 + s_v**2
        return -0.5 * square * np.exp(-2 * log_theta(u)) - log_theta(u) - 0.5 * np.log(2 * np.pi)

    return expectation(log_prob, case.mean[:, 1], case.sd[:, 1])


def gaussian_log_marginal(case, y):
    """log p(y) of the same."""

    def log_density(u):
        m_v, s_v = case.first_given_last(u)
        log_variance = np.logaddexp(2 * np.log(s_v), 2 * log_theta(u))
        square = (y[:, None] - m_v) ** 2 * np.exp(-log_variance)
        return -0.5 * (square + log_variance + np.log(2 * np.pi))

    return log_integral(log_density, case, panels=800, reach=1000.0)  # of 15,000 nats, say, it lies far away
