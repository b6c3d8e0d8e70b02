"""Every sample in every step."""

from __future__ import annotations

import torch

from twofold.sampling.contrastive import Positives, Triplets
from twofold.sampling.ties import Ties


class FullBatchSampler:
    """Triplets of all samples that have a positive; they are each other's negatives. Positives are drawn.

    Parameters
    ----------
    positives
        What counts as similar.
    generator
        The only source of chance.
    targets
        Where to draw the sample whose responses are predicted; the reference itself by default.

    Examples
    --------
    >>> from twofold.sampling import TimePositives
    >>> positives = TimePositives(torch.tensor([0, 0, 0, 1]), time_offset=1)
    >>> FullBatchSampler(positives, torch.Generator()).draw()[:3]
    (tensor([0, 1]), tensor([1, 2]), tensor([0, 1]))
    """

    def __init__(self, positives: Positives, generator: torch.Generator, targets: Ties | None = None) -> None:
        self.positives, self.generator, self.targets = positives, generator, targets

    def draw(self) -> Triplets:
        """One step's triplets."""
        reference = self.positives.references
        target = reference
        if self.targets is not None:
            target = self.targets.draw(self.targets.label[reference], reference, self.generator)
        return Triplets(reference, self.positives.draw(reference, self.generator), reference, target)
