"""The command that imports the joblib files of the CEBRA distribution."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from twofold.cli.console import pairs, stdout
from twofold.errors import DataError


def import_cebra(
    source: Annotated[Path, typer.Argument(help="File to read: .jl.", show_default=False)],
    destination: Annotated[Path, typer.Argument(help="Store to write: mouse.zarr.", show_default=False)],
    features: Annotated[
        list[str], typer.Option(help="NAME=FILE of frame features: pth, npy, npz or jl.")
    ] = [],
    region: Annotated[str | None, typer.Option(help="Where the neurons lie, such as VISp.")] = None,
    bin_seconds: Annotated[
        float | None, typer.Option(help="Width of a time bin; 1/120 for the movie, 0.025 on the track.")
    ] = None,
    max_bytes: Annotated[
        int | None, typer.Option(help="Largest size after decompression; 16 GiB by default.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="Name of the recording; the file's by default.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Set an existing one aside.")] = False,
) -> None:
    """Import a recording of the CEBRA distribution; the pickle is read without running anything in it.

    Example: twofold import cebra neuropixel_pseudomouse_120_filtered.jl mouse.zarr
    --features dino=testfeat.pth --region VISp
    """
    from twofold.readers import read_cebra
    from twofold.readers.pickles.unpickling import MAX_BYTES
    from twofold.recordings import save

    if destination.exists() and not overwrite:
        raise DataError(f"{destination} exists; add --overwrite to set it aside")
    recording = read_cebra(
        source,
        features=pairs(features, "--features"),
        region=region,
        bin_seconds=bin_seconds,
        max_bytes=MAX_BYTES if max_bytes is None else max_bytes,
        name=name,
    )
    save(recording, destination, overwrite=overwrite)
    stdout.print(str(recording), soft_wrap=True, markup=False)
    stdout.print(f"Wrote {destination}. Next: twofold check {destination}", soft_wrap=True, markup=False)
