"""Means and covariances of windows of residuals, which never reach over the border of a trial."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Integer

from twofold.errors import DataError

Residual = Float[np.ndarray, "time neuron"]
Inputs = Integer[np.ndarray, " input"]
Outputs = Integer[np.ndarray, " output"]
Weights = Float[np.ndarray, "input output"]


def windows(residual: Residual, lags: Sequence[int]) -> Float[np.ndarray, "window column"]:
    """Rows (residual[t + lag] of each lag, one after the other) of every t whose window lies inside.

    Examples
    --------
    >>> windows(np.arange(4.0)[:, None], (-1, 0))
    array([[0., 1.],
           [1., 2.],
           [2., 3.]])
    """
    first, last = max(0, -min(lags)), len(residual) - max(0, max(lags))
    return np.concatenate([residual[first + lag : max(last, first) + lag] for lag in lags], axis=1)


def padded_windows(residual: Residual, lags: Sequence[int]) -> Float[np.ndarray, "time column"]:
    """As `windows`, of every t: beyond the ends of the trial, its first and last rows are repeated."""
    time = np.arange(len(residual))
    return np.concatenate([residual[np.clip(time + lag, 0, len(time) - 1)] for lag in lags], axis=1)


class Moments(NamedTuple):
    """Of some rows: how many, their mean, and the sum of products of deviations from it."""

    n: int
    mean: Float[np.ndarray, " column"]
    scatter: Float[np.ndarray, "column column"]

    @classmethod
    def of(cls, residuals: Iterable[np.ndarray], lags: Sequence[int]) -> Moments:
        """Of the windows of some trials, each (time, neuron), one after the other.

        Raises
        ------
        DataError
            If no trial is as long as a window.

        Examples
        --------
        >>> Moments.of([np.array([[0.0], [2.0]]), np.array([[4.0]])], (0,)).covariance
        array([[2.66666667]])
        """
        total: Moments | None = None
        for residual in residuals:
            rows = windows(residual, lags)
            if len(rows):
                mean = rows.mean(axis=0)
                own = cls(len(rows), mean, (rows - mean).T @ (rows - mean))
                total = own if total is None else total.merged(own)
        if total is None:
            raise DataError(f"no training trial is as long as the window of lags {tuple(lags)}; use fewer")
        return total

    def merged(self, other: Moments) -> Moments:
        """Of the rows of both (Chan, Golub & LeVeque 1983)."""
        n, delta = self.n + other.n, other.mean - self.mean
        between = np.outer(delta, delta) * (self.n * other.n / n)
        return Moments(n, self.mean + delta * (other.n / n), self.scatter + other.scatter + between)

    @property
    def covariance(self) -> Float[np.ndarray, "column column"]:
        """That of a population."""
        return self.scatter / self.n

    def around(self, mean: Float[np.ndarray, " column"]) -> Float[np.ndarray, "column column"]:
        """Mean product of deviations from another mean."""
        return self.covariance + np.outer(self.mean - mean, self.mean - mean)


def squared_error(
    products: Float[np.ndarray, "column column"], inputs: Inputs, outputs: Outputs, weights: Weights
) -> Float[np.ndarray, " output"]:
    """E[(y - x w)^2] of each output, from the mean products of all columns: S_yy - 2 w S_xy + w S_xx w."""
    own = products[outputs, outputs]
    crossed = (weights * products[np.ix_(inputs, outputs)]).sum(axis=0)
    explained = (weights * (products[np.ix_(inputs, inputs)] @ weights)).sum(axis=0)
    return own - 2 * crossed + explained
