"""The mean of the square root of a Poisson count."""

from __future__ import annotations

from functools import cache

import numpy as np
from scipy.special import gammaln

GRID_STEP, GRID_END = 0.005, 15.0


def mean_root(root_mean: np.ndarray) -> np.ndarray:
    """E sqrt(count) of Poisson counts, to 1e-5, from the square root x of their mean.

    As a function of x it is smooth, so a table is interpolated linearly; above a mean of 225 it is
    x - 1 / (8 x), the second order of the delta method.

    Parameters
    ----------
    root_mean
        x, of any shape.

    Examples
    --------
    >>> mean_root(np.sqrt([0.0, 1.0, 1000.0])).round(4)
    array([ 0.    ,  0.7732, 31.6188])
    """
    value, slope = _table()
    # the grid is even, so a division finds the cell; this is four times as fast as a search
    position = np.minimum(root_mean, GRID_END) / GRID_STEP
    cell = position.astype(np.int32)
    inside = value[cell] + slope[cell] * (position - cell)
    if (root_mean < GRID_END).all():
        return inside
    return np.where(root_mean < GRID_END, inside, root_mean - 1 / (8 * np.maximum(root_mean, 1.0)))


@cache
def _table() -> tuple[np.ndarray, np.ndarray]:
    """E sqrt(count) at each grid point, and its change to the next."""
    grid, count = GRID_STEP * np.arange(round(GRID_END / GRID_STEP) + 2), np.arange(1, 420)
    value = np.zeros(len(grid))
    mean = grid[1:, None] ** 2
    value[1:] = np.exp(count * np.log(mean) - mean - gammaln(count + 1)) @ np.sqrt(count)
    return value, np.diff(value, append=value[-1])
