"""Which frame was shown: any scikit-learn estimator, fitted on one part and scored on another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Num, Shaped
from sklearn.base import BaseEstimator, clone, is_regressor

from twofold.errors import DataError, OptionError, did_you_mean
from twofold.metrics import FrameScores, frame_chance, frame_scores

Samples = Num[np.ndarray, "_ _"]
Labels = Shaped[np.ndarray, "_"]


@dataclass(frozen=True, eq=False)
class FrameDecoding:
    """Decoded frames of the test part, with their scores and those of guessing.

    Parameters
    ----------
    scores, chance
        Of the decoder, and of guessing uniformly among the training ids.
    true, predicted
        (time,) ids of the frames shown and decoded.
    """

    scores: FrameScores
    chance: FrameScores
    true: np.ndarray
    predicted: np.ndarray


def decode_frames(
    estimator: BaseEstimator,
    latents_train: Samples,
    ids_train: Labels,
    latents_test: Samples,
    ids_test: Labels,
    *,
    order: np.ndarray | None = None,
    frame_seconds: float,
) -> FrameDecoding:
    """Fit a decoder of the frame on the training part and score it on the test part.

    Parameters
    ----------
    estimator
        Any scikit-learn classifier or regressor; it is cloned, never changed. A regressor's number is
        rounded to the nearest training id.
    latents_train, latents_test
        (time, dimension) latents, or responses.
    ids_train, ids_test
        (time,) ids of the frames shown, integers or text.
    order, frame_seconds
        Where each id lies in the clip, and a frame's length in seconds, as in `twofold.metrics.frame_scores`.

    Raises
    ------
    DataError
        If latents and ids, or training and test part, do not fit together.

    Examples
    --------
    >>> from sklearn.neighbors import KNeighborsClassifier
    >>> latents, ids = np.array([[0.0], [1.0], [2.0]]), np.array([0, 1, 2])
    >>> decoding = decode_frames(KNeighborsClassifier(1), latents, ids, latents + 0.1, ids, frame_seconds=0.5)
    >>> decoding.scores.exact_accuracy, round(decoding.chance.exact_accuracy, 2)
    (1.0, 0.33)
    """
    _check_part(latents_train, ids_train, "training")
    _check_part(latents_test, ids_test, "test")
    if latents_train.shape[1] != latents_test.shape[1]:
        n_train, n_test = latents_train.shape[1], latents_test.shape[1]
        raise DataError(f"training latents have {n_train} dimensions, test latents {n_test}")
    if is_regressor(estimator) and not np.issubdtype(ids_train.dtype, np.number):
        raise DataError(f"{type(estimator).__name__} tells numbers, and these ids are text; use a classifier")
    chance = frame_chance(ids_train, ids_test, order=order, frame_seconds=frame_seconds)
    predicted = _fit_predict(estimator, latents_train, ids_train, latents_test)
    scores = frame_scores(ids_test, predicted, order=order, frame_seconds=frame_seconds)
    return FrameDecoding(scores=scores, chance=chance, true=ids_test, predicted=predicted)


def tune_decoder(
    estimator: BaseEstimator,
    grid: Mapping[str, Sequence[Any]],
    latents: Samples,
    ids: Labels,
    groups: Labels,
    *,
    max_folds: int = 5,
    order: np.ndarray | None = None,
) -> tuple[dict[str, Any], pd.DataFrame]:
    """Choose a decoder's parameters by leaving out one group (repeat) at a time of the training part.

    The highest exact accuracy over the left-out samples wins; of equals, the smaller mean error in frames;
    of equals still, the one that comes first in the grid. Pass the training part only.

    Parameters
    ----------
    estimator
        As in `decode_frames`.
    grid
        Values to try by parameter name, such as ``{"n_neighbors": [1, 5, 25]}``; all combinations are.
    latents, ids
        (time, dimension) and (time,) of the training part.
    groups
        (time,) group of each sample, usually its repeat.
    max_folds
        Leave out at most so many groups in turn, spread evenly over all.
    order
        As in `decode_frames`.

    Returns
    -------
    best, table
        The chosen parameters; and one row per candidate with its parameters, `exact_accuracy`, `mae_frames`
        and `n_folds`. A single candidate is returned without a fit, its scores None.

    Raises
    ------
    OptionError
        If the grid is empty or names an unknown parameter, or `max_folds` is below 1.
    DataError
        If latents, ids and groups do not fit together, or there is but one group.

    Examples
    --------
    >>> from sklearn.neighbors import KNeighborsClassifier
    >>> latents = np.random.default_rng(0).normal(0, 0.1, (20, 1)) + np.tile([[0.0], [1.0]], (10, 1))
    >>> ids, repeats = np.tile([0, 1], 10), np.repeat(np.arange(10), 2)
    >>> best, _ = tune_decoder(KNeighborsClassifier(), {"n_neighbors": [18, 3]}, latents, ids, repeats)
    >>> best
    {'n_neighbors': 3}
    """
    candidates = _candidates(estimator, grid)
    _check_part(latents, ids, "training")
    if len(groups) != len(ids):
        raise DataError(f"{len(ids)} samples but {len(groups)} groups; one per sample is needed")
    if max_folds < 1:
        raise OptionError(f"max_folds={max_folds}: at least 1 is needed")
    unscored = {"exact_accuracy": None, "mae_frames": None, "n_folds": 0}
    if len(candidates) == 1:
        return candidates[0], pd.DataFrame([candidates[0] | unscored])
    left_out = _spread_evenly(np.unique(groups), max_folds)
    rows = []
    for parameters in candidates:
        decoder = clone(estimator).set_params(**parameters)
        scores = _cross_validate(decoder, latents, ids, groups, left_out, order)
        rows.append(
            parameters
            | {
                "exact_accuracy": scores.exact_accuracy,
                "mae_frames": scores.mae_frames,
                "n_folds": len(left_out),
            }
        )
    best = min(range(len(rows)), key=lambda i: (-rows[i]["exact_accuracy"], rows[i]["mae_frames"] or 0.0))
    return candidates[best], pd.DataFrame(rows)


def _cross_validate(
    decoder: BaseEstimator,
    latents: np.ndarray,
    ids: np.ndarray,
    groups: np.ndarray,
    left_out: np.ndarray,
    order: np.ndarray | None,
) -> FrameScores:
    """Scores of all left-out samples together."""
    true, predicted = [], []
    for group in left_out:
        test = groups == group
        true.append(ids[test])
        predicted.append(_fit_predict(decoder, latents[~test], ids[~test], latents[test]))
    # a choice uses no metric in seconds
    return frame_scores(np.concatenate(true), np.concatenate(predicted), order=order, frame_seconds=1.0)


def _fit_predict(
    estimator: BaseEstimator, latents_train: np.ndarray, ids_train: np.ndarray, latents_test: np.ndarray
) -> np.ndarray:
    """Ids told by a fresh copy of the estimator."""
    predicted = clone(estimator).fit(latents_train, ids_train).predict(latents_test)
    return _nearest(predicted, np.unique(ids_train)) if is_regressor(estimator) else predicted


def _nearest(numbers: np.ndarray, ids: np.ndarray) -> np.ndarray:
    """The nearest of the sorted ids to each number, the lower one of two."""
    borders = (ids[:-1] + ids[1:]) / 2
    return ids[np.searchsorted(borders, numbers)]


def _spread_evenly(groups: np.ndarray, most: int) -> np.ndarray:
    if len(groups) < 2:
        raise DataError("a choice needs at least 2 groups (repeats) in the training part, got 1")
    if len(groups) <= most:
        return groups
    return groups[np.linspace(0, len(groups) - 1, most).round().astype(int)]


def _candidates(estimator: BaseEstimator, grid: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    """Every combination of the grid, the last name varying fastest."""
    known = estimator.get_params()
    for name, values in grid.items():
        if name not in known:
            raise OptionError(
                f"{type(estimator).__name__} has no parameter {name!r}; {did_you_mean(name, known)}"
            )
        if not len(values):
            raise OptionError(f"grid: parameter {name!r} has no values to try")
    return [dict(zip(grid, values, strict=True)) for values in product(*grid.values())]


def _check_part(latents: np.ndarray, ids: np.ndarray, part: str) -> None:
    if len(latents) != len(ids):
        raise DataError(
            f"{part} part: {len(latents)} rows of latents but {len(ids)} ids; one per row is needed"
        )
    if not len(ids):
        raise DataError(f"{part} part: there are no samples")
    if not np.isfinite(latents).all():
        row, column = np.argwhere(~np.isfinite(latents))[0]
        raise DataError(f"{part} part: latents are not finite at row {row}, dimension {column}")
