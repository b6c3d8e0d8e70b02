"""Named arrays in a file, whatever its format; opening one never runs code."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from twofold.errors import DataError, did_you_mean
from twofold.readers.hdf5 import open_hdf5
from twofold.readers.mat5 import open_mat5

ZIP, NPY = b"PK", b"\x93NUMPY"
KINDS = "biufU"  # numbers, truth values and text


@dataclass(frozen=True)
class ArrayFile:
    """The arrays of one file, each read when asked for.

    Parameters
    ----------
    path
        The file.
    names
        Names of its arrays; None where it holds a single one that answers to any name.
    load
        Name to array.
    """

    path: Path
    names: tuple[str, ...] | None
    load: Callable[[str], Any]

    def read(self, name: str) -> np.ndarray:
        """One array: numbers in the machine's byte order, or text as `str`.

        Raises
        ------
        DataError
            If there is no such array, it is damaged, or only unpickling could read it.
        """
        if self.names is not None and name not in self.names:
            raise DataError(f"{self.path.name} has no array {name!r}; {did_you_mean(name, self.names)}")
        with readable(self.path, f"array {name!r} in {self.path.name}"):
            values = self.load(name)
            if isinstance(values, np.ndarray) and values.dtype.kind == "S":
                values = np.char.decode(values, "utf-8")
        if not isinstance(values, np.ndarray) or values.dtype.kind not in KINDS:
            kind = values.dtype if isinstance(values, np.ndarray) else type(values).__name__
            raise DataError(f"array {name!r} in {self.path.name} holds {kind}; save it as numbers or as text")
        return values if values.dtype.isnative else values.astype(values.dtype.newbyteorder("="))


def open_arrays(path: str | Path) -> ArrayFile:
    """Open a npz, npy, mat (any version) or HDF5 file; its content decides which it is.

    Raises
    ------
    DataError
        If there is no such file, it is damaged, or it has another format.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     np.savez(Path(folder) / "session.npz", counts=np.zeros((3, 4)), region=np.array(["V1"] * 3))
    ...     file = open_arrays(Path(folder) / "session.npz")
    ...     file.names, file.read("counts").shape
    (('counts', 'region'), (3, 4))
    """
    path = Path(path)
    if not path.is_file():
        raise DataError(f"{path}: no such file" if not path.exists() else f"{path} is not a file")
    with readable(path, path.name):
        with path.open("rb") as file:
            head = file.read(len(NPY))
        if head == NPY:
            return ArrayFile(path, None, lambda _: _load_npy(path))
        names, load = _contents(path, head)
        return ArrayFile(path, tuple(names), load)


def _contents(path: Path, head: bytes) -> tuple[list[str], Callable[[str], Any]]:
    if head.startswith(ZIP):
        return _open_npz(path)
    if h5py.is_hdf5(path):
        return open_hdf5(path)
    if path.suffix == ".mat":
        return open_mat5(path)
    raise DataError(f"{path.name} is no npz, npy, mat or HDF5 file; save the arrays with numpy.savez")


def _load_npy(path: Path) -> np.ndarray:
    with path.open("rb") as file:  # numpy leaves a damaged file open; we do not
        return np.load(file, allow_pickle=False)


def _open_npz(path: Path) -> tuple[list[str], Callable[[str], Any]]:
    def load(name: str) -> Any:  # bytes, where a member is no array
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            return arrays[name]

    with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
        return list(arrays.files), load


@contextmanager
def readable(path: Path, what: str) -> Iterator[None]:
    """A damaged file fails in as many ways as its format has parts; to the user each is the same news."""
    try:
        yield
    except DataError:
        raise
    except Exception as error:
        if "allow_pickle" in str(error):
            raise DataError(
                f"{what} holds Python objects, which only unpickling could read, and that may run code; "
                "save it as numbers or as text, such as array.astype(str), and try again"
            ) from None
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise DataError(f"{what} cannot be read: is {path.name} damaged or incomplete? ({reason})") from error
