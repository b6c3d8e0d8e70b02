"""An array on disk or in memory, seen through a choice of rows and columns."""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

import numpy as np

Choice = slice | np.ndarray


@runtime_checkable
class ArrayLike(Protocol):
    """What a source must offer: numpy arrays, memory maps, HDF5 and Zarr arrays all do."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Length of each axis."""
        ...

    @property
    def dtype(self) -> Any:
        """Type of the elements."""
        ...

    def __getitem__(self, key: Any) -> Any: ...


class LazyArray:
    """A two-dimensional array of which nothing is read before it is indexed.

    Choosing rows or columns (`select`) copies no data; reading (`array[...]`, `numpy.asarray(array)`)
    fetches whole runs of consecutive rows, which is what time-major files are fast at.

    Parameters
    ----------
    source
        Anything with `shape`, `dtype` and slicing, of shape (time, neuron).
    rows, columns
        Which rows and columns of the source are seen, in this order; all by default.

    Examples
    --------
    >>> lazy = LazyArray(np.arange(12).reshape(4, 3))
    >>> lazy
    LazyArray(shape=(4, 3), dtype=int64)
    >>> lazy.select(rows=np.array([0, 3]), columns=slice(1, 3))[:]
    array([[ 1,  2],
           [10, 11]])
    """

    def __init__(self, source: ArrayLike, rows: Choice = slice(None), columns: Choice = slice(None)) -> None:
        self.source = source
        self.rows = _resolve(rows, source.shape[0])
        self.columns = _resolve(columns, source.shape[1])

    @property
    def shape(self) -> tuple[int, int]:
        """(time, neuron) as seen through the choice."""
        return _length(self.rows), _length(self.columns)

    @property
    def dtype(self) -> np.dtype:
        """Type of the elements on disk."""
        return np.dtype(self.source.dtype)

    @property
    def ndim(self) -> int:
        """Always 2."""
        return 2

    def __len__(self) -> int:
        return self.shape[0]

    def __repr__(self) -> str:
        return f"LazyArray(shape={self.shape}, dtype={self.dtype})"

    def select(self, rows: Choice = slice(None), columns: Choice = slice(None)) -> LazyArray:
        """The same array seen through a further choice; no data are read."""
        return LazyArray(self.source, _compose(self.rows, rows), _compose(self.columns, columns))

    def __getitem__(self, key: Any) -> np.ndarray:
        rows, columns = key if isinstance(key, tuple) else (key, slice(None))
        picked = self.select(_as_choice(rows), _as_choice(columns))
        values = _read(self.source, picked.rows, picked.columns)
        if isinstance(rows, int | np.integer):
            values = values[0]
        if isinstance(columns, int | np.integer):
            values = values[..., 0]
        return values

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        values = self[:]
        if dtype is not None and values.dtype != dtype:
            return values.astype(dtype)
        return values.copy() if copy else values


def _as_choice(key: Any) -> Choice:
    if isinstance(key, int | np.integer):
        return np.array([int(key)])
    if isinstance(key, slice):
        return key
    return np.asarray(key)


def _resolve(choice: Choice, length: int) -> Choice:
    """A choice as a slice with fixed ends, or as non-negative indices."""
    if isinstance(choice, slice):
        start, stop, step = choice.indices(length)
        if step == 1:
            return slice(start, max(start, stop))
        return np.arange(start, stop, step)
    if choice.dtype == bool:
        if len(choice) != length:
            raise IndexError(f"a mask of {len(choice)} entries cannot choose among {length}")
        return _simplify(np.flatnonzero(choice))
    indices = choice.astype(np.int64)
    if indices.size and (indices.min() < -length or indices.max() >= length):
        raise IndexError(f"index {int(indices.max())} is outside an axis of length {length}")
    return _simplify(np.where(indices < 0, indices + length, indices))


def _simplify(indices: np.ndarray) -> Choice:
    """Consecutive indices as a slice: slices of memory are views."""
    if indices.size and indices[-1] - indices[0] == indices.size - 1 and (np.diff(indices) == 1).all():
        return slice(int(indices[0]), int(indices[-1]) + 1)
    return indices


def _length(choice: Choice) -> int:
    return choice.stop - choice.start if isinstance(choice, slice) else len(choice)


def _compose(outer: Choice, inner: Choice) -> Choice:
    inner = _resolve(inner, _length(outer))
    if isinstance(outer, slice):
        if isinstance(inner, slice):
            return slice(outer.start + inner.start, outer.start + inner.stop)
        return inner + outer.start
    return outer[inner]


def _read(source: ArrayLike, rows: Choice, columns: Choice) -> np.ndarray:
    if isinstance(rows, slice):
        return np.asarray(source[rows])[:, columns]
    if isinstance(source, np.ndarray):
        return source[rows][:, columns]
    if not len(rows):
        return np.asarray(source[0:0])[:, columns]
    order = np.argsort(rows, kind="stable")
    runs = np.split(order, np.flatnonzero(np.diff(rows[order]) > 1) + 1)
    out = np.empty((len(rows), _length(columns)), dtype=source.dtype)
    for run in runs:
        first, last = int(rows[run[0]]), int(rows[run[-1]])
        block = np.asarray(source[first : last + 1])[:, columns]
        out[run] = block[rows[run] - first]
    return out
