"""Public files: fetched whole and checked, or not at all."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from twofold.errors import DataError, NotAvailableError, OptionError, did_you_mean
from twofold.files import set_aside
from twofold.readers.fetching.download import Progress, Resuming
from twofold.readers.fetching.known_files import KNOWN, Known

HEX_DIGITS = {"md5": 32, "sha1": 40, "sha256": 64}


def known_file(name: str) -> Known:
    """What `twofold fetch` knows by a name.

    Raises
    ------
    OptionError
        If it is none of them.

    Examples
    --------
    >>> known_file("rat-achilles").files[0].checksum
    'md5:c52f9b55cbc23c66d57f3842214058b8'
    """
    for known in KNOWN:
        if known.name == name:
            return known
    raise OptionError(f"no known file {name!r}; {did_you_mean(name, [known.name for known in KNOWN])}")


def fetch(
    url: str,
    path: Path | str,
    *,
    checksum: str | None = None,
    n_bytes: int | None = None,
    overwrite: bool = False,
    attempts: int = 4,
    wait_s: float = 1.0,
    progress: Progress | None = None,
) -> Path:
    """Fetch one file; it is at its place whole and checked, or not at all.

    A connection that is cut is taken up where it ended, in this call and in later ones.

    Parameters
    ----------
    url
        Its address, of http or https.
    path
        Where it goes; a file that is there and has the checksum is kept.
    checksum
        "md5:...", "sha1:..." or "sha256:..." as published.
    n_bytes
        Its size as published.
    overwrite
        Rename what is there to NAME.old-1, NAME.old-2, ... and fetch afresh.
    attempts
        How often to try without getting further.
    wait_s
        Seconds before the second attempt, doubled before each further one.
    progress
        Called with bytes done and bytes in all.

    Returns
    -------
    Path
        Where it is.

    Raises
    ------
    OptionError
        If the address or the checksum is none.
    DataError
        If it cannot be fetched, is not what was published, or another file is there.
    NotAvailableError
        If pooch is missing.
    """
    path = Path(path)
    _refuse(url, checksum)
    pooch = _pooch()
    if not path.parent.is_dir():
        raise DataError(f"there is no folder {path.parent} to write {path.name} into; make it first")
    if path.is_dir():
        raise DataError(f"{path} is a folder; say which file in it (--out)")
    if path.exists() and not overwrite:
        if checksum is not None and _matches(path, checksum):
            return path
        raise DataError(
            f"{path} exists and may be another file; --overwrite sets it aside and fetches afresh"
        )
    whole = path.with_name(f".{path.name}.whole")
    whole.unlink(missing_ok=True)  # of a run that was killed
    downloader = Resuming(
        path.with_name(f".{path.name}.part"), n_bytes, checksum is not None, attempts, wait_s, progress
    )
    try:
        with _quietly(pooch):
            pooch.retrieve(url, checksum, fname=whole.name, path=whole.parent, downloader=downloader)
        if n_bytes is not None and whole.stat().st_size != n_bytes:
            raise DataError(
                f"{url}: {whole.stat().st_size:,} bytes came, {n_bytes:,} are published; none is kept"
            )
        if path.exists():
            set_aside(path)
        whole.rename(path)
    except ValueError as error:
        if isinstance(error, DataError):
            raise
        raise DataError(
            f"{url} is not the file that was published: its checksum is not {checksum}; nothing is kept. "
            "Try again; if that does not help, it was changed at its source"
        ) from error
    except OSError as error:
        raise DataError(f"{url} could not be fetched to {path}: {error}") from error
    finally:
        whole.unlink(missing_ok=True)
    return path


def _refuse(url: str, checksum: str | None) -> None:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise OptionError(f"{url}: an address starts with https:// or http://")
    if checksum is not None:
        kind, _, digits = checksum.partition(":")
        if not re.fullmatch(f"[0-9a-f]{{{HEX_DIGITS.get(kind, 0)}}}", digits) or kind not in HEX_DIGITS:
            wanted = ", ".join(f"{kind}: and {n} digits" for kind, n in HEX_DIGITS.items())
            raise OptionError(f"{checksum!r} is no checksum; one is {wanted} (0-9, a-f)")


def _matches(path: Path, checksum: str) -> bool:
    kind, _, digits = checksum.partition(":")
    return bool(_pooch().file_hash(str(path), alg=kind) == digits)


def _pooch() -> Any:
    try:
        import pooch
    except ImportError:
        raise NotAvailableError("fetching needs pooch; type: pip install 'twofold[fetch]'") from None
    return pooch


@contextmanager
def _quietly(pooch: Any) -> Iterator[None]:
    """Progress is told by us."""
    log = pooch.get_logger()
    level = log.level
    log.setLevel("ERROR")
    try:
        yield
    finally:
        log.setLevel(level)
