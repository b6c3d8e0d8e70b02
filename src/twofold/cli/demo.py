"""The command that shows everything on a recording made on the spot."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from twofold.cli.console import progress_bar, stdout


def demo(
    out: Annotated[
        Path | None, typer.Option(help="Folder for everything; the first free demo-N by default.")
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Set an old folder aside (it is kept).")
    ] = False,
) -> None:
    """Simulate a recording, run the study on it and write a page to look at.

    Example: twofold demo --out my-demo
    """
    from twofold.files import claim_folder
    from twofold.recordings import open_recording, save
    from twofold.reporting import report
    from twofold.simulate import MovieRepeats, simulate_movie_repeats
    from twofold.studies.neural_alignment.options import AlignmentOptions
    from twofold.studies.neural_alignment.study import neural_alignment

    folder = claim_folder(_first_free() if out is None else out, overwrite=overwrite)
    movie = MovieRepeats.small(n_frames=300, cuts=12)
    store = save(simulate_movie_repeats(movie, random_state=0), folder / "movie.zarr")
    with progress_bar("neural-alignment") as progress:
        result = neural_alignment(
            open_recording(store),
            options=AlignmentOptions.preset("demo"),
            out=folder / "neural-alignment",
            progress=progress,
        )
    page = report(result, folder / "neural-alignment" / "report.html")
    for sentence in result.conclusions:
        stdout.print(f"• {sentence}", soft_wrap=True, markup=False)
    stdout.print(f"Report: {page}", soft_wrap=True, markup=False)


def _first_free() -> Path:
    number = 1
    while (path := Path(f"demo-{number}")).exists():
        number += 1
    return path
