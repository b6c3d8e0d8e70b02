"""Neurons of which no two are next to each other.

Neighbours share neuropil and parts of each other's signal, so that their weights are alike without any map.
To leave near ones out of the neighbours that count is not enough: with values that are alike within 30 um,
any number over neighbours varies more than permutations of them say, and maps are found where there are none.
Among thinned neurons values are independent unless there is a map, and permutations are right. Two neurons
30 um apart still share what lies between them: of neuropil that falls off with an sd of 15 um they have 37 %
of what next neighbours have in common, at 45 um 11 %.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Int
from scipy.spatial import KDTree

from twofold.analyses.topography.neighbours import Position, check_position
from twofold.errors import OptionError


def thin_neurons(
    position_um: Position, *, at_least_um: float = 45.0, random_state: int | np.random.Generator = 0
) -> Int[np.ndarray, " kept"]:
    """Sorted numbers of neurons none of which is closer to another than so much.

    Neurons come in random order, and each is kept unless it is too close to one that is kept already; so no
    further one could be kept.

    Parameters
    ----------
    position_um
        (neuron, axis) in micrometres.
    at_least_um
        The smallest distance there may be.
    random_state
        Seed or generator of the order.

    Raises
    ------
    DataError
        If a position is not finite.
    OptionError
        If the distance is negative.

    Examples
    --------
    >>> position = np.array([[0.0, 0.0], [0.0, 10.0], [0.0, 30.0], [0.0, 100.0]])
    >>> len(thin_neurons(position)), thin_neurons(position[[0, 2, 3]], at_least_um=30)
    (2, array([0, 1, 2]))
    """
    if not at_least_um >= 0:
        raise OptionError(f"at_least_um={at_least_um}: give 0 or more")
    check_position(position_um)
    near = KDTree(position_um).query_ball_point(position_um, np.nextafter(at_least_um, -np.inf))
    kept = np.zeros(len(position_um), dtype=bool)
    for neuron in np.random.default_rng(random_state).permutation(len(position_um)):
        kept[neuron] = not kept[near[neuron]].any()
    return np.flatnonzero(kept)
