"""The command that fetches public files."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import typer

from twofold.cli.console import progress_bar, stdout
from twofold.errors import DataError, OptionError

if TYPE_CHECKING:
    from twofold.readers.fetching.known_files import Known

MEGABYTE = 10**6


def fetch(
    what: Annotated[
        str | None, typer.Argument(help="Name from the list, or an address.", show_default=False)
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Where it goes; by default its own name, in this folder.")
    ] = None,
    sha256: Annotated[str | None, typer.Option(help="Checksum of an address, as published.")] = None,
    md5: Annotated[str | None, typer.Option(help="The same, where only this is published.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="The licence was read and is accepted.")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Set an existing file aside.")] = False,
) -> None:
    """Fetch a public file, whole and checked; a cut connection is taken up where it ended.

    Without a name: the list of known files.

    Example: twofold fetch rat-achilles --yes

    Example: twofold fetch https://example.org/mouse.nwb --sha256 2CF2...
    """
    from twofold.readers.fetching.fetching import known_file

    if what is None:
        _list()
    elif "://" in what:
        _one(what, out or Path(_name_in(what)), _checksum(sha256, md5), None, overwrite)
    else:
        if sha256 or md5:
            raise OptionError("--sha256 and --md5 go with an address; known files have theirs")
        _known(known_file(what), out, yes, overwrite)


def _list() -> None:
    from twofold.readers.fetching.known_files import KNOWN

    for known in KNOWN:
        checked = (
            "checksum published" if all(one.checksum for one in known.files) else "no checksum published"
        )
        stdout.print(f"[bold]{known.name}[/]  {known.what}", soft_wrap=True)
        told = f"    size: {known.size}; {checked}; licence: {known.licence}"
        stdout.print(told, soft_wrap=True, markup=False)
    stdout.print("Type: twofold fetch NAME", soft_wrap=True)


def _known(known: Known, out: Path | None, yes: bool, overwrite: bool) -> None:
    stdout.print(f"{known.name}: {known.what}", soft_wrap=True, markup=False)
    stdout.print(f"Licence: {known.licence}", soft_wrap=True, markup=False)
    if not yes:
        if not sys.stdin.isatty():
            raise OptionError("read the licence above; if you accept it, add --yes")
        if not typer.confirm("Do you accept the licence?"):
            raise DataError("nothing was fetched")
    if len(known.files) == 1:
        one = known.files[0]
        _one(one.url, out or Path(one.file), one.checksum, one.n_bytes, overwrite)
        return
    folder = out or Path(known.name)
    folder.mkdir(parents=True, exist_ok=True)
    for one in known.files:
        _one(one.url, folder / one.file, one.checksum, one.n_bytes, overwrite)


def _one(url: str, path: Path, checksum: str | None, n_bytes: int | None, overwrite: bool) -> None:
    from twofold.readers.fetching.fetching import fetch

    with progress_bar(path.name) as report:

        def progress(done: int, total: int | None) -> None:
            if total is not None:
                report(done // MEGABYTE, -(-total // MEGABYTE), f"MB of {path.name}")

        fetch(url, path, checksum=checksum, n_bytes=n_bytes, overwrite=overwrite, progress=progress)
    unchecked = "" if checksum else "; no checksum was given, so it could not be checked"
    stdout.print(f"Wrote {path}{unchecked}", soft_wrap=True, markup=False)


def _checksum(sha256: str | None, md5: str | None) -> str | None:
    if sha256 and md5:
        raise OptionError("give --sha256 or --md5, not both")
    if sha256:
        return f"sha256:{sha256.lower()}"
    return f"md5:{md5.lower()}" if md5 else None


def _name_in(url: str) -> str:
    name = Path(urlsplit(url).path).name
    if not name:
        raise OptionError(f"{url} has no file name at its end; say where it goes with --out")
    return name
