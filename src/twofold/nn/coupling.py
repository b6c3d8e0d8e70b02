"""Invertible maps that keep volume, and the injective map of few dimensions into many that they make."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn

from twofold.nn.dense import Dense

LOG_SCALE = 0.1  # a coupling stretches or shrinks a coordinate by 10 % at most
COUPLINGS = 2  # of a block, so that each half moves once


class AffineCoupling(nn.Module):
    """(a, b) to (b exp(s(a)) + t(a), a), where the s add up to 0.

    Source: RealNVP (Dinh et al. 2017, ICLR), kept to constant volume as in GIN (Sorrenson et al. 2020, ICLR).

    Parameters
    ----------
    n
        Coordinates, at least 2.
    hidden
        Width of the two hidden layers that give s and t.

    Examples
    --------
    >>> coupling, x = AffineCoupling(5, hidden=4), torch.randn(3, 5)
    >>> torch.allclose(coupling.inverse(coupling(x)), x, atol=1e-5)
    True
    """

    def __init__(self, n: int, hidden: int) -> None:
        super().__init__()
        self.n_a = n // 2
        self.network = Dense((self.n_a, hidden, hidden, 2 * (n - self.n_a)), nn.ReLU)

    def forward(self, x: Float[Tensor, "row n"]) -> Float[Tensor, "row n"]:
        """Map forwards."""
        a, b = x[:, : self.n_a], x[:, self.n_a :]
        s, t = self._scale_and_shift(a)
        return torch.cat([b * s.exp() + t, a], dim=1)

    def inverse(self, x: Float[Tensor, "row n"]) -> Float[Tensor, "row n"]:
        """Map backwards."""
        moved, a = x[:, : -self.n_a], x[:, -self.n_a :]
        s, t = self._scale_and_shift(a)
        return torch.cat([a, (moved - t) * (-s).exp()], dim=1)

    def _scale_and_shift(self, a: Tensor) -> tuple[Tensor, Tensor]:
        s, t = self.network(a).chunk(2, dim=1)
        s = LOG_SCALE * s.tanh()
        return s - s.mean(1, keepdim=True), t


class FlowDecoder(nn.Module):
    """Few latents injected into many coordinates: (z, h(z)) through blocks of couplings.

    Between blocks coordinates are permuted, always in the same way.

    Parameters
    ----------
    dimension, n_out
        Latents and coordinates: as many or more of these.
    hidden
        Width of the hidden layers.
    blocks
        Blocks of two couplings.

    Examples
    --------
    >>> FlowDecoder(2, 10, hidden=8, blocks=2)(torch.zeros(3, 2)).shape
    torch.Size([3, 10])
    """

    order: Tensor

    def __init__(self, dimension: int, n_out: int, hidden: int, blocks: int) -> None:
        super().__init__()
        more = n_out - dimension
        self.more = Dense((dimension, hidden, hidden, more), nn.ReLU) if more else None
        n_couplings = COUPLINGS * blocks if n_out > 1 else 0
        self.couplings = nn.ModuleList(AffineCoupling(n_out, hidden) for _ in range(n_couplings))
        order = torch.stack([torch.randperm(n_out) for _ in range(max(blocks, 1))])
        self.register_buffer("order", order.float())  # as all weights are stored

    def forward(self, z: Float[Tensor, "row dimension"]) -> Float[Tensor, "row n_out"]:
        """Coordinates."""
        x = z if self.more is None else torch.cat([z, self.more(z)], dim=1)
        for i, coupling in enumerate(self.couplings):
            if i and i % COUPLINGS == 0:
                x = x[:, self.order[i // COUPLINGS].long()]
            x = coupling(x)
        return x
