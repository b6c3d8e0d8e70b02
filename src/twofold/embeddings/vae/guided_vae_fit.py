"""Training of a guided variational autoencoder, and what it measures after each epoch."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from twofold.embeddings.held_out import hold_out
from twofold.embeddings.recorded import Recorded
from twofold.embeddings.vae.annealing import annealed
from twofold.embeddings.vae.batches import Epochs, spread_out
from twofold.embeddings.vae.gaussian import standard_noise
from twofold.embeddings.vae.guided_vae_model import GuidedVAEModel, VAEBatch
from twofold.embeddings.vae.guided_vae_options import GuidedVAEOptions
from twofold.metrics.responses import r2
from twofold.sampling import TrialWindows
from twofold.training import choose_device, fit, seeded, seeds_from

ACTIVE_NATS = 0.01  # a dimension of less KL divergence carries nothing
PROBED_ROWS = 2000  # of each part, for the curves: all would cost as much as training does
Progress = Callable[[int, int, str], None]


def fit_guided_vae(
    recorded: Recorded, options: GuidedVAEOptions, progress: Progress | None
) -> tuple[GuidedVAEModel, dict[str, np.ndarray]]:
    """Train a new model; returns it with its history.

    Parameters
    ----------
    recorded
        Responses, trials and labels, on the device to train on.
    options
        Checked.
    progress
        Called after each epoch with (epochs done, epochs, what the last one gave).

    Raises
    ------
    DataError
        If trials are to be held out, and there is only one.
    """
    device = choose_device(options.device)
    of_network, of_draws, of_split = seeds_from(options.random_state, 3)
    held_out = None
    if options.validation:
        (recorded,), (held_out,) = hold_out([recorded], options.validation, np.random.default_rng(of_split))
    with seeded(of_network, device):
        model = GuidedVAEModel(options, recorded.responses.shape[1], n_told(recorded, options)).to(device)
        model.start(recorded.responses)
        told = None if model.guide is None else model.guide.target(recorded.labels).to(device)
        if model.guide is not None and told is not None:
            model.guide.start(told)
        generator = torch.Generator(device).manual_seed(of_draws)
        epochs = Epochs(recorded.trial, options.batch_size, options.recurrent, generator)
        watch = EachEpoch(model, options, recorded, held_out, progress)
        history = fit(
            model,
            _batches(recorded, told, options, epochs),
            steps=options.epochs * epochs.n_batches,
            learning_rate=options.learning_rate,
            weight_decay=options.weight_decay,
            device=device,
            precision=options.precision,
            on_block=watch,
            block=epochs.n_batches,
        ).arrays()
    watch.give_back_the_best()
    return model, history | watch.arrays()


def n_told(recorded: Recorded, options: GuidedVAEOptions) -> int:
    """Features or classes that the guide tells; 0 where there is none."""
    if options.guide == "features" and recorded.labels.continuous is not None:
        return recorded.labels.continuous.shape[1]
    return 0 if options.guide is None or recorded.labels.values is None else len(recorded.labels.values)


def _batches(
    recorded: Recorded, told: Tensor | None, options: GuidedVAEOptions, epochs: Epochs
) -> Iterator[VAEBatch]:
    windows = TrialWindows(recorded.responses, recorded.trial, options.window)
    steps = max(1, options.epochs * epochs.n_batches)
    for step, (rows, lengths) in enumerate(epochs):
        yield VAEBatch(
            windows(rows),
            windows.at(rows),
            None if told is None else told[rows],
            standard_noise(len(rows), options.dimension, epochs.generator),
            options.beta * annealed(options.anneal, options.anneal_share, step / steps),
            lengths,
        )


class EachEpoch:
    """Measures a model after each epoch; stops where that no longer helps, and gives the best back.

    Parameters
    ----------
    model, options
        In training.
    train, held_out
        The parts; about 2,000 rows of each are measured, in pieces of 100 that are spread evenly.
    progress
        Told after each epoch.
    """

    def __init__(
        self,
        model: GuidedVAEModel,
        options: GuidedVAEOptions,
        train: Recorded,
        held_out: Recorded | None,
        progress: Progress | None,
    ) -> None:
        self.model, self.options, self.progress = model, options, progress
        parts = {"train": train} | ({} if held_out is None else {"validation": held_out})
        self.probes = {name: Probe(part, options, model) for name, part in parts.items()}
        self.measured: dict[str, list[Any]] = {}
        self.best: tuple[float, int, dict[str, Any]] = (-math.inf, 0, {})

    def __call__(self, step: int, means: Mapping[str, float]) -> bool:
        """Measure; True where training should stop."""
        trains = self.model.training
        self.model.eval()
        now: dict[str, Any] = {}
        for name, probe in self.probes.items():
            now |= {f"{what}_{name}": value for what, value in probe(self.model).items()}
        self.model.train(trains)
        kl = now.pop("kl_train")
        now.pop("kl_validation", None)
        now |= {"kl_per_dimension": kl, "active": int((kl > ACTIVE_NATS).sum())}
        for name, value in now.items():
            self.measured.setdefault(name, []).append(value)
        epoch = len(self.measured["active"])
        if self.progress is not None:
            told = f"R2 {now.get('r2_validation', now['r2_train']):.3f}, {now['active']} active dimensions"
            self.progress(epoch, self.options.epochs, told)
        if not self.options.early_stopping:
            return False
        if now["r2_validation"] > self.best[0]:
            self.best = (now["r2_validation"], epoch, copy.deepcopy(self.model.state_dict()))
        return epoch - self.best[1] >= self.options.patience

    def give_back_the_best(self) -> None:
        """Set the weights to those of the highest validation R2, where training may stop early."""
        if self.best[2]:
            self.model.load_state_dict(self.best[2])

    def arrays(self) -> dict[str, np.ndarray]:
        """(epoch,) per name; `kl_per_dimension` (epoch, dimension)."""
        return {name: np.asarray(values) for name, values in self.measured.items()}


class Probe:
    """Rows of one part on which a model is measured again and again."""

    def __init__(self, part: Recorded, options: GuidedVAEOptions, model: GuidedVAEModel) -> None:
        self.rows, lengths = spread_out(part.trial, PROBED_ROWS)
        self.lengths = lengths if options.recurrent else None
        windows = TrialWindows(part.responses, part.trial, options.window)
        self.windows, self.observed = windows(self.rows), windows.at(self.rows).cpu().numpy()
        self.told = None
        if model.guide is not None:
            self.told = model.guide.target(part.labels).to(self.rows.device)[self.rows]

    def __call__(self, model: GuidedVAEModel) -> dict[str, Any]:
        """R2 of responses from the posterior's mean, (dimension,) KL in nats, and the guide's score."""
        with torch.no_grad():
            posterior = model.posterior(self.windows, self.lengths)
            predicted = model.likelihood.mean(model.decode(posterior.mean, self.lengths))
            found: dict[str, Any] = {
                "r2": r2(self.observed, predicted.cpu().numpy()),
                "kl": posterior.kl().mean(0).cpu().numpy(),
            }
            if model.guide is not None and self.told is not None:
                found["guide"] = model.guide.score(posterior.mean, self.told)
        return found
