"""Arrays in a MATLAB file before v7.3, which only scipy reads."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import scipy.io

from twofold.errors import DataError


def open_mat5(path: Path) -> tuple[list[str], Callable[[str], np.ndarray]]:
    """Names of all variables in a MATLAB file, and how to load one."""
    names = [name for name, _, _ in scipy.io.whosmat(path, appendmat=False)]
    return names, lambda name: _load(path, name)


def _load(path: Path, name: str) -> np.ndarray:
    value: Any = scipy.io.loadmat(path, appendmat=False, variable_names=[name])[name]
    if not isinstance(value, np.ndarray) or value.dtype.names is not None:
        raise DataError(
            f"variable {name!r} is a struct, a function or sparse; "
            "save its parts as plain arrays, such as full(x) or counts = s.counts"
        )
    if value.dtype == object:
        texts = [_cell_text(cell, name) for cell in value.ravel()]
        return np.array(texts, dtype=str).reshape(value.shape)
    return np.char.rstrip(value) if value.dtype.kind == "U" else value


def _cell_text(cell: Any, name: str) -> str:
    if not (isinstance(cell, np.ndarray) and cell.dtype.kind == "U" and cell.size <= 1):
        raise DataError(f"cell array {name!r} holds more than text; save it as a plain array of numbers")
    return str(cell.item()) if cell.size else ""
