"""Where neurons lie, and whether their values are a map of the cortex, with spans over depth."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int, Num

from twofold.analyses.chance import Chance
from twofold.analyses.topography import morans_i, position_r2, told_by_position
from twofold.errors import DataError
from twofold.metrics.intervals import Interval
from twofold.recordings import Recording

LEAST_PER_SLAB, NEIGHBOURS = 40, 10
Values = Num[np.ndarray, "_ ..."]


class Cortex(NamedTuple):
    """Where neurons lie: (neuron, 3) in micrometres, and the number of the slab of depth of each."""

    position: Float[np.ndarray, "neuron 3"]
    slab: Int[np.ndarray, " neuron"]

    def of(self, chosen: np.ndarray) -> Cortex:
        """Some neurons."""
        return Cortex(self.position[chosen], self.slab[chosen])

    @property
    def lateral(self) -> Float[np.ndarray, "neuron 2"]:
        """Without depth."""
        return self.position[:, :2]


def cortex_of(recording: Recording) -> Cortex:
    """Where the neurons of a recording lie.

    Raises
    ------
    DataError
        If that is not known, or they are too few for maps.
    """
    position = recording.neurons.position_um
    if position is None or not np.isfinite(position).all():
        raise DataError(f"{recording.name!r}: the positions of its neurons are not known")
    if len(position) <= NEIGHBOURS:
        raise DataError(f"{recording.name!r}: {len(position)} neurons are too few for maps")
    return Cortex(position, slabs(position[:, 2]))


def slabs(depth_um: Num[np.ndarray, " neuron"]) -> Int[np.ndarray, " neuron"]:
    """Number of the slab of depth of each neuron: planes of imaging, joined until each has neurons enough.

    Examples
    --------
    >>> np.bincount(slabs(np.repeat([200.0, 225.0, 250.0, 275.0], 25)))
    array([50, 50])
    """
    planes, number, counts = np.unique(depth_um, return_inverse=True, return_counts=True)
    slab, inside = np.zeros(len(planes), dtype=int), 0
    for plane, left in enumerate(counts[::-1].cumsum()[::-1]):
        if plane and inside >= LEAST_PER_SLAB and left >= LEAST_PER_SLAB:
            slab[plane:] += 1
            inside = 0
        inside += counts[plane]
    return slab[number]


def alike(values: Values, cortex: Cortex, n_permutations: int, seed: int) -> tuple[Interval, Chance]:
    """Moran's I within slabs, with the s.e.m. of those that slabs have by themselves, and its chance."""
    settings = {"neighbours": NEIGHBOURS, "n_permutations": n_permutations, "random_state": seed}
    found = morans_i(values, cortex.lateral, plane=cortex.slab, **settings)
    each = []
    for slab in np.unique(cortex.slab):
        inside = cortex.slab == slab
        if inside.sum() > NEIGHBOURS and np.ptp(values[inside], axis=0).any():
            each.append(morans_i(values[inside], cortex.lateral[inside], n_permutations=1).value)
    return _around(found.value, each), found.chance


def told(
    values: Values, place: np.ndarray, cortex: Cortex, n_permutations: int, seed: int
) -> tuple[Interval, Chance]:
    """R2 of values by place, with the s.e.m. of that of the neurons of each slab, and its chance."""
    settings = {"neighbours": NEIGHBOURS, "n_permutations": n_permutations, "random_state": seed}
    found = position_r2(values, place, plane=cortex.slab, **settings)
    error = ((values - told_by_position(values, place, neighbours=NEIGHBOURS)) ** 2).sum(axis=1)
    around = ((values - values.mean(axis=0)) ** 2).sum(axis=1)
    sums = (np.bincount(cortex.slab, part) for part in (error, around))
    return _around(
        found.value, [1 - own / all_ for own, all_ in zip(*sums, strict=True) if all_ > 0]
    ), found.chance


def _around(value: float, each: Sequence[float]) -> Interval:
    if len(each) < 2:
        return Interval(value, None, None, len(each))
    sem = float(np.std(each, ddof=1) / np.sqrt(len(each)))
    return Interval(value, value - sem, value + sem, len(each))
