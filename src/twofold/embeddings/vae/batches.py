"""Which rows a step of a variational autoencoder sees: each row once per epoch, in a new order."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import torch
from jaxtyping import Int64
from torch import Tensor

STRETCH = 100  # rows that a recurrent network sees in one go while it is trained


class SomeRows(NamedTuple):
    """Rows, and for a recurrent network into which consecutive pieces they fall.

    Parameters
    ----------
    rows
        (row,) numbers.
    lengths
        (piece,) or None.
    """

    rows: Int64[Tensor, " row"]
    lengths: Int64[Tensor, " piece"] | None = None


class Epochs:
    """Rows of the training part, epoch after epoch without end.

    Parameters
    ----------
    trial
        (time,) trial numbers.
    batch_size
        Rows of a step, about: batches of an epoch are about equal.
    whole
        Keep up to 100 consecutive rows of a trial together, for a recurrent network.
    generator
        Draws the order.

    Examples
    --------
    >>> epochs = Epochs(torch.zeros(5, dtype=torch.long), 3, False, torch.Generator().manual_seed(0))
    >>> first, second = (some.rows for some, _ in zip(epochs, range(epochs.n_batches)))
    >>> sorted(first.tolist() + second.tolist())
    [0, 1, 2, 3, 4]
    """

    def __init__(
        self, trial: Int64[Tensor, " time"], batch_size: int, whole: bool, generator: torch.Generator
    ) -> None:
        self.n_rows, self.generator = len(trial), generator
        self.pieces = pieces(trial, STRETCH) if whole else None
        n_batches = math.ceil(len(trial) / batch_size)
        self.n_batches = n_batches if self.pieces is None else min(n_batches, len(self.pieces))

    def __iter__(self) -> Iterator[SomeRows]:
        """Batches of one epoch after the other."""
        device = self.generator.device
        while True:
            n = self.n_rows if self.pieces is None else len(self.pieces)
            order = torch.randperm(n, generator=self.generator, device=device)
            for some in order.tensor_split(self.n_batches):
                yield SomeRows(some) if self.pieces is None else join(self.pieces[some])


def pieces(trial: Int64[Tensor, " time"], longest: int | None = None) -> Int64[Tensor, "piece 2"]:
    """First row and length of consecutive pieces of trials, as equal as can be within a trial.

    Parameters
    ----------
    trial
        (time,) trial numbers.
    longest
        No piece has more rows; None leaves trials whole.

    Examples
    --------
    >>> pieces(torch.tensor([0, 0, 0, 1, 1]), 2).tolist()
    [[0, 2], [2, 1], [3, 2]]
    """
    found, start = [], 0
    for length in torch.unique_consecutive(trial, return_counts=True)[1].tolist():
        n = 1 if longest is None else math.ceil(length / longest)
        sizes = [length // n + (k < length % n) for k in range(n)]
        for size in sizes:
            found.append([start, size])
            start += size
    return torch.tensor(found, device=trial.device)


def join(chosen: Int64[Tensor, "piece 2"]) -> SomeRows:
    """The rows of some pieces, one piece behind the other."""
    first, lengths = chosen.unbind(1)
    shift = torch.repeat_interleave(first - lengths.cumsum(0) + lengths, lengths)
    return SomeRows(shift + torch.arange(len(shift), device=chosen.device), lengths)


def spread_out(trial: Int64[Tensor, " time"], n_rows: int) -> SomeRows:
    """About so many rows in pieces of up to 100, spread evenly over all."""
    all_pieces = pieces(trial, STRETCH)
    n = min(len(all_pieces), max(1, n_rows // STRETCH))
    return join(all_pieces[torch.linspace(0, len(all_pieces) - 1, n).round().long()])


def in_order(trial: Int64[Tensor, " time"], at_once: int, whole: bool) -> Iterator[SomeRows]:
    """All rows from the first to the last, about `at_once` at a time; trials stay whole where asked."""
    if not whole:
        for rows in torch.arange(len(trial), device=trial.device).split(at_once):
            yield SomeRows(rows)
        return
    trials = pieces(trial)
    stop = trials.sum(1)
    for group in torch.unique_consecutive((stop - 1) // at_once, return_counts=True)[1].tolist():
        yield join(trials[:group])
        trials = trials[group:]
