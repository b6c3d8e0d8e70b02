"""Windows of responses around samples, cut inside their trial."""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Float, Int64, Integer
from torch import Tensor

from twofold.errors import DataError


def number_trials(trials: np.ndarray | None, n_samples: int) -> Integer[np.ndarray, " time"]:
    """Trials counted 0, 1, ... in order of time, one number per sample; None is one trial.

    Parameters
    ----------
    trials
        (time,) any id per sample: numbers or strings. The samples of a trial are consecutive.
    n_samples
        How many samples there are.

    Raises
    ------
    DataError
        If there is not one id per sample, or an id comes back after another trial.

    Examples
    --------
    >>> number_trials(np.array(["b", "b", "a"]), 3)
    array([0, 0, 1])
    """
    if trials is None:
        return np.zeros(n_samples, dtype=np.int64)
    if trials.shape != (n_samples,):
        raise DataError(f"trials: shape {trials.shape}, but X has {n_samples} rows; give one id per row")
    starts = np.concatenate([[True], trials[1:] != trials[:-1]])
    ids, first = np.unique(trials[starts], return_index=True)
    if len(ids) < starts.sum():
        again = np.setdiff1d(np.arange(starts.sum()), first)[0]
        row = np.flatnonzero(starts)[again]
        raise DataError(
            f"trials: id {trials[row].item()!r} comes back at row {row} after another trial; "
            "give every presentation an id of its own and keep its rows together, in order of time"
        )
    return np.cumsum(starts) - 1


class TrialWindows:
    """The responses of a window of samples around each sample; it ends at the trial's borders.

    The window of sample t covers t - window // 2 ... t + window - window // 2 - 1, or where it is causal
    t - window + 1 ... t. Where it would reach over the border of the trial, the sample at the border is
    repeated. Responses may lie on another device than the samples asked for, or in a file mapped to memory:
    only windows are copied.

    Parameters
    ----------
    responses
        (time, neuron).
    trials
        (time,) trial numbers, the samples of a trial consecutive.
    window
        Number of samples, at least 1.
    causal
        Whether the window ends at its sample, instead of lying around it.

    Examples
    --------
    >>> responses = torch.arange(4.0)[:, None]
    >>> TrialWindows(responses, torch.tensor([0, 0, 1, 1]), window=3)(torch.tensor([1, 2])).squeeze(-1)
    tensor([[0., 1., 1.],
            [2., 2., 3.]])
    """

    def __init__(
        self,
        responses: Float[Tensor, "time neuron"],
        trials: Int64[Tensor, " time"],
        window: int,
        causal: bool = False,
    ) -> None:
        self.responses = responses
        self.window = window
        _, self.trial, count = torch.unique_consecutive(trials, return_inverse=True, return_counts=True)
        stop = count.cumsum(0)
        self.first, self.last = stop - count, stop - 1
        self.offsets = torch.arange(window, device=trials.device) - (window - 1 if causal else window // 2)

    def __call__(self, rows: Int64[Tensor, " row"]) -> Float[Tensor, "row {self.window} neuron"]:
        """The windows of some samples."""
        trial = self.trial[rows]
        around = rows[:, None] + self.offsets
        around = around.clamp(self.first[trial, None], self.last[trial, None])
        return self.at(around.flatten()).unflatten(0, around.shape)

    def at(self, rows: Int64[Tensor, " row"]) -> Float[Tensor, "row neuron"]:
        """The responses of some samples."""
        return self.responses.index_select(0, rows.to(self.responses.device)).to(rows.device)
