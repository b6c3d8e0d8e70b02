"""A contrastive fit and all that going on with it takes: weights, the optimizer's moments, seeds, history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from twofold.embeddings.contrastive_model import ContrastiveModel
from twofold.embeddings.contrastive_options import ContrastiveOptions
from twofold.embeddings.draws import choose_sampler, draw_batches
from twofold.embeddings.encoders import untrained, with_new_input
from twofold.embeddings.held_out import EarlyStopping, HeldOutLoss, hold_out
from twofold.embeddings.recorded import Recorded
from twofold.errors import OptionError
from twofold.training import adamw, choose_device, fit, seeded, seeds_from

# What decides the shape of a model, and so cannot change while training goes on.
STRUCTURE = (
    "dimension", "window", "causal", "stride", "hidden", "similarity", "learn_temperature", "shared",
    "time_dimensions", "behaviour_dimensions",
)  # fmt: skip
VALIDATIONS = 10  # at least so many in a fit
STEPS_BETWEEN = 100  # validations, at most


@dataclass(eq=False)
class ContrastiveFit:
    """A model in training.

    Parameters
    ----------
    model
        On its device.
    n_neurons
        Of each recording.
    options
        Of its last training.
    seeds
        Of initialisation and first training, and of the first draws.
    n_trainings
        How often it was trained.
    moments
        The optimizer's state per parameter, by number.
    history
        (step,) per name, over all trainings; `validation` has its own `validation_step`.
    n_negatives
        Of each reference, in the last training.
    adapted
        Whether only the input layer learns.
    """

    model: ContrastiveModel
    n_neurons: list[int]
    options: ContrastiveOptions
    seeds: list[int]
    n_trainings: int = 0
    moments: dict[int, dict[str, Tensor]] = field(default_factory=dict)
    history: dict[str, np.ndarray] = field(default_factory=dict)
    n_negatives: int = 1
    adapted: bool = False

    @classmethod
    def fresh(cls, recorded: Sequence[Recorded], options: ContrastiveOptions) -> ContrastiveFit:
        """Train a new model."""
        seeds = seeds_from(options.random_state, 2)
        n_neurons = [one.responses.shape[1] for one in recorded]
        device = choose_device(options.device)
        with seeded(seeds[0], device):
            started = cls(untrained(options, n_neurons).to(device), n_neurons, options, seeds)
            started._train(recorded, seeds[1])
        return started

    def go_on(self, recorded: Sequence[Recorded], options: ContrastiveOptions) -> None:
        """Train `options.max_steps` more, on the same recordings or on others of the same neurons.

        Raises
        ------
        OptionError
            If options ask for another model.
        """
        changed = [name for name in STRUCTURE if getattr(options, name) != getattr(self.options, name)]
        if bool(options.reconstruction) != (self.model.decoder is not None):
            changed.append("reconstruction")
        if changed:
            was = ", ".join(f"{name}={getattr(self.options, name)!r}" for name in changed)
            raise OptionError(f"partial_fit goes on with {was}; to change that, call fit")
        self.options, self.model.reconstruction = options, options.reconstruction
        dropout, draws = seeds_from(np.random.default_rng([*self.seeds, self.n_trainings]), 2)
        device = choose_device(options.device)
        self.model.to(device)
        with seeded(dropout, device):
            self._train(recorded, draws)

    def adapt(self, recorded: Recorded, options: ContrastiveOptions, session: int) -> ContrastiveFit:
        """Train a new input layer for another recording, behind all that is trained already."""
        seeds = seeds_from(options.random_state, 2)
        n_neurons = recorded.responses.shape[1]
        device = choose_device(options.device)
        with seeded(seeds[0], device):
            model = with_new_input(self.model, options, n_neurons, session).to(device)
            started = ContrastiveFit(model, [n_neurons], options, seeds, adapted=True)
            started._train([recorded], seeds[1])
        return started

    def held_out_loss(self, recorded: Sequence[Recorded]) -> tuple[float, int]:
        """InfoNCE of other samples in nats, and its number of negatives; the same draws in each call."""
        loss = HeldOutLoss(recorded, self.options, self.seeds[1])
        return loss(self.model), loss.n_negatives

    def _train(self, recorded: Sequence[Recorded], seed: int) -> None:
        options, device = self.options, self.model.temperature.theta.device
        generator = torch.Generator(device).manual_seed(seed)
        watch = None
        if options.validation:
            recorded, held_out = hold_out(recorded, options.validation, np.random.default_rng(self.seeds))
            watch = EarlyStopping(self.model, HeldOutLoss(held_out, options, self.seeds[1]), options.patience)
        sampler = choose_sampler(recorded, options, generator)
        self.n_negatives = options.batch_size or len(sampler.positives.references)
        optimizer = adamw(self.model, options.learning_rate, options.weight_decay)
        if self.moments:
            optimizer.load_state_dict({**optimizer.state_dict(), "state": self.moments})
        history = fit(
            self.model,
            draw_batches(recorded, options, sampler, generator),
            steps=options.max_steps,
            learning_rate=options.learning_rate,
            device=device,
            precision=options.precision,
            schedule=options.schedule,
            optimizer=optimizer,
            on_block=watch,
            block=max(1, min(STEPS_BETWEEN, options.max_steps // VALIDATIONS)) if watch else STEPS_BETWEEN,
        ).arrays()
        if watch is not None:
            watch.give_back_the_best()
            history |= {
                "validation": np.array(watch.losses, np.float32),
                "validation_step": np.array(watch.steps) + len(self.history.get("loss", ())),
            }
        self._remember(history, optimizer.state_dict()["state"])

    def _remember(self, history: dict[str, np.ndarray], moments: dict[int, Any]) -> None:
        for name in history:
            earlier = self.history.get(name)
            self.history[name] = (
                history[name] if earlier is None else np.concatenate([earlier, history[name]])
            )
        self.moments = moments
        self.n_trainings += 1
