"""Sampled responses, such as fluorescence, put into the bins of the stimulus when they are read."""

from __future__ import annotations

from typing import Any

import numpy as np

from twofold.errors import DataError
from twofold.readers.binning import Bins
from twofold.recordings.lazy import ArrayLike, LazyArray

SAME = 1e-6  # of a step: closer than this is the sample itself
GAP = 1.5  # steps: between samples further apart nothing is made up


class SeriesInBins:
    """Samples (sample, neuron) as (bin, neuron), read when they are indexed.

    Where two samples or more fit into every bin a bin is their mean, else it is interpolated between the two
    samples around its centre, and is the sample itself where one lies there.

    Parameters
    ----------
    source
        (sample, neuron), in memory or on disk.
    time_s
        (sample,) increasing times in seconds.
    bins
        Where they go.
    conversion, offset
        A value is sample * conversion + offset.

    Raises
    ------
    DataError
        If a bin is not covered by samples; see `covered`.

    Examples
    --------
    >>> samples = np.array([[0.0], [10.0], [20.0]])
    >>> bins = Bins(np.array([0.0, 1.0]), np.array([1.0, 2.0]))
    >>> SeriesInBins(samples, np.array([0.0, 1.0, 2.0]), bins)[:]
    array([[ 5.], [15.]])
    """

    def __init__(
        self,
        source: ArrayLike,
        time_s: np.ndarray,
        bins: Bins,
        conversion: float = 1.0,
        offset: float = 0.0,
    ) -> None:
        if not covered(time_s, bins).all():
            bad = np.flatnonzero(~covered(time_s, bins))[0]
            raise DataError(f"nothing was sampled at {bins.centre_s[bad]:g} s, where bin {bad} lies")
        self.conversion, self.offset = conversion, offset
        self._source = LazyArray(source)
        self._bins = len(bins)
        self._averages = _several_fit(time_s, bins)
        if self._averages:
            self._first = np.searchsorted(time_s, bins.start_s)
            self._count = np.searchsorted(time_s, bins.stop_s) - self._first
        else:
            self._first, self._weight = _around(time_s, bins.centre_s)

    @property
    def shape(self) -> tuple[int, int]:
        """(bin, neuron)."""
        return self._bins, self._source.shape[1]

    @property
    def dtype(self) -> np.dtype:
        """That of the samples, or floating-point where they are whole numbers."""
        return np.result_type(self._source.dtype, np.float32 if self._source.dtype.itemsize < 4 else 0.0)

    def __getitem__(self, key: Any) -> np.ndarray:
        if not isinstance(key, slice) or key.step not in (None, 1):
            return self[:][key]
        if not len(range(*key.indices(self._bins))):
            return np.empty((0, self.shape[1]), self.dtype)
        values = self._mean(key) if self._averages else self._interpolated(key)
        if (self.conversion, self.offset) != (1.0, 0.0):
            values = values * self.conversion + self.offset
        return values.astype(self.dtype, copy=False)

    def _mean(self, key: slice) -> np.ndarray:
        first, count = self._first[key], self._count[key]
        begins = np.cumsum(count) - count
        rows = np.arange(count.sum()) + np.repeat(first - begins, count)
        samples = self._source[rows].astype(self.dtype, copy=False)
        return np.add.reduceat(samples, begins, axis=0) / count[:, None]

    def _interpolated(self, key: slice) -> np.ndarray:
        first, weight = self._first[key], self._weight[key, None]
        after = first + (weight[:, 0] > 0)
        rows, place = np.unique(np.concatenate([first, after]), return_inverse=True)
        samples = self._source[rows].astype(self.dtype, copy=False)
        low, high = samples[place[: len(first)]], samples[place[len(first) :]]
        return low + (high - low) * weight


def covered(time_s: np.ndarray, bins: Bins) -> np.ndarray:
    """(bin,) whether samples lie in or around each bin, without a gap in the sampling."""
    step = _step(time_s)
    if _several_fit(time_s, bins):
        return np.searchsorted(time_s, bins.stop_s) > np.searchsorted(time_s, bins.start_s)
    centre = bins.centre_s
    inside = (centre >= time_s[0] - SAME * step) & (centre <= time_s[-1] + SAME * step)
    first, weight = _around(time_s, centre)
    after = np.minimum(first + (weight > 0), len(time_s) - 1)
    return inside & (time_s[after] - time_s[first] <= GAP * step)


def _around(time_s: np.ndarray, centre: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The sample before each centre, and how far towards the next one it lies, from 0 to below 1."""
    step = _step(time_s)
    first = np.clip(np.searchsorted(time_s, centre + SAME * step, side="right") - 1, 0, len(time_s) - 1)
    after = np.minimum(first + 1, len(time_s) - 1)
    length = np.where(after > first, time_s[after] - time_s[first], 1.0)
    weight = np.clip((centre - time_s[first]) / length, 0.0, 1.0)
    return first, np.where((weight < SAME) | (after == first), 0.0, weight)


def _several_fit(time_s: np.ndarray, bins: Bins) -> bool:
    return 2 * _step(time_s) <= float((bins.stop_s - bins.start_s).min()) * (1 + SAME)


def _step(time_s: np.ndarray) -> float:
    if len(time_s) < 2 or not (np.diff(time_s) > 0).all():
        raise DataError("responses need 2 or more samples at increasing times")
    return float(np.median(np.diff(time_s)))
