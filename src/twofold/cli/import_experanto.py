"""The command that imports folders of experanto."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from twofold.cli.console import stdout
from twofold.errors import DataError


def import_experanto(
    source: Annotated[Path, typer.Argument(help="Folder to read, one device in each.", show_default=False)],
    destination: Annotated[Path, typer.Argument(help="Store to write: mouse.zarr.", show_default=False)],
    rate_hz: Annotated[
        float | None, typer.Option(help="Responses per second; as sampled by default. Spikes need it.")
    ] = None,
    interpolation: Annotated[
        str, typer.Option(help="Between samples: nearest, linear or previous.")
    ] = "nearest",
    responses: Annotated[str, typer.Option(help="Device whose signals are the neurons.")] = "responses",
    name: Annotated[str | None, typer.Option(help="Name of the recording; the folder's by default.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Set an existing one aside.")] = False,
) -> None:
    """Import a folder of experanto, the format of the OmniMouse data.

    Example: twofold import experanto dynamic17797-4-7-Video-30hz mouse.zarr --rate-hz 30
    """
    from twofold.readers import read_experanto
    from twofold.recordings import save

    if destination.exists() and not overwrite:
        raise DataError(f"{destination} exists; add --overwrite to set it aside")
    recording = read_experanto(
        source, rate_hz=rate_hz, interpolation=interpolation, responses=responses, name=name
    )
    save(recording, destination, overwrite=overwrite)
    stdout.print(str(recording), soft_wrap=True, markup=False)
    stdout.print(f"Wrote {destination}. Next: twofold check {destination}", soft_wrap=True, markup=False)
