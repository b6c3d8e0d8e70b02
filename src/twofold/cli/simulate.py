"""The command that makes mice in SENSORIUM's shape."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from twofold.cli.console import pairs, progress_bar, stdout
from twofold.errors import DataError, OptionError, did_you_mean

if TYPE_CHECKING:
    from twofold.recordings import Recording

LAYOUTS = {"store": ".zarr", "sensorium": ""}  # how the name of one of several mice ends


def simulate_sensorium(
    destination: Annotated[
        Path, typer.Argument(help="Store to write; with several mice a folder.", show_default=False)
    ],
    size: Annotated[str, typer.Option(help="tiny, small, lite or full.")] = "small",
    mice: Annotated[int, typer.Option(min=1, help="Mice; several go into one folder.")] = 1,
    mismatch: Annotated[
        bool, typer.Option("--mismatch", help="Add all that the model does not know.")
    ] = False,
    world: Annotated[str, typer.Option(help="A world in which an analysis must fail.")] = "default",
    layout: Annotated[str, typer.Option(help="store, or sensorium: folders as on disk.")] = "store",
    seed: Annotated[int, typer.Option(min=0, help="Seed; the same one gives the same mice.")] = 0,
    settings: Annotated[
        list[str], typer.Option("--set", help="Any option, such as latent_sd=0 or mismatch=gain,drift.")
    ] = [],
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Set an existing one aside (it is kept).")
    ] = False,
) -> None:
    """Simulate mice that see many short videos, with known truth (which the layout sensorium cannot hold).

    Example: twofold simulate sensorium tiny.zarr --size tiny

    Worlds: default, no_latents, latents_by_contrast, unseen_drive, neuropil_only, slow_behaviour,
    weights_without_position, state_locked_to_video.
    """
    from twofold.simulate import Sensorium
    from twofold.simulate import simulate_sensorium as simulate

    if layout not in LAYOUTS:
        raise OptionError(f"--layout {layout}: {did_you_mean(layout, LAYOUTS)}")
    given = {"world": world} | ({"mismatch": "all"} if mismatch else {}) | pairs(settings, "--set")
    options = Sensorium.from_strings(given, base=Sensorium.preset(size))
    _check(destination, overwrite)
    for mouse in range(1, mice + 1):
        with progress_bar(f"mouse {mouse} of {mice}") as progress:
            recording = simulate(options, mouse, random_state=seed, progress=progress)
        if mouse == 1:
            _make_way(destination, is_folder=mice > 1)
        path = destination if mice == 1 else destination / f"mouse-{mouse}{LAYOUTS[layout]}"
        _write(recording, path, layout)
        stdout.print(str(recording), soft_wrap=True, markup=False)
    following = f" Next: twofold check {path}" if layout == "store" else ""
    stdout.print(f"Wrote {destination}.{following}", soft_wrap=True, markup=False)


def _check(destination: Path, overwrite: bool) -> None:
    """Refuse before any work what could not be written after it."""
    if destination.exists() and not overwrite:
        raise DataError(f"{destination} exists; add --overwrite to set it aside")
    if not destination.absolute().parent.is_dir():
        raise DataError(f"there is no folder {destination.parent} to write {destination.name} into; make it")


def _make_way(destination: Path, is_folder: bool) -> None:
    from twofold.files import set_aside

    if destination.exists():
        set_aside(destination)
    if is_folder:
        destination.mkdir()


def _write(recording: Recording, path: Path, layout: str) -> None:
    from twofold.readers import write_sensorium
    from twofold.recordings import save

    if layout == "sensorium":
        write_sensorium(recording, path)
    else:
        save(recording, path)
