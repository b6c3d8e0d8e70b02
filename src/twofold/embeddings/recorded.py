"""What an embedding is fitted to: responses, trials and labels of one recording, or of several."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from twofold.embeddings.labels import LabelKind, Labels, pool_labels, read_labels
from twofold.errors import DataError
from twofold.sampling import number_trials

ROWS_AT_ONCE = 2**16


class Recorded(NamedTuple):
    """One recording.

    Parameters
    ----------
    responses
        (time, neuron) float32.
    trial
        (time,) trial numbers, counted in order of time.
    labels
        Of each sample.
    """

    responses: Tensor
    trial: Tensor
    labels: Labels

    def take(self, rows: Tensor) -> Recorded:
        """Some of the samples, in order of time."""
        return Recorded(self.responses[rows], self.trial[rows], self.labels.take(rows.cpu().numpy()))


class Pooled(NamedTuple):
    """Trials and labels of several recordings, one under the other.

    Parameters
    ----------
    trial
        (time,) trial numbers, no two recordings sharing one.
    recording
        (time,) number of each sample's recording.
    labels
        Of each sample, equal classes of equal number.
    """

    trial: Tensor
    recording: Tensor
    labels: Labels


def are_several(X: Any) -> bool:
    """Whether this is a list of recordings rather than one (a list of rows is one).

    Examples
    --------
    >>> are_several([np.zeros((5, 2)), np.zeros((4, 3))]), are_several([[0.0, 1.0], [2.0, 3.0]])
    (True, False)
    """
    return isinstance(X, list | tuple) and len(X) > 0 and all(getattr(one, "ndim", 0) == 2 for one in X)


def read_recorded(
    X: Any, y: Any, trials: Any, read_responses: Callable[[Any, int], np.ndarray], device: torch.device
) -> list[Recorded]:
    """The recordings that a user gives: arrays, or lists of as many arrays.

    Parameters
    ----------
    X
        (time, neuron), or a list of such arrays.
    y, trials
        One label and one trial id per row, or None; for several recordings a list of these, or None.
    read_responses
        Turns one of X, and its number, into a checked float32 array.
    device
        Where the tensors go.

    Raises
    ------
    DataError
        If lists are not equally long, or an array does not fit its recording.
    """
    if not are_several(X):
        return [_read(read_responses(X, 0), y, trials, device)]
    if len(X) == 1:
        raise DataError("X: a list of one recording; give the array itself")
    labels, ids = (per_recording(name, given, len(X)) for name, given in (("y", y), ("trials", trials)))
    recorded = []
    for number, (responses, own, trial) in enumerate(zip(X, labels, ids, strict=True)):
        try:
            recorded.append(_read(read_responses(responses, number), own, trial, device))
        except ValueError as error:
            raise DataError(f"recording {number}: {error}") from None
    pool_labels([one.labels for one in recorded])
    return recorded


def per_recording(name: str, given: Any, n_recordings: int) -> Sequence[Any]:
    """One of a list for each recording; None is None for each."""
    if given is None:
        return [None] * n_recordings
    if not isinstance(given, list | tuple) or len(given) != n_recordings:
        what = f"{len(given)} of them" if isinstance(given, list | tuple) else type(given).__name__
        raise DataError(f"{name}: {what}; with {n_recordings} recordings, give a list of {n_recordings}")
    return given


def read_trials(trials: Any, n_samples: int, device: torch.device) -> Tensor:
    """(time,) trial numbers of what a user gives as `trials`."""
    numbers = number_trials(None if trials is None else np.asarray(trials), n_samples)
    return torch.from_numpy(numbers).to(device)


def as_tensor(responses: np.ndarray) -> Tensor:
    """Checked responses, without a copy where rows are contiguous: they may lie in a mapped file.

    Raises
    ------
    DataError
        If some are NaN or infinite.
    """
    for start in range(0, len(responses), ROWS_AT_ONCE):
        bad = ~np.isfinite(responses[start : start + ROWS_AT_ONCE])
        if bad.any():
            row, neuron = np.argwhere(bad)[0]
            raise DataError(
                f"X: NaN or infinity at row {start + row}, neuron {neuron}; drop such rows or neurons"
            )
    with warnings.catch_warnings():  # torch warns of arrays that are read-only; nothing here writes
        warnings.filterwarnings("ignore", "The given NumPy array is not writable", UserWarning)
        return torch.from_numpy(np.ascontiguousarray(responses))


def pool(recorded: Sequence[Recorded]) -> Pooled:
    """Trials and labels of all samples.

    Raises
    ------
    DataError
        If recordings differ in the form of their labels.
    """
    trials, n_trials = [], 0
    for one in recorded:
        trials.append(one.trial + n_trials)
        n_trials += int(one.trial.max()) + 1
    sizes = torch.tensor([len(one.trial) for one in recorded])
    recording = torch.arange(len(recorded)).repeat_interleave(sizes).to(recorded[0].trial.device)
    return Pooled(torch.cat(trials), recording, pool_labels([one.labels for one in recorded]))


def names_of(recorded: Sequence[Recorded]) -> tuple[LabelKind, np.ndarray | None]:
    """Of which kind labels are, and what their classes are called."""
    labels = pool_labels([one.labels for one in recorded])
    return labels.kind, labels.values


def _read(checked: np.ndarray, y: Any, trials: Any, device: torch.device) -> Recorded:
    responses = as_tensor(checked).to(device)
    return Recorded(responses, read_trials(trials, len(responses), device), read_labels(y, len(responses)))
