"""Arrays and plain containers from the parts that a pickle names; numpy is given bytes, never code."""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Callable
from typing import Any, Literal, cast

import numpy as np

from twofold.errors import DataError
from twofold.readers.pickles.machine import Name, Part, simple

Resolve = Callable[[Any], Any]
CORES = ("numpy.core", "numpy._core")  # before and after numpy 2
BUILTINS = ("builtins", "__builtin__")  # of Python 3 and 2
PLAIN = ("set", "frozenset", "complex", "slice", "bytes", "bytearray")
ADMITTED = frozenset(
    [
        *((f"{core}.multiarray", name) for core in CORES for name in ("_reconstruct", "scalar")),
        *((f"{core}.numeric", "_frombuffer") for core in CORES),
        *((module, name) for module in BUILTINS for name in PLAIN),
        *(("numpy", "ndarray"), ("numpy", "memmap"), ("numpy", "dtype")),
        *(("_codecs", "encode"), ("collections", "OrderedDict")),
    ]
)
DTYPE = re.compile(r"[<>|=]?(\?|[biufc](1|2|4|8|16)|[SUO]\d{0,6})")
ARRAYS = ("ndarray", "memmap")


def dtype_of(part: Any) -> np.dtype:
    """The element type that a part describes: numbers, truth values, text or objects.

    Raises
    ------
    DataError
        If it is none of these.
    """
    if isinstance(part, Part) and part.name.name == "dtype" and part.args:
        code, state = part.args[0], part.state
        order = state[1] if isinstance(state, tuple) and len(state) > 1 else "|"
        if isinstance(code, str) and DTYPE.fullmatch(code) and order in ("<", ">", "|", "="):
            return np.dtype(code).newbyteorder(cast(Any, order))  # | leaves it as it is
    raise DataError("it has an array whose elements are neither numbers nor text")


def shape_of(shape: Any) -> tuple[int, ...]:
    """The lengths of the axes.

    Raises
    ------
    DataError
        If they are no lengths.
    """
    if not isinstance(shape, tuple) or not all(type(n) is int and n >= 0 for n in shape) or len(shape) > 32:
        raise DataError("it has an array whose shape is no shape")
    return shape


def array_from(raw: Any, dtype: np.dtype, shape: Any, order: Any = "C") -> np.ndarray:
    """An array over raw bytes, which must be exactly as many as it needs.

    Raises
    ------
    DataError
        If they are not.

    Examples
    --------
    >>> array_from(bytes([1, 0, 2, 0]), np.dtype("<i2"), (2,))
    array([1, 2], dtype=int16)
    """
    shape = shape_of(shape)
    needed = math.prod(shape) * dtype.itemsize
    if dtype.hasobject or not isinstance(raw, bytes | bytearray) or len(raw) != needed or order not in "CF":
        raise DataError(f"it has an array of shape {shape} and not the {needed} bytes that it takes")
    if dtype.kind == "U" and needed and np.frombuffer(raw, dtype.str[0] + "u4").max() > sys.maxunicode:
        raise DataError("it has text that is no text")
    flat = np.frombuffer(raw, dtype, math.prod(shape)) if needed else np.empty(math.prod(shape), dtype)
    array = flat.reshape(shape, order=order)
    return array if isinstance(raw, bytearray) else array.copy(order="K")


def resolved(part: Part, resolve: Resolve) -> Any:
    """The array, scalar or container that a part names.

    Parameters
    ----------
    part
        Its name is one of `ADMITTED`.
    resolve
        How the parts of the part are resolved.

    Raises
    ------
    DataError
        If it is incomplete or does not fit together.
    """
    match part.name.name, part.args:
        case "_reconstruct", (Name(name=name), *_) if name in ARRAYS:
            return _reconstructed(part.state, resolve)
        case "_frombuffer", (raw, dtype, shape, order):
            return array_from(_raw(raw), dtype_of(dtype), shape, order)
        case "scalar", (dtype, raw):
            return array_from(_raw(raw), dtype_of(dtype), ())[()]
        case (("set" | "frozenset"), ()):
            return set()
        case (("set" | "frozenset"), (list() | tuple() | set() | frozenset() as values,)):
            return set(map(simple, values))
        case "complex", (float() as real, float() as imaginary):
            return complex(real, imaginary)
        case "slice", (start, stop, step) if all(n is None or type(n) is int for n in part.args):
            return slice(start, stop, step)
        case (("encode" | "bytes" | "bytearray"), _):
            return _raw(part)
        case "OrderedDict", ():
            return {key: resolve(value) for key, value in part.entries.items()}
    raise DataError(f"it has a {part.name} that is not made as data are")


def _reconstructed(state: Any, resolve: Resolve) -> np.ndarray:
    if not isinstance(state, tuple) or len(state) != 5:
        raise DataError("it has an array without content")
    _, shape, dtype, is_fortran, content = state
    order: Literal["C", "F"] = "F" if is_fortran else "C"
    elements = dtype_of(dtype)
    if not isinstance(content, list):
        return array_from(_raw(content), elements, shape, order)
    if not elements.hasobject or math.prod(shape_of(shape)) != len(content):
        raise DataError("it has an array of objects that are not as many as its shape says")
    array = np.empty(len(content), dtype=object)
    for i, value in enumerate(content):
        array[i] = resolve(value)
    return array.reshape(shape, order=order)


def _raw(value: Any) -> bytes | bytearray:
    """Bytes, which Python 2 and early protocols wrote as text."""
    match value:
        case bytes() | bytearray():
            return value
        case str():
            return value.encode("latin-1")
        case Part(name=Name(name="encode"), args=(str() as text, "latin1" | "latin-1")):
            return text.encode("latin-1")
        case Part(name=Name(name="bytes"), args=()):
            return b""
        case Part(name=Name(name="bytearray"), args=args) if len(args) < 2:
            return bytearray(_raw(args[0]) if args else b"")
    raise DataError("it has bytes that are no bytes")
