r"""On what scale weights vary over the cortex.

.. math::

    \gamma(h) = \frac{1}{2 |P_h|} \sum_{(i, j) \in P_h} |x_i - x_j|^2, \quad
    \gamma(h) \approx \mathrm{nugget} + \mathrm{sill} \, (1 - e^{-(h / \ell)^a})

P_h are the pairs of neurons whose distance is about h. All dimensions of x are added up, so that a rotation
changes nothing. The nugget is what neurons have for themselves, the sill what is a map, and at the length l
the map's correlation has fallen to 1 / e. The power a is 1 (rough maps) or 2 (smooth ones), what fits better.

Source: Cressie 1993, "Statistics for Spatial Data", section 2.4.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int, Num
from scipy.optimize import minimize_scalar, nnls

from twofold.analyses.topography.neighbours import Planes, Position, Values, as_table
from twofold.errors import DataError, OptionError

LENGTHS = 40  # tried on a logarithmic grid, before the best is refined
FEWEST_PAIRS = 20  # of a bin that counts


@dataclass(frozen=True, eq=False)
class Variogram:
    """How different neurons are at each distance, and the curve through it.

    Parameters
    ----------
    distance_um
        (bin,) mean distance of the pairs.
    semivariance
        (bin,) half of the mean squared difference, summed over dimensions.
    n_pairs
        (bin,) how many.
    nugget, sill
        What neurons have for themselves, and what is a map; in squared units of the values.
    length_um
        Where the map's correlation has fallen to 1 / e; extrapolated beyond the last distance, and NaN beyond
        twice the last distance, or where nothing is a map.
    power
        1 or 2.
    """

    distance_um: Float[np.ndarray, " bin"]
    semivariance: Float[np.ndarray, " bin"]
    n_pairs: Int[np.ndarray, " bin"]
    nugget: float
    sill: float
    length_um: float
    power: int

    @property
    def share(self) -> float:
        """Share of the variance that is a map; NaN where the length is."""
        return self.sill / (self.nugget + self.sill) if np.isfinite(self.length_um) else float("nan")


def variogram(
    values: Values,
    position_um: Position,
    *,
    plane: Planes = None,
    bins: int = 20,
    max_um: float | None = None,
    max_pairs: int = 500_000,
    random_state: int | np.random.Generator = 0,
) -> Variogram:
    """Variogram of one value per neuron, or of several taken together, and its length scale.

    A length is found in noise as well, with a share near 0: ask `morans_i` first whether there is a map.

    Parameters
    ----------
    values
        (neuron,) or (neuron, dimension).
    position_um
        (neuron, axis) in micrometres.
    plane
        (neuron,) depth plane; pairs are then of one plane. None for pairs of any neurons.
    bins
        Number of distances.
    max_um
        Largest distance of a pair; by default half of the field's longest side; wide maps need more.
    max_pairs
        If there are more, so many are drawn by chance.
    random_state
        Seed or generator of the drawn pairs.

    Raises
    ------
    DataError
        If arrays do not fit each other, are not finite, or there are too few pairs.
    OptionError
        If an option cannot work.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> position = rng.uniform(0, 600, size=(400, 2))
    >>> centres = rng.uniform(0, 600, size=(2000, 2))
    >>> distance = np.linalg.norm(position[:, None] - centres, axis=-1)
    >>> smooth = np.exp(-((distance / 60) ** 2)) @ rng.normal(size=(2000, 5))  # of length 60 * sqrt(2)
    >>> found = variogram(smooth, position)
    >>> bool(abs(found.length_um - 85) < 15), found.power
    (True, 2)
    """
    if bins < 3 or max_pairs < 1:
        raise OptionError(f"bins={bins}, max_pairs={max_pairs}: give 3 or more, and 1 or more")
    x = as_table(values, position_um, plane)
    side = np.ptp(position_um, axis=0).max(initial=0) / 2 if max_um is None else max_um
    if not side > 0:
        raise OptionError(f"max_um={side}: give a distance above 0; all neurons may be in one place")
    i, j = _pairs(len(x), plane, max_pairs, np.random.default_rng(random_state))
    h = np.linalg.norm(position_um[i].astype(float) - position_um[j], axis=1)
    i, j, h = i[h < side], j[h < side], h[h < side]
    squared = ((x[i] - x[j]) ** 2).sum(axis=1)
    number = (h / side * bins).astype(int)
    n = np.bincount(number, minlength=bins)
    kept = n >= FEWEST_PAIRS
    if kept.sum() < 3:
        raise DataError(
            f"{len(h)} pairs closer than {side:g} um are too few for {bins} bins; "
            "give fewer bins or a larger max_um"
        )
    distance = np.bincount(number, h, minlength=bins)[kept] / n[kept]
    semivariance = np.bincount(number, squared, minlength=bins)[kept] / (2 * n[kept])
    fit = min(
        (_fitted(distance, semivariance, n[kept], side, power) for power in (1, 2)), key=lambda f: f.error
    )
    unseen = fit.sill <= 0 or fit.length > 2 * side
    return Variogram(
        distance, semivariance, n[kept], fit.nugget, fit.sill, np.nan if unseen else fit.length, fit.power
    )


class _Fit(NamedTuple):
    error: float
    nugget: float
    sill: float
    length: float
    power: int


def _fitted(h: Num[np.ndarray, " bin"], gamma: np.ndarray, n: np.ndarray, side: float, power: int) -> _Fit:
    """The best nugget, sill and length by least squares, every bin weighted by its pairs."""
    root = np.sqrt(n / n.sum())

    def at(log_length: float) -> _Fit:
        length = float(np.exp(log_length))
        curve = np.stack([np.ones_like(h), 1 - np.exp(-((h / length) ** power))], axis=1)
        (nugget, sill), error = nnls(root[:, None] * curve, root * gamma)
        return _Fit(float(error), float(nugget), float(sill), length, power)

    # From lengths that even the closest pairs do not show to lengths that look like a straight line.
    grid = np.log(np.geomspace(h[0] / 2, 4 * side, LENGTHS))
    best = int(np.argmin([at(log_length).error for log_length in grid]))
    around = (grid[max(best - 1, 0)], grid[min(best + 1, LENGTHS - 1)])
    refined = minimize_scalar(lambda log_length: at(log_length).error, bounds=around, method="bounded")
    return min(at(float(refined.x)), at(float(grid[best])), key=lambda fit: fit.error)


def _pairs(n: int, plane: Planes, at_most: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Different pairs of neurons, of one plane each; all, or as many as asked for by chance."""
    groups = [np.arange(n)] if plane is None else [np.flatnonzero(plane == p) for p in np.unique(plane)]
    counts = np.array([len(group) * (len(group) - 1) // 2 for group in groups])
    total = int(counts.sum())
    chosen = (
        np.arange(total) if total <= at_most else rng.choice(total, at_most, replace=False, shuffle=False)
    )
    ends = np.cumsum(counts)
    i, j = [], []
    for group, begin, end in zip(groups, ends - counts, ends, strict=True):
        k = chosen[(chosen >= begin) & (chosen < end)] - begin
        # pair k of (1, 0), (2, 0), (2, 1), (3, 0), ...: the larger one is the root of b (b - 1) / 2 = k
        b = np.floor((1 + np.sqrt(1 + 8 * k)) / 2).astype(np.int64)
        i.append(group[b])
        j.append(group[k - b * (b - 1) // 2])
    return np.concatenate(i), np.concatenate(j)
