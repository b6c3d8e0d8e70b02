"""Spikes counted in bins of any widths, exactly, and for long recordings a block of bins at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from twofold.errors import DataError
from twofold.readers.nwb.ragged import Stretch
from twofold.recordings.lazy import ArrayLike

UNITS_AT_ONCE = 64  # a cache line of 8-bit counts
ROWS_PER_BORDER = 4096
MOST_CELLS = 2**24


@dataclass(frozen=True, eq=False)
class Bins:
    """Half-open spans of time [start, stop), in order, which may touch but not overlap.

    Parameters
    ----------
    start_s, stop_s
        (bin,) in seconds.

    Raises
    ------
    DataError
        If a bin ends before it starts, or starts before the one before it has ended.
    """

    start_s: np.ndarray
    stop_s: np.ndarray

    def __post_init__(self) -> None:
        wrong = np.flatnonzero(~(self.stop_s > self.start_s))
        if not wrong.size:
            wrong = np.flatnonzero(~(self.start_s[1:] >= self.stop_s[:-1])) + 1
        if wrong.size:
            start, stop = self.start_s[wrong[0]], self.stop_s[wrong[0]]
            raise DataError(f"bins are not one after the other: bin {wrong[0]} runs from {start} to {stop} s")

    def __len__(self) -> int:
        return len(self.start_s)

    def __getitem__(self, rows: slice | np.ndarray) -> Bins:
        return Bins(self.start_s[rows], self.stop_s[rows])

    @property
    def centre_s(self) -> np.ndarray:
        """(bin,) in seconds."""
        return (self.start_s + self.stop_s) / 2


def count_spikes(trains: Sequence[ArrayLike], bins: Bins, dtype: Any = np.uint16) -> np.ndarray:
    """Counts (bin, unit) of the spikes of each unit in each bin.

    Parameters
    ----------
    trains
        One array (spike,) of increasing times in seconds per unit, each read when its turn comes.
    bins
        Where they are counted.
    dtype
        Type of the counts, wide enough for the fullest bin.

    Examples
    --------
    >>> bins = Bins(np.array([0.0, 0.5, 2.0]), np.array([0.5, 1.0, 2.5]))
    >>> count_spikes([np.array([0.1, 0.5, 0.6, 1.5]), np.array([2.0])], bins)
    array([[1, 0],
           [2, 0],
           [0, 1]], dtype=uint16)
    """
    counts = np.zeros((len(bins), len(trains)), dtype)
    if not len(bins):
        return counts
    search, one = _Search(bins), np.ones((), dtype)  # of the same type: numpy adds it without a cast
    for first in range(0, len(trains), UNITS_AT_ONCE):
        group = trains[first : first + UNITS_AT_ONCE]
        by_unit = np.zeros((len(group), len(bins)), dtype)
        for row, train in zip(by_unit, group, strict=True):
            np.add.at(row, search(np.asarray(train[:], dtype=float)), one)
        counts[:, first : first + UNITS_AT_ONCE] = by_unit.T
    return counts


class _Search:
    """The bin of each of many times at once, in constant time for each.

    Time is cut into cells a little narrower than the narrowest bin, so that at most one bin starts in a cell:
    if k bins start before the cell of t, then t lies in bin k if start[k] <= t, else in bin k - 1. Cells come
    from one monotone formula for starts and times, so rounding cannot change the answer. Where the cells
    would be too many or too narrow, the search is a bisection.
    """

    def __init__(self, bins: Bins) -> None:
        self.start, self.stop = bins.start_s, bins.stop_s
        self._has_gaps = not np.array_equal(self.start[1:], self.stop[:-1])
        narrowest = np.diff(self.start).min() if len(bins) > 1 else self.stop[0] - self.start[0]
        self._per_second = 1.001 / narrowest
        n_cells = (self.stop[-1] - self.start[0]) * self._per_second + 2
        self._starts_before: np.ndarray | None = None
        if n_cells <= MOST_CELLS:
            cell = self._cell(self.start)
            if (np.diff(cell) > 0).all():
                self._starts_before = np.searchsorted(cell, np.arange(int(n_cells)))
                self._next_start = np.append(self.start, np.inf)

    def __call__(self, spikes: np.ndarray) -> np.ndarray:
        """(spike inside,) the bin of each spike that lies in one; the spikes are in order."""
        first, last = np.searchsorted(spikes, (self.start[0], self.stop[-1]))
        spikes = spikes[first:last]
        if self._starts_before is None:
            k = np.searchsorted(self.start, spikes, side="right") - 1
        else:
            k = self._starts_before[self._cell(spikes)]
            k += self._next_start[k] <= spikes
            k -= 1
        return k[spikes < self.stop[k]] if self._has_gaps else k

    def _cell(self, time_s: np.ndarray) -> np.ndarray:
        return ((time_s - self.start[0]) * self._per_second).astype(np.int32)


class SpikeCounts:
    """Counts (bin, unit), or their means per frame, made when they are indexed.

    Memory holds the bins and some places in each train; a slice of bins reads the spikes around it alone.

    Parameters
    ----------
    trains
        One array of spike times in seconds per unit, in memory or on disk; each is read once here.
    bins
        Where they are counted.
    mean_of
        Give the mean over so many equal parts of each bin, as float32, instead of the count.

    Raises
    ------
    DataError
        If a spike time is not a finite number.
    """

    def __init__(self, trains: Sequence[ArrayLike], bins: Bins, mean_of: int = 1) -> None:
        self.bins, self.mean_of = bins, mean_of
        self._trains = list(trains)
        every = bins.start_s[::ROWS_PER_BORDER]
        self._borders = np.append(every, bins.stop_s[-1:])
        self._places = np.zeros((len(self._trains), len(self._borders)), np.int64)
        most = 1
        for unit, train in enumerate(self._trains):
            spikes = np.asarray(train[:], dtype=float)
            if not np.isfinite(spikes).all():
                bad = np.flatnonzero(~np.isfinite(spikes))[0]
                raise DataError(f"unit {unit}: spike {bad} is at {spikes[bad]} s; write finite times")
            if (np.diff(spikes) < 0).any():
                self._trains[unit] = spikes = np.sort(spikes)
            self._places[unit] = np.searchsorted(spikes, self._borders)
            most = max(most, _most_in_a_bin(spikes, bins))
        self._counted = np.min_scalar_type(most)

    @property
    def shape(self) -> tuple[int, int]:
        """(bin, unit)."""
        return len(self.bins), len(self._trains)

    @property
    def dtype(self) -> np.dtype:
        """The smallest type of whole numbers that holds every count, or float32 for means."""
        return np.dtype(np.float32) if self.mean_of > 1 else self._counted

    def __getitem__(self, key: Any) -> np.ndarray:
        if not isinstance(key, slice) or key.step not in (None, 1):
            return self[:][key]
        start, stop, _ = key.indices(len(self.bins))
        low, high = start // ROWS_PER_BORDER, -(-stop // ROWS_PER_BORDER)
        places = self._places[:, [low, min(high, self._places.shape[1] - 1)]]
        around = [
            Stretch(train, first, last)
            for train, (first, last) in zip(self._trains, places.tolist(), strict=True)
        ]
        counts = count_spikes(around, self.bins[start:stop], self._counted)
        return counts if self.mean_of == 1 else counts.astype(np.float32) / np.float32(self.mean_of)


def _most_in_a_bin(spikes: np.ndarray, bins: Bins) -> int:
    """At least as many spikes as any bin holds: 255, 65535 or the number of all."""
    widest = (bins.stop_s - bins.start_s).max() if len(bins) else 0.0
    for most in (2**8 - 1, 2**16 - 1):
        if len(spikes) <= most or not (spikes[most:] - spikes[:-most] <= widest).any():
            return most
    return len(spikes)
