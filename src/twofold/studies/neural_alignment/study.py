"""The study neural-alignment (paper A): which embedding tells the frame and still carries the responses."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np

from twofold.errors import OptionError
from twofold.files import written_whole
from twofold.recordings import Recording
from twofold.runs.cluster import check_address
from twofold.runs.jobs import Progress, run_jobs
from twofold.studies.folder import logged, open_run
from twofold.studies.neural_alignment.options import AlignmentOptions, Preset
from twofold.studies.neural_alignment.own_latents import read_latents
from twofold.studies.neural_alignment.plan import plan_study
from twofold.studies.neural_alignment.tables.tuning import tuning_table
from twofold.studies.result import Result


def neural_alignment(
    recording: Recording,
    *,
    preset: Preset = "quick",
    options: AlignmentOptions | None = None,
    latents: Mapping[str, np.ndarray | Path | str] | None = None,
    by: Literal["region"] | None = None,
    out: Path | str | None = None,
    resume: bool = False,
    overwrite: bool = False,
    n_jobs: int = -1,
    cluster: str | None = None,
    progress: Progress | None = None,
) -> Result:
    """Compare embeddings of one recording: decoding, alignment, state, and controls of all three.

    Parameters
    ----------
    recording
        Any recording of clips with at least 4 repeats each.
    preset, options
        Options by name, or as they are.
    latents
        A user's own latents, scored beside ours: by name, (time, dimension) for the rows in trials, or the
        npz file that `twofold transform` writes.
    by
        "region" repeats the main rows for each region of the neurons, with as many units of each.
    out
        Folder for the results; None keeps them in memory only. Finished parts are kept there, so that an
        interrupted study goes on with `resume`.
    resume, overwrite
        What to do with a folder that is not empty.
    n_jobs
        Processes; -1 is one per core.
    cluster
        Address of a Dask scheduler whose workers do the parts instead, such as tcp://10.0.0.7:8786.
    progress
        Called with (done, total, what) whenever a part is done.

    Raises
    ------
    DataError
        If the recording has too few repeats, or the folder is not empty.

    References
    ----------
    Paper A (neural alignment of embeddings of responses to movies), with the controls that it lacks.

    Examples
    --------
    >>> import twofold as tw
    >>> movie = tw.simulate_movie_repeats(tw.MovieRepeats.small(), random_state=0)
    >>> result = tw.neural_alignment(movie, preset="demo", out="out")  # doctest: +SKIP
    >>> result.table("frame-decoding")[["row", "value", "chance"]]  # doctest: +SKIP
    """
    if n_jobs == 0:
        raise OptionError("n_jobs=0: give the number of processes, or -1 for one per core")
    if cluster is not None:
        check_address(cluster)
    options = options or AlignmentOptions.preset(preset)
    own = {
        name: found if isinstance(found, np.ndarray) else read_latents(found, recording)
        for name, found in (latents or {}).items()
    }
    plan = plan_study(recording, options, latents=own, by=by)
    where: dict[str, Any] = {"n_jobs": n_jobs, "cluster": cluster}
    started = time.monotonic()
    if out is None:
        found = run_jobs(plan.jobs, **where, progress=progress)
        return plan.assemble(found, seconds=time.monotonic() - started)
    folder = open_run(out, options.model_dump(mode="json"), resume=resume, overwrite=overwrite)
    found = run_jobs(plan.jobs, cache=folder / "parts", **where, progress=logged(folder, progress))
    result = plan.assemble(found, seconds=time.monotonic() - started)
    result.save(folder)
    if any(name.startswith("tuning/") for name in result.arrays):
        with written_whole(folder / "tuning.csv") as temporary:
            temporary.write_text(tuning_table(result.arrays), encoding="utf-8")
    return result
