"""A tree of npy files, in a folder or in its zip; nothing is unpacked and nothing is unpickled."""

from __future__ import annotations

import posixpath
import stat
from abc import ABC, abstractmethod
from dataclasses import dataclass
from io import BufferedIOBase
from pathlib import Path
from typing import Any, cast
from zipfile import ZipFile, ZipInfo, is_zipfile

import numpy as np
from numpy.lib import format as npy

from twofold.errors import DataError
from twofold.readers.containers import readable

ENCRYPTED = 1  # bit of a member's flags
NUMBERS, TEXT = "biuf", "US"


@dataclass(frozen=True)
class Header:
    """Shape and type of an array, without its content."""

    shape: tuple[int, ...]
    dtype: np.dtype
    fortran: bool


class ArrayTree(ABC):
    """Arrays by their path in a tree, such as `data/responses/0.npy`, each read when asked for.

    Parameters
    ----------
    path
        The folder, or the zip.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @abstractmethod
    def names(self, folder: str) -> list[str]:
        """Files in a folder of the tree, hidden ones left out; none where there is no such folder."""

    @abstractmethod
    def open(self, name: str) -> BufferedIOBase:
        """The bytes of a file."""

    @abstractmethod
    def load(self, name: str) -> np.ndarray:
        """An array whose header is sound."""

    def header(self, name: str) -> Header:
        """Shape and type of an array of numbers or text.

        Raises
        ------
        DataError
            If the file is damaged, or only unpickling could read it.
        """
        with readable(Path(name), f"{name} of {self.path.name}"), self.open(name) as file:
            return _header(file)

    def holds_objects(self, name: str) -> bool:
        """Whether only unpickling could read an array, which is never done."""
        with readable(Path(name), f"{name} of {self.path.name}"), self.open(name) as file:
            return _any_header(file)[2].hasobject

    def array(self, name: str) -> np.ndarray:
        """One array, of which only what is touched is read where the tree is a folder.

        Raises
        ------
        DataError
            As `header`.
        """
        self.header(name)
        with readable(Path(name), f"{name} of {self.path.name}"):
            return self.load(name)

    def text(self, name: str) -> np.ndarray:
        """One array of numbers, or of text as `str`."""
        values = np.array(self.array(name))
        return np.char.decode(values, "utf-8") if values.dtype.kind == "S" else values

    def first_row(self, name: str) -> np.ndarray:
        """(frame,) the row at index 0 of all axes but the last."""
        with readable(Path(name), f"{name} of {self.path.name}"), self.open(name) as file:
            header = _header(file)
            if not header.fortran:
                content = file.read(header.shape[-1] * header.dtype.itemsize)
                return np.frombuffer(content, header.dtype, count=header.shape[-1])
        values = self.array(name)
        return np.array(values[(0,) * (values.ndim - 1)])


class FolderTree(ArrayTree):
    """A tree that lies on disk as it is; its arrays are memory maps."""

    def names(self, folder: str) -> list[str]:
        """Files in a folder of the tree."""
        found = (self.path / folder).glob("[!.]*")
        return sorted(path.name for path in found if path.is_file())

    def open(self, name: str) -> BufferedIOBase:
        """The bytes of a file."""
        return (self.path / name).open("rb")

    def load(self, name: str) -> np.ndarray:
        """A memory map."""
        return npy.open_memmap(self.path / name, mode="r")


class ZipTree(ArrayTree):
    """A tree in a zip; members are read where they are, one at a time.

    Parameters
    ----------
    path
        The zip.

    Raises
    ------
    DataError
        If it is damaged, encrypted, or a member would be written outside its folder by unpacking it.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        with readable(path, path.name):
            self._zip = ZipFile(path)
        for member in self._zip.infolist():
            if reason := _danger(member):
                raise DataError(
                    f"{path.name} is refused: its member {member.filename!r} {reason}; "
                    "get the zip again from where it was published, and do not unpack this one"
                )
        self._root, self._folders = _arrange(self._zip)

    def __reduce__(self) -> tuple[Any, ...]:
        return ZipTree, (self.path,)  # another process opens the zip for itself

    def names(self, folder: str) -> list[str]:
        """Files in a folder of the tree."""
        return self._folders.get(posixpath.join(self._root, folder), [])

    def open(self, name: str) -> BufferedIOBase:
        """The bytes of a member."""
        return cast(BufferedIOBase, self._zip.open(posixpath.join(self._root, name)))

    def load(self, name: str) -> np.ndarray:
        """A member, in memory."""
        with self.open(name) as file:
            values: np.ndarray = npy.read_array(file, allow_pickle=False)
            return values


def open_tree(path: str | Path) -> ArrayTree:
    """A folder or a zip as a tree of arrays.

    Raises
    ------
    DataError
        If there is no such folder or zip, or the zip is refused.
    """
    path = Path(path)
    if not path.exists():
        raise DataError(f"there is no {path}; give a folder in SENSORIUM layout, or its zip")
    if path.is_dir():
        inside = sorted(one for one in path.iterdir() if (one / "data").is_dir())
        if inside and not (path / "data").is_dir():
            raise DataError(f"{path} holds no folder data, but {inside[0].name} in it does; type {inside[0]}")
        return FolderTree(path)
    if not is_zipfile(path):
        hint = "is damaged or incomplete, get it again" if path.suffix == ".zip" else "is no zip"
        raise DataError(f"{path} {hint}; give a folder in SENSORIUM layout, or its zip")
    return ZipTree(path)


def _header(file: BufferedIOBase) -> Header:
    shape, fortran, dtype = _any_header(file)
    if dtype.hasobject:
        raise ValueError("Python objects need allow_pickle")
    if dtype.kind not in NUMBERS + TEXT:
        raise DataError(f"an array holds {dtype}; save it as numbers or as text")
    return Header(shape, dtype, fortran)


def _any_header(file: BufferedIOBase) -> tuple[tuple[int, ...], bool, np.dtype]:
    read = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
    shape, fortran, dtype = read[npy.read_magic(file)](file)
    return shape, fortran, dtype


def _danger(member: ZipInfo) -> str | None:
    """Why a member is not to be trusted, or None."""
    name = member.filename.replace("\\", "/")
    if name.startswith("/") or ":" in name.split("/")[0]:
        return "has an absolute path"
    if ".." in name.split("/"):
        return "would be written outside its folder"
    if stat.S_ISLNK(member.external_attr >> 16):
        return "is a link"
    return "is encrypted" if member.flag_bits & ENCRYPTED else None


def _arrange(file: ZipFile) -> tuple[str, dict[str, list[str]]]:
    """The folder of the zip that holds `data` and `meta`, and the files of every folder."""
    folders: dict[str, list[str]] = {}
    for name in sorted(file.namelist()):
        folder, base = posixpath.split(name)
        if base and not base.startswith("."):
            folders.setdefault(folder, []).append(base)
    roots = {folder.removesuffix("meta/trials").rstrip("/") for folder in folders if _is_meta(folder)}
    roots |= {posixpath.dirname(posixpath.dirname(folder)) for folder in folders if _is_data(folder)}
    roots = {root for root in roots if not root.startswith("__MACOSX")}
    if len(roots) > 1:
        raise DataError(f"{file.filename} holds several sessions ({', '.join(sorted(roots))}); zip one each")
    return (roots.pop() if roots else ""), folders


def _is_meta(folder: str) -> bool:
    return folder == "meta/trials" or folder.endswith("/meta/trials")


def _is_data(folder: str) -> bool:
    return f"/{folder}".endswith(("/data/videos", "/data/responses"))
