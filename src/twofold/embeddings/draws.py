"""From recordings and options to the triplets and the batches of one fit, in every mode."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor

from twofold.embeddings.contrastive_model import ContrastiveBatch, Windows, contrastive_batches
from twofold.embeddings.contrastive_options import ContrastiveOptions
from twofold.embeddings.pairing import Pairing, distinct_labels, pair_samples
from twofold.embeddings.recorded import Pooled, Recorded, pool
from twofold.sampling import Positives, TimePositives, TrialWindows, Triplets, TripletSampler, share_windows
from twofold.sampling.changes import Changes, NormalJitter, TimeDifferences
from twofold.sampling.full_batch import FullBatchSampler
from twofold.sampling.hybrid import HybridPositives
from twofold.sampling.masks import MaskedWindows
from twofold.sampling.several import AcrossRecordings, SeveralSampler
from twofold.training import product_type


@runtime_checkable
class Sampler(Protocol):
    """What draws the rows of a step; those of several recordings are numbered through."""

    positives: Positives

    def draw(self) -> Triplets:
        """One step's triplets."""
        ...


def choose_sampler(
    recorded: Sequence[Recorded], options: ContrastiveOptions, generator: torch.Generator
) -> Sampler:
    """The triplets that labels, trials and options ask for.

    Raises
    ------
    DataError
        If no positives can be drawn.
    """
    pooled = pool(recorded)
    several = len(recorded) > 1
    pairing = (
        Pairing(pair_recordings(pooled, options), None)
        if several
        else pair_samples(pooled.labels, pooled.trial, options)
    )
    positives = pairing.positives
    if options.time_dimensions is not None:
        positives = HybridPositives(positives, TimePositives(pooled.trial, options.time_offset))
    if options.batch_size is None:
        return FullBatchSampler(positives, generator, pairing.targets)
    if several:
        return SeveralSampler(positives, pooled.recording, options.batch_size, generator)
    return TripletSampler(positives, len(pooled.trial), options.batch_size, generator, pairing.targets)


def pair_recordings(pooled: Pooled, options: ContrastiveOptions) -> Positives:
    """Positives from another recording; those in time stay within their own."""
    labels, device = pooled.labels, pooled.trial.device
    if labels.kind == "time":
        return TimePositives(pooled.trial, options.time_offset)
    distinct, number = (torch.from_numpy(part).to(device) for part in distinct_labels(labels))
    classes, features = distinct[:, 0].long(), distinct[:, 1:]
    changes: Changes
    if options.jitter is not None or labels.kind == "discrete":
        changes = NormalJitter(features.shape[1], options.jitter or 0.0)
    else:
        changes = TimeDifferences(features[number], pooled.trial, options.time_offset)
    return AcrossRecordings(features, classes, number, pooled.recording, changes)


def draw_batches(
    recorded: Sequence[Recorded],
    options: ContrastiveOptions,
    sampler: Sampler,
    generator: torch.Generator,
) -> Iterator[ContrastiveBatch]:
    """Batches without end, for the encoder of one recording or for those of several."""
    dtype = product_type(options.precision, generator.device)
    windows = [TrialWindows(one.responses, one.trial, options.window, options.causal) for one in recorded]
    if options.mask_neurons or options.mask_time:
        masked = [MaskedWindows(one, options.mask_neurons, options.mask_time, generator) for one in windows]
        return _picked_batches(masked, windows, sampler, bool(options.reconstruction))
    if isinstance(sampler, TripletSampler):
        return contrastive_batches(windows[0], sampler, with_target=bool(options.reconstruction), dtype=dtype)
    at_once = [3 * (options.batch_size or len(one.trial)) for one in recorded]
    shared = [share_windows(one, n, dtype) for one, n in zip(windows, at_once, strict=True)]
    return _picked_batches(shared, windows, sampler, bool(options.reconstruction))


def _picked_batches(
    cut: Sequence[Callable[[Tensor], Windows]],
    windows: Sequence[TrialWindows],
    sampler: Sampler,
    with_target: bool,
) -> Iterator[ContrastiveBatch]:
    """Each row is encoded once per step, recording by recording; `pick` gives the order of the triplets."""
    ends = torch.stack([one.last[-1] + 1 for one in windows]).cumsum(0)
    starts = [0, *ends.tolist()]
    while True:
        reference, positive, negative, target = sampler.draw()
        rows, pick = torch.cat([reference, positive, negative]).unique(return_inverse=True)
        counts = torch.bincount(torch.bucketize(rows, ends, right=True), minlength=len(cut)).tolist()
        own = [part - start for part, start in zip(rows.split(counts), starts, strict=False)]
        parts = tuple(one(part) for one, part in zip(cut, own, strict=True))
        yield ContrastiveBatch(
            parts if len(parts) > 1 else parts[0],
            windows[0].at(target if with_target else target[:0]),
            [len(reference), len(positive), len(negative)],
            pick,
        )
