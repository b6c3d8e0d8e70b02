"""Which repeats train, and which are scored: the schemes of the study."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from twofold.recordings.preprocess import Preprocessing, fit_to_responses
from twofold.recordings.splits import Split, leave_one_out
from twofold.studies.neural_alignment.options import AlignmentOptions
from twofold.studies.neural_alignment.presentations import Presentations
from twofold.studies.neural_alignment.tables.alignment_fold import Roles
from twofold.studies.neural_alignment.tables.decoding import Scheme


def schemes_of(data: Presentations, options: AlignmentOptions) -> dict[Scheme, list[Split]]:
    """Each repeat left out, each block where there are some; and the paper's split, the last repeat."""
    every = np.arange(data.n_repeats)
    found: dict[Scheme, list[Split]] = {"leave_one_repeat_out": leave_one_out(every, options.max_folds)}
    by_block = [] if data.block is None else leave_one_out(data.block)
    if by_block and min(len(split.train) for split in by_block) > 1:
        found["leave_one_block_out"] = by_block
    found["test"] = [Split(every[:-1], every[-1:], (data.n_repeats - 1,))]
    return found


def divisions(n_repeats: int, folds: int) -> list[Roles]:
    """Training, target and test repeats: groups are interleaved, so that slow drift is in all of them."""
    folds = min(folds, n_repeats)
    # Where so many groups would leave fewer than two repeats to train on, every repeat is a group.
    n_groups = folds if n_repeats - 2 * -(-n_repeats // folds) >= 2 else n_repeats
    group = np.arange(n_repeats) % n_groups
    return [
        Roles(
            np.flatnonzero((group != test) & (group != (test + 1) % n_groups)),
            np.flatnonzero(group == (test + 1) % n_groups),
            np.flatnonzero(group == test),
        )
        for test in range(n_groups)
    ]


def consecutive(n_repeats: int, folds: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """(training, test) repeats: each test part is a stretch of time."""
    parts = np.array_split(np.arange(n_repeats), min(folds, n_repeats))
    return [(np.setdiff1d(np.arange(n_repeats), part), part) for part in parts]


def kept_everywhere(
    data: Presentations, preprocessing: Preprocessing, trains: Sequence[np.ndarray]
) -> np.ndarray:
    """(neuron,) units that the preprocessing keeps on every training part."""
    kept = np.ones(data.responses.shape[-1], dtype=bool)
    for train in trains:
        rows = data.rows(train)
        fitted = fit_to_responses(rows.responses, rows.repeat, preprocessing, "the training repeats")
        kept &= np.isin(np.arange(len(kept)), fitted.kept)
    return kept
