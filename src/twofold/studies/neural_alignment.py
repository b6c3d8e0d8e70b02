"""The study neural-alignment (paper A): which embedding tells the frame and still carries the responses."""

from __future__ import annotations

import time
from pathlib import Path

from twofold.files import claim_folder
from twofold.recordings import Recording
from twofold.runs.jobs import Progress, run_jobs
from twofold.studies.alignment_options import AlignmentOptions, Preset
from twofold.studies.plan import plan_study
from twofold.studies.result import Result


def neural_alignment(
    recording: Recording,
    *,
    preset: Preset = "quick",
    options: AlignmentOptions | None = None,
    out: Path | str | None = None,
    resume: bool = False,
    overwrite: bool = False,
    n_jobs: int = -1,
    progress: Progress | None = None,
) -> Result:
    """Compare embeddings of one recording: decoding, alignment, state, and controls of all three.

    Parameters
    ----------
    recording
        Any recording of clips with at least 4 repeats each.
    preset, options
        Options by name, or as they are.
    out
        Folder for the results; None keeps them in memory only. Finished parts are kept there, so that an
        interrupted study goes on with `resume`.
    resume, overwrite
        What to do with a folder that is not empty.
    n_jobs
        Processes; -1 is one per core.
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
    options = options or AlignmentOptions.preset(preset)
    plan = plan_study(recording, options)
    folder = None if out is None else claim_folder(out, resume=resume, overwrite=overwrite)
    started = time.monotonic()
    found = run_jobs(plan.jobs, cache=folder and folder / "parts", n_jobs=n_jobs, progress=progress)
    result = plan.assemble(found, seconds=time.monotonic() - started)
    if folder is not None:
        result.save(folder)
    return result
