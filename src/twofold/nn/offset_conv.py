"""An encoder of a short window of responses: one family, from a single sample to any width."""

from __future__ import annotations

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn
from torch.nn import functional

from twofold.products import affine, convolve, sum_of_taps


class Affine(nn.Linear):
    """`torch.nn.Linear`, by the fastest product."""

    def forward(self, x: Float[Tensor, "... n_in"]) -> Float[Tensor, "... n_out"]:
        """Rows times weights, x W^T + b."""
        return affine(x, self.weight, self.bias)


class TimeConvolution(nn.Module):
    """Convolution over time without padding, y_t = b + sum_j W_j x_(stride t + j).

    With stride 1 it can be done in two steps: `project` multiplies every time point by all taps at once,
    `combine` shifts and adds.

    Parameters
    ----------
    n_in, n_out
        Channels.
    kernel
        Number of taps.
    stride
        Time points of the input per time point of the output.
    """

    def __init__(self, n_in: int, n_out: int, kernel: int, stride: int = 1) -> None:
        super().__init__()
        self.kernel, self.stride = kernel, stride
        self.taps = Affine(n_in, kernel * n_out, bias=False)
        self.bias = nn.Parameter(torch.zeros(n_out))

    def forward(self, x: Float[Tensor, "batch time n_in"]) -> Float[Tensor, "batch valid n_out"]:
        """Convolve; valid = (time - kernel) // stride + 1."""
        if self.kernel == 1:
            return affine(x[:, :: self.stride], self.taps.weight, self.bias)
        weight = self.taps.weight.unflatten(0, (self.kernel, -1)).permute(1, 2, 0)
        return convolve(x, weight, self.bias, self.stride)

    def along(self, sequence: Float[Tensor, "time n_in"]) -> Float[Tensor, "1 valid n_out"]:
        """Convolve one long sequence, at every time point."""
        taps = self.taps(sequence)
        bias = self.bias.to(taps.dtype)  # or a sum of bf16 would become fp32
        return (sum_of_taps(taps, self.kernel) + bias)[None]


class ResidualBlock(nn.Module):
    """x + GELU(convolution(x)), where x is cropped in time to what a convolution without padding leaves.

    Parameters
    ----------
    hidden
        Channels.
    kernel
        Number of taps, odd.
    """

    def __init__(self, hidden: int, kernel: int) -> None:
        super().__init__()
        self.crop = kernel // 2
        self.convolution = Affine(kernel * hidden, hidden)
        self.kernel = kernel
        self.activation = nn.GELU()

    def forward(self, x: Float[Tensor, "batch time hidden"]) -> Float[Tensor, "batch valid hidden"]:
        """Shorten the window by kernel - 1 samples."""
        valid = x.shape[1] - self.kernel + 1
        return x[:, self.crop : self.crop + valid] + self.activation(self._convolve(x))

    def _convolve(self, x: Float[Tensor, "batch time hidden"]) -> Float[Tensor, "batch valid hidden"]:
        if self.kernel == 1:
            return self.convolution(x)
        weight = self.convolution.weight.unflatten(1, (self.kernel, -1)).transpose(1, 2)
        return convolve(x, weight, self.convolution.bias)


class OffsetEncoder(nn.Module):
    """Windows of responses to latents; a window of one sample makes it a multilayer perceptron.

    A first convolution (1 tap for odd windows, 2 for even ones), GELU and dropout; residual blocks of 3 taps,
    as many as use up the window, and one of 1 tap; a linear readout. No padding: the window is all that a
    latent depends on. With a stride, the first convolution brings `stride` samples to one time point, and all
    that is said of samples here holds for these.

    Parameters
    ----------
    n_neurons, window, hidden, dimension
        Sizes; any window of at least one sample, a multiple of `stride`.
    dropout
        Share of hidden channels set to zero after the first layer, independently in each row, while training.
    stride
        Samples per time point behind the first layer: 4 brings 120 Hz to 30 Hz.

    Examples
    --------
    >>> encoder = OffsetEncoder(n_neurons=5, window=10, hidden=8, dimension=3)
    >>> encoder(torch.zeros(4, 10, 5)).shape
    torch.Size([4, 3])
    """

    def __init__(
        self, n_neurons: int, window: int, hidden: int, dimension: int, dropout: float = 0.0, stride: int = 1
    ) -> None:
        super().__init__()
        self.window, self.dimension, self.points = window, dimension, window // stride
        self.first = TimeConvolution(n_neurons, hidden, stride * (2 - self.points % 2), stride)
        kernels = [3] * ((self.points - 1) // 2) + [1]
        self.rest = nn.Sequential(
            nn.GELU(),
            nn.Dropout(dropout),
            *(ResidualBlock(hidden, kernel) for kernel in kernels),
            Affine(hidden, dimension),
        )

    def forward(
        self,
        windows: Float[Tensor, "batch window neuron"]
        | tuple[Float[Tensor, "time neuron"], Int64[Tensor, " batch"]],
    ) -> Float[Tensor, "batch dimension"]:
        """One latent per window.

        Parameters
        ----------
        windows
            (batch, window, neuron); or a sequence (time, neuron) and where each window starts, (batch,).
        """
        if isinstance(windows, Tensor):
            return self.rest(self.first(windows)).squeeze(1)
        return self._along(*windows)

    def _along(
        self, sequence: Float[Tensor, "time neuron"], start: Int64[Tensor, " batch"]
    ) -> Float[Tensor, "batch dimension"]:
        """The latents of the windows sequence[start : start + window], cut where that saves most.

        A layer multiplies equally often for each row of its output: so layers run along the whole sequence
        as long as it has fewer rows than all windows have together. They end before dropout, which is drawn
        for each row of a window, and with a stride they do not begin.
        """
        if self.first.stride > 1:
            return self(_cut(sequence[None], start, self.window))
        hidden, points = self.first.along(sequence), self.points - self.first.kernel + 1
        whole = True
        for layer in self.rest:
            lost = layer.kernel - 1 if isinstance(layer, ResidualBlock) else 0
            drops = isinstance(layer, nn.Dropout) and layer.training and layer.p > 0
            if whole and (drops or hidden.shape[1] - lost > len(start) * (points - lost)):
                hidden, whole = _cut(hidden, start, points), False
            hidden, points = layer(hidden), points - lost
        return (_cut(hidden, start, points) if whole else hidden).squeeze(1)


def _cut(
    sequence: Float[Tensor, "1 time channel"], start: Int64[Tensor, " batch"], points: int
) -> Float[Tensor, "batch points channel"]:
    # An embedding's gradient sums rows in a fixed order, also on a GPU.
    around = start[:, None] + torch.arange(points, device=start.device)
    return functional.embedding(around, sequence[0])
