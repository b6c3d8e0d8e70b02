"""Populations that see a movie over and over; small embeddings of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from twofold.embeddings import ContrastiveEmbedding


@dataclass(frozen=True)
class Animal:
    """Responses (time, neuron), the frame and the position on a closed path at each time, and the repeat."""

    responses: np.ndarray
    frame: np.ndarray
    position: np.ndarray
    repeat: np.ndarray

    def take(self, repeats: Any) -> Animal:
        rows = np.isin(self.repeat, list(repeats))
        return Animal(self.responses[rows], self.frame[rows], self.position[rows], self.repeat[rows])


def _animal(n_neurons=20, n_repeats=10, n_frames=20, noise=0.3, seed=0):
    rng = np.random.default_rng(seed)
    frame, repeat = np.tile(np.arange(n_frames), n_repeats), np.repeat(np.arange(n_repeats), n_frames)
    angle = 2 * np.pi * np.arange(n_frames) / n_frames
    position = np.column_stack([np.cos(angle), np.sin(angle)])[frame]
    centre = rng.uniform(-1.2, 1.2, size=(n_neurons, 2))
    tuning = np.exp(-((position[:, None] - centre) ** 2).sum(-1) / 0.5)
    gain = np.exp(0.3 * rng.normal(size=n_repeats))[repeat, None]
    responses = gain * tuning + noise * rng.normal(size=tuning.shape)
    return Animal(responses.astype(np.float32), frame, position, repeat)


def _small(**changes):
    options = {
        "dimension": 3, "hidden": 16, "max_steps": 20, "batch_size": 32, "learning_rate": 3e-3,
        "device": "cpu", "random_state": 0,
    }  # fmt: skip
    return ContrastiveEmbedding(**options | changes)


@pytest.fixture(scope="session")
def make_animal():
    return _animal


@pytest.fixture(scope="session")
def small():
    return _small


@pytest.fixture(scope="session")
def animal():
    return _animal()


@pytest.fixture(scope="session")
def animals():
    """Three of different numbers of neurons and repeats."""
    return [_animal(n_neurons=20 + 5 * k, n_repeats=8 - k, seed=k) for k in range(3)]
