from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from scipy.special import gammainc, gammaincinv

RHO, KAPPA = 0.005, 0.5


@dataclass(frozen=True)
class Zig:
    """Zero-inflated gamma predictions (time, neuron), written down apart from the package's own."""

    q: np.ndarray
    theta: np.ndarray

    def draw(self, rng: np.random.Generator, n: int | None = None) -> np.ndarray:
        shape = self.q.shape if n is None else (n, *self.q.shape)
        active = rng.random(shape) < self.q
        return np.where(active, RHO + rng.gamma(KAPPA, self.theta, shape), 0.0)

    def at(self, y: np.ndarray) -> np.ndarray:
        """P(Y <= y), silence as one outcome."""
        return 1 - self.q + self.q * gammainc(KAPPA, np.maximum(y - RHO, 0) / self.theta)

    def below(self, y: np.ndarray) -> np.ndarray:
        """P(Y < y)."""
        return np.where(y > RHO, self.at(y), 0.0)

    def quantile(self, p: float) -> np.ndarray:
        active = np.clip((p - (1 - self.q)) / self.q, 0, 1)
        return np.where(p <= 1 - self.q, 0.0, RHO + self.theta * gammaincinv(KAPPA, active))

    def scaled(self, factor: float) -> Zig:
        """The same with other amplitudes."""
        return replace(self, theta=factor * self.theta)


@pytest.fixture(scope="session")
def zig() -> Zig:
    rng = np.random.default_rng(0)
    shape = (1200, 20)
    return Zig(rng.uniform(0.2, 0.7, shape), np.exp(rng.normal(size=shape)))


@pytest.fixture(scope="session")
def clip() -> np.ndarray:
    return np.repeat(np.arange(8), 150)
