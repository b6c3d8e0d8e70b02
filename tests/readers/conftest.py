"""Files in every format that the reader opens, written by other libraries' writers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import h5py
import numpy as np
import pytest
import scipy.io

Save = Callable[[str, Path, Mapping[str, np.ndarray]], Path]


def _as_matlab(values: np.ndarray) -> np.ndarray:
    """MATLAB has no arrays of one axis: such an array is a column."""
    return values.reshape(-1, 1) if values.ndim == 1 else values


def _write_hdf5(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    with h5py.File(path, "w") as file:
        for name, values in arrays.items():
            text = values.dtype.kind == "U"
            file.create_dataset(name, data=values.astype(h5py.string_dtype()) if text else values)


def _write_mat5(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    cells = {k: v.astype(object) if v.dtype.kind == "U" else v for k, v in arrays.items()}
    scipy.io.savemat(path, cells, oned_as="column")


def _write_mat73(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """What MATLAB's v7.3 does: the first axis last, and text as cells that refer to rows of characters."""
    with h5py.File(path, "w") as file:
        for name, values in arrays.items():
            shown = _as_matlab(values)
            if values.dtype.kind != "U":
                file.create_dataset(name, data=shown.T).attrs["MATLAB_class"] = np.bytes_("double")
                continue
            cells = np.empty(shown.shape, dtype=h5py.ref_dtype)
            for place in np.ndindex(shown.shape):
                cell = file.create_dataset(
                    f"#refs#/{name}{'_'.join(map(str, place))}",
                    data=np.array([list(map(ord, shown[place]))], dtype=np.uint16).T,
                )
                cell.attrs["MATLAB_class"] = np.bytes_("char")
                cells[place] = cell.ref
            file.create_dataset(name, data=cells.T).attrs["MATLAB_class"] = np.bytes_("cell")


@pytest.fixture(scope="session")
def save() -> Save:
    """Write arrays by name in one format (npz, h5, mat5, mat73) and give the path."""

    def write(kind: str, folder: Path, arrays: Mapping[str, np.ndarray]) -> Path:
        path = folder / {"npz": "a.npz", "h5": "a.h5", "mat5": "five.mat", "mat73": "seven.mat"}[kind]
        writers = {"h5": _write_hdf5, "mat5": _write_mat5, "mat73": _write_mat73}
        if kind == "npz":
            np.savez(path, **arrays)
        else:
            writers[kind](path, arrays)
        return path

    return write
