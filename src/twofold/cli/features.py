"""The command that computes features of the frames of a recording."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from twofold.cli.console import progress_bar, stdout
from twofold.errors import DataError, OptionError

if TYPE_CHECKING:
    from twofold.recordings.lazy import ArrayLike
    from twofold.shapes import Features

PIXELS = "pixels-pca"


def features(
    path: Annotated[Path, typer.Argument(help="A store made by `twofold import`.", show_default=False)],
    by: Annotated[
        str, typer.Option(help="pixels-pca, or a vision network: facebook/dino-vitb8, or a folder.")
    ],
    keep: Annotated[
        str | None, typer.Option(help="Components to keep: 64, a share of variance such as 0.9, or all.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="Name of the feature; by default that of --by.")] = None,
    crop: Annotated[bool, typer.Option("--crop", help="Show the network the middle of each frame.")] = False,
    batch_size: Annotated[int, typer.Option(help="Frames that go through the network together.")] = 32,
    device: Annotated[str, typer.Option(help="cpu, cuda or auto.")] = "auto",
    out: Annotated[Path | None, typer.Option(help="Write another store, and leave this one.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Set an existing --out aside.")] = False,
) -> None:
    """Add a feature of each frame to the stimuli of a recording.

    Without --out the store is written anew, and the former one is kept as NAME.old-1. Features of a network
    are kept by content, and read instead of computed where frames and weights are the same.

    Example: twofold features mouse.zarr --by facebook/dino-vitb8 --keep 0.9
    """
    from twofold.features import with_features
    from twofold.recordings import open_recording, save

    destination = path if out is None else out
    if out is not None and out.exists() and not overwrite:
        raise DataError(f"{out} exists; add --overwrite to set it aside")
    kept = _kept(keep, by)
    recording = open_recording(path)

    def compute(frames: ArrayLike) -> Features:
        return _computed(frames, by, kept, crop, batch_size, device)

    found = with_features(recording, name or Path(by).name, compute)
    save(found, destination, overwrite=out is None or overwrite)
    stdout.print(found.history[-1], soft_wrap=True, markup=False)
    former = ", the former one is beside it as .old-N" if out is None else ""
    stdout.print(f"Wrote {destination}{former}", soft_wrap=True, markup=False)


def _computed(
    frames: ArrayLike, by: str, keep: int | float | None, crop: bool, batch_size: int, device: str
) -> Features:
    from twofold.features import pixels_pca, vision_network
    from twofold.features.cache import default_cache

    if by == PIXELS:
        return pixels_pca(frames, 0.9 if keep is None else keep)
    from twofold.features.network import load_network

    network = load_network(by, crop=crop)
    with progress_bar("frames") as report:
        return vision_network(
            frames,
            network,
            keep=keep,
            batch_size=batch_size,
            device=device,
            cache=default_cache(),
            progress=report,
        )


def _kept(text: str | None, by: str) -> int | float | None:
    """`64` is a number of components, `0.9` a share, `all` what a network gives."""
    if text is None or (text == "all" and by != PIXELS):
        return None
    try:
        return int(text) if text.isdigit() else float(text)
    except ValueError:
        more = "" if by == PIXELS else ", or all"
        raise OptionError(f"--keep {text}: a number such as 64, a share such as 0.9{more}") from None
