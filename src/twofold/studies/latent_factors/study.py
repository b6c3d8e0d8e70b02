"""The study latent-factors (paper B): what video and a latent state each explain of the responses."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from twofold.errors import OptionError
from twofold.recordings import Recording
from twofold.runs.jobs import Arrays, Job, Progress, run_jobs
from twofold.studies.folder import logged, open_run
from twofold.studies.latent_factors.options import LatentFactorsOptions, Preset
from twofold.studies.latent_factors.plan import plan_study
from twofold.studies.latent_factors.steps import run_steps
from twofold.studies.result import Result


def latent_factors(
    recordings: Sequence[Recording],
    *,
    preset: Preset = "quick",
    options: LatentFactorsOptions | None = None,
    out: Path | str | None = None,
    resume: bool = False,
    overwrite: bool = False,
    n_jobs: int = -1,
    cluster: str | None = None,
    progress: Progress | None = None,
) -> Result:
    """Fit video models and models with a latent state to one or several mice, and ask what each explains.

    Parameters
    ----------
    recordings
        Mice that saw videos of one size, with tiers train and oracle, and live_test_main to score on; without
        it, half of the oracle videos are scored on. Tables that need more, such as positions or other videos,
        say so in rows without a value.
    preset, options
        Options by name, or as they are.
    out
        Folder for the results; None keeps them in memory only. Finished parts are kept there, so that an
        interrupted study goes on with `resume`.
    resume, overwrite
        What to do with a folder that is not empty.
    n_jobs
        Processes; -1 is one per core.
    cluster
        Address of a Dask scheduler, "tcp://...", whose workers do the work instead.
    progress
        Called with (done, total, what) whenever a part is done.

    Raises
    ------
    DataError
        If a recording lacks what the study cannot do without, or the folder is not empty.

    References
    ----------
    Schmidt et al. 2024 (arXiv 2410.16136, paper B), with the controls that it lacks.

    Examples
    --------
    >>> import twofold as tw
    >>> mice = [tw.simulate_sensorium(tw.Sensorium.preset("tiny"), mouse) for mouse in (1, 2)]
    >>> result = tw.latent_factors(mice, preset="demo", out="out")  # doctest: +SKIP
    >>> result.table("table-1")[["row", "metric", "value", "paper"]]  # doctest: +SKIP
    """
    if n_jobs == 0:
        raise OptionError("n_jobs=0: give the number of processes, or -1 for one per core")
    options = options or LatentFactorsOptions.preset(preset)
    plan = plan_study(recordings, options)
    started = time.monotonic()
    folder = None
    if out is not None:
        folder = open_run(out, options.model_dump(mode="json"), resume=resume, overwrite=overwrite)
        progress = logged(folder, progress)
    run = partial(_run, cache=None if folder is None else folder / "parts", n_jobs=n_jobs, cluster=cluster)
    found = run_steps(plan.steps, run, progress)
    result = plan.assemble(found, seconds=time.monotonic() - started)
    if folder is not None:
        result.save(folder)
    return result


def _run(
    jobs: Sequence[Job], progress: Progress | None, *, cache: Path | None, n_jobs: int, cluster: str | None
) -> list[Arrays]:
    return run_jobs(jobs, cache=cache, n_jobs=n_jobs, cluster=cluster, progress=progress)
