"""The shape kappa of each neuron's gamma part, from its responses above rho (paper B, section 1.3).

    by moments               kappa = mean(d)^2 / var(d)
    by maximum likelihood    log kappa - psi(kappa) = log mean(d) - mean(log d)
    given theta_t            psi(kappa) = mean(log(d_t / theta_t))

d = y - rho where y > rho. The first two take the scale theta for constant: where it varies they are too low,
moments most. The third takes a fitted model's theta; fit and estimate in turn.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Num
from scipy.special import digamma, polygamma

from twofold.errors import DataError
from twofold.likelihoods.statistics import RHO, Counts, PerNeuron, ResponseStatistics

MIN_ACTIVE = 20
NEWTON_STEPS = 30
LEAST_SPREAD = 1e-9  # of log d: below, the values are equal but for rounding


@dataclass(frozen=True, eq=False)
class Kappa:
    """Shapes, and for which neurons they are not their own.

    Parameters
    ----------
    values
        (neuron,) kappa.
    n_active
        (neuron,) from how many responses above rho.
    borrowed
        (neuron,) True where these were too few or all equal, and kappa is the population's median.
    """

    values: PerNeuron
    n_active: Counts
    borrowed: Bool[np.ndarray, " neuron"]

    def __str__(self) -> str:
        n, of = int(self.borrowed.sum()), len(self.values)
        median = f"kappa {np.median(self.values):.3g} (median of {of} neurons)"
        if not n:
            return median
        return f"{median}; {n} with too few different responses above rho have the median of the others"


def kappa_by_moments(statistics: ResponseStatistics, min_active: int = MIN_ACTIVE) -> Kappa:
    """Shapes that give the mean and the variance of the responses above rho.

    Parameters
    ----------
    statistics
        Of the training trials.
    min_active
        Neurons with fewer responses above rho get the median of the others.

    Raises
    ------
    DataError
        If no neuron has enough responses above rho.

    Examples
    --------
    >>> y = 0.005 + np.random.default_rng(0).gamma(0.5, 2.0, size=(20_000, 1))
    >>> kappa_by_moments(ResponseStatistics.of([y])).values.round(1)
    array([0.5])
    """
    mean, n = statistics.mean_d, statistics.n_active
    variance = statistics.mean_d2 - mean**2
    varies = variance > LEAST_SPREAD * mean**2
    kappa = np.divide(mean**2, variance, out=np.full(len(n), np.nan), where=varies)
    return _borrowing(kappa, n, min_active)


def kappa_by_maximum_likelihood(statistics: ResponseStatistics, min_active: int = MIN_ACTIVE) -> Kappa:
    """Likeliest shapes of responses above rho with a constant scale.

    Parameters
    ----------
    statistics, min_active
        As in `kappa_by_moments`.

    Raises
    ------
    DataError
        If no neuron has enough responses above rho.

    References
    ----------
    Minka (2002), Estimating a gamma distribution: the first guess and the Newton step in 1 / kappa.

    Examples
    --------
    >>> y = 0.005 + np.random.default_rng(0).gamma(0.5, 2.0, size=(20_000, 1))
    >>> kappa_by_maximum_likelihood(ResponseStatistics.of([y])).values.round(1)
    array([0.5])
    """
    active = statistics.n_active > 0
    log_mean = np.log(statistics.mean_d, out=np.zeros(len(active)), where=active)
    s = log_mean - statistics.mean_log_d
    kappa = np.full(len(s), np.nan)
    varies = s > LEAST_SPREAD
    kappa[varies] = _of_log_minus_digamma(s[varies])
    return _borrowing(kappa, statistics.n_active, min_active)


def kappa_given_theta(
    trials: Iterable[tuple[Num[np.ndarray, "_ _"], Num[np.ndarray, "_ _"]]],
    rho: float = RHO,
    min_active: int = MIN_ACTIVE,
) -> Kappa:
    """Likeliest shapes when the scale of every response is known.

    Parameters
    ----------
    trials
        Pairs of responses and theta, each (time, neuron), of the training trials.
    rho
        Border of silence.
    min_active
        As in `kappa_by_moments`.

    Raises
    ------
    DataError
        If there is no trial, or no neuron has enough responses above rho.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> theta = np.exp(rng.normal(size=(20_000, 1)))
    >>> kappa_given_theta([(0.005 + rng.gamma(0.5, theta), theta)]).values.round(1)
    array([0.5])
    """
    log_ratio, n = np.zeros(0), np.zeros(0, dtype=int)
    for y, theta in trials:
        active = y > rho
        ratio = np.divide(np.asarray(y, dtype=float) - rho, theta, out=np.ones(y.shape), where=active)
        if not len(n):
            log_ratio, n = np.zeros(y.shape[1]), np.zeros(y.shape[1], dtype=int)
        log_ratio, n = log_ratio + np.log(ratio).sum(axis=0), n + active.sum(axis=0)
    if not len(n):
        raise DataError("there are no responses to estimate kappa from; give at least one trial")
    kappa = np.full(len(n), np.nan)
    kappa[n > 0] = _of_digamma(log_ratio[n > 0] / n[n > 0])
    return _borrowing(kappa, n, min_active)


def _of_log_minus_digamma(s: np.ndarray) -> np.ndarray:
    """The kappa with log kappa - psi(kappa) = s > 0."""
    kappa = (3 - s + np.sqrt((s - 3) ** 2 + 24 * s)) / (12 * s)
    for _ in range(NEWTON_STEPS):
        slope = kappa - kappa**2 * polygamma(1, kappa)
        step = (np.log(kappa) - digamma(kappa) - s) / np.minimum(slope, -np.finfo(float).tiny)
        kappa = kappa / np.maximum(1 + kappa * step, 0.1)
    return kappa


def _of_digamma(x: np.ndarray) -> np.ndarray:
    """The kappa with psi(kappa) = x."""
    kappa = np.where(x > -2.22, np.exp(np.minimum(x, 700)) + 0.5, -1 / np.minimum(x + np.euler_gamma, -1e-9))
    for _ in range(NEWTON_STEPS):
        step = (digamma(kappa) - x) / (kappa * polygamma(1, kappa))  # in log kappa, which stays finite
        kappa = kappa * np.exp(np.clip(-step, -2, 2))
    return kappa


def _borrowing(kappa: np.ndarray, n_active: np.ndarray, min_active: int) -> Kappa:
    own = np.isfinite(kappa) & (n_active >= min_active)
    if not own.any():
        raise DataError(
            f"no neuron has {min_active} different responses above rho, at most {n_active.max(initial=0)}: "
            "the zero-inflated gamma needs some; is the scale of the responses right (rho is 0.005)?"
        )
    return Kappa(np.where(own, kappa, np.median(kappa[own])), n_active, ~own)
