"""Linear heads that guide latents: to image features, or to the frame that was seen."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
import torch
from jaxtyping import Float, Int64, Shaped
from torch import Tensor, nn
from torch.nn import functional

from twofold.embeddings.labels import Labels
from twofold.metrics.responses import r2
from twofold.nn import Affine

Told = Shaped[Tensor, "row *feature"]


class Guide(nn.Module, ABC):
    """A linear head with dropout before it.

    Parameters
    ----------
    dimension, n_out
        Latents, and features or classes.
    dropout
        Share of latents that the head does not see, while training.
    """

    def __init__(self, dimension: int, n_out: int, dropout: float) -> None:
        super().__init__()
        self.drop = nn.Dropout(dropout)
        self.head = Affine(dimension, n_out)

    def start(self, target: Told) -> None:
        """Measure what is to be told in the training part, where its unit matters."""

    @abstractmethod
    def target(self, labels: Labels) -> Tensor:
        """What the head is to tell, one per row."""

    @abstractmethod
    def loss(self, latents: Float[Tensor, "row dimension"], target: Told) -> Float[Tensor, ""]:
        """How badly it is told."""

    @abstractmethod
    def predict(self, latents: Float[Tensor, "row dimension"]) -> Told:
        """What is told, in the form of the target."""

    @abstractmethod
    def score(self, latents: Float[Tensor, "row dimension"], target: Told) -> float:
        """How well it is told: 1 at best."""


class FeatureGuide(Guide):
    """Features: mean squared error over features, in units of their mean variance over time.

    So it is 1 for a head that tells the mean of all, whatever the unit of the features.
    """

    level: Tensor
    scale: Tensor

    def __init__(self, dimension: int, n_out: int, dropout: float) -> None:
        super().__init__(dimension, n_out, dropout)
        self.register_buffer("level", torch.zeros(n_out))
        self.register_buffer("scale", torch.ones(1))

    def start(self, target: Float[Tensor, "row feature"]) -> None:
        """Measure mean and scale."""
        variance = target.var(0, correction=0).mean()
        self.level.copy_(target.mean(0))
        self.scale.fill_(float(variance.sqrt()) or 1.0)

    def target(self, labels: Labels) -> Tensor:
        """(row, feature) floats."""
        return torch.from_numpy(np.asarray(labels.continuous, np.float32))

    def loss(
        self, latents: Float[Tensor, "row dimension"], target: Float[Tensor, "row feature"]
    ) -> Float[Tensor, ""]:
        """Mean squared error."""
        return functional.mse_loss(self.head(self.drop(latents)), (target - self.level) / self.scale)

    def predict(self, latents: Float[Tensor, "row dimension"]) -> Float[Tensor, "row feature"]:
        """Features, in their own unit."""
        return self.head(latents) * self.scale + self.level

    def score(self, latents: Float[Tensor, "row dimension"], target: Float[Tensor, "row feature"]) -> float:
        """R2, weighted by the variance of the features."""
        return float(r2(target.cpu().numpy(), self.predict(latents).cpu().numpy()))


class FrameGuide(Guide):
    """Classes, such as the frame: cross-entropy in nats."""

    def target(self, labels: Labels) -> Tensor:
        """(row,) class numbers."""
        return torch.from_numpy(np.asarray(labels.classes, np.int64))

    def loss(
        self, latents: Float[Tensor, "row dimension"], target: Int64[Tensor, " row"]
    ) -> Float[Tensor, ""]:
        """Mean cross-entropy."""
        return functional.cross_entropy(self.head(self.drop(latents)), target)

    def predict(self, latents: Float[Tensor, "row dimension"]) -> Int64[Tensor, " row"]:
        """The likeliest class."""
        return self.head(latents).argmax(1)

    def score(self, latents: Float[Tensor, "row dimension"], target: Int64[Tensor, " row"]) -> float:
        """Exact accuracy."""
        return float((self.predict(latents) == target).float().mean())
