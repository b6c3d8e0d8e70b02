"""The bytes of a file, compressed or not, in order and never more than there are or may be."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from twofold.errors import DataError

BLOCK_BYTES = 2**20
LINE_BYTES = 2**16
LZ4 = b"\x04\x22\x4d\x18"


class Bounded:
    """Bytes read in order; what is claimed beyond the end or the bound is refused before it takes memory.

    Parameters
    ----------
    content
        The bytes.
    size
        How many there are; None where only decompression would tell.
    max_bytes
        How many there may be.
    """

    def __init__(self, content: io.BufferedIOBase, size: int | None, max_bytes: int) -> None:
        self._content, self._size, self._max_bytes, self._done = content, size, max_bytes, 0

    def read(self, n: int) -> bytes | bytearray:
        """Exactly n bytes; a bytearray where they are many.

        Raises
        ------
        DataError
            If there are not so many.
        """
        if self._size is not None and self._done + n > self._size:
            raise DataError(f"it claims {self._done + n} bytes or more and has {self._size}")
        if self._done + n > self._max_bytes:
            raise DataError(f"it is larger than {self._max_bytes} bytes, which --max-bytes would change")
        if n <= BLOCK_BYTES:
            return self._exactly(n)
        whole = bytearray()  # grows with what is really there
        while len(whole) < n:
            whole += self._exactly(min(BLOCK_BYTES, n - len(whole)))
        return whole

    def readline(self) -> bytes:
        """Up to the end of a line, which may not be long."""
        line = self._content.readline(LINE_BYTES)
        self._done += len(line)
        return line

    def tell(self) -> int:
        """How many bytes were read."""
        return self._done

    def end(self) -> None:
        """Read to the end, where compressed files keep a checksum of their content.

        Raises
        ------
        DataError
            If there is more.
        """
        if self._content.read(1):
            raise DataError(f"it goes on after its end at {self._done} bytes")

    def _exactly(self, n: int) -> bytes:
        got = self._content.read(n)
        if len(got) < n:
            raise DataError(f"it ends after {self._done + len(got)} bytes, in the middle")
        self._done += n
        return got


class _Zlib(io.RawIOBase):
    """What zlib, which has no file of its own, has compressed: a piece at a time."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self._inflate = file, zlib.decompressobj()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        got = b""
        while not got and not self._inflate.eof:
            packed = self._inflate.unconsumed_tail or self._file.read(LINE_BYTES)
            got = self._inflate.decompress(packed, len(buffer))
            if not packed and not got:
                raise DataError("it ends in the middle of what is compressed")
        buffer[: len(got)] = got
        return len(got)


@contextmanager
def open_bounded(path: Path, max_bytes: int) -> Iterator[Bounded]:
    """Open a file, decompressing what zlib, gzip, bz2, lzma or xz have compressed; its first bytes say which.

    Raises
    ------
    DataError
        If it is compressed in a way that is not read here.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = (Path(folder) / "a").write_bytes(zlib.compress(b"hello"))
    ...     with open_bounded(Path(folder) / "a", 100) as content:
    ...         content.read(5)
    b'hello'
    """
    with path.open("rb") as file:
        head = file.peek(6)[:6]
        opener = _decompression(head)
        if opener is None:
            yield Bounded(file, path.stat().st_size, max_bytes)
            return
        with opener(file) as content:
            yield Bounded(content, None, max_bytes)


def _decompression(head: bytes) -> Any:
    """What opens a compressed file; None for a plain one."""
    if head.startswith(LZ4):
        raise DataError("it is compressed by lz4, which is not read here (compress='zlib' is)")
    if head.startswith(b"\x1f\x8b"):
        return lambda file: gzip.GzipFile(fileobj=file)
    if head.startswith(b"BZh"):
        return bz2.BZ2File
    if head.startswith((b"\xfd7zXZ\x00", b"\x5d\x00\x00")):
        return lzma.LZMAFile
    if head.startswith(b"\x78"):
        return lambda file: io.BufferedReader(_Zlib(file))
    return None
