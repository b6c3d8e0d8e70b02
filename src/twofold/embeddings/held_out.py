"""InfoNCE of samples that were not fitted: for early stopping, and as a score."""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from twofold.embeddings.contrastive_model import ContrastiveModel
from twofold.embeddings.contrastive_options import ContrastiveOptions
from twofold.embeddings.draws import choose_sampler
from twofold.embeddings.encoders import encode, encoders_of
from twofold.embeddings.pairing import distinct_labels
from twofold.embeddings.recorded import Recorded, pool
from twofold.errors import DataError

BATCHES = 50


def hold_out(
    recorded: Sequence[Recorded], share: float, rng: np.random.Generator
) -> tuple[list[Recorded], list[Recorded]]:
    """Divide the trials of each recording in two: to train on, and to hold out.

    At least two trials are held out where there are four or more, so that their labels have other repeats.

    Parameters
    ----------
    recorded
        The recordings.
    share
        Of the trials, to hold out.
    rng
        Draws them.

    Raises
    ------
    DataError
        If a recording has a single trial.
    """
    train, held_out = [], []
    for number, one in enumerate(recorded):
        n_trials = int(one.trial.max()) + 1
        if n_trials < 2:
            raise DataError(
                f"validation holds out whole trials, and recording {number} has one; "
                "give trials, or validation=0"
            )
        n_out = min(max(round(share * n_trials), 2 if n_trials > 3 else 1), n_trials - 1)
        out = torch.from_numpy(rng.permutation(n_trials)[:n_out]).to(one.trial.device)
        is_out = torch.isin(one.trial, out)
        train.append(one.take(torch.nonzero(~is_out).squeeze(1)))
        held_out.append(one.take(torch.nonzero(is_out).squeeze(1)))
    return train, held_out


class HeldOutLoss:
    """The mean InfoNCE of a model on recordings, of triplets that are drawn once: fits of one seed compare.

    Parameters
    ----------
    recorded
        None of them fitted.
    options
        As fitted.
    seed
        Of the draws.

    Raises
    ------
    DataError
        If no positives can be drawn, or each could only be its own reference.
    """

    def __init__(self, recorded: Sequence[Recorded], options: ContrastiveOptions, seed: int) -> None:
        pooled = pool(recorded)
        if pooled.labels.kind == "discrete" and len(distinct_labels(pooled.labels)[0]) == len(pooled.trial):
            raise DataError(
                "every class has a single sample among those held out, so each would be its own positive; "
                "hold out several repeats"
            )
        generator = torch.Generator(pooled.trial.device).manual_seed(seed)
        sampler = choose_sampler(recorded, options, generator)
        self.recorded, self.options = recorded, options
        self.triplets = [sampler.draw() for _ in range(BATCHES if options.batch_size is not None else 1)]

    @property
    def n_negatives(self) -> int:
        """Negatives of each reference."""
        return len(self.triplets[0].negative)

    def __call__(self, model: ContrastiveModel) -> float:
        """The loss in nats; the model is in evaluation mode meanwhile."""
        trains = model.training
        model.eval()
        latents = [
            encode(encoder, one.responses, one.trial, self.options.causal)
            for encoder, one in zip(encoders_of(model), self.recorded, strict=True)
        ]
        with torch.no_grad():
            placed = model.objective.place(torch.cat(latents), model.similarity)
            inverse = model.temperature.inverse()
            losses = []
            for reference, positive, negative, _ in self.triplets:
                x, y, z = (placed[rows] for rows in (reference, positive, negative))
                parts = model.objective.parts(x, y, z, model.similarity, inverse)
                losses.append(parts["positive"] + parts["negative"])
        model.train(trains)
        return float(torch.stack(losses).mean())


class EarlyStopping:
    """Watches the held-out loss while a model trains; stops when it no longer falls, and gives the best back.

    Parameters
    ----------
    model
        Under training.
    loss
        Of held-out samples.
    patience
        How many losses in a row may be no better than the best before; None never stops, and gives nothing
        back.
    """

    def __init__(self, model: ContrastiveModel, loss: HeldOutLoss, patience: int | None) -> None:
        self.model, self.loss, self.patience = model, loss, patience
        self.steps: list[int] = []
        self.losses: list[float] = []
        self._best: tuple[float, dict[str, Any]] = (math.inf, {})
        self._waited = 0

    def __call__(self, step: int, means: Mapping[str, float]) -> bool:
        """Measure; True where training should stop."""
        self.steps.append(step)
        self.losses.append(self.loss(self.model))
        if self.patience is None:
            return False
        if self.losses[-1] < self._best[0]:
            self._best = (self.losses[-1], copy.deepcopy(self.model.state_dict()))
            self._waited = 0
        else:
            self._waited += 1
        return self._waited >= self.patience

    def give_back_the_best(self) -> None:
        """Set the weights to those of the lowest loss, where there is patience."""
        if self._best[1]:
            self.model.load_state_dict(self._best[1])
