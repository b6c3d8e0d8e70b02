"""Rows of a session of clips: which are left out together, and orders in which two series do not belong.

Rows are in order of recording; those of one presentation, a trial, follow each other. Clips are permuted
freely, some staying in their place: were none to stay, orders would resemble each other more than the real
one, and with few repeats chance alone would look like a finding. Permuted clips forget what drifts over the
session, which circular shifts keep; so a finding must stand against both.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Int

from twofold.errors import DataError, OptionError
from twofold.recordings.splits import Split, leave_one_out
from twofold.shapes import PerTime

Orders = Int[np.ndarray, "surrogate time"]


def video_folds(video: PerTime, folds: int = 5) -> list[Split]:
    """Leave out whole videos: all presentations of a video are on one side.

    Parameters
    ----------
    video
        (time,) which video each row is of.
    folds
        How many; no more than there are videos.

    Raises
    ------
    OptionError
        If there are fewer than 2 folds.
    DataError
        If there are fewer than 2 videos.

    Examples
    --------
    >>> [fold.test.tolist() for fold in video_folds(np.array([7, 7, 5, 5, 7]))]
    [[2, 3], [0, 1, 4]]
    """
    names, number = np.unique(video, return_inverse=True)
    return _left_out(number, len(names), folds, "videos")


def leaky_clip_folds(trial: PerTime, folds: int, random_state: np.random.Generator) -> list[Split]:
    """Leave out shuffled presentations, so that a video is on both sides: a control, paper B's for contrast.

    Parameters are those of `video_folds`, with (time,) the trial of each row, and the source of randomness.
    """
    names, number = np.unique(trial, return_inverse=True)
    return _left_out(random_state.permutation(len(names))[number], len(names), folds, "trials")


def leaky_frame_folds(n_rows: int, folds: int, random_state: np.random.Generator) -> list[Split]:
    """Leave out shuffled single frames, whose neighbours tell them: a control, paper B's for behaviour.

    Parameters are those of `video_folds`, with the number of rows, and the source of randomness.
    """
    return _left_out(random_state.permutation(n_rows), n_rows, folds, "rows")


def shares_videos(folds: Sequence[Split], video: PerTime) -> bool:
    """Tell whether a video is on both sides of a fold, so that its score is leaky."""
    return any(np.isin(video[fold.test], video[fold.train]).any() for fold in folds)


def shifted_rows(trial: PerTime, n: int, random_state: np.random.Generator) -> Orders:
    """Orders that turn the whole session in a circle, by half a clip or more.

    Parameters
    ----------
    trial
        (time,) trial of each row.
    n
        How many orders.
    random_state
        Source of randomness.

    Examples
    --------
    >>> shifted_rows(np.array([0, 0, 1, 1]), 1, np.random.default_rng(0)).tolist()
    [[1, 2, 3, 0]]
    """
    n_rows = len(trial)
    low = max(1, n_rows // len(clips_of(trial)) // 2)
    shifts = random_state.integers(low, max(low + 1, n_rows - low + 1), size=n)
    return (np.arange(n_rows) - shifts[:, None]) % n_rows


def swapped_clips(trial: PerTime, n: int, random_state: np.random.Generator) -> Orders:
    """Orders of whole clips at random; clips of several lengths are cut anew.

    Parameters are those of `shifted_rows`.

    Raises
    ------
    DataError
        If there are fewer than 2 clips.

    Examples
    --------
    >>> swapped_clips(np.array([0, 0, 1, 1, 2]), 1, np.random.default_rng(0)).tolist()
    [[4, 0, 1, 2, 3]]
    """
    clips = clips_of(trial)
    if len(clips) < 2:
        raise DataError("swaps of clips need at least 2 clips, there is 1")
    orders = [random_state.permutation(len(clips)) for _ in range(n)]
    return np.stack([np.concatenate([clips[i] for i in order]) for order in orders])


def swapped_repeats(
    trial: PerTime, video: PerTime, n: int, random_state: np.random.Generator
) -> Orders | None:
    """Orders in which repeats of a video are permuted, so that what follows the video stays.

    Parameters
    ----------
    trial, n, random_state
        Those of `shifted_rows`.
    video
        (time,) video of each row.

    Returns
    -------
    (surrogate, time), or None where no video was shown twice.

    Raises
    ------
    DataError
        If repeats of a video differ in length.
    """
    clips = clips_of(trial)
    groups: dict[object, list[np.ndarray]] = {}
    for clip in clips:
        groups.setdefault(video[clip[0]], []).append(clip)
    repeated = {name: np.array(_alike(name, group)) for name, group in groups.items() if len(group) > 1}
    if not repeated:
        return None
    orders = np.tile(np.arange(len(trial)), (n, 1))
    for order in orders:
        for rows in repeated.values():
            order[rows] = random_state.permutation(rows)
    return orders


def clips_of(trial: PerTime) -> list[np.ndarray]:
    """Rows of each clip, in order of showing.

    Raises
    ------
    DataError
        If there are no rows, or those of a trial do not follow each other.
    """
    if not len(trial):
        raise DataError("there are no rows; at least one clip is needed")
    clips = np.split(np.arange(len(trial)), np.flatnonzero(trial[1:] != trial[:-1]) + 1)
    names, times = np.unique(trial[[clip[0] for clip in clips]], return_counts=True)
    if (times > 1).any():
        raise DataError(
            f"trial {names[times > 1][0]}: its rows do not follow each other; give one number to each "
            "presentation, and rows in order of time"
        )
    return clips


def _alike(name: object, clips: list[np.ndarray]) -> list[np.ndarray]:
    lengths = sorted({len(clip) for clip in clips})
    if len(lengths) > 1:
        raise DataError(f"video {name}: repeats of {lengths[0]} to {lengths[-1]} rows; cut them alike")
    return clips


def _left_out(number: np.ndarray, n: int, folds: int, what: str) -> list[Split]:
    if folds < 2:
        raise OptionError(f"folds={folds}: give 2 or more, one is scored and the others are fitted to")
    if n < 2:
        raise DataError(f"{n} {what}: at least 2 are needed to leave some out")
    return leave_one_out(number % folds)
