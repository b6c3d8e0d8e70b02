"""Where in the map the receptive field of each neuron has its centre."""

from __future__ import annotations

import torch
from jaxtyping import Float
from numpy.typing import ArrayLike
from torch import Tensor, nn

from twofold.errors import OptionError
from twofold.nn.initial import seeded
from twofold.nn.mlp import MLP


class FreePositions(nn.Module):
    """A position of its own for each neuron, at first uniform on ±0.2.

    Parameters
    ----------
    n_neurons
        How many.
    generator
        Where the positions come from; without one they are always the same.

    Examples
    --------
    >>> FreePositions(5)().shape
    torch.Size([5, 2])
    """

    def __init__(self, n_neurons: int, generator: torch.Generator | None = None) -> None:
        super().__init__()
        self.mean = nn.Parameter(torch.empty(n_neurons, 2))
        nn.init.uniform_(self.mean, -0.2, 0.2, generator=seeded(generator))

    def forward(self) -> Float[Tensor, "neuron 2"]:
        """(x, y) in the map, from -1 to 1."""
        return self.mean.clamp(-1, 1)


class CorticalPositions(nn.Module):
    """Positions by one function of where neurons lie in cortex, tanh(W2 ELU(W1 x)): retinotopy.

    Parameters
    ----------
    position_um
        (neuron, 2 or 3) in cortex, x and y first; centred here and divided by its largest absolute value.
        Depth is not used.
    hidden
        Width of the hidden layer.
    generator
        Where the weights come from; without one they are always the same.

    Raises
    ------
    OptionError
        If the positions are not finite, or of another shape.

    Examples
    --------
    >>> CorticalPositions([[0.0, 10.0], [300.0, 200.0], [-50.0, 90.0]])().shape
    torch.Size([3, 2])
    """

    def __init__(
        self, position_um: ArrayLike | Tensor, hidden: int = 30, generator: torch.Generator | None = None
    ) -> None:
        super().__init__()
        place = torch.as_tensor(position_um, dtype=torch.float64)
        if place.ndim != 2 or place.shape[1] not in (2, 3):
            raise OptionError(
                f"positions of shape {tuple(place.shape)}: give (neuron, 2 or 3), in micrometres"
            )
        if not place.isfinite().all():
            first = int((~place.isfinite()).any(1).nonzero()[0])
            raise OptionError(
                f"the position of neuron {first} is not finite; leave it out, or give positions=None"
            )
        plane = place[:, :2] - place[:, :2].mean(0)
        self.place: Tensor
        self.register_buffer("place", (plane / plane.abs().max().clamp(min=1e-12)).float())
        self.map = MLP((2, hidden, 2), last=nn.Tanh(), generator=seeded(generator))

    def forward(self) -> Float[Tensor, "neuron 2"]:
        """(x, y) in the map, from -1 to 1."""
        return self.map(self.place)
