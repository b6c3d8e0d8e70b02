"""Where the eye looks moves all receptive fields of an animal together."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn

from twofold.nn.initial import seeded
from twofold.nn.mlp import MLP


class PupilShifter(nn.Module):
    """Pupil centre to a shift of all receptive fields, tanh(MLP(pupil)); it begins at no shift.

    Parameters
    ----------
    hidden
        Width of the hidden layer.
    generator
        Where the weights come from; without one they are always the same.

    Examples
    --------
    >>> PupilShifter()(torch.ones(1, 3, 2)).abs().sum().item()
    0.0
    """

    def __init__(self, hidden: int = 10, generator: torch.Generator | None = None) -> None:
        super().__init__()
        self.shift = MLP((2, hidden, 2), activation=nn.Tanh(), last=nn.Tanh(), generator=seeded(generator))
        start_at_zero(self.shift)

    def forward(self, pupil: Float[Tensor, "batch *time 2"]) -> Float[Tensor, "batch *time 2"]:
        """Shift in widths and heights of half a map, (x, y), from the standardised pupil centre."""
        return self.shift(pupil)


def start_at_zero(mlp: MLP) -> None:
    """Let the last linear layer of a perceptron begin with zero weights and biases."""
    last = [layer for layer in mlp if isinstance(layer, nn.Linear)][-1]
    for parameter in last.parameters():
        nn.init.zeros_(parameter)
