"""Triplets over several recordings: positives from another recording, negatives from all.

Samples are numbered through: those of the first recording, then those of the second, and so on. After the
multi-session form of Schneider, Lee & Mathis 2023 (Nature 617:360), with two differences: equal labels are
drawn uniformly, and a step of S recordings compares its S B references with B negatives in all, so that its
table grows as S B^2 instead of (S B)^2.
"""

from __future__ import annotations

import torch
from jaxtyping import Float64, Int64
from torch import Tensor

from twofold.errors import DataError
from twofold.sampling.changes import Changes
from twofold.sampling.contrastive import Positives, Triplets
from twofold.sampling.nearest import LabelSearch
from twofold.sampling.ties import uniform_below


class AcrossRecordings:
    """A sample of another recording, with the label nearest to the reference's plus a change.

    The other recording is drawn first, each one alike; then its nearest label is searched, within the
    reference's class where there are classes; then a sample is drawn uniformly among those with this label
    there. A class that a recording does not have is drawn from the others; a class that no other recording
    has, from the reference's own.

    Parameters
    ----------
    unique_labels
        (label, feature) the distinct labels of all recordings; without features where there are only classes.
    unique_classes
        (label,) class of each unique label, all 0 where there are no classes.
    label
        (time,) number of each sample's unique label.
    recording
        (time,) number of each sample's recording, 0, 1, ..., sorted.
    changes
        How far the positive's label lies from the reference's.

    Examples
    --------
    >>> label, recording = torch.tensor([0, 1, 0, 1, 1]), torch.tensor([0, 0, 1, 1, 1])
    >>> from twofold.sampling.changes import NormalJitter
    >>> empty = torch.empty(2, 0, dtype=torch.float64)
    >>> across = AcrossRecordings(empty, torch.arange(2), label, recording, NormalJitter(0, 1.0))
    >>> across.draw(torch.tensor([0, 2, 4]), torch.Generator().manual_seed(0))
    tensor([2, 0, 1])
    """

    def __init__(
        self,
        unique_labels: Float64[Tensor, "label feature"],
        unique_classes: Int64[Tensor, " label"],
        label: Int64[Tensor, " time"],
        recording: Int64[Tensor, " time"],
        changes: Changes,
    ) -> None:
        self.unique_classes, self.label, self.recording, self.changes = (
            unique_classes, label, recording, changes,
        )  # fmt: skip
        self.references = torch.arange(len(label), device=label.device)
        self._search = LabelSearch(unique_labels, unique_classes)
        self._n = int(recording.max()) + 1
        # Samples sorted by label, then recording: each pair of the two is one stretch.
        stretch = label * self._n + recording
        self._order = torch.argsort(stretch, stable=True)
        self._count = torch.bincount(stretch, minlength=self._n * len(unique_labels))
        self._start = self._count.cumsum(0) - self._count
        self._has_label = self._count.unflatten(0, (-1, self._n)).T > 0
        n_classes = int(unique_classes.max()) + 1
        has_class = torch.zeros(n_classes, self._n, dtype=torch.bool, device=label.device)
        has_class[unique_classes[label], recording] = True
        self._has_class = has_class

    def draw(self, reference: Int64[Tensor, " batch"], generator: torch.Generator) -> Int64[Tensor, " batch"]:
        """A positive for each reference."""
        own = self.label[reference]
        recording = self._other_recording(reference, self.unique_classes[own], generator)
        change = self.changes.draw(len(own), generator)
        nearest = self._search.nearest(own, change, self._has_label[recording])
        stretch = nearest * self._n + recording
        return self._order[self._start[stretch] + uniform_below(self._count[stretch], generator)]

    def _other_recording(
        self,
        reference: Int64[Tensor, " batch"],
        own_class: Int64[Tensor, " batch"],
        generator: torch.Generator,
    ) -> Int64[Tensor, " batch"]:
        possible = self._has_class[own_class]
        is_own = self.recording[reference, None] == torch.arange(self._n, device=reference.device)
        others = possible & ~is_own
        possible = torch.where(others.any(1, keepdim=True), others, is_own)
        drawn = torch.rand(possible.shape, generator=generator, device=generator.device)
        return drawn.masked_fill(~possible, -1.0).argmax(1)


class SeveralSampler:
    """Triplets of several recordings: B references of each, and B negatives of all together.

    References are uniform over the samples of a recording that have a positive. For a negative, the recording
    is drawn first, each one alike, then the sample.

    Parameters
    ----------
    positives
        What counts as similar, among the samples of all recordings.
    recording
        (time,) number of each sample's recording, 0, 1, ..., sorted.
    batch_size
        B.
    generator
        The only source of chance.

    Raises
    ------
    DataError
        If no sample of a recording has a positive.
    """

    def __init__(
        self,
        positives: Positives,
        recording: Int64[Tensor, " time"],
        batch_size: int,
        generator: torch.Generator,
    ) -> None:
        self.positives, self.batch_size, self.generator = positives, batch_size, generator
        self._n_samples = torch.bincount(recording)
        self._first = self._n_samples.cumsum(0) - self._n_samples
        n_references = torch.bincount(recording[positives.references], minlength=len(self._first))
        self._references = positives.references.split(n_references.tolist())
        for number, references in enumerate(self._references):
            if not len(references):
                raise DataError(f"recording {number}: no sample has a positive; are its trials too short?")

    def draw(self) -> Triplets:
        """One step's triplets, references sorted by recording."""
        reference = torch.cat([own[self._below(len(own))] for own in self._references])
        recording = self._below(len(self._first))
        within = uniform_below(self._n_samples[recording], self.generator)
        positive = self.positives.draw(reference, self.generator)
        return Triplets(reference, positive, self._first[recording] + within, reference)

    def _below(self, high: int) -> Int64[Tensor, " batch"]:
        return torch.randint(high, (self.batch_size,), generator=self.generator, device=self.generator.device)
