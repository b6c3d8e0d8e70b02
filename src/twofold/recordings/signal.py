"""Something else that was measured on the same clock: running, pupil, eye position."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twofold.errors import DataError
from twofold.shapes import Seconds


@dataclass(frozen=True, eq=False)
class Signal:
    """Samples on the recording's clock, at their own times.

    Parameters
    ----------
    values
        (sample,) numbers; NaN where the value is not known.
    time_s
        (sample,) increasing times in seconds.
    unit
        Unit in words, such as "cm/s".

    Examples
    --------
    >>> running = Signal(np.array([0.0, 1.0, 2.0]), np.array([0.0, 0.1, 0.2]), unit="cm/s")
    >>> running.at(np.array([0.05, 0.15]))
    array([0.5, 1.5])
    """

    values: np.ndarray
    time_s: np.ndarray
    unit: str = ""

    def __post_init__(self) -> None:
        if self.values.shape != self.time_s.shape:
            raise DataError(
                f"a signal has {self.values.shape} values but {self.time_s.shape} times; give one per sample"
            )

    def __len__(self) -> int:
        return len(self.values)

    def at(self, time_s: Seconds, bin_s: float | None = None) -> Seconds:
        """The signal at given times: the mean in bins of `bin_s` where it is faster, else interpolated.

        Times outside the signal, and times whose neighbours are not known, are NaN.
        """
        time_s = np.asarray(time_s, dtype=float)
        if len(self) == len(time_s) and np.array_equal(self.time_s, time_s):
            return self.values.astype(float)
        if len(self) < 2:
            return np.full(len(time_s), np.nan)
        step = float(np.median(np.diff(self.time_s)))
        values = self.values.astype(float)
        if bin_s is None or step >= bin_s * (1 - 1e-6):
            found = np.interp(time_s, self.time_s, values)
        else:
            edges_low = np.searchsorted(self.time_s, time_s - bin_s / 2)
            edges_high = np.searchsorted(self.time_s, time_s + bin_s / 2)
            total = np.concatenate([[0.0], np.cumsum(np.nan_to_num(values))])
            count = np.concatenate([[0], np.cumsum(np.isfinite(values))])
            n = count[edges_high] - count[edges_low]
            found = np.where(n > 0, (total[edges_high] - total[edges_low]) / np.maximum(n, 1), np.nan)
        margin = step / 2 + 1e-9
        found[(time_s < self.time_s[0] - margin) | (time_s > self.time_s[-1] + margin)] = np.nan
        return found
