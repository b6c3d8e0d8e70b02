"""The command that shows everything on recordings made on the spot."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from twofold.cli.console import progress_bar, stdout

if TYPE_CHECKING:
    from twofold.studies.result import Result

MICE = 2


def demo(
    out: Annotated[
        Path | None, typer.Option(help="Folder for everything; the first free demo-N by default.")
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Set an old folder aside (it is kept).")
    ] = False,
) -> None:
    """Simulate recordings, run both studies on them and write a page of each to look at.

    Example: twofold demo --out my-demo
    """
    from twofold.files import claim_folder

    folder = claim_folder(_first_free() if out is None else out, overwrite=overwrite)
    for name, study in (("neural-alignment", _neural_alignment), ("latent-factors", _latent_factors)):
        _tell(study(folder, name), folder / name)


def _neural_alignment(folder: Path, name: str) -> Result:
    """Of a movie that was shown again and again."""
    from twofold.recordings import open_recording, save
    from twofold.simulate import MovieRepeats, simulate_movie_repeats
    from twofold.studies.neural_alignment.study import neural_alignment

    movie = MovieRepeats.small(n_frames=300, cuts=12)
    store = save(simulate_movie_repeats(movie, random_state=0), folder / "movie.zarr")
    with progress_bar(name) as progress:
        return neural_alignment(open_recording(store), preset="demo", out=folder / name, progress=progress)


def _latent_factors(folder: Path, name: str) -> Result:
    """Of mice that saw many videos."""
    from twofold.recordings import open_all, save
    from twofold.simulate import Sensorium, simulate_sensorium
    from twofold.studies.latent_factors.study import latent_factors

    mice = folder / "mice"
    mice.mkdir()
    for number in range(1, MICE + 1):
        save(simulate_sensorium(Sensorium.preset("tiny"), number, 0), mice / f"mouse-{number}.zarr")
    with progress_bar(name) as progress:
        return latent_factors(open_all(mice), preset="demo", out=folder / name, progress=progress)


def _tell(result: Result, folder: Path) -> None:
    from twofold.reporting import report

    page = report(result, folder / "report.html")
    for sentence in result.conclusions:
        stdout.print(f"• {sentence}", soft_wrap=True, markup=False)
    stdout.print(f"Report: {page}", soft_wrap=True, markup=False)


def _first_free() -> Path:
    number = 1
    while (path := Path(f"demo-{number}")).exists():
        number += 1
    return path
