"""Training of a variational autoencoder with a label prior."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from twofold.embeddings.labels import Labels
from twofold.embeddings.recorded import Recorded
from twofold.embeddings.vae.annealing import annealed
from twofold.embeddings.vae.batches import Epochs
from twofold.embeddings.vae.gaussian import standard_noise
from twofold.embeddings.vae.pi_vae_model import PiVAEBatch, PiVAEModel
from twofold.embeddings.vae.pi_vae_options import PiVAEOptions
from twofold.sampling import TrialWindows
from twofold.training import choose_device, fit, seeded, seeds_from


def fit_pi_vae(recorded: Recorded, options: PiVAEOptions) -> tuple[PiVAEModel, dict[str, np.ndarray]]:
    """Train a new model; returns it with its history.

    Parameters
    ----------
    recorded
        Responses, trials and labels of one kind, on the device to train on.
    options
        Checked.
    """
    device = choose_device(options.device)
    of_network, of_draws = seeds_from(options.random_state, 2)
    told = told_of(recorded.labels).to(device)
    generator = torch.Generator(device).manual_seed(of_draws)
    epochs = Epochs(recorded.trial, options.batch_size, False, generator)
    with seeded(of_network, device):
        model = PiVAEModel(options, recorded.responses.shape[1], n_told(recorded.labels)).to(device)
        model.start(recorded.responses, told)
        history = fit(
            model,
            _batches(recorded, told, options, epochs),
            steps=options.epochs * epochs.n_batches,
            learning_rate=options.learning_rate,
            weight_decay=options.weight_decay,
            device=device,
            precision=options.precision,
        ).arrays()
    return model, history


def _batches(recorded: Recorded, told: Tensor, options: PiVAEOptions, epochs: Epochs) -> Iterator[PiVAEBatch]:
    windows = TrialWindows(recorded.responses, recorded.trial, options.window)
    steps = max(1, options.epochs * epochs.n_batches)
    for step, (rows, _) in enumerate(epochs):
        noise = standard_noise(len(rows), options.dimension, epochs.generator)
        beta = annealed(options.anneal, options.anneal_share, step / steps)
        yield PiVAEBatch(windows(rows), windows.at(rows), told[rows], noise, beta)


def n_told(labels: Labels) -> int:
    """Features of continuous labels; classes of discrete ones, as a negative number."""
    return -len(labels.values) if labels.values is not None else told_of(labels).shape[1]


def told_of(labels: Labels) -> Tensor:
    """Labels as the prior takes them: (time, feature) floats, or (time,) class numbers."""
    if labels.classes is not None:
        return torch.from_numpy(np.asarray(labels.classes, np.int64))
    return torch.from_numpy(np.asarray(labels.continuous, np.float32))
