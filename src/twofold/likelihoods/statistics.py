"""What constant models and the shape kappa are fitted from, in one pass over the trials."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Integer, Num

from twofold.errors import DataError

RHO = 0.005  # responses up to here count as silence, on the scale of standardised responses
PerNeuron = Float[np.ndarray, "neuron"]
Counts = Integer[np.ndarray, "neuron"]


@dataclass(frozen=True, eq=False)
class ResponseStatistics:
    """Sufficient statistics of each neuron's responses y, and of d = y - rho where y > rho.

    Parameters
    ----------
    n
        Number of time points.
    mean, variance
        (neuron,) of y; the variance is that of a population.
    n_active
        (neuron,) how many y > rho.
    mean_d, mean_d2, mean_log_d, mean_root_d
        (neuron,) means over these of d, d^2, log d and the root of d; 0 where there are none.
    rho
        Border of silence.

    Examples
    --------
    >>> found = ResponseStatistics.of([np.array([[0.0], [1.0]]), np.array([[3.0]])], rho=0.5)
    >>> found.n, found.n_active, found.mean_d
    (3, array([2]), array([1.5]))
    """

    n: int
    mean: PerNeuron
    variance: PerNeuron
    n_active: Counts
    mean_d: PerNeuron
    mean_d2: PerNeuron
    mean_log_d: PerNeuron
    mean_root_d: PerNeuron
    rho: float

    @classmethod
    def of(cls, trials: Iterable[Num[np.ndarray, "_ _"]], rho: float = RHO) -> ResponseStatistics:
        """Statistics of the (time, neuron) responses of all trials; one trial is held at a time.

        Raises
        ------
        DataError
            If there is no time point.
        """
        total: ResponseStatistics | None = None
        for responses in trials:
            if len(responses):
                part = cls._of_trial(np.asarray(responses, dtype=float), rho)
                total = part if total is None else total.merged(part)
        if total is None:
            raise DataError("there are no responses to fit a likelihood on; give at least one trial")
        return total

    @classmethod
    def _of_trial(cls, y: np.ndarray, rho: float) -> ResponseStatistics:
        active = y > rho
        n_active = active.sum(axis=0)
        d = (y - rho) * active
        log_d = np.log(d + ~active)  # of 1 where silent
        at_least_one = np.maximum(n_active, 1)
        return cls(
            n=len(y),
            mean=y.mean(axis=0),
            variance=y.var(axis=0),
            n_active=n_active,
            mean_d=d.sum(axis=0) / at_least_one,
            mean_d2=(d * d).sum(axis=0) / at_least_one,
            mean_log_d=log_d.sum(axis=0) / at_least_one,
            mean_root_d=np.sqrt(d).sum(axis=0) / at_least_one,
            rho=rho,
        )

    def merged(self, other: ResponseStatistics) -> ResponseStatistics:
        """Statistics of the trials of both, whichever came first (Chan, Golub & LeVeque 1983)."""
        n, n_active = self.n + other.n, self.n_active + other.n_active
        share, share_active = other.n / n, other.n_active / np.maximum(n_active, 1)
        delta = other.mean - self.mean
        spread = self.variance * (1 - share) + other.variance * share + delta**2 * share * (1 - share)

        def pooled(mine: np.ndarray, others: np.ndarray) -> np.ndarray:
            return mine + (others - mine) * share_active

        return ResponseStatistics(
            n=n,
            mean=self.mean + delta * share,
            variance=spread,
            n_active=n_active,
            mean_d=pooled(self.mean_d, other.mean_d),
            mean_d2=pooled(self.mean_d2, other.mean_d2),
            mean_log_d=pooled(self.mean_log_d, other.mean_log_d),
            mean_root_d=pooled(self.mean_root_d, other.mean_root_d),
            rho=self.rho,
        )
