"""What is fitted and what is scored: whole repeats, blocks, clips, stretches of time; never loose frames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from twofold.errors import DataError
from twofold.recordings.recording import Recording


@dataclass(frozen=True, eq=False)
class Split:
    """One division of a recording's rows; train and test share no trial.

    Parameters
    ----------
    train, test
        Sorted row indices, (row,).
    held_out
        What the test part is, such as (3,) for repeat 3.
    """

    train: np.ndarray
    test: np.ndarray
    held_out: tuple[object, ...]


def leave_one_out(groups: np.ndarray, max_folds: int | None = None) -> list[Split]:
    """One split per group value: that group is the test part, all others train.

    Parameters
    ----------
    groups
        (time,) any label per row, such as the repeat.
    max_folds
        At most this many splits, their groups chosen evenly; all by default.

    Raises
    ------
    DataError
        If there are fewer than two groups.

    Examples
    --------
    >>> [split.test.tolist() for split in leave_one_out(np.array([0, 0, 1, 1]))]
    [[0, 1], [2, 3]]
    """
    values = np.unique(groups)
    if len(values) < 2:
        raise DataError(f"leaving one out needs at least 2 groups, there are {len(values)}")
    chosen = values if max_folds is None else values[_evenly(len(values), max_folds)]
    return [Split(np.flatnonzero(groups != v), np.flatnonzero(groups == v), (v,)) for v in chosen]


def by_repeat(recording: Recording, max_folds: int | None = None) -> list[Split]:
    """Leave one repeat out."""
    return leave_one_out(recording.per_row("repeat"), max_folds)


def by_block(recording: Recording) -> list[Split]:
    """Leave one block of repeats out; needs a trial column `block`."""
    return leave_one_out(recording.per_row("block"))


def by_video(recording: Recording, folds: int = 5) -> list[Split]:
    """Hold out groups of whole clips: every presentation of a clip is on one side.

    Raises
    ------
    DataError
        If there are fewer clips than folds, or fewer than two folds.
    """
    _at_least_two(folds, "folds")
    names = list(recording.stimuli)
    if len(names) < folds:
        raise DataError(f"{folds} folds need at least {folds} clips, there are {len(names)}")
    fold_of = {name: i % folds for i, name in enumerate(names)}
    return leave_one_out(np.array([fold_of[name] for name in recording.per_row("stimulus")]))


def by_time_block(recording: Recording, blocks: int = 5, gap_s: float = 0.0) -> list[Split]:
    """Hold out stretches of time, made of whole trials, with a gap of `gap_s` seconds around each.

    Raises
    ------
    DataError
        If there are fewer trials than blocks, fewer than two blocks, or the gap leaves nothing to train on.
    """
    _at_least_two(blocks, "blocks")
    trial = recording.trial_of_row
    if len(recording.trials) < blocks:
        raise DataError(f"{blocks} blocks need at least {blocks} trials, there are {len(recording.trials)}")
    block = np.where(trial < 0, -1, trial * blocks // len(recording.trials))
    splits = []
    for value in range(blocks):
        test = np.flatnonzero(block == value)
        low, high = recording.time_s[test[[0, -1]]]
        away = (recording.time_s < low - gap_s) | (recording.time_s > high + gap_s)
        train = np.flatnonzero((block >= 0) & (block != value) & away)
        if not len(train):
            raise DataError(f"a gap of {gap_s:g} s leaves nothing to train on; make it smaller")
        splits.append(Split(train, test, (value,)))
    return splits


def frame_blocks(clip_of_frame: Sequence[int] | np.ndarray, folds: int, gap: int) -> list[Split]:
    """Hold out contiguous frames, or whole clips where there are enough, for scoring on unseen frames.

    Parameters
    ----------
    clip_of_frame
        (frame,) clip of each frame, in order of showing.
    folds
        How many parts.
    gap
        Frames left out of training on either side of the test part, within a clip.

    Raises
    ------
    DataError
        If there are too few frames for so many parts, fewer than two parts, or the gap leaves nothing
        to train on.

    Examples
    --------
    >>> split = frame_blocks(np.zeros(6, int), folds=3, gap=1)[1]
    >>> split.train, split.test
    (array([0, 5]), array([2, 3]))
    """
    _at_least_two(folds, "parts of unseen frames")
    clip = np.asarray(clip_of_frame)
    clips = np.unique(clip)
    if len(clips) >= folds:
        order = {value: i % folds for i, value in enumerate(clips)}
        return leave_one_out(np.array([order[value] for value in clip]))
    if len(clip) < folds * 2:
        raise DataError(f"{len(clip)} frames are too few for {folds} parts of unseen frames")
    part = np.arange(len(clip)) * folds // len(clip)
    splits = []
    for value in range(folds):
        test = np.flatnonzero(part == value)
        near = np.zeros(len(clip), dtype=bool)
        near[max(0, test[0] - gap) : test[-1] + 1 + gap] = True
        train = np.flatnonzero(~(near & np.isin(clip, clip[test])))
        if not len(train):
            raise DataError(f"a gap of {gap} frames leaves nothing to train on; make it smaller")
        splits.append(Split(train, test, (value,)))
    return splits


def _at_least_two(n: int, what: str) -> None:
    if n < 2:
        raise DataError(f"{n} {what}: one is left out and the others train, so give 2 or more")


def _evenly(n: int, at_most: int) -> np.ndarray:
    """Indices of at most so many of n things, spread evenly."""
    if at_most >= n:
        return np.arange(n)
    return np.unique(np.round(np.linspace(0, n - 1, max(at_most, 1))).astype(int))
