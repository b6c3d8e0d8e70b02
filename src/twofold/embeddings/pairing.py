"""From labels and options to what counts as a positive, decided once before the first step."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float64, Int64
from torch import Tensor

from twofold.embeddings.contrastive_options import ContrastiveOptions
from twofold.embeddings.labels import Labels
from twofold.errors import DataError
from twofold.sampling import (
    ContinuousPositives,
    DiscretePositives,
    FirstTies,
    Positives,
    Ties,
    TimePositives,
)
from twofold.sampling.jitter import JitteredPositives


class Pairing(NamedTuple):
    """Where positives come from, and the responses to predict; None is the reference's own."""

    positives: Positives
    targets: Ties | None


def pair_samples(labels: Labels, trials: Int64[Tensor, " time"], options: ContrastiveOptions) -> Pairing:
    """How samples are paired.

    A repeat is an equal label in another trial; of a pair (continuous, discrete), both are equal.

    Parameters
    ----------
    labels
        Of each sample.
    trials
        (time,) trial numbers.
    options
        `positives`, `jitter`, `time_offset`, `reconstruction_target`.

    Raises
    ------
    DataError
        If another repeat is asked for and there is none, or no difference in time can be taken.
    """
    if labels.kind == "time":
        _refuse_without_repeats(options, "y=None has no labels")
        return Pairing(TimePositives(trials, options.time_offset), None)

    distinct, number = distinct_labels(labels)
    label = torch.from_numpy(number).to(trials.device)
    repeats = Ties(label, trials, other_trial=True)
    if not repeats.repeats_across_trials:
        _refuse_without_repeats(options, "no label comes back in another trial")
    # Where a label has no repeat, these ties draw from all its samples: "auto" needs no more than that.
    ties = repeats
    if options.positives in ("any", "first"):
        kind = FirstTies if options.positives == "first" else Ties
        ties = kind(label, trials, other_trial=False)
    predicts_repeat = options.reconstruction_target != "same" and repeats.repeats_across_trials
    targets = repeats if options.reconstruction and predicts_repeat else None
    if labels.kind == "discrete":
        return Pairing(DiscretePositives(ties), targets)
    table = torch.from_numpy(distinct).to(trials.device)
    classes = None if labels.classes is None else table[:, 0].long()
    if options.jitter is not None:
        return Pairing(JitteredPositives(table[:, 1:], ties, options.jitter, classes), targets)
    return Pairing(ContinuousPositives(table[:, 1:], ties, options.time_offset, classes), targets)


def distinct_labels(
    labels: Labels,
) -> tuple[Float64[np.ndarray, "label column"], Int64[np.ndarray, " time"]]:
    """Distinct rows (class, feature, ...), sorted, and which of them each sample has."""
    parts = [part for part in (labels.classes, labels.continuous) if part is not None]
    classes = np.zeros(len(parts[0])) if labels.classes is None else labels.classes
    features = np.empty((len(parts[0]), 0)) if labels.continuous is None else labels.continuous
    distinct, number = np.unique(np.column_stack([classes, features]), axis=0, return_inverse=True)
    return distinct, number.reshape(-1)


def _refuse_without_repeats(options: ContrastiveOptions, why: str) -> None:
    asked = [
        name for name in ("positives", "reconstruction_target") if getattr(options, name) == "other_repeat"
    ]
    if asked:
        raise DataError(
            f"{' and '.join(asked)}='other_repeat', but {why}; give labels y and trials in which labels "
            "repeat, or leave it at 'auto'"
        )
