"""Layers that start from a generator of one's own, never from torch's global one."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn.utils import skip_init


def seeded(generator: torch.Generator | None) -> torch.Generator:
    """A generator to initialise from; without one, a new one that always starts alike.

    Examples
    --------
    >>> torch.equal(torch.rand(2, generator=seeded(None)), torch.rand(2, generator=seeded(None)))
    True
    """
    return torch.Generator() if generator is None else generator


def linear(n_in: int, n_out: int, generator: torch.Generator) -> nn.Linear:
    """A linear layer whose weights and biases are uniform on ±1 / sqrt(n_in), as torch has them.

    Examples
    --------
    >>> linear(2, 3, torch.Generator().manual_seed(0)).weight.shape
    torch.Size([3, 2])
    """
    layer: nn.Linear = skip_init(nn.Linear, n_in, n_out)
    for parameter in (layer.weight, layer.bias):
        nn.init.uniform_(parameter, -(n_in**-0.5), n_in**-0.5, generator=generator)
    return layer


def convolution(n_in: int, n_out: int, kernel: tuple[int, int], generator: torch.Generator) -> nn.Conv2d:
    """A convolution without padding whose weights are Xavier-normal and whose biases are zero.

    Examples
    --------
    >>> convolution(1, 8, (5, 3), torch.Generator().manual_seed(0)).weight.shape
    torch.Size([8, 1, 5, 3])
    """
    layer: nn.Conv2d = skip_init(nn.Conv2d, n_in, n_out, kernel)
    nn.init.xavier_normal_(layer.weight, generator=generator)
    nn.init.zeros_(layer.bias)  # type: ignore[arg-type]
    return layer
