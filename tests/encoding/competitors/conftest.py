"""Trials of a known Gaussian law around known means, without any video."""

from __future__ import annotations

import numpy as np
import torch

from twofold.encoding.competitors import ConstantModel
from twofold.encoding.competitors.foretold import Foretold
from twofold.encoding.latent.selection import Roles
from twofold.likelihoods import GaussianLikelihood

HALF = Roles(np.arange(0, 8), np.arange(8, 12))


def foretold(observed: np.ndarray, mean: np.ndarray | None = None) -> Foretold:
    """A trial of (time, neuron) responses, foretold to be `mean` with a standard deviation of 1."""
    mean = np.zeros_like(observed) if mean is None else mean
    raw = np.stack([mean, np.zeros_like(mean)], axis=-1)
    return Foretold(GaussianLikelihood(), torch.from_numpy(raw).float(), observed)


def nothing(n_neurons: int = 12) -> ConstantModel:
    """A base model for trials that are made by `foretold`."""
    return ConstantModel(["toy"], [GaussianLikelihood()], [torch.zeros(n_neurons, 2)])


def taught(model, trials, groups=None):
    """A competitor that has learned from such trials."""
    model.states = (model.learned(trials, groups or [f"video {number}" for number in range(len(trials))]),)
    return model


def each_correlation(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Of columns."""
    return np.array([np.corrcoef(x, y)[0, 1] for x, y in zip(a.T, b.T, strict=True)])
