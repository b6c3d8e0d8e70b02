"""Samples at a rate in an experanto folder: responses, running, eyes; and the same at other times."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from twofold.errors import DataError
from twofold.readers.experanto.meta import Meta, memory_map, number, read_npy, whole

INTERPOLATIONS = ("nearest", "linear", "previous")
ROUNDING = 1e-6  # of a sample: on a border between two, rounding must not decide


@dataclass(frozen=True, eq=False)
class Sequence:
    """Samples of one device.

    Parameters
    ----------
    data
        (sample, signal), a map of the file.
    time_s
        (sample,) when each was taken.
    shift_s
        (signal,) how much later each signal was taken; None where all were taken at once.
    """

    data: np.ndarray
    time_s: np.ndarray
    shift_s: np.ndarray | None = None

    @property
    def span_s(self) -> tuple[float, float]:
        """From when to when every signal was sampled."""
        low, high = (0.0, 0.0) if self.shift_s is None else (self.shift_s.max(), self.shift_s.min())
        return float(self.time_s[0] + low), float(self.time_s[-1] + high)


def open_sequence(folder: Path, meta: Meta) -> Sequence:
    """Open `data.npy` or `data.mem`; sample k was taken at `timestamps.npy`[k], else k periods on.

    Raises
    ------
    DataError
        If files are missing, damaged, or not what the description says.
    """
    path = folder / "meta.yml"
    n_signals, rate = whole(meta, "n_signals", path), number(meta, "sampling_rate", path, above=0)
    if meta.get("is_mem_mapped", not (folder / "data.npy").exists()):
        data = memory_map(folder / "data.mem", meta, (whole(meta, "n_timestamps", path), n_signals), path)
    else:
        data = read_npy(folder / "data.npy", lazily=True)
        data = data[:, None] if data.ndim == 1 else data
    if data.ndim != 2 or data.shape[1] != n_signals or data.dtype.kind not in "biuf" or not len(data):
        raise DataError(
            f"{folder}: the data are {data.dtype} of shape {data.shape}, and meta.yml says {n_signals} "
            "signals; they must be numbers, (time, signal)"
        )
    time_s = number(meta, "start_time", path) + np.arange(len(data)) / rate
    if (folder / "timestamps.npy").exists():
        time_s = read_npy(folder / "timestamps.npy").astype(float)
    if time_s.shape != (len(data),) or not (np.diff(time_s) > 0).all():
        raise DataError(f"{folder / 'timestamps.npy'}: one time per sample is needed ({len(data)}), in order")
    return Sequence(data, time_s, _shifts(folder, n_signals) if meta.get("phase_shift_per_signal") else None)


def _shifts(folder: Path, n_signals: int) -> np.ndarray:
    shifts = read_npy(folder / "meta" / "phase_shifts.npy")
    if shifts.shape != (n_signals,) or shifts.dtype.kind != "f" or not np.isfinite(shifts).all():
        raise DataError(
            f"{folder / 'meta' / 'phase_shifts.npy'}: one number per signal is needed ({n_signals})"
        )
    return shifts.astype(float)


class Resampled:
    """A sequence at other times, computed when indexed.

    With t_k the time of sample k (plus the shift of the signal), the value at t is

        nearest    that of the sample whose interval holds t, which reaches half-way to its neighbours
        linear     x_k + (x_k+1 - x_k) (t - t_k) / (t_k+1 - t_k), for t between t_k and t_k+1
        previous   that of the last sample with t_k <= t, late by half a sample on average

    Parameters
    ----------
    sequence
        The samples.
    time_s
        (time,) where they are wanted.
    interpolation
        How values between samples are found.

    Examples
    --------
    >>> ramp = Sequence(np.arange(4.0)[:, None], np.arange(4.0))
    >>> for how in ("nearest", "linear", "previous"):
    ...     Resampled(ramp, np.array([0.4, 1.75]), how)[:].ravel()
    array([0., 2.])
    array([0.4 , 1.75])
    array([0., 1.])
    """

    def __init__(self, sequence: Sequence, time_s: np.ndarray, interpolation: str) -> None:
        self._sequence, self._time_s, self._interpolation = sequence, time_s, interpolation
        self._step = float(np.median(np.diff(sequence.time_s))) if len(sequence.time_s) > 1 else 1.0

    @property
    def shape(self) -> tuple[int, int]:
        """(time, signal)."""
        return len(self._time_s), self._sequence.data.shape[1]

    @property
    def dtype(self) -> np.dtype:
        """Type of the values."""
        own = self._sequence.data.dtype
        return np.result_type(own, np.float32) if self._interpolation == "linear" else own

    def __getitem__(self, rows: Any) -> np.ndarray:
        times = np.atleast_1d(self._time_s[rows])[:, None]
        if self._sequence.shift_s is not None:
            times = times - self._sequence.shift_s
        if not times.size:
            return np.empty((len(times), self.shape[1]), self.dtype)
        if self._interpolation == "linear":
            low = self._last_before(times).clip(0, max(len(self._sequence.time_s) - 2, 0))
            t, high = self._sequence.time_s, np.minimum(low + 1, len(self._sequence.time_s) - 1)
            weight = ((times - t[low]) / np.maximum(t[high] - t[low], 1e-300)).clip(0, 1)
            found: np.ndarray = (1 - weight) * self._take(low) + weight * self._take(high)
            return found.astype(self.dtype)
        index = self._last_before(times) if self._interpolation == "previous" else self._nearest(times)
        return self._take(index.clip(0, len(self._sequence.time_s) - 1))

    def _last_before(self, times: np.ndarray) -> np.ndarray:
        late = times + ROUNDING * self._step
        return np.searchsorted(self._sequence.time_s, late, side="right") - 1

    def _nearest(self, times: np.ndarray) -> np.ndarray:
        t = self._sequence.time_s
        return np.searchsorted((t[1:] + t[:-1]) / 2, times + ROUNDING * self._step, side="right")

    def _take(self, index: np.ndarray) -> np.ndarray:
        first, last = int(index.min()), int(index.max())
        block = np.asarray(self._sequence.data[first : last + 1])
        if index.shape[1] == 1:  # all signals were taken at once
            return block[index[:, 0] - first]
        return np.take_along_axis(block, index - first, axis=0)
