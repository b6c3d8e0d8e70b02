"""Arrays, tables and plain containers from a pickle or a joblib file; opening one never runs code."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from twofold.errors import DataError
from twofold.readers.pickles import arrays as pickled_arrays
from twofold.readers.pickles import tables as pickled_tables
from twofold.readers.pickles.bounded import Bounded, open_bounded
from twofold.readers.pickles.machine import Machine, Name, Part

WRAPPER = ("joblib.numpy_pickle", "NumpyArrayWrapper")
ADMITTED = pickled_arrays.ADMITTED | pickled_tables.ADMITTED | {WRAPPER}
MAX_BYTES = 2**34
MOST_NESTED = 64
PLAIN = (str, int, float, complex, bool, bytes, bytearray, type(None), np.ndarray, np.generic, slice)


def unpickle(path: Path | str, *, max_bytes: int = MAX_BYTES) -> Any:
    """Read a pickle or a joblib file, compressed or not, without running anything in it.

    Its instructions are followed by our own hand: what would be called is noted, compared with a list of
    names of numpy, pandas and xarray, and rebuilt from the bytes that it holds.

    Parameters
    ----------
    path
        The file, as `pickle.dump` or `joblib.dump` writes it.
    max_bytes
        Largest size after decompression.

    Returns
    -------
    Any
        Numbers, text, arrays, lists, tuples, sets, dicts, `pandas` and `xarray` objects.

    Raises
    ------
    DataError
        If it asks for anything else, is damaged, or is larger than `max_bytes`.

    Examples
    --------
    >>> import tempfile
    >>> import joblib
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = joblib.dump({"neural": np.arange(3), "area": "VISp"}, Path(folder) / "mouse.jl", compress=3)
    ...     unpickle(Path(folder) / "mouse.jl")
    {'neural': array([0, 1, 2]), 'area': 'VISp'}
    """
    path = Path(path)
    if not path.is_file():
        raise DataError(f"{path}: no such file" if not path.exists() else f"{path} is not a file")
    try:
        with open_bounded(path, max_bytes) as content:
            found = _Reading(content).whole()
            content.end()
            return found
    except DataError as error:
        raise DataError(
            f"{path.name} cannot be imported: {error}; nothing was run. Numbers, text, arrays and tables are "
            "read: save them with numpy.savez or joblib.dump and try again"
        ) from None
    except (MemoryError, RecursionError) as error:
        raise DataError(f"{path.name} is too large or too deeply nested ({type(error).__name__})") from None
    except Exception as error:  # a damaged file fails in as many ways as its format has parts
        reason = (str(error).splitlines() or [type(error).__name__])[0][:200]
        raise DataError(
            f"{path.name} cannot be read: is it damaged or incomplete? ({reason}); nothing was run"
        ) from error


class _Reading:
    """One file on its way from bytes to values."""

    def __init__(self, source: Bounded) -> None:
        self._source = source
        self._known: dict[int, tuple[Any, Any]] = {}  # the part is kept, so that its id stays its own
        self._open: set[int] = set()
        self._pickles = 0

    def whole(self) -> Any:
        return self._resolve(self._run())

    def _run(self) -> Any:
        self._pickles += 1
        if self._pickles > MOST_NESTED:
            raise DataError(f"it is nested more than {MOST_NESTED} deep")
        content = Machine(self._source, ADMITTED, self._finish).run()
        self._pickles -= 1
        return content

    def _finish(self, part: Part) -> Any:
        """The bytes of an array follow joblib's wrapper of it."""
        if (part.name.module, part.name.name) != WRAPPER:
            return part
        if not isinstance(part.state, dict):
            raise DataError("it has an array without a type")
        dtype, shape = pickled_arrays.dtype_of(part.state["dtype"]), part.state["shape"]
        if dtype.hasobject:
            return self._run()  # joblib pickles the objects of an array by themselves
        if part.state.get("numpy_array_alignment_bytes") is not None:
            self._source.read(self._source.read(1)[0])
        raw = self._source.read(math.prod(pickled_arrays.shape_of(shape)) * dtype.itemsize)
        own = raw if isinstance(raw, bytearray) else bytearray(raw)  # a bytearray can be written to
        return pickled_arrays.array_from(own, dtype, shape, part.state["order"])

    def _resolve(self, value: Any) -> Any:
        """A value with all parts in it rebuilt; what is referred to twice is rebuilt once."""
        if isinstance(value, PLAIN):
            return value
        key = id(value)
        if key in self._known:
            return self._known[key][1]
        if key in self._open:
            raise DataError("it contains itself")
        if len(self._open) >= MOST_NESTED:
            raise DataError(f"it is nested more than {MOST_NESTED} deep")
        self._open.add(key)
        try:
            found = self._rebuilt(value)
        finally:
            self._open.remove(key)
        self._known[key] = value, found
        return found

    def _rebuilt(self, value: Any) -> Any:
        if isinstance(value, Part):
            asked = (value.name.module, value.name.name)
            room = pickled_arrays if asked in pickled_arrays.ADMITTED else pickled_tables
            return room.resolved(value, self._resolve)
        if isinstance(value, Mapping):
            return {name: self._resolve(one) for name, one in value.items()}
        if isinstance(value, list | tuple):
            return type(value)([self._resolve(one) for one in value])
        if isinstance(value, set | frozenset):
            return value
        what = value if isinstance(value, Name) else type(value).__name__
        raise DataError(f"it holds {what} where data should be")
