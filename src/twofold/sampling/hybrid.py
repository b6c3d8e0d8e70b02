"""Two positives for one reference: one by its label and one by time."""

from __future__ import annotations

import torch
from jaxtyping import Int64
from torch import Tensor

from twofold.sampling.contrastive import Positives, TimePositives


class HybridPositives:
    """A positive by behaviour for each reference, then a positive in time for each.

    Parameters
    ----------
    behaviour
        Positives by label.
    time
        Positives in time; references are the samples that have both.

    Examples
    --------
    >>> trials = torch.zeros(6, dtype=torch.long)
    >>> hybrid = HybridPositives(TimePositives(trials, 1), TimePositives(trials, 3))
    >>> hybrid.draw(torch.tensor([0, 2]), torch.Generator())
    tensor([1, 3, 3, 5])
    """

    def __init__(self, behaviour: Positives, time: TimePositives) -> None:
        self.behaviour, self.time = behaviour, time
        self.references = time.references[torch.isin(time.references, behaviour.references)]

    def draw(
        self, reference: Int64[Tensor, " batch"], generator: torch.Generator
    ) -> Int64[Tensor, " two_batches"]:
        """The positives by behaviour, and behind them those in time."""
        return torch.cat([self.behaviour.draw(reference, generator), self.time.draw(reference, generator)])
