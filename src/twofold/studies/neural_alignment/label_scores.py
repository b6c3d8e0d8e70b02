"""Scores of decoded labels, named after what they are: frames, directions, positions."""

from __future__ import annotations

import numpy as np

from twofold.metrics import FrameScores, frame_chance, frame_scores
from twofold.studies.neural_alignment.presentations import Presentations

STRETCHES = 20


def metric_names(label_name: str) -> dict[str, str]:
    """Name of each metric in rows, by its name in `FrameScores`.

    Examples
    --------
    >>> metric_names("direction")["mae_frames"]
    'mae_directions'
    """
    return {
        "exact_accuracy": "exact_accuracy",
        "within_1s_accuracy": "within_1s_accuracy",
        "mae_frames": f"mae_{label_name}s",
        "median_error_frames": f"median_error_{label_name}s",
    }


def label_scores(data: Presentations, true: np.ndarray, predicted: np.ndarray) -> FrameScores:
    """Scores of decoded labels (time,); an error is a number of steps, the shorter way round of a circle."""
    if data.circular:
        predicted = _next_to(true, predicted, data.n_frames)
    return frame_scores(true, predicted, frame_seconds=_seconds(data))


def independent_scores(data: Presentations, predicted: np.ndarray) -> list[FrameScores]:
    """Scores whose spread says how sure their mean is.

    Parameters
    ----------
    data
        The recording.
    predicted
        (repeat, frame) decoded labels.

    Returns
    -------
    list
        Of each left-out repeat; of a single one, those of `STRETCHES` stretches of its frames.
    """
    if len(predicted) > 1:
        return [label_scores(data, data.label, line) for line in predicted]
    places = np.array_split(np.arange(data.n_frames), min(STRETCHES, data.n_frames))
    return [label_scores(data, data.label[place], predicted[0][place]) for place in places]


def independent_hits(hits: np.ndarray) -> np.ndarray:
    """(repeat,) accuracy of each repeat; of a single one, (stretch,) that of stretches of its frames.

    Examples
    --------
    >>> hits = np.array([[True, True, False, False], [True, False, False, False]])
    >>> independent_hits(hits), independent_hits(hits[:1])
    (array([0.5 , 0.25]), array([1., 1., 0., 0.]))
    """
    if len(hits) > 1:
        return np.asarray(hits.mean(axis=1))
    return np.array([part.mean() for part in np.array_split(hits[0], min(STRETCHES, hits.shape[1]))])


def label_chance(data: Presentations) -> FrameScores:
    """Scores to expect of a guess."""
    if not data.circular:
        return frame_chance(data.label, data.label, frame_seconds=_seconds(data))
    guesses = np.unique(data.label)
    shown, guess = np.repeat(data.label, len(guesses)), np.tile(guesses, len(data.label))
    return label_scores(data, shown, guess)


def _next_to(true: np.ndarray, predicted: np.ndarray, n: int) -> np.ndarray:
    """The same place on a circle of n steps, written so that it lies within half a turn of the true one."""
    half = n // 2
    return true + (predicted - true + half) % n - half


def _seconds(data: Presentations) -> float:
    # A label that is no frame does not last: there is no accuracy within a second.
    return data.frame_s if data.label_name == "frame" else 1.0
