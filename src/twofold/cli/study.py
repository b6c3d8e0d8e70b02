"""Commands that run a study and show it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from twofold.cli.console import pairs, progress_bar, stdout
from twofold.errors import DataError

if TYPE_CHECKING:
    from twofold.studies.neural_alignment.plan import Plan


def study_neural_alignment(
    recording: Annotated[Path, typer.Argument(help="A store made by `twofold import`.", show_default=False)],
    out: Annotated[Path, typer.Option(help="Folder for results, figures and the page.")],
    preset: Annotated[
        Literal["demo", "quick", "paper"],
        typer.Option(help="demo: a minute or two; quick: some minutes; paper: every row, about an hour."),
    ] = "quick",
    latents: Annotated[
        list[str],
        typer.Option(help="Your own latents, NAME=FILE.npz as `twofold transform` writes; may be repeated."),
    ] = [],
    by: Annotated[
        Literal["region"] | None, typer.Option(help="Repeat the main rows for each region of the neurons.")
    ] = None,
    settings: Annotated[
        list[str], typer.Option("--set", help="Any option, such as steps=800 or temperature=0.1,0.3.")
    ] = [],
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on in a folder with the same options.")
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Set an old folder aside (it is kept).")
    ] = False,
    jobs: Annotated[int, typer.Option(help="Processes; -1 is one per core.")] = -1,
    cluster: Annotated[
        str | None,
        typer.Option(help="Address of a Dask scheduler, tcp://HOST:PORT, whose workers do it instead."),
    ] = None,
    only_estimate: Annotated[
        bool,
        typer.Option("--estimate", help="Say how long it will take and how much memory it needs; then stop."),
    ] = False,
) -> None:
    """Ask which embedding tells the movie frame, and whether it still carries what the neurons did.

    Example: twofold study neural-alignment mouse.zarr --preset quick --out out
    """
    from twofold.recordings import open_recording
    from twofold.reporting import report
    from twofold.studies.neural_alignment.options import AlignmentOptions
    from twofold.studies.neural_alignment.own_latents import read_latents
    from twofold.studies.neural_alignment.plan import plan_study
    from twofold.studies.neural_alignment.study import neural_alignment

    options = AlignmentOptions.from_strings(pairs(settings, "--set"), base=AlignmentOptions.preset(preset))
    opened = open_recording(recording)
    own = {name: read_latents(file, opened) for name, file in pairs(latents, "--latents").items()}
    if only_estimate:
        _estimate(plan_study(opened, options, latents=own, by=by), jobs)
        return
    with progress_bar("neural-alignment") as progress:
        result = neural_alignment(
            opened,
            options=options,
            latents=own,
            by=by,
            out=out,
            resume=resume,
            overwrite=overwrite,
            n_jobs=jobs,
            cluster=cluster,
            progress=progress,
        )
    page = report(result, out / "report.html")
    for sentence in result.conclusions:
        stdout.print(f"• {sentence}", soft_wrap=True, markup=False)
    stdout.print(f"Report: {page}", soft_wrap=True, markup=False)


def make_report(
    folder: Annotated[Path, typer.Argument(help="Folder of a finished study.", show_default=False)],
) -> None:
    """Make the page and its figures again, from results.json and arrays.npz alone.

    Example: twofold report out
    """
    from twofold.reporting import report

    if not folder.is_dir():
        raise DataError(f"{folder} is no folder; give the --out of a study")
    stdout.print(f"Report: {report(folder)}", soft_wrap=True, markup=False)


def _estimate(plan: Plan, jobs: int) -> None:
    from twofold.runs.estimate import estimate
    from twofold.studies.neural_alignment.costs import cost_of

    found = estimate(plan.jobs, jobs, cost=cost_of)
    stdout.print(
        f"{len(plan.jobs)} parts on {found.n_jobs} processes: about {found.seconds / 60:.1f} minutes "
        f"and {found.memory_mib / 1024:.1f} GiB of memory"
    )
