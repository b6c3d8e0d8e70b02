"""Table 5: videos of another kind than those of training; and appendix J, without pretraining."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from twofold.recordings import Recording
from twofold.runs.jobs import Arrays
from twofold.sampling import TrialClips
from twofold.studies.latent_factors.findings import Findings
from twofold.studies.latent_factors.fits import MAIN, POISSON, SCRATCH, ZIG
from twofold.studies.latent_factors.fitting import model_of
from twofold.studies.latent_factors.prepared import OTHER_VIDEOS
from twofold.studies.latent_factors.row_maker import RowMaker, by_mouse
from twofold.studies.latent_factors.scoring import Scored
from twofold.studies.result import Row

TABLE, APPENDIX = "table-5", "appendix-j"
OF_TABLE, OF_APPENDIX = (POISSON, ZIG, MAIN), (SCRATCH, MAIN)
ALL = "all"
METRICS = {"correlation": "correlation", "correlation_conditioned": "conditioned"}
NONE = f"no recording has responses to the tiers {' and '.join(OTHER_VIDEOS)}"


def score_other_videos(recordings: Sequence[Recording], tensors: Arrays) -> Arrays:
    """Scores on videos out of the training distribution, all together and by kind.

    Returns
    -------
    Arrays
        "m/KIND/correlation" and "m/KIND/conditioned" (neuron,), for the kinds that mouse m saw, and "all".
    """
    model, found = model_of(tensors), Arrays()
    for number, recording in enumerate(recordings):
        for kind, part in parts_by_kind(recording).items():
            scores = Scored(model, number, TrialClips(part)).scores(False, recording)
            for name in ("correlation", "conditioned"):
                if name in scores:
                    found[f"{number}/{kind}/{name}"] = scores[name]
    return found


def parts_by_kind(recording: Recording) -> dict[str, Recording]:
    """Trials of the tiers out of the training distribution: all, and by kind of video or else by tier."""
    tier = recording.trials.column("tier")
    among = np.isin(tier, OTHER_VIDEOS)
    if not among.any():
        return {}
    kinds = recording.trials.column("video_class") if "video_class" in recording.trials.table else tier
    parts = {ALL: recording.select_trials(among)}
    for kind in np.unique(kinds[among].astype(str)):
        parts[str(kind)] = recording.select_trials(among & (kinds.astype(str) == kind))
    return parts


def step_name(fit: str) -> str:
    """The step that scores a fit on other videos."""
    return f"other videos, {fit}"


def rows(found: Findings) -> list[Row]:
    """The table and the appendix."""
    return [*_rows(found, TABLE, OF_TABLE, ""), *_rows(found, APPENDIX, OF_APPENDIX, "")]


def _rows(found: Findings, table: str, fits: Sequence[str], note: str) -> list[Row]:
    make, made = found.rows_of(table, note=note, scored_on=" and ".join(OTHER_VIDEOS)), list[Row]()
    for fit in fits:
        scores = found.results[step_name(fit)]
        for metric, name in METRICS.items():
            if name == "conditioned" and fit in (POISSON, ZIG):
                continue
            made += _by_kind(found, make, fit, metric, name, scores)
    if table == TABLE:
        made += _gain(found, make, found.results[step_name(MAIN)])
    return made


def _by_kind(found: Findings, make: RowMaker, fit: str, metric: str, name: str, scores: Arrays) -> list[Row]:
    kinds = sorted({key.split("/")[1] for key in scores})
    if ALL not in kinds:
        return [make.absent(fit, metric, NONE)]
    made: list[Row] = []
    for kind in kinds:
        numbers = [m for m in range(len(found.mice)) if f"{m}/{kind}/{name}" in scores]
        own = RowMaker(
            make.table,
            [found.mice[m] for m in numbers],
            make.bootstrap,
            make.seed,
            scored_on=make.scored_on,
        )
        values = [scores[f"{m}/{kind}/{name}"][None] for m in numbers]
        made += own(fit if kind == ALL else f"{fit}, {kind}", metric, values)
    return made


def _gain(found: Findings, make: RowMaker, scores: Arrays) -> list[Row]:
    n = len(found.mice)
    if not all(f"{m}/{ALL}/conditioned" in scores for m in range(n)):
        return []
    pair = by_mouse(scores, f"{ALL}/conditioned", n), by_mouse(scores, f"{ALL}/correlation", n)
    return make.difference(f"{MAIN}, half given - nobody given", "correlation", *pair)
