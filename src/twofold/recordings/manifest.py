"""What a stored recording consists of, file by file, so that nothing can go missing or change unseen."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import google_crc32c
import numpy as np

from twofold.errors import DataError

MANIFEST = "manifest.json"
METADATA = "zarr.json"


@dataclass(frozen=True)
class Chunk:
    """Size in bytes of a chunk file, and the crc32c of all its bytes but the last four, which repeat it."""

    size: int
    crc32c: int

    @classmethod
    def of(cls, content: np.ndarray) -> Chunk:
        """The chunk as its writer made it: the codec has put the crc32c at the end."""
        return cls(len(content), _last_four(content))

    def problem(self, content: np.ndarray) -> str | None:
        """What is wrong with bytes that were read back, or None."""
        if len(content) != self.size:
            return f"has {len(content)} bytes instead of {self.size}"
        stored = _last_four(content)
        if google_crc32c.value(content[:-4]) != stored:
            return "has changed since it was written (crc32c)"
        return None if stored == self.crc32c else "holds another chunk than was written there (crc32c)"


@dataclass(frozen=True)
class Manifest:
    """All files of a store: a sha256 for each metadata file, size and crc32c for each chunk.

    Hidden files (such as `.DS_Store`) are not looked at: Zarr never reads them.

    Parameters
    ----------
    metadata
        Path in the store to the sha256 of the file.
    chunks
        Path in the store to size and crc32c.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     root = Path(folder)
    ...     _ = (root / "zarr.json").write_text("{}")
    ...     Manifest({"zarr.json": hashlib.sha256(b"{}").hexdigest()}).write(root)
    ...     _ = (root / "zarr.json").write_text("{ }")
    ...     Manifest.read(root).problems(root)
    ['zarr.json was edited after it was written']
    """

    metadata: Mapping[str, str] = field(default_factory=dict)
    chunks: Mapping[str, Chunk] = field(default_factory=dict)

    def text(self) -> str:
        """What `manifest.json` holds, byte for byte; its last entry is the sha256 of those before."""
        chunks = {name: [chunk.size, chunk.crc32c] for name, chunk in self.chunks.items()}
        body = json.dumps({"chunks": chunks, "metadata": dict(self.metadata)}, sort_keys=True)
        seal = hashlib.sha256(body.encode()).hexdigest()
        return f'{body[:-1]}, "sha256": "{seal}"}}'

    def write(self, root: Path) -> None:
        """Write `manifest.json` into a store."""
        (root / MANIFEST).write_text(self.text(), encoding="utf-8")

    @classmethod
    def read(cls, root: Path) -> Manifest:
        """Read `manifest.json` of a store.

        Raises
        ------
        DataError
            If it is missing, or is not as it was written.
        """
        path = root / MANIFEST
        try:
            text = path.read_bytes().decode()
            body: dict[str, Any] = json.loads(text)
            chunks = {name: Chunk(size, crc) for name, (size, crc) in body["chunks"].items()}
            manifest = cls(body["metadata"], chunks)
            intact = manifest.text() == text
        except FileNotFoundError:
            raise DataError(f"{path} is missing; copy the store again, whole") from None
        except (ValueError, KeyError, TypeError, AttributeError):
            raise DataError(f"{path} is damaged; copy the store again") from None
        if not intact:
            raise DataError(f"{path} was edited after it was written; copy the store again")
        return manifest

    def problems(self, root: Path) -> list[str]:
        """What differs in a store without reading its chunks: missing, extra, resized or edited files."""
        found = dict(_files(root))
        known = {**self.metadata, **self.chunks}
        problems = [f"{name} is missing" for name in sorted(known.keys() - found.keys())]
        extra = sorted(found.keys() - known.keys() - {MANIFEST})
        problems += [f"{name} does not belong there" for name in extra]
        for name, chunk in self.chunks.items():
            if found.get(name, chunk.size) != chunk.size:
                problems.append(f"{name} has {found[name]} bytes instead of {chunk.size}")
        for name, sha256 in self.metadata.items():
            if name in found and hashlib.sha256((root / name).read_bytes()).hexdigest() != sha256:
                problems.append(f"{name} was edited after it was written")
        return problems

    def deep_problems(self, root: Path) -> list[str]:
        """The same, and every chunk is read and compared."""
        problems = self.problems(root)
        for name, chunk in self.chunks.items():
            if not (root / name).is_file():
                continue
            content = np.fromfile(root / name, np.uint8)
            problem = chunk.problem(content)
            if problem and len(content) == chunk.size:
                problems.append(f"{name} {problem}")
        return problems


def _last_four(content: np.ndarray) -> int:
    return int.from_bytes(content[-4:].tobytes(), "little")


def _files(folder: Path | str, prefix: str = "") -> Iterator[tuple[str, int]]:
    """Path in the store and size of every file that is not hidden."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith("."):
                continue
            if entry.is_dir():
                yield from _files(entry.path, f"{prefix}{entry.name}/")
            else:
                yield prefix + entry.name, entry.stat().st_size
