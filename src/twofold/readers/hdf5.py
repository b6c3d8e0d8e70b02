"""Arrays in an HDF5 file, MATLAB's v7.3 files among them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from twofold.errors import DataError


def open_hdf5(path: Path) -> tuple[list[str], Callable[[str], np.ndarray]]:
    """Names of all datasets in an HDF5 file, and how to load one.

    Groups are written with slashes, as in `behaviour/speed`. Only what lies in this very file is found: links
    to other files are not followed.
    """
    names: list[str] = []

    def note(name: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset) and not name.startswith("#"):  # MATLAB's own store of cells
            names.append(name)

    with h5py.File(path, "r") as file:
        file.visititems(note)
    return names, lambda name: _load(path, name)


def _load(path: Path, name: str) -> np.ndarray:
    with h5py.File(path, "r") as file:
        dataset = file[name]
        # MATLAB writes its first axis last: reversing the axes gives back those that it shows.
        is_matlab = path.suffix == ".mat" or "MATLAB_class" in dataset.attrs
        if h5py.check_ref_dtype(dataset.dtype) is not None:
            texts = [_characters(file[reference], name) for reference in dataset[()].T.ravel()]
            return np.array(texts, dtype=str).reshape(dataset.shape[::-1])
        if _is_characters(dataset):
            return np.array(_rows_of_text(dataset), dtype=str)
        if h5py.check_string_dtype(dataset.dtype) is not None:
            values = np.asarray(dataset.asstr()[()], dtype=str)
        else:
            values = np.asarray(dataset[()])
        return values.T if is_matlab else values


def _is_characters(dataset: Any) -> bool:
    return dataset.attrs.get("MATLAB_class") in (b"char", "char")


def _characters(dataset: Any, name: str) -> str:
    """The text of one cell."""
    if not _is_characters(dataset):
        raise DataError(f"cell array {name!r} holds more than text; save it as a plain array of numbers")
    return "".join(_rows_of_text(dataset))


def _rows_of_text(dataset: Any) -> list[str]:
    """MATLAB's characters are numbers, one row of them per line of text, padded with blanks."""
    if "MATLAB_empty" in dataset.attrs:
        return []
    return ["".join(map(chr, row)).rstrip() for row in np.atleast_2d(dataset[()].T)]
