"""What a likelihood is asked for by the expected loss, and what it answers, entry by entry."""

from __future__ import annotations

from typing import NamedTuple

from jaxtyping import Float, Integer
from torch import Tensor

PerEntryFlat = Float[Tensor, " entry"]


class Entries(NamedTuple):
    """Scored entries of (time, neuron) in a row, with what is known of their outputs.

    Parameters
    ----------
    mean
        (entry,) of each output.
    covariance
        (entry,) of each pair of outputs: 00, or 00, 01, 11.
    y
        (entry,) responses.
    neuron
        (entry,) whose they are.
    """

    mean: list[Tensor]
    covariance: list[Tensor]
    y: Tensor
    neuron: Integer[Tensor, " entry"]


class Terms(NamedTuple):
    """Expected loss of every entry, in nats, and its derivatives.

    Parameters
    ----------
    nll
        (entry,) E[-log p(y)].
    by_mean
        (entry,) for each output.
    by_covariance
        (entry,) for each pair of outputs, the pair 01 standing for 10 too; None where it is 0.
    """

    nll: PerEntryFlat
    by_mean: list[PerEntryFlat]
    by_covariance: list[PerEntryFlat | None]
