"""The folder of a run: which options it was started with, and what was done when."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from twofold.errors import DataError
from twofold.files import claim_folder, written_whole
from twofold.runs.jobs import Progress


def open_run(
    out: Path | str, options: Mapping[str, Any], *, resume: bool = False, overwrite: bool = False
) -> Path:
    """Make the folder of a run, or go on in one that was started with the same options.

    Parameters
    ----------
    out
        The folder.
    options
        All options, as JSON can hold them; kept in `options.json`.
    resume, overwrite
        What to do with a folder that is not empty.

    Raises
    ------
    DataError
        If the folder is not empty and neither is said, or it was started with other options.
    """
    folder = claim_folder(out, resume=resume, overwrite=overwrite)
    path = folder / "options.json"
    try:
        before = json.loads(path.read_text(encoding="utf-8")) if path.exists() else dict(options)
    except ValueError:
        raise DataError(f"{path} is damaged; add --overwrite to set {folder} aside") from None
    if before != options:
        before = before if isinstance(before, dict) else {}
        changed = [name for name in options if options[name] != before.get(name)]
        said = ", ".join(f"{name}={before.get(name)} then, {options[name]} now" for name in changed)
        raise DataError(f"{folder} was started with other options ({said}); use them, or --overwrite")
    with written_whole(path) as temporary:
        temporary.write_text(json.dumps(options, indent=1, allow_nan=False), encoding="utf-8")
    return folder


def logged(folder: Path, progress: Progress | None) -> Progress:
    """A progress that also writes a line to `log.csv` whenever a part is done."""
    started = time.monotonic()
    path = folder / "log.csv"
    if not path.exists():
        path.write_text("seconds,done,total,part\n", encoding="utf-8")

    def tell(done: int, total: int, name: str) -> None:
        with path.open("a", encoding="utf-8") as log:
            log.write(f'{time.monotonic() - started:.1f},{done},{total},"{name}"\n')
        if progress is not None:
            progress(done, total, name)

    return tell
