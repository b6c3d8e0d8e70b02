"""Which samples a contrastive step compares: a reference, its positive, and negatives.

Formulas: Schneider, Lee & Mathis 2023 (Nature 617:360). Unlike there, no difference and no positive crosses
the border of a trial, equal labels are drawn uniformly, and all draws come from one generator.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol, runtime_checkable

import torch
from jaxtyping import Float64, Int64
from torch import Tensor

from twofold.errors import DataError
from twofold.sampling.nearest import LabelSearch
from twofold.sampling.ties import Ties

ROWS_AT_ONCE = 2048  # that are drawn together


class Triplets(NamedTuple):
    """Rows that one step compares, and the row whose responses the reference's latent should predict."""

    reference: Int64[Tensor, " batch"]
    positive: Int64[Tensor, " batch"]
    negative: Int64[Tensor, " batch"]
    target: Int64[Tensor, " batch"]


@runtime_checkable
class Positives(Protocol):
    """What counts as similar to a reference."""

    references: Int64[Tensor, " reference"]

    def draw(self, reference: Int64[Tensor, " batch"], generator: torch.Generator) -> Int64[Tensor, " batch"]:
        """A positive sample for each reference."""
        ...


class TimePositives:
    """The sample `time_offset` later in the same trial.

    Parameters
    ----------
    trials
        (time,) trial numbers, the samples of a trial consecutive.
    time_offset
        In samples, at least 1.

    Raises
    ------
    DataError
        If no trial is long enough.
    """

    def __init__(self, trials: Int64[Tensor, " time"], time_offset: int) -> None:
        self.time_offset = time_offset
        self.references = _pairs_in_trials(trials, time_offset)

    def draw(self, reference: Int64[Tensor, " batch"], generator: torch.Generator) -> Int64[Tensor, " batch"]:
        """The positive of each reference; nothing here is random."""
        return reference + self.time_offset


class DiscretePositives:
    """A sample of the reference's class.

    Parameters
    ----------
    ties
        Samples by class, and whether the positive comes from another trial.
    """

    def __init__(self, ties: Ties) -> None:
        self.ties = ties
        self.references = torch.arange(len(ties.label), device=ties.label.device)

    def draw(self, reference: Int64[Tensor, " batch"], generator: torch.Generator) -> Int64[Tensor, " batch"]:
        """A positive for each reference."""
        return self.ties.draw(self.ties.label[reference], reference, generator)


class ContinuousPositives:
    """A sample whose label changed from the reference's as labels change in `time_offset` samples.

    Query q = y_ref + (y_t - y_(t-k)), with t uniform over the samples that have one k = `time_offset` earlier
    in their trial; the positive has the label nearest to q in squared Euclidean distance, within the
    reference's class where there are classes. Labels are not scaled: their units weigh. Among the samples of
    one label the draw is uniform.

    Parameters
    ----------
    unique_labels
        (label, feature) the distinct labels; of distinct pairs (label, class) where there are classes.
    ties
        Samples by number of their unique label, and whether the positive comes from another trial.
    time_offset
        k, in samples, at least 1.
    unique_classes
        (label,) class of each unique label; None where there are no classes.

    Raises
    ------
    DataError
        If no trial is long enough for a difference.
    """

    def __init__(
        self,
        unique_labels: Float64[Tensor, "label feature"],
        ties: Ties,
        time_offset: int,
        unique_classes: Int64[Tensor, " label"] | None = None,
    ) -> None:
        self.ties, self.time_offset = ties, time_offset
        self.references = torch.arange(len(ties.label), device=ties.label.device)
        earlier = _pairs_in_trials(ties.trials, time_offset)
        self._earlier, self._later = ties.label[earlier], ties.label[earlier + time_offset]
        self._labels = unique_labels
        self._search = LabelSearch(unique_labels, unique_classes)

    def draw(self, reference: Int64[Tensor, " batch"], generator: torch.Generator) -> Int64[Tensor, " batch"]:
        """A positive for each reference."""
        own = self.ties.label[reference]
        pair = torch.randint(
            len(self._earlier), reference.shape, generator=generator, device=generator.device
        )
        change = self._labels[self._later[pair]] - self._labels[self._earlier[pair]]
        return self.ties.draw(self._search.nearest(own, change), reference, generator)


class TripletSampler:
    """Triplets: references uniform over the samples that have a positive, negatives uniform over all.

    Parameters
    ----------
    positives
        What counts as similar.
    n_samples
        How many samples there are.
    batch_size
        References, and as many positives and negatives, per step.
    generator
        The only source of chance.
    targets
        Where to draw the sample whose responses are predicted; the reference itself by default.

    Examples
    --------
    >>> positives = TimePositives(torch.zeros(100, dtype=torch.long), time_offset=2)
    >>> sampler = TripletSampler(positives, 100, 32, torch.Generator().manual_seed(0))
    >>> reference, positive, negative, _ = sampler.draw()
    >>> (positive - reference).unique(), len(negative)
    (tensor([2]), 32)
    """

    def __init__(
        self,
        positives: Positives,
        n_samples: int,
        batch_size: int,
        generator: torch.Generator,
        targets: Ties | None = None,
    ) -> None:
        self.positives, self.n_samples, self.batch_size = positives, n_samples, batch_size
        self.generator, self.targets = generator, targets
        self._ahead: list[Triplets] = []

    def draw(self) -> Triplets:
        """One step's triplets."""
        if not self._ahead:
            self._ahead = self._draw_ahead(max(1, ROWS_AT_ONCE // self.batch_size))
        return self._ahead.pop()

    def _draw_ahead(self, steps: int) -> list[Triplets]:
        """Some steps together cost little more than one: it is calls that take time here, not rows."""
        n = steps * self.batch_size
        reference = self.positives.references[self._uniform(len(self.positives.references), n)]
        positive = self.positives.draw(reference, self.generator)
        negative = self._uniform(self.n_samples, n)
        target = reference
        if self.targets is not None:
            target = self.targets.draw(self.targets.label[reference], reference, self.generator)
        # Positives may be several batches, of several kinds: each reference has one of each.
        kinds = positive.view(-1, steps, self.batch_size).transpose(0, 1).reshape(steps, -1)
        by_step = (reference.chunk(steps), kinds, negative.chunk(steps), target.chunk(steps))
        return [Triplets(*step) for step in zip(*by_step, strict=True)]

    def _uniform(self, high: int, n: int) -> Int64[Tensor, " draw"]:
        return torch.randint(high, (n,), generator=self.generator, device=self.generator.device)


def _pairs_in_trials(trials: Int64[Tensor, " time"], offset: int) -> Int64[Tensor, " pair"]:
    """Samples that have another `offset` later in their trial."""
    earlier = torch.nonzero(trials[:-offset] == trials[offset:]).squeeze(1)
    if not len(earlier):
        longest = int(torch.bincount(trials).max())
        samples = "sample" if longest == 1 else "samples"
        raise DataError(
            f"no two samples of a trial are time_offset={offset} apart: the longest trial has {longest} "
            f"{samples}; give a smaller time_offset, or trials as they were recorded"
        )
    return earlier
