"""Files and folders that are there whole or not at all; nothing on disk is ever lost."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from twofold.errors import DataError


@contextmanager
def written_whole(path: Path | str) -> Iterator[Path]:
    """Give a temporary path beside `path`; what is written there takes its place when the block ends well.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with written_whole(Path(folder) / "a.txt") as temporary:
    ...         _ = temporary.write_text("whole")
    ...     (Path(folder) / "a.txt").read_text()
    'whole'
    """
    path = Path(path)
    temporary = path.with_name(f".{path.stem}-{os.getpid()}{path.suffix}")
    try:
        yield temporary
        temporary.replace(path)
    except OSError as error:
        raise DataError(f"could not write {path}: {error.strerror or error}") from error
    finally:
        with suppress(OSError):
            temporary.unlink()


def claim_folder(path: Path | str, *, resume: bool = False, overwrite: bool = False) -> Path:
    """Make the output folder of a run, or refuse one that holds something.

    Parameters
    ----------
    path
        The folder.
    resume
        Go on in a folder that is not empty.
    overwrite
        Rename a folder that is not empty to NAME.old-1, NAME.old-2, ... and start afresh.

    Raises
    ------
    DataError
        If the folder is not empty and neither is said, if it is a file, or if it cannot be made.
    """
    path = Path(path)
    if path.is_file():
        raise DataError(f"{path} is a file; give a folder")
    try:
        if path.exists() and any(path.iterdir()) and not resume:
            if not overwrite:
                raise DataError(
                    f"{path} is not empty; add --resume to go on in it or --overwrite to set it aside"
                )
            set_aside(path)
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"could not make the folder {path}: {error.strerror or error}") from error
    return path


def set_aside(path: Path) -> Path:
    """Rename a file or folder to the first free NAME.old-N; returns the new path."""
    path = path.absolute()  # "." has no name that could be changed
    number = 1
    while (old := path.with_name(f"{path.name}.old-{number}")).exists():
        number += 1
    return path.rename(old)
