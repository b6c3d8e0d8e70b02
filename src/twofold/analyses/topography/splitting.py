"""Neurons to give and neurons to score that are not next to each other.

Neighbours share neuropil and parts of each other's signal, so that one predicts the other without any state
of the brain. Tiles of the cortex, columns through all planes, go to either side by chance. Of a given and a
scored neuron that are too close, one must be left out. The fewest that will do are the smallest vertex cover
of a bipartite graph, which a largest matching gives (König 1931).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Int
from scipy.sparse import csr_array
from scipy.sparse.csgraph import breadth_first_order, maximum_bipartite_matching
from scipy.spatial import KDTree

from twofold.analyses.topography.neighbours import Position, check_position
from twofold.errors import DataError, OptionError

Rows = Int[np.ndarray, " row"]


class SeparatedNeurons(NamedTuple):
    """Numbers of the neurons on either side, and of those that lie too close to the border.

    Attributes
    ----------
    given, scored, left_out
        Sorted; every neuron is in one of them.
    """

    given: Rows
    scored: Rows
    left_out: Rows


def separate_neurons(
    position_um: Position,
    *,
    at_least_um: float = 30.0,
    tile_um: float = 150.0,
    share_given: float = 0.5,
    random_state: int | np.random.Generator = 0,
) -> SeparatedNeurons:
    """Split neurons so that no given one is closer to a scored one than so much.

    Parameters
    ----------
    position_um
        (neuron, axis) in micrometres; tiles are cut along the first two axes, distances are of all.
    at_least_um
        The smallest distance there may be.
    tile_um
        Side of a tile, about; smaller ones lose more neurons, larger ones lie further from what they are told
        by.
    share_given
        Share of the neurons that is given, about: tiles are dealt out whole.
    random_state
        Seed or generator that deals out the tiles.

    Raises
    ------
    DataError
        If a position is not finite, or nobody is left on one side.
    OptionError
        If an option cannot work.

    Examples
    --------
    >>> position = np.array([[0.0, 0.0], [80.0, 0.0], [105.0, 0.0], [110.0, 0.0], [190.0, 0.0]])
    >>> found = separate_neurons(position, tile_um=100)
    >>> sorted([found.given.tolist(), found.scored.tolist()]), found.left_out
    ([[0], [2, 3, 4]], array([1]))
    """
    if not at_least_um >= 0 or not tile_um > 0:
        raise OptionError(f"at_least_um={at_least_um}, tile_um={tile_um}: give 0 or more, and more than 0")
    if not 0 < share_given < 1:
        raise OptionError(f"share_given={share_given}: give a share between 0 and 1, such as 0.5")
    check_position(position_um)
    is_given = _dealt_tiles(position_um, tile_um, share_given, np.random.default_rng(random_state))
    given, scored = np.flatnonzero(is_given), np.flatnonzero(~is_given)
    near = _closer_than(position_um[given], position_um[scored], at_least_um)
    lose_given, lose_scored = _smallest_cover(near)
    found = SeparatedNeurons(
        given[~lose_given],
        scored[~lose_scored],
        np.sort(np.concatenate([given[lose_given], scored[lose_scored]])),
    )
    if not len(found.given) or not len(found.scored):
        raise DataError(
            f"no neuron is left on one side of a gap of {at_least_um:g} um; give other tiles or a smaller gap"
        )
    return found


def _dealt_tiles(position: np.ndarray, side: float, share: float, rng: np.random.Generator) -> np.ndarray:
    """(neuron,) whether the tile of each is given; at least one tile is, and one is not."""
    lateral = position[:, :2] - position[:, :2].min(axis=0, initial=np.inf)
    extent = lateral.max(axis=0, initial=0)
    per_axis = np.maximum(np.round(extent / side), 1)  # whole tiles, and none of them a sliver
    place = np.minimum(np.floor(lateral * per_axis / np.maximum(extent, side)), per_axis - 1)
    _, tile, counts = np.unique(place, axis=0, return_inverse=True, return_counts=True)
    if len(counts) < 2:
        raise DataError(f"tile_um={side:g}: all neurons lie in one tile; give smaller tiles")
    order = rng.permutation(len(counts))
    dealt = np.cumsum(counts[order]) - counts[order] / 2  # a tile goes to the side that holds its middle
    n_given = np.clip((dealt <= share * len(position)).sum(), 1, len(counts) - 1)
    return np.isin(tile.ravel(), order[:n_given])


def _closer_than(given: np.ndarray, scored: np.ndarray, distance: float) -> csr_array:
    """(given, scored) True where two are closer than so much."""
    pairs = KDTree(given).sparse_distance_matrix(KDTree(scored), distance, output_type="coo_matrix")
    close = pairs.data < distance
    row, column = pairs.row[close], pairs.col[close]
    return csr_array((np.ones(len(row), dtype=bool), (row, column)), shape=(len(given), len(scored)))


def _smallest_cover(
    edges: csr_array,
) -> tuple[Bool[np.ndarray, " left"], Bool[np.ndarray, " right"]]:
    """The fewest nodes, left and right, that touch every edge.

    From all unmatched left nodes, walk any edge to the right and matched edges back; the cover is what is not
    reached on the left and what is reached on the right.
    """
    n_left, n_right = edges.shape
    mate = maximum_bipartite_matching(edges, perm_type="column")  # right node of each left node, or -1
    matched = np.flatnonzero(mate >= 0)
    there, right = edges.nonzero()
    start = n_left + n_right
    free = np.flatnonzero(mate < 0)
    from_node = np.concatenate([there, n_left + mate[matched], np.full(len(free), start)])
    to_node = np.concatenate([n_left + right, matched, free])
    walks = csr_array((np.ones(len(to_node)), (from_node, to_node)), shape=(start + 1, start + 1))
    reached = np.zeros(start + 1, dtype=bool)
    reached[breadth_first_order(walks, start, return_predecessors=False)] = True
    return ~reached[:n_left], reached[n_left:start]
