"""Positives whose label lies near the reference's, by a chosen distance rather than by time."""

from __future__ import annotations

import torch
from jaxtyping import Float64, Int64
from torch import Tensor

from twofold.sampling.changes import NormalJitter
from twofold.sampling.nearest import LabelSearch
from twofold.sampling.ties import Ties


class JitteredPositives:
    """A sample whose label is nearest to the reference's plus normal jitter, q = y_ref + N(0, sd^2 I).

    Within the reference's class where there are classes; the draw among the samples of the nearest label is
    uniform. Labels are not scaled: their units weigh. (Schneider, Lee & Mathis 2023, Nature 617:360.)

    Parameters
    ----------
    unique_labels
        (label, feature) the distinct labels; of distinct pairs (label, class) where there are classes.
    ties
        Samples by number of their unique label, and whether the positive comes from another trial.
    sd
        Standard deviation of the jitter in each feature, in the unit of the labels.
    unique_classes
        (label,) class of each unique label; None where there are no classes.
    """

    def __init__(
        self,
        unique_labels: Float64[Tensor, "label feature"],
        ties: Ties,
        sd: float,
        unique_classes: Int64[Tensor, " label"] | None = None,
    ) -> None:
        self.ties = ties
        self.references = torch.arange(len(ties.label), device=ties.label.device)
        self._jitter = NormalJitter(unique_labels.shape[1], sd)
        self._search = LabelSearch(unique_labels, unique_classes)

    def draw(self, reference: Int64[Tensor, " batch"], generator: torch.Generator) -> Int64[Tensor, " batch"]:
        """A positive for each reference."""
        own = self.ties.label[reference]
        nearest = self._search.nearest(own, self._jitter.draw(len(own), generator))
        return self.ties.draw(nearest, reference, generator)
