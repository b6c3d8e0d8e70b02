"""Zarr stores on disk that keep a manifest while they are written, and are held to it while they are read."""

from __future__ import annotations

import hashlib
import math
import os
import shutil
import threading
from io import FileIO
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from zarr.abc.store import ByteRequest
from zarr.core.buffer import Buffer, BufferPrototype
from zarr.core.buffer.core import default_buffer_prototype
from zarr.storage import LocalStore

from twofold.errors import DataError
from twofold.recordings.manifest import METADATA, Chunk, Manifest

Stamp = tuple[int, int, int, int]  # of a file that has not changed


class SealingStore(LocalStore):
    """A store that is being written; it notes each file for the manifest.

    Zarr writes from its own threads and does not stop them when the caller is interrupted. The lock makes
    `abandon` final: whatever Zarr still wanted to write after it is refused.
    """

    def __init__(self, root: Path | str, *, read_only: bool = False) -> None:
        super().__init__(root, read_only=read_only)
        self._metadata: dict[str, str] = {}
        self._chunks: dict[str, Chunk] = {}
        self._lock = threading.Lock()
        self._abandoned = False
        self._is_open = True  # the folder is made by the first file, under the lock

    async def set(self, key: str, value: Buffer) -> None:
        """Write one file."""
        content = value.as_numpy_array()
        path = self.root / key
        with self._lock:
            if self._abandoned:
                raise DataError(f"{self.root} was given up")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.data)
            if path.name == METADATA:
                self._metadata[key] = hashlib.sha256(content.data).hexdigest()
            else:
                self._chunks[key] = Chunk.of(content)

    async def set_if_not_exists(self, key: str, value: Buffer) -> None:
        """Write one file, unless it was written before."""
        if key not in self._metadata:
            await self.set(key, value)

    def seal(self) -> None:
        """Write the manifest: the store is whole."""
        Manifest(self._metadata, self._chunks).write(self.root)

    def abandon(self) -> None:
        """Remove all that was written, and refuse to write more."""
        with self._lock:
            self._abandoned = True
            shutil.rmtree(self.root, ignore_errors=True)


class SealedStore(LocalStore):
    """A store that gives back only what was written: any other chunk is an error, never zeros.

    Raises
    ------
    DataError
        If the manifest is missing or damaged; on reading, if a chunk is missing or not what was written.
    """

    def __init__(self, root: Path | str, *, read_only: bool = True) -> None:
        super().__init__(root, read_only=read_only)
        self.manifest = Manifest.read(self.root)
        self._compared: dict[str, Stamp] = {}

    def chunk(self, key: str) -> np.ndarray:
        """(byte,) a chunk file, compared with the manifest."""
        with self._file(key) as file:
            return self._whole(key, file)

    def read_into(self, out: np.ndarray, key: str, first: int) -> None:
        """Fill an array with the bytes of a chunk file from the `first` on.

        The file is compared with the manifest when it is first read, and again if it has changed since.
        """
        with self._file(key) as file:
            stamp = _stamp(file)
            if self._compared.get(key) != stamp:
                out.reshape(-1).view(np.uint8)[:] = self._whole(key, file)[first : first + out.nbytes]
                self._compared[key] = stamp
                return
            file.seek(first)
            if file.readinto(out.data.cast("B")) != out.nbytes:
                raise self._broken(key, "became shorter while it was read")

    def _file(self, key: str) -> FileIO:
        try:
            return (self.root / key).open("rb", buffering=0)
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            raise self._broken(key, "is missing") from None

    def _whole(self, key: str, file: FileIO) -> np.ndarray:
        content = np.empty(os.fstat(file.fileno()).st_size, np.uint8)
        content = content[: file.readinto(content.data)]
        if problem := self.manifest.chunks[key].problem(content):
            raise self._broken(key, problem)
        return content

    async def get(
        self, key: str, prototype: BufferPrototype | None = None, byte_range: ByteRequest | None = None
    ) -> Buffer | None:
        """Read one file, whole; the arrays of this store never ask for a part of one."""
        if key not in self.manifest.chunks:
            return await super().get(key, prototype, byte_range)
        return (prototype or default_buffer_prototype()).buffer.from_array_like(self.chunk(key))

    def _broken(self, key: str, problem: str) -> DataError:
        return DataError(f"{self.root / key} {problem}; for all that is wrong: twofold check {self.root}")


class StoredArray:
    """An array of a sealed store, of which only those chunks are read that an index touches.

    A slice of rows is put together straight from the chunk files, which hold whole rows, uncompressed: for a
    window of a few chunks Zarr's event loop takes longer than reading. Any other index goes through Zarr.

    Parameters
    ----------
    array
        Chunked along the first axis only, as `write_array` does.
    store
        Where it lies.
    """

    def __init__(self, array: zarr.Array, store: SealedStore) -> None:
        self.array = array
        self.store = store

    @property
    def shape(self) -> tuple[int, ...]:
        """Length of each axis."""
        return self.array.shape

    @property
    def dtype(self) -> np.dtype:
        """Type of the elements."""
        return self.array.dtype

    def __getitem__(self, key: Any) -> np.ndarray:
        if not isinstance(key, slice) or key.step not in (None, 1):
            return np.asarray(self.array.oindex[key])
        start, stop, _ = key.indices(self.shape[0])
        out = np.empty((max(0, stop - start), *self.shape[1:]), self.dtype.newbyteorder("<"))
        n_rows, row_bytes = self.array.chunks[0], self.dtype.itemsize * math.prod(self.shape[1:])
        for number in range(start // n_rows, -(-stop // n_rows)) if out.size else ():
            first = number * n_rows
            low, high = max(start, first), min(stop, first + n_rows)
            key = self.array.metadata.encode_chunk_key((number,) + (0,) * (len(self.shape) - 1))
            into = out[low - start : high - start]
            self.store.read_into(into, f"{self.array.path}/{key}", (low - first) * row_bytes)
        return out


def _stamp(file: FileIO) -> Stamp:
    found = os.fstat(file.fileno())
    return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns
