"""Features that were computed before, by the content of what they were computed from."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from twofold.files import written_whole
from twofold.recordings.lazy import ArrayLike
from twofold.shapes import Features

BLOCK_BYTES = 2**26


def default_cache() -> Path:
    """Where features are kept for this user: XDG_CACHE_HOME/twofold/features, by default in ~/.cache."""
    home = os.environ.get("XDG_CACHE_HOME")
    return (Path(home) if home else Path.home() / ".cache") / "twofold" / "features"


def content_key(*parts: ArrayLike | str) -> str:
    """A name for arrays and texts by their content: any change of a value, a type or a shape changes it.

    Examples
    --------
    >>> content_key(np.arange(3), "a") == content_key(np.arange(3), "a")
    True
    >>> content_key(np.arange(3), "a") == content_key(np.arange(3.0), "a")
    False
    """
    digest = hashlib.blake2b(digest_size=20)
    for part in parts:
        if isinstance(part, str):
            digest.update(f"text {len(part)} {part}".encode())
            continue
        digest.update(f"array {np.dtype(part.dtype).str} {tuple(part.shape)}".encode())
        for block in _blocks(part):
            digest.update(np.ascontiguousarray(block).data.cast("B") if block.size else b"")
    return digest.hexdigest()


def _blocks(array: ArrayLike) -> Any:
    if not array.shape:
        yield np.asarray(array[()])[None]
        return
    n_rows = max(1, BLOCK_BYTES // max(1, int(np.prod(array.shape[1:])) * np.dtype(array.dtype).itemsize))
    for start in range(0, array.shape[0], n_rows):
        yield np.asarray(array[start : start + n_rows])


def cached(folder: Path | None, key: str, compute: Callable[[], Features]) -> Features:
    """What `compute` gives, from the folder where it is kept under this key; a damaged file is made again.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     first = cached(Path(folder), "a", lambda: np.ones((2, 2)))
    ...     again = cached(Path(folder), "a", lambda: np.zeros((2, 2)))
    >>> again.tolist()
    [[1.0, 1.0], [1.0, 1.0]]
    """
    if folder is None:
        return compute()
    path = folder / f"{key}.npy"
    if path.is_file():
        try:
            return np.load(path, allow_pickle=False)
        except (ValueError, OSError, EOFError):
            path.unlink()
    found = compute()
    folder.mkdir(parents=True, exist_ok=True)
    with written_whole(path) as temporary:
        np.save(temporary, found, allow_pickle=False)
    return found
