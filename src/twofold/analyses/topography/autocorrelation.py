r"""Moran's I: whether neurons that lie close together have similar values.

.. math:: I = \frac{\sum_i d_i \cdot \sum_j w_{ij} d_j}{\sum_i |d_i|^2}, \quad d_i = x_i - \bar x

w_ij is 1 / k for the k nearest neighbours of i and 0 for others. Values of several dimensions are added up in
both sums, so that I does not change when they are rotated: where singular values are close, single axes mean
nothing. By chance I is -1 / (n - 1).

Source: Moran 1950 (Biometrika 37:17); Cliff & Ord 1981, "Spatial Processes".
"""

from __future__ import annotations

import numpy as np

from twofold.analyses.topography.neighbours import Planes, Position, Values, as_table, mean_of_neighbours
from twofold.analyses.topography.permutations import AgainstPermutations, against_permutations


def morans_i(
    values: Values,
    position_um: Position,
    *,
    plane: Planes = None,
    neighbours: int = 10,
    n_permutations: int = 999,
    random_state: int | np.random.Generator = 0,
) -> AgainstPermutations:
    """Moran's I of one value per neuron, or of several taken together.

    What neighbours share through neuropil looks like a map: compare with that of `thin_neurons`.

    Parameters
    ----------
    values
        (neuron,) such as one map, or (neuron, dimension) such as the weights on all latents.
    position_um
        (neuron, axis) in micrometres; with depth as the third axis, neighbours may lie in other planes.
    plane
        (neuron,) depth plane; values are permuted within each, so that differences between planes are not
        taken for a map. None for neurons of one plane.
    neighbours
        How many nearest neurons count.
    n_permutations
        How many surrogates.
    random_state
        Seed or generator of the permutations.

    Raises
    ------
    DataError
        If arrays do not fit each other, are not finite, or do not vary.
    OptionError
        If an option cannot work.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> position = rng.uniform(0, 600, size=(200, 2))
    >>> found = morans_i(np.sin(position / 100), position, n_permutations=99)
    >>> bool(found.value > 0.8), bool(abs(found.chance.mean) < 0.05), found.p
    (True, True, 0.01)
    """
    table = as_table(values, position_um, plane)
    w = mean_of_neighbours(position_um, neighbours)
    d = table - table.mean(axis=0)
    total = (d**2).sum()
    return against_permutations(
        lambda d: float((d * (w @ d)).sum() / total), d, plane, n_permutations, random_state
    )
