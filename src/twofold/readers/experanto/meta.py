"""The small files of an experanto folder: yaml, json and arrays beside the data."""

from __future__ import annotations

import json
from collections.abc import Mapping
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np

from twofold.errors import DataError, NotAvailableError, did_you_mean
from twofold.readers.containers import KINDS

MOST_BYTES = 2**26
Meta = Mapping[str, Any]


def read_meta(path: Path) -> dict[str, Any]:
    """A yaml or json file of keys and values; yaml is read by its safe loader only.

    Raises
    ------
    DataError
        If there is none, it is damaged, or it is no list of keys.
    NotAvailableError
        If yaml cannot be read.
    """
    if not path.is_file():
        raise DataError(f"{path}: no such file, so {path.parent.name} is no device of an experanto folder")
    if path.stat().st_size > MOST_BYTES:
        raise DataError(f"{path} has {path.stat().st_size:,} bytes, which is too much for a description")
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise DataError(f"{path} is not text; is it damaged?") from None
    content = _parsed(text, path)
    if not isinstance(content, dict) or not all(isinstance(key, str) for key in content):
        raise DataError(f"{path} is no list of keys and values; is it damaged?")
    return content


def _parsed(text: str, path: Path) -> Any:
    if path.suffix == ".json":
        try:
            return json.loads(text)
        except (ValueError, RecursionError) as error:
            raise DataError(f"{path} is damaged: {error}") from None
    try:
        import yaml
    except ImportError:
        raise NotAvailableError(
            "experanto folders need PyYAML; type: pip install 'twofold[experanto]'"
        ) from None
    if "<<" in text:
        raise DataError(f"{path} merges keys (<<), which this format does not use; write them out")
    try:
        return yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        problem = getattr(error, "problem", None) or type(error).__name__
        line = getattr(getattr(error, "problem_mark", None), "line", None)
        where = f" at line {line + 1}" if line is not None else ""
        raise DataError(f"{path} is damaged or asks for more than plain values{where}: {problem}") from None


def number(meta: Meta, key: str, path: Path, *, above: float = -np.inf) -> float:
    """A number of a description.

    Raises
    ------
    DataError
        If it is missing, no number, or not above a bound.
    """
    value = _there(meta, key, path)
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value) or value <= above:
        bound = f" above {above:g}" if isfinite(above) else ""
        raise DataError(f"{path}: {key} is {value!r}; it must be a number{bound}")
    return float(value)


def whole(meta: Meta, key: str, path: Path, *, least: int = 0) -> int:
    """A whole number of a description.

    Raises
    ------
    DataError
        If it is missing, not whole, or too small.
    """
    value = _there(meta, key, path)
    if type(value) is not int or value < least:
        raise DataError(f"{path}: {key} is {value!r}; it must be a whole number, {least} or more")
    return value


def _there(meta: Meta, key: str, path: Path) -> Any:
    if key not in meta:
        raise DataError(f"{path} has no {key!r}; {did_you_mean(key, meta)}")
    return meta[key]


def inside(folder: Path, name: Any, path: Path) -> Path:
    """A file of a folder that a description names, which may not lead out of it.

    Raises
    ------
    DataError
        If the name is that of another place.
    """
    if not isinstance(name, str) or not name or Path(name).name != name or name in (".", ".."):
        raise DataError(f"{path} names the file {name!r}; a plain name of a file beside it is needed")
    return folder / name


def memory_map(file: Path, meta: Meta, shape: tuple[int, int], path: Path) -> np.ndarray:
    """A map of a file of bare numbers, whose type its description says.

    Raises
    ------
    DataError
        If the type is none of numbers, or the file has another size.
    """
    try:
        dtype = np.dtype(str(meta.get("dtype")))
    except TypeError:
        dtype = np.dtype(object)
    if dtype.kind not in "biuf":
        raise DataError(f"{path}: dtype is {meta.get('dtype')!r}; it must be a type of numbers, as float32")
    needed = shape[0] * shape[1] * dtype.itemsize
    there = file.stat().st_size if file.is_file() else -1
    if there != needed:
        found = f"has {there:,} bytes" if there >= 0 else "is not there"
        raise DataError(f"{file} {found}; meta.yml says {shape[0]} x {shape[1]} {dtype}, {needed:,} bytes")
    return np.memmap(file, dtype=dtype, mode="r", shape=shape) if needed else np.empty(shape, dtype)


def read_npy(path: Path, *, lazily: bool = False) -> np.ndarray:
    """An array of numbers or text from a npy file, in memory or as a map of the file.

    Raises
    ------
    DataError
        If there is no such file, it is damaged, or only unpickling could read it.
    """
    if not path.is_file():
        raise DataError(f"{path}: no such file")
    try:
        if lazily:
            array = np.load(path, mmap_mode="r", allow_pickle=False)
        else:
            with path.open("rb") as file:  # numpy leaves a damaged file open; we do not
                array = np.load(file, allow_pickle=False)
    except (ValueError, OSError, EOFError, SyntaxError, MemoryError, OverflowError) as error:
        if "allow_pickle" in str(error) or "Python objects" in str(error):
            raise DataError(
                f"{path} holds Python objects, which only unpickling could read, and that may run code; "
                "save it as numbers or as text and try again"
            ) from None
        raise DataError(f"{path} cannot be read: is it damaged or incomplete? ({error})") from error
    if not isinstance(array, np.ndarray) or array.dtype.kind not in KINDS:
        raise DataError(f"{path} is no array of numbers or text")
    return array
