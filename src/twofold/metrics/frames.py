"""How well the frame was told: exactly, within one second, and how many frames off."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Shaped

from twofold.errors import DataError, OptionError
from twofold.metrics.intervals import Interval

Labels = Shaped[np.ndarray, "_"]

# Clocks are rounded: an error of 30 frames of 0.0333333 s is one second, and not within it.
WITHIN_S = 1.0 - 1e-5


@dataclass(frozen=True)
class FrameScores:
    """Scores of decoded frames; an error is a distance, so never negative.

    Parameters
    ----------
    exact_accuracy
        Share of samples whose decoded id is the true one.
    within_1s_accuracy
        Share with an error below 1 s, strictly; None where a frame lasts 1 s or longer.
    mae_frames, median_error_frames
        Mean and median error, in frames.
    n
        Number of samples.

    Notes
    -----
    Labels without a position (text without an `order`) have an exact accuracy only; the rest is None.
    """

    exact_accuracy: float
    within_1s_accuracy: float | None
    mae_frames: float | None
    median_error_frames: float | None
    n: int


def frame_scores(
    true: Labels, predicted: Labels, *, order: np.ndarray | None = None, frame_seconds: float
) -> FrameScores:
    """Score decoded frame ids against the true ones.

    An id is a label; the error in frames is a distance along the clip. `order` says where each id lies.
    Without it an integer id is its own position, so the error is the difference of ids; ids of several
    clips then are positions in the clips laid end to end, and a wrong clip costs the distance along them.

    Parameters
    ----------
    true, predicted
        (time,) ids of the frames shown and decoded, integers or text.
    order
        (frame,) every id once, in the order shown; None takes integer ids as positions.
    frame_seconds
        How long a frame lasts, in seconds.

    Raises
    ------
    DataError
        If there are no samples, the lengths differ, or an id is not in `order`.
    OptionError
        If `frame_seconds` is not positive.

    Examples
    --------
    >>> frame_scores(np.array([0, 1, 2, 9]), np.array([0, 1, 4, 4]), frame_seconds=0.25)
    FrameScores(exact_accuracy=0.5, within_1s_accuracy=0.75, mae_frames=1.75, median_error_frames=1.0, n=4)
    """
    _check_pair(true, predicted)
    _check_seconds(frame_seconds)
    exact = float(np.mean(true == predicted))
    if order is None and not _are_positions(true, predicted):
        return FrameScores(exact, None, None, None, len(true))
    error = np.abs(_positions(true, order) - _positions(predicted, order))
    within = float(np.mean(error * frame_seconds < WITHIN_S)) if frame_seconds < WITHIN_S else None
    return FrameScores(exact, within, float(error.mean()), float(np.median(error)), len(true))


def frame_chance(
    candidates: Labels, test: Labels, *, order: np.ndarray | None = None, frame_seconds: float
) -> FrameScores:
    r"""Scores to expect of a decoder that guesses uniformly among the candidate frames.

    With candidates :math:`c_1 \dots c_m` and test ids :math:`t_1 \dots t_n`, every metric is taken over
    the :math:`m n` equally likely pairs of a guess and a test sample, in closed form: the median is that of
    the errors of all pairs. Nothing is drawn.

    Parameters
    ----------
    candidates
        Ids to guess from, usually the training ids; each counts once however often it was shown.
    test
        (time,) ids of the frames shown.
    order, frame_seconds
        As in `frame_scores`.

    Raises
    ------
    DataError, OptionError
        As in `frame_scores`.

    Examples
    --------
    >>> chance = frame_chance(np.arange(30), np.arange(30), frame_seconds=1.0)
    >>> round(chance.exact_accuracy, 4), round(chance.mae_frames, 2)
    (0.0333, 9.99)
    """
    if not len(candidates) or not len(test):
        raise DataError("chance needs candidate frames to guess from, and test frames")
    _check_seconds(frame_seconds)
    guesses = np.unique(candidates)
    exact = float(np.isin(test, guesses).mean() / len(guesses))
    if order is None and not _are_positions(guesses, test):
        return FrameScores(exact, None, None, None, len(test))
    guess, shown = np.sort(_positions(guesses, order)), _positions(test, order)
    n_pairs = len(guess) * len(shown)

    def pairs_within(error: int) -> int:
        high, low = np.searchsorted(guess, shown + error, "right"), np.searchsorted(guess, shown - error)
        return int((high - low).sum())

    within = None
    if frame_seconds < WITHIN_S:
        within = pairs_within(int(np.ceil(WITHIN_S / frame_seconds)) - 1) / n_pairs
    middle = [_smallest_error(pairs_within, k, guess, shown) for k in ((n_pairs + 1) // 2, n_pairs // 2 + 1)]
    return FrameScores(exact, within, _mean_error(guess, shown), sum(middle) / 2, len(test))


def permutation_interval(
    true: Labels,
    predicted: Labels,
    *,
    groups: Labels | None = None,
    n: int = 1000,
    level: float = 0.99,
    random_state: int = 0,
) -> Interval:
    """Where the exact accuracy lies when the true labels are permuted: chance, for these predictions.

    A control is at chance when its exact accuracy is inside. Where labels were permuted independently in
    every repeat, give the repeat of each sample as `groups`: labels are then permuted within each only.

    Parameters
    ----------
    true, predicted
        (time,) labels shown and decoded.
    groups
        (time,) the repeat of each sample, or None.
    n
        Number of permutations.
    level
        Share of the permutations that the interval holds, at least.
    random_state
        Seed.

    Returns
    -------
    Interval
        Mean and both ends of the accuracy over permutations; `n` is the number of permutations.

    Raises
    ------
    DataError
        If there are no samples or the lengths differ.
    OptionError
        If `level` is not between 0 and 1, or `n` is too small to hold its tails.

    Examples
    --------
    >>> frames = np.tile(np.arange(10), 20)
    >>> interval = permutation_interval(frames, np.roll(frames, 3), groups=np.repeat(np.arange(20), 10))
    >>> 0.1 in interval, 1.0 in interval
    (True, False)
    """
    _check_pair(true, predicted)
    if not 0 < level < 1:
        raise OptionError(f"level={level}: a share between 0 and 1 is needed, such as 0.99")
    if n * (1 - level) < 2 - 1e-9:
        needed = int(np.ceil(2 / (1 - level) - 1e-9))
        raise OptionError(f"n={n}: too few permutations for a level of {level}; use n={needed} or more")
    groups = np.zeros(len(true), dtype=int) if groups is None else groups
    if len(groups) != len(true):
        raise DataError(f"{len(true)} labels but {len(groups)} groups; one per sample is needed")
    rng = np.random.default_rng(random_state)
    hits = np.zeros(n, dtype=np.int64)
    for group in np.unique(groups):
        rows = groups == group
        shuffled = rng.permuted(np.broadcast_to(true[rows], (n, rows.sum())), axis=1)
        hits += (shuffled == predicted[rows]).sum(axis=1)
    accuracy = hits / len(true)
    low = np.quantile(accuracy, (1 - level) / 2, method="lower")
    high = np.quantile(accuracy, (1 + level) / 2, method="higher")
    return Interval(float(accuracy.mean()), float(low), float(high), n)


def _smallest_error(pairs_within: Callable[[int], int], k: int, guess: np.ndarray, shown: np.ndarray) -> int:
    """Error of the k-th closest pair of a guess and a sample, by bisection over whole frames."""
    low, high = 0, int(max(guess.max(), shown.max()) - min(guess.min(), shown.min()))
    while low < high:
        half = (low + high) // 2
        low, high = (low, half) if pairs_within(half) >= k else (half + 1, high)
    return low


def _mean_error(guess: np.ndarray, shown: np.ndarray) -> float:
    """Mean |guess - shown| over all pairs, from sums over the sorted guesses on either side."""
    guess, shown = guess - shown.min(), shown - shown.min()
    sums = np.concatenate([[0], np.cumsum(guess)])
    below = np.searchsorted(guess, shown)
    total = shown * (2 * below - len(guess)) + sums[-1] - 2 * sums[below]
    return float(total.sum() / (len(guess) * len(shown)))


def _are_positions(*ids: np.ndarray) -> bool:
    return all(np.issubdtype(part.dtype, np.integer) for part in ids)


def _positions(ids: np.ndarray, order: np.ndarray | None) -> np.ndarray:
    """Where each id lies along the clip."""
    if order is None:
        return ids.astype(np.int64)
    sorter = np.argsort(order, kind="stable")
    if len(np.unique(order)) < len(order):
        raise DataError("order: every id may be named once; an id that is shown twice has no one position")
    place = np.minimum(np.searchsorted(order, ids, sorter=sorter), len(order) - 1)
    unknown = order[sorter[place]] != ids
    if unknown.any():
        raise DataError(
            f"id {ids[unknown][0]!s} is not in order; give every id of the clip, in the order shown"
        )
    return sorter[place]


def _check_pair(true: np.ndarray, predicted: np.ndarray) -> None:
    if len(true) != len(predicted) or not len(true):
        raise DataError(f"{len(true)} true labels but {len(predicted)} predicted; one for one is needed")


def _check_seconds(frame_seconds: float) -> None:
    if not frame_seconds > 0:
        raise OptionError(f"frame_seconds={frame_seconds}: a positive length in seconds is needed")
