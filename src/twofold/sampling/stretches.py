"""Windows as stretches of one sequence, for an encoder that shares work where windows overlap."""

from __future__ import annotations

from typing import NamedTuple

import torch
from jaxtyping import Float, Int64
from torch import Tensor
from torch.nn import functional

from twofold.sampling.windows import TrialWindows

ROWS = 64  # a multiple of which is multiplied fastest
MORE_ROWS = 256  # the same where their number changes from step to step: each is prepared once
MOST_KEPT = 0.95  # of the rows, for which a copy is worth its while


class Stretches(NamedTuple):
    """The windows sequence[start : start + window]."""

    sequence: Float[Tensor, "padded neuron"]
    start: Int64[Tensor, " row"]


class TrialStretches:
    """The windows of a `TrialWindows`, not cut yet.

    All trials lie behind each other in one sequence, each with its edge samples repeated, so that every
    window is a stretch of it. The sequence is a copy, unless windows are single samples, and its last row is
    repeated up to a multiple of 64 rows. Rows in none of the windows asked for are left out where they are
    many; on a GPU they stay, as counting them would wait for it.

    Parameters
    ----------
    windows
        What to lay out.
    dtype
        Of the sequence; by default that of the responses.

    Examples
    --------
    >>> windows = TrialWindows(torch.arange(4.0)[:, None], torch.tensor([0, 0, 1, 1]), window=3)
    >>> sequence, start = TrialStretches(windows)(torch.tensor([1, 2]))
    >>> sequence[:6].T, start
    (tensor([[0., 1., 1., 2., 2., 3.]]), tensor([0, 3]))
    """

    def __init__(self, windows: TrialWindows, dtype: torch.dtype | None = None) -> None:
        self.responses, self.window = windows.responses, windows.window
        self._sequence = windows.responses.to(dtype or windows.responses.dtype)
        samples = torch.arange(len(windows.trial), device=windows.trial.device)
        more = self.window - 1  # rows that each trial has more of
        self._start = samples + more * windows.trial
        if more:
            lengths = windows.last - windows.first + 1 + more
            trial = torch.repeat_interleave(torch.arange(len(lengths), device=lengths.device), lengths)
            sample = torch.arange(len(trial), device=trial.device) - more * trial + windows.offsets[0]
            inside = sample.clamp(windows.first[trial], windows.last[trial])
            inside = torch.cat([inside, inside[-1:].expand(-len(inside) % ROWS)])
            self._sequence = self._sequence.index_select(0, inside)

    def __call__(self, rows: Int64[Tensor, " row"]) -> Stretches:
        """The windows of some samples."""
        start, n = self._start[rows], len(self._sequence)
        if self.window == 1 or start.device.type != "cpu":
            return Stretches(self._sequence, start)
        begun = torch.bincount(start, minlength=n).cumsum(0)
        ended = functional.pad(begun, (self.window, 0))[:n]
        inside = begun > ended
        kept = inside.nonzero().squeeze(1)
        if len(kept) > MOST_KEPT * n:
            return Stretches(self._sequence, start)
        kept = torch.cat([kept, kept[-1:].expand(-len(kept) % MORE_ROWS)])
        return Stretches(self._sequence.index_select(0, kept), inside.cumsum(0)[start] - 1)


def share_windows(
    windows: TrialWindows, n_windows: int, dtype: torch.dtype | None = None
) -> TrialWindows | TrialStretches:
    """Stretches, where their sequence has fewer rows than `n_windows` windows have together.

    A first layer multiplies equally often for each of these rows.

    Parameters
    ----------
    windows
        The windows of a recording.
    n_windows
        How many are encoded together, in a step.
    dtype
        In which the stretches are multiplied; by default that of the responses.

    Examples
    --------
    >>> windows = TrialWindows(torch.zeros(100, 2), torch.zeros(100, dtype=torch.long), window=10)
    >>> type(share_windows(windows, 10)).__name__, type(share_windows(windows, 11)).__name__
    ('TrialWindows', 'TrialStretches')
    """
    n_padded = len(windows.trial) + (windows.window - 1) * len(windows.first)
    return TrialStretches(windows, dtype) if n_padded < n_windows * windows.window else windows
