"""The nearest neighbours of every neuron, as a matrix that takes means over them."""

from __future__ import annotations

import numpy as np
from jaxtyping import Num, Shaped
from scipy.sparse import csr_array
from scipy.spatial import KDTree

from twofold.errors import DataError, OptionError

Position = Num[np.ndarray, "_ _"]
Values = Num[np.ndarray, "_ ..."]
Planes = Shaped[np.ndarray, "_"] | None


def mean_of_neighbours(position_um: Position, neighbours: int = 10) -> csr_array:
    """Weights that take the mean over the nearest neurons: row-standardised, 0 on the diagonal.

    Parameters
    ----------
    position_um
        (neuron, axis) in micrometres, or in degrees for positions on the screen; any number of axes.
    neighbours
        How many nearest neurons count, each with weight 1 / neighbours.

    Returns
    -------
    csr_array
        (neuron, neuron).

    Raises
    ------
    DataError
        If a position is not finite, or there are too few neurons.
    OptionError
        If there are no neighbours.

    Examples
    --------
    >>> mean_of_neighbours(np.array([[0.0], [1.0], [3.0]]), neighbours=1).toarray().argmax(axis=1)
    array([1, 0, 1])
    """
    n = len(position_um)
    if neighbours < 1:
        raise OptionError(f"neighbours={neighbours}: give 1 or more, such as 10")
    if n <= neighbours:
        raise DataError(f"{n} neurons have no {neighbours} neighbours; give neighbours={n - 1} or fewer")
    check_position(position_um)
    nearest = np.asarray(KDTree(position_um).query(position_um, k=neighbours + 1)[1])
    # Where neurons are in one place, the neuron itself may not come first, or not at all.
    counts = nearest != np.arange(n)[:, None]
    counts &= counts.cumsum(axis=1) <= neighbours
    begins = np.arange(n + 1) * neighbours
    return csr_array((np.full(n * neighbours, 1 / neighbours), nearest[counts], begins), shape=(n, n))


def check_position(position_um: Position) -> None:
    """Refuse positions that are not finite.

    Raises
    ------
    DataError
        If one is not, with its neuron.
    """
    wrong = np.flatnonzero(~np.isfinite(position_um).all(axis=1))
    if len(wrong):
        raise DataError(f"position_um: neuron {wrong[0]} is not finite; leave it out")


def as_table(values: Values, position_um: Position, plane: Planes = None) -> np.ndarray:
    """(neuron, dimension) values in double precision, once they fit the positions and planes.

    Raises
    ------
    DataError
        If they do not, a value is not finite, or all neurons have the same.
    """
    if values.ndim > 2:
        raise DataError(f"values of shape {values.shape}: give (neuron,) or (neuron, dimension)")
    table = np.asarray(values, dtype=float).reshape(len(values), -1)
    for name, other in (("position_um", position_um), ("plane", plane)):
        if other is not None and len(other) != len(table):
            raise DataError(f"{name}: {len(other)} neurons, but {len(table)} values; give one row for each")
    if not np.isfinite(table).all():
        raise DataError(f"values: neuron {np.argwhere(~np.isfinite(table))[0, 0]} is not finite")
    if not np.ptp(table, axis=0).any():
        raise DataError("values: all neurons have the same; there is nothing that could be a map")
    check_position(position_um)
    return table
