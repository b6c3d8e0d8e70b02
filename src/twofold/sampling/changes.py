"""How far the label of a positive lies from its reference's: as labels change in time, or by chance."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Float64, Int64
from torch import Tensor

from twofold.sampling.contrastive import TimePositives


@runtime_checkable
class Changes(Protocol):
    """Where the difference d in "the positive has the label nearest to y_ref + d" comes from."""

    def draw(self, n: int, generator: torch.Generator) -> Float64[Tensor, "draw feature"]:
        """Independent differences."""
        ...


class TimeDifferences:
    """d = y_t - y_(t-k), with t uniform over the samples that have one k earlier in their trial.

    Parameters
    ----------
    labels
        (time, feature) label of each sample.
    trials
        (time,) trial numbers, the samples of a trial consecutive.
    time_offset
        k, in samples, at least 1.

    Raises
    ------
    DataError
        If no trial is long enough.

    Examples
    --------
    >>> labels = torch.tensor([[0.0], [1.0], [5.0], [6.0]], dtype=torch.float64)
    >>> differences = TimeDifferences(labels, torch.tensor([0, 0, 1, 1]), time_offset=1)
    >>> differences.draw(8, torch.Generator().manual_seed(0)).unique()
    tensor([1.], dtype=torch.float64)
    """

    def __init__(
        self, labels: Float64[Tensor, "time feature"], trials: Int64[Tensor, " time"], time_offset: int
    ) -> None:
        earlier = TimePositives(trials, time_offset).references
        self._differences = labels[earlier + time_offset] - labels[earlier]

    def draw(self, n: int, generator: torch.Generator) -> Float64[Tensor, "draw feature"]:
        """Differences of n random pairs."""
        pairs = torch.randint(len(self._differences), (n,), generator=generator, device=generator.device)
        return self._differences[pairs]


class NormalJitter:
    """d ~ N(0, sd^2) in each feature, independently.

    Parameters
    ----------
    n_features
        Number of label features; without any, as for classes, d is empty.
    sd
        In the unit of the labels.

    Examples
    --------
    >>> jitter = NormalJitter(2, sd=0.5).draw(10_000, torch.Generator().manual_seed(0))
    >>> jitter.shape, round(jitter.std().item(), 1)
    (torch.Size([10000, 2]), 0.5)
    """

    def __init__(self, n_features: int, sd: float) -> None:
        self.n_features, self.sd = n_features, sd

    def draw(self, n: int, generator: torch.Generator) -> Float64[Tensor, "draw feature"]:
        """As many normal differences."""
        size = (n, self.n_features)
        return self.sd * torch.randn(size, generator=generator, device=generator.device, dtype=torch.float64)
