"""A further convolution over time and features, between the core and the readout of one recording."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from twofold.errors import OptionError
from twofold.nn.initial import seeded


class TemporalReadout(nn.Module):
    """h_o(t, c) = b_o + sum_(s, j) K_o(s, j) g(t + s - S, c + j - J), zeros around clip and channels.

    g are features sampled for a neuron, and h_o those that its vector f_o weighs. The released code of the
    latent-factor model has this convolution; its paper does not. It is not causal: it looks half a kernel
    ahead. Being linear, it is never applied to the features of neurons: where receptive fields stand still it
    acts on the map instead (`of_map`); where they jump, on the feature vectors (`taps`, `combine`).

    Parameters
    ----------
    n_parameters
        Kernels, one per parameter of the response distribution.
    kernel
        Frames 2 S + 1 and neighbouring features 2 J + 1, both odd.
    generator
        Where the weights come from; without one they are always the same.

    Raises
    ------
    OptionError
        If a kernel is even.

    Examples
    --------
    >>> TemporalReadout(2).of_map(torch.zeros(1, 20, 2, 3, 8)).shape
    torch.Size([2, 1, 20, 2, 3, 8])
    """

    def __init__(
        self,
        n_parameters: int = 2,
        kernel: tuple[int, int] = (11, 5),
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        if min(kernel) < 1 or not all(size % 2 for size in kernel):
            raise OptionError(f"TemporalReadout: kernel={kernel}: give odd sizes, as in (11, 5)")
        generator, bound = seeded(generator), (kernel[0] * kernel[1]) ** -0.5
        self.weight = nn.Parameter(torch.empty(n_parameters, *kernel))
        self.bias = nn.Parameter(torch.empty(n_parameters))
        for parameter in (self.weight, self.bias):
            nn.init.uniform_(parameter, -bound, bound, generator=generator)
        self.padding = (kernel[0] // 2, kernel[1] // 2)

    def of_map(
        self, maps: Float[Tensor, "batch time height width channel"]
    ) -> Float[Tensor, "parameter batch time height width channel"]:
        """Convolve the map, once per parameter."""
        *_, height, width, channels = maps.shape
        images = maps.flatten(2, 3).permute(0, 3, 1, 2)  # (batch, channel, time, pixel), channels last
        bias, frames = self.bias.repeat_interleave(channels), self.padding[0]
        convolved = functional.conv2d(images, self._band(channels), bias, padding=(frames, 0))
        each = convolved.unflatten(1, (-1, channels)).permute(1, 0, 3, 4, 2)
        return each.contiguous().unflatten(3, (height, width))

    def _band(self, channels: int) -> Float[Tensor, "parameter_channel channel tap 1"]:
        """The kernel over features as a band matrix: dense products are faster than few short ones."""
        feature = torch.arange(channels, device=self.weight.device)
        j = feature - feature[:, None] + self.padding[1]
        n_taps = self.weight.shape[2]
        diagonals = self.weight.transpose(1, 2)[:, j.clamp(0, n_taps - 1)]
        band = torch.where(((j >= 0) & (j < n_taps))[..., None], diagonals, 0)
        return band.flatten(0, 1).unsqueeze(3)

    def taps(self, vectors: Float[Tensor, "parameter neuron channel"]) -> Float[Tensor, "tap neuron channel"]:
        """The vector that weighs the features of each frame around, parameter by parameter."""
        n_neurons = vectors.shape[1]
        spread = functional.conv1d(
            vectors.transpose(0, 1),
            self.weight.flip(2).flatten(0, 1).unsqueeze(1),
            padding=self.padding[1],
            groups=len(self.weight),
        )
        return spread.transpose(0, 1).reshape(-1, n_neurons, vectors.shape[2])

    def combine(
        self,
        products: Float[Tensor, "batch time neuron tap"],
        vectors: Float[Tensor, "parameter neuron channel"],
    ) -> Float[Tensor, "batch time neuron parameter"]:
        """Shift what each tap gave, and add: sum_c f_o(c) h_o(t, c)."""
        n_taps, time = self.weight.shape[1], products.shape[1]
        around = functional.pad(
            products.unflatten(3, (-1, n_taps)), (0, 0, 0, 0, 0, 0, *[self.padding[0]] * 2)
        )
        constant = (self.bias[:, None] * vectors.sum(2)).T
        return sum((around[:, s : s + time, ..., s] for s in range(n_taps)), constant)
