"""A drawn latent state made smooth over time, before it reaches the neurons."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from twofold.nn.batch_norm import GlobalBatchNorm
from twofold.nn.initial import convolution, seeded
from twofold.nn.latent_encoder import GruLayer

Path = Float[Tensor, "clip time dimension"]


class GruSmoother(nn.Module):
    """z~ = GRU(z), as many units as latents, forward in time (paper B, appendix D).

    Parameters
    ----------
    dimension
        Latents.
    generator
        Where the weights come from; without one they are always the same.

    Examples
    --------
    >>> GruSmoother(3)(torch.zeros(2, 7, 3)).shape
    torch.Size([2, 7, 3])
    """

    def __init__(self, dimension: int, generator: torch.Generator | None = None) -> None:
        super().__init__()
        self.layer = GruLayer(dimension, dimension, generator)

    def forward(self, z: Path) -> Path:
        """The smooth state of each clip."""
        return self.layer(z)


class CnnSmoother(nn.Module):
    """z~ = K2 * ELU(BN(K1 * z)), two convolutions over time that look to both sides (paper B, appendix D).

    Parameters
    ----------
    dimension
        Latents.
    kernels
        Frames of the two kernels, odd.
    generator
        Where the weights come from; without one they are always the same.

    Examples
    --------
    >>> CnnSmoother(3)(torch.zeros(2, 7, 3)).shape
    torch.Size([2, 7, 3])
    """

    def __init__(
        self, dimension: int, kernels: tuple[int, int] = (5, 11), generator: torch.Generator | None = None
    ) -> None:
        super().__init__()
        generator = seeded(generator)
        self.first = convolution(dimension, dimension, (kernels[0], 1), generator)
        self.second = convolution(dimension, dimension, (kernels[1], 1), generator)
        self.norm = GlobalBatchNorm(dimension)

    def forward(self, z: Path) -> Path:
        """The smooth state of each clip, as long as it was."""
        first = _same_length(self.first, z.transpose(1, 2).unsqueeze(3))
        second = _same_length(self.second, functional.elu(self.norm(first)))
        return second.squeeze(3).transpose(1, 2)


def _same_length(layer: nn.Conv2d, image: Tensor) -> Tensor:
    half = layer.kernel_size[0] // 2
    return layer(functional.pad(image, (0, 0, half, half)))
