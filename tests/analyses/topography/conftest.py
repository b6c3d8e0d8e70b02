from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

PLANES_UM = np.arange(200.0, 426.0, 25.0)


@pytest.fixture(scope="session")
def place() -> Callable[..., np.ndarray]:
    """Neurons in ten planes of 616 um, (neuron, 3)."""

    def neurons(rng: np.random.Generator, n: int) -> np.ndarray:
        return np.column_stack([rng.uniform(0, 616, size=(n, 2)), np.resize(PLANES_UM, n)])

    return neurons


@pytest.fixture(scope="session")
def smooth_map() -> Callable[..., np.ndarray]:
    """Gaussian random fields of unit variance, (neuron, dimension), from random waves.

    Their correlation at a lateral distance h is exp(-(h / length)^2), or exp(-h / length) if rough.
    """

    def fields(
        rng: np.random.Generator, position: np.ndarray, length: float, dimension: int = 1, rough: bool = False
    ) -> np.ndarray:
        n_waves = 500
        k = rng.normal(size=(n_waves, 2)) * np.sqrt(2) / length
        if rough:
            k = rng.normal(size=(n_waves, 2)) / np.abs(rng.normal(size=(n_waves, 1))) / length
        phase = rng.uniform(0, 2 * np.pi, n_waves)
        waves = np.sqrt(2 / n_waves) * np.cos(position[:, :2] @ k.T + phase)
        return waves @ rng.normal(size=(n_waves, dimension))

    return fields
