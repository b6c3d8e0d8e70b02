"""Recurrent networks along trials of any lengths."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from jaxtyping import Bool, Float, Int64
from torch import Tensor, nn

from twofold.nn.dense import Dense


class GRUAlongTrials(nn.Module):
    """A gated recurrent unit that starts anew in each trial, forwards or in both directions.

    Rows come and go one under the other, trial after trial; trials are padded inside only.

    Parameters
    ----------
    n_in, hidden
        Channels of the input and of the state.
    both_ways
        Whether a second unit runs from the end of the trial; its state stands behind the first one's.

    Examples
    --------
    >>> along = GRUAlongTrials(3, 4, both_ways=True)
    >>> along(torch.zeros(7, 3), torch.tensor([5, 2])).shape
    torch.Size([7, 8])
    """

    def __init__(self, n_in: int, hidden: int, *, both_ways: bool) -> None:
        super().__init__()
        self.forwards = nn.GRU(n_in, hidden, batch_first=True)
        self.backwards = nn.GRU(n_in, hidden, batch_first=True) if both_ways else None
        self.n_out = 2 * hidden if both_ways else hidden

    def forward(
        self, rows: Float[Tensor, "row n_in"], lengths: Int64[Tensor, " trial"]
    ) -> Float[Tensor, "row {self.n_out}"]:
        """The state at each row; rows of a trial are consecutive, and lengths add up to all rows."""
        inside = _inside(lengths)
        states = [self.forwards(_pad(rows, inside))[0][inside]]
        if self.backwards is not None:
            turn = _turned(lengths)
            states.append(self.backwards(_pad(rows[turn], inside))[0][inside][turn])
        return torch.cat(states, dim=1)


class RecurrentNetwork(nn.Module):
    """Fully connected layers of which one hidden layer is a gated recurrent unit.

    Parameters
    ----------
    sizes
        Widths from input to output.
    at
        Which of them is the recurrent layer: neither the first nor the last.
    both_ways
        Whether it runs in both directions.
    activation, dropout
        Of the other layers.

    Examples
    --------
    >>> network = RecurrentNetwork((5, 8, 4, 3), at=2, both_ways=False)
    >>> network(torch.zeros(7, 5), torch.tensor([5, 2])).shape
    torch.Size([7, 3])
    """

    def __init__(
        self,
        sizes: Sequence[int],
        *,
        at: int,
        both_ways: bool,
        activation: Callable[[], nn.Module] = nn.LeakyReLU,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        before = [Dense(sizes[:at], activation, dropout), activation()] if at > 1 else []
        self.before = nn.Sequential(*before)
        self.along = GRUAlongTrials(sizes[at - 1], sizes[at], both_ways=both_ways)
        self.drop = nn.Dropout(dropout)
        self.after = Dense((self.along.n_out, *sizes[at + 1 :]), activation, dropout)

    def forward(
        self, rows: Float[Tensor, "row n_in"], lengths: Int64[Tensor, " trial"]
    ) -> Float[Tensor, "row n_out"]:
        """The output at each row; rows of a trial are consecutive."""
        return self.after(self.drop(self.along(self.before(rows), lengths)))


def _inside(lengths: Int64[Tensor, " trial"]) -> Bool[Tensor, "trial time"]:
    longest = int(lengths.max())
    return torch.arange(longest, device=lengths.device) < lengths[:, None]


def _pad(
    rows: Float[Tensor, "row channel"], inside: Bool[Tensor, "trial time"]
) -> Float[Tensor, "trial time channel"]:
    padded = rows.new_zeros(*inside.shape, rows.shape[1])
    padded[inside] = rows
    return padded


def _turned(lengths: Int64[Tensor, " trial"]) -> Int64[Tensor, " row"]:
    """The rows of each trial from its last to its first; turning twice changes nothing."""
    stop = lengths.cumsum(0)
    both_ends = torch.repeat_interleave(2 * stop - lengths - 1, lengths)
    return both_ends - torch.arange(len(both_ends), device=lengths.device)
