"""Rows of different lengths in one array, such as the spike times of all units, read when they are sliced."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np


class Ragged(Sequence[Any]):
    """Rows of different lengths that lie one after the other in one array, such as the spikes of each unit.

    Parameters
    ----------
    values
        (value,), in memory or on disk.
    ends
        (row,) where each row ends.

    Examples
    --------
    >>> rows = Ragged(np.arange(5), np.array([2, 5]))
    >>> rows[1][:2]
    array([2, 3])
    """

    def __init__(self, values: Any, ends: np.ndarray) -> None:
        self._values = values
        self._ends = ends.astype(np.int64)

    def __len__(self) -> int:
        return len(self._ends)

    def __getitem__(self, row: Any) -> Any:
        return Stretch(self._values, int(self._ends[row - 1]) if row else 0, int(self._ends[row]))


class Stretch:
    """Part of an array (value,), from `start` to before `stop`, read when it is sliced."""

    def __init__(self, values: Any, start: int, stop: int) -> None:
        self._values, self._start = values, start
        self.shape, self.dtype = (stop - start,), values.dtype

    def __getitem__(self, key: slice) -> np.ndarray:
        start, stop, _ = key.indices(self.shape[0])
        return np.asarray(self._values[self._start + start : self._start + stop])
