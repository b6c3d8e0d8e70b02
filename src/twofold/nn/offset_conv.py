"""An encoder of a short window of responses: one family, from a single sample to any width."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn


class TimeConvolution(nn.Module):
    """Convolution over time without padding, y_t = b + sum_j W_j x_(t+j), in two steps.

    `project` multiplies every time point by all taps at once; `combine` shifts and adds. Between the two,
    windows can be cut from a sequence that was projected once, which costs less where windows overlap.

    Parameters
    ----------
    n_in, n_out
        Channels.
    kernel
        Number of taps.
    """

    def __init__(self, n_in: int, n_out: int, kernel: int) -> None:
        super().__init__()
        self.kernel = kernel
        self.taps = nn.Linear(n_in, kernel * n_out, bias=False)
        self.bias = nn.Parameter(torch.zeros(n_out))

    def forward(self, x: Float[Tensor, "batch time n_in"]) -> Float[Tensor, "batch valid n_out"]:
        """Convolve; valid = time - kernel + 1."""
        return self.combine(self.project(x))

    def project(self, x: Float[Tensor, "... n_in"]) -> Float[Tensor, "... taps"]:
        """All taps of each time point, side by side: (..., kernel * n_out)."""
        return self.taps(x)

    def combine(self, projected: Float[Tensor, "batch time taps"]) -> Float[Tensor, "batch valid n_out"]:
        """Add tap j of the time point j samples later."""
        valid = projected.shape[1] - self.kernel + 1
        taps = projected.chunk(self.kernel, dim=-1)
        return sum((tap[:, j : j + valid] for j, tap in enumerate(taps)), start=self.bias)


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
        self.convolution = nn.Linear(kernel * hidden, hidden)
        self.kernel = kernel
        self.activation = nn.GELU()

    def forward(self, x: Float[Tensor, "batch time hidden"]) -> Float[Tensor, "batch valid hidden"]:
        """Shorten the window by kernel - 1 samples."""
        valid = x.shape[1] - self.kernel + 1
        neighbours = torch.cat([x[:, j : j + valid] for j in range(self.kernel)], dim=-1)
        return x[:, self.crop : self.crop + valid] + self.activation(self.convolution(neighbours))


class OffsetEncoder(nn.Module):
    """Windows of responses to latents; a window of one sample makes it a multilayer perceptron.

    A first convolution (1 tap for odd windows, 2 for even ones), GELU and dropout; residual blocks of 3 taps,
    as many as use up the window, and one of 1 tap; a linear readout. No padding: the window is all that a
    latent depends on.

    Parameters
    ----------
    n_neurons, window, hidden, dimension
        Sizes; any window of at least one sample.
    dropout
        Share of hidden channels set to zero after the first layer, independently in each row, while training.

    Examples
    --------
    >>> encoder = OffsetEncoder(n_neurons=5, window=10, hidden=8, dimension=3)
    >>> encoder(torch.zeros(4, 10, 5)).shape
    torch.Size([4, 3])
    """

    def __init__(
        self, n_neurons: int, window: int, hidden: int, dimension: int, dropout: float = 0.0
    ) -> None:
        super().__init__()
        self.window, self.dimension = window, dimension
        self.first = TimeConvolution(n_neurons, hidden, kernel=2 - window % 2)
        kernels = [3] * ((window - 1) // 2) + [1]
        self.rest = nn.Sequential(
            nn.GELU(),
            nn.Dropout(dropout),
            *(ResidualBlock(hidden, kernel) for kernel in kernels),
            nn.Linear(hidden, dimension),
        )

    def forward(self, windows: Float[Tensor, "batch window neuron"]) -> Float[Tensor, "batch dimension"]:
        """One latent per window."""
        return self.rest(self.first(windows)).squeeze(1)
