"""Fully connected networks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

from jaxtyping import Float
from torch import Tensor, nn

from twofold.nn.offset_conv import Affine

RECTIFIED = 2**0.5  # half of the variance is lost where rows are rectified


class Dense(nn.Module):
    """Layers of affine maps with an activation and dropout between them: none behind the last.

    Hidden layers start as orthogonal matrices, scaled so that rectified rows keep their length (Saxe et al.
    2014, ICLR): several layers deep, smaller ones would let little through.

    Parameters
    ----------
    sizes
        Widths from input to output, at least two.
    activation
        Makes the activation of a layer.
    dropout
        Share of hidden units set to zero while training.

    Examples
    --------
    >>> import torch
    >>> Dense((5, 8, 3))(torch.zeros(4, 5)).shape
    torch.Size([4, 3])
    """

    def __init__(
        self,
        sizes: Sequence[int],
        activation: Callable[[], nn.Module] = nn.LeakyReLU,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        layers = [Affine(n_in, n_out) for n_in, n_out in pairwise(sizes)]
        between = activation()
        gain = RECTIFIED if isinstance(between, nn.ReLU | nn.LeakyReLU) else 1.0
        for layer in layers[:-1]:
            nn.init.orthogonal_(layer.weight, gain)
            nn.init.zeros_(layer.bias)
        self.affine, self.between = nn.ModuleList(layers), nn.Sequential(between, nn.Dropout(dropout))

    def forward(self, x: Float[Tensor, "... n_in"]) -> Float[Tensor, "... n_out"]:
        """Rows of the last layer."""
        x = self.affine[0](x)
        for layer in self.affine[1:]:
            x = layer(self.between(x))
        return x

    @property
    def readout(self) -> Affine:
        """The last layer."""
        last = self.affine[-1]
        assert isinstance(last, Affine)
        return last
