"""The command that studies what video and a latent state explain of one or several mice."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from twofold.cli.console import pairs, progress_bar, stdout


def study_latent_factors(
    recordings: Annotated[
        list[Path],
        typer.Argument(help="Stores made by `twofold import`, or folders of them.", show_default=False),
    ],
    out: Annotated[Path, typer.Option(help="Folder for results, figures and the page.")],
    preset: Annotated[
        Literal["demo", "quick", "small", "paper"],
        typer.Option(help="demo: a minute; quick: minutes; small: an hour on 2 cores; paper: for a GPU."),
    ] = "quick",
    settings: Annotated[
        list[str], typer.Option("--set", help="Any option, such as dimension=4 or given_shares=0.1,0.5.")
    ] = [],
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on in a folder with the same options.")
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Set an old folder aside (it is kept).")
    ] = False,
    jobs: Annotated[int, typer.Option(help="Processes; -1 is one per core.")] = -1,
    cluster: Annotated[
        str | None, typer.Option(help="Dask scheduler whose workers do the work, tcp://HOST:PORT.")
    ] = None,
    only_estimate: Annotated[
        bool,
        typer.Option("--estimate", help="Say how long it will take and how much memory it needs; then stop."),
    ] = False,
) -> None:
    """Ask what video and a latent state each explain, for one or several mice.

    Example: twofold study latent-factors mice --preset quick --out out
    """
    from twofold.recordings import open_all
    from twofold.reporting import report
    from twofold.studies.latent_factors.options import LatentFactorsOptions
    from twofold.studies.latent_factors.study import latent_factors

    options = LatentFactorsOptions.from_strings(
        pairs(settings, "--set"), base=LatentFactorsOptions.preset(preset)
    )
    mice = [one for path in recordings for one in open_all(path)]
    if only_estimate:
        from twofold.studies.latent_factors.costs import estimate_study
        from twofold.studies.latent_factors.plan import plan_study

        plan = plan_study(mice, options)
        found = estimate_study(plan, jobs)
        stdout.print(
            f"{len(plan.steps)} parts on {found.n_jobs} processes: about {found.seconds / 60:.1f} minutes "
            f"and {found.memory_mib / 1024:.1f} GiB of memory"
        )
        return
    with progress_bar("latent-factors") as progress:
        result = latent_factors(
            mice,
            options=options,
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
