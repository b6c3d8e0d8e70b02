"""Responses of some neurons to the latent state of all: a GRU or a CNN over time."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from twofold.nn.batch_norm import GlobalBatchNorm
from twofold.nn.initial import convolution, linear, seeded

Hidden = Float[Tensor, "clip time hidden"]
LEAST_SD = 1e-3


class LatentState(NamedTuple):
    """z_t ~ N(mean_t, sd_t^2 I): what is known of the state.

    Parameters
    ----------
    mean
        (clip, time, dimension).
    sd
        (clip, time, 1), or () where it is the same at all times.
    """

    mean: Float[Tensor, "clip time dimension"]
    sd: Float[Tensor, "clip time 1"] | Float[Tensor, ""]


class GruLayer(nn.Module):
    """One layer of gated recurrent units, forward in time: what comes out at t depends on nothing later.

    Parameters
    ----------
    hidden, width
        Inputs and units.
    generator
        Where the weights come from, uniform on ±1 / sqrt(width); without one they are always the same.

    Examples
    --------
    >>> GruLayer(4, 3)(torch.zeros(2, 7, 4)).shape
    torch.Size([2, 7, 3])
    """

    def __init__(self, hidden: int, width: int, generator: torch.Generator | None = None) -> None:
        super().__init__()
        generator = seeded(generator)
        # made without weights, which torch would draw from its global generator
        self.gru = nn.GRU(hidden, width, batch_first=True, device="meta").to_empty(device="cpu")
        for parameter in self.gru.parameters():
            nn.init.uniform_(parameter, -(width**-0.5), width**-0.5, generator=generator)

    def forward(self, x: Hidden) -> Float[Tensor, "clip time width"]:
        """The units at every time."""
        return self.gru(x)[0]


class CnnLayers(nn.Module):
    """Convolutions over time with batch normalisation and ELU; they look to both sides.

    Parameters
    ----------
    hidden
        Inputs.
    widths, kernels
        Of each layer; kernels in frames, odd.
    residual
        Whether a layer is added to its input where both have one width.
    generator
        Where the weights come from; without one they are always the same.

    Examples
    --------
    >>> CnnLayers(4, (6, 3), (11, 5))(torch.zeros(2, 7, 4)).shape
    torch.Size([2, 7, 3])
    """

    def __init__(
        self,
        hidden: int,
        widths: tuple[int, ...] = (32, 32, 20),
        kernels: tuple[int, ...] = (11, 5, 5),
        residual: bool = False,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        generator, self.residual = seeded(generator), residual
        sizes = zip(pairwise((hidden, *widths)), kernels, strict=True)
        self.layers = nn.ModuleList(convolution(a, b, (k, 1), generator) for (a, b), k in sizes)
        self.norms = nn.ModuleList(GlobalBatchNorm(width) for width in widths)

    def forward(self, x: Hidden) -> Float[Tensor, "clip time width"]:
        """As long as the input, zeros around it."""
        image = x.transpose(1, 2).unsqueeze(3)
        for layer, norm in zip(self.layers, self.norms, strict=True):
            assert isinstance(layer, nn.Conv2d)
            half = layer.kernel_size[0] // 2
            after = functional.elu(norm(layer(functional.pad(image, (0, 0, half, half)))))
            image = image + after if self.residual and image.shape == after.shape else after
        return image.squeeze(3).transpose(1, 2)


class LatentEncoder(nn.Module):
    r"""What all recordings share on the way from responses to the state.

    .. math:: \mu_t = A h_t + b, \quad h = \operatorname{layers}(\operatorname{ELU}(\operatorname{LN}(r)))

    with r the output of a recording's own linear layer. The spread s is one number for all times, or
    follows, :math:`\log s_t = c^\top h_t + d`, from what was seen. Source: paper B, section 2.

    Parameters
    ----------
    layers
        `GruLayer` or `CnnLayers`.
    hidden, width, dimension
        Its inputs, its outputs, and latents.
    normalise
        Whether there is LN, the normalisation of each time point over the hidden units.
    predict_sd
        Whether s depends on the responses.
    generator
        Where the weights come from; without one they are always the same.

    Examples
    --------
    >>> encoder = LatentEncoder(GruLayer(4, 3), hidden=4, width=3, dimension=2)
    >>> state = encoder(torch.zeros(2, 7, 4))
    >>> state.mean.shape, round(state.sd.item(), 3)
    (torch.Size([2, 7, 2]), 1.0)
    """

    def __init__(
        self,
        layers: nn.Module,
        *,
        hidden: int,
        width: int,
        dimension: int,
        normalise: bool = True,
        predict_sd: bool = False,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(hidden) if normalise else None
        self.layers = layers
        self.mean = linear(width, dimension, seeded(generator))
        self.log_sd = nn.Parameter(torch.zeros(()))
        self.slope = nn.Parameter(torch.zeros(width)) if predict_sd else None

    def forward(self, read: Hidden) -> LatentState:
        """The state at every time, from what a recording's own layer read."""
        with torch.autocast(read.device.type, enabled=False):  # few products, whose digits count
            read = read.float()
            h = self.layers(functional.elu(read if self.norm is None else self.norm(read)))
            log_sd = self.log_sd
            if self.slope is not None:
                log_sd = log_sd + (h @ self.slope).unsqueeze(-1)
            return LatentState(self.mean(h), log_sd.exp().clamp(min=LEAST_SD))
