"""Our own file: one Zarr v3 group, time first, opened lazily, readable by xarray."""

from __future__ import annotations

import errno
import json
import math
import re
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from twofold.errors import DataError
from twofold.files import set_aside
from twofold.recordings.layout import FORMAT, FORMAT_VERSION, read_recording, write_recording
from twofold.recordings.manifest import MANIFEST, METADATA, Manifest
from twofold.recordings.recording import Recording
from twofold.recordings.sealed import SealedStore, SealingStore

DISK_FULL = (errno.ENOSPC, errno.EFBIG, errno.EDQUOT)


# --- writing -------------------------------------------------------------------------------------


def save(recording: Recording, path: Path | str, *, overwrite: bool = False) -> Path:
    """Write a recording as one Zarr v3 group; it is there whole, or not at all.

    Parameters
    ----------
    recording
        May itself lie on disk: responses and frames are copied a block at a time.
    path
        Name of the new folder, by custom ending in `.zarr`.
    overwrite
        Rename what is there to NAME.old-1, NAME.old-2, ... and write afresh.

    Returns
    -------
    Path
        Where it was written.

    Raises
    ------
    DataError
        If something is there already, the disk is full, or a column cannot be stored.

    Examples
    --------
    >>> import tempfile
    >>> import pandas as pd
    >>> from twofold.recordings import LazyArray, Neurons, Stimulus, Trials
    >>> trials = pd.DataFrame(
    ...     {"stimulus": ["movie"], "repeat": [0], "tier": ["all"], "start_s": [0.0], "stop_s": [3.0]})
    >>> recording = Recording(
    ...     responses=LazyArray(np.arange(6).reshape(3, 2)), time_s=np.arange(3) + 0.5, bin_s=1.0,
    ...     neurons=Neurons(pd.DataFrame({"region": ["VISp", "LGd"]})), trials=Trials(trials),
    ...     stimuli={"movie": Stimulus(frame_ids=np.arange(3), rate_hz=1.0)})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     opened = open_recording(save(recording, Path(folder) / "mouse.zarr"))
    ...     opened.responses[1:]
    array([[2, 3],
           [4, 5]])
    """
    path = Path(path)
    if not path.parent.is_dir():
        raise DataError(f"there is no folder {path.parent} to write {path.name} into; make it first")
    there = path.exists() or path.is_symlink()
    if there and not overwrite:
        raise DataError(f"{path} exists; --overwrite (overwrite=True) renames it and writes afresh")
    temporary = SealingStore(path.with_name(f".{path.name}-{uuid.uuid4().hex[:8]}"))
    with _whole_or_nothing(temporary, path, _bytes(recording)):
        write_recording(temporary, recording)
        temporary.seal()
        old = set_aside(path) if there else None
        try:
            temporary.root.rename(path)
        except BaseException:
            if old is not None:
                old.rename(path)
            raise
    return path


@contextmanager
def _whole_or_nothing(temporary: SealingStore, path: Path, n_bytes: int) -> Iterator[None]:
    """On any error remove what was written; a full disk is told with what would have been needed."""

    def full() -> DataError:
        free = shutil.disk_usage(path.parent).free
        return DataError(
            f"no room for {path}: it needs {n_bytes:,} bytes, and {free:,} are free; nothing is kept"
        )

    if n_bytes > shutil.disk_usage(path.parent).free:
        raise full()
    try:
        yield
    except OSError as error:
        temporary.abandon()
        if error.errno in DISK_FULL:
            raise full() from error
        raise DataError(f"could not write {path}: {error}; nothing is kept") from error
    except BaseException:
        temporary.abandon()
        raise


def _bytes(recording: Recording) -> int:
    """Size of the large arrays, which are stored as they are."""
    arrays: list[Any] = [recording.responses, recording.time_s, *recording.truth.values()]
    for clip in recording.stimuli.values():
        arrays += [clip.frame_ids, *clip.features.values(), *([] if clip.frames is None else [clip.frames])]
    for signal in recording.signals.values():
        arrays += [signal.values, signal.time_s]
    return sum(math.prod(array.shape) * np.dtype(array.dtype).itemsize for array in arrays)


# --- reading -------------------------------------------------------------------------------------


def open_recording(path: Path | str) -> Recording:
    """Open a stored recording; responses, frames and truth are read when they are indexed.

    Every file is looked for, and every metadata file compared with the manifest; each chunk is compared
    when it is read. `verify` reads them all.

    Parameters
    ----------
    path
        The folder that `save` wrote.

    Raises
    ------
    DataError
        If it is not such a folder, was written by a newer version, or files are missing or changed. The
        same error comes from reading a chunk that was changed.

    Examples
    --------
    See `save`.
    """
    path = Path(path)
    _identify(path)
    store = SealedStore(path)
    problems = store.manifest.problems(path)
    if problems:
        more = f", and {len(problems) - 1} more" if len(problems) > 1 else ""
        raise DataError(
            f"{path} is damaged: {problems[0]}{more}; for all that is wrong: twofold check {path}"
        )
    return read_recording(store)


def open_all(folder: Path | str) -> list[Recording]:
    """Open one stored recording, or all `*.zarr` of a folder, by name with numbers in order.

    Raises
    ------
    DataError
        If there is none, or one cannot be opened.
    """
    folder = Path(folder)
    if folder.suffix == ".zarr" or not folder.is_dir() or (folder / MANIFEST).exists():
        return [open_recording(folder)]
    paths = [path for path in folder.glob("*.zarr") if not path.name.startswith(".")]
    if not paths:
        raise DataError(f"{folder} holds no recordings; they are folders whose names end in .zarr")
    paths.sort(
        key=lambda path: [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", path.name)]
    )
    return [open_recording(path) for path in paths]


def verify(path: Path | str) -> list[str]:
    """Read every file of a store and tell all problems, in words; an empty list is a whole store."""
    path = Path(path)
    try:
        _identify(path)
        return Manifest.read(path).deep_problems(path)
    except DataError as error:
        return [str(error)]


def _identify(path: Path) -> None:
    """Refuse what is no store of ours, or one of a later format, with what it is instead."""
    if not path.exists():
        raise DataError(f"there is no {path}")
    if not path.is_dir():
        raise DataError(f"{path} is a file, not a twofold store; to bring one in: twofold import")
    if not (path / METADATA).exists() and not (path / MANIFEST).exists():
        several = "; it holds stores, open one of them" if any(path.glob("*.zarr")) else ""
        raise DataError(f"{path} is not a twofold store{several}")
    try:
        attributes = json.loads((path / METADATA).read_text(encoding="utf-8"))["attributes"]
        found, newest = attributes["format"], int(attributes["format_version"])
    except (OSError, ValueError, KeyError, TypeError):
        found, newest = None, 0
    if found != FORMAT and not (path / MANIFEST).exists():
        raise DataError(f"{path} is a Zarr group, but not a twofold store")
    if newest > FORMAT_VERSION:
        raise DataError(
            f"{path} has format {newest} and this twofold reads up to {FORMAT_VERSION}; "
            f"pip install --upgrade twofold"
        )
