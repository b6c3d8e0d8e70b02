"""What an animal does turns its responses up and down."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from twofold.nn.initial import seeded
from twofold.nn.mlp import MLP
from twofold.nn.shifter import start_at_zero


class GainModulator(nn.Module):
    """Behaviour to a gain per neuron, g_i(t) = 1 + ELU(MLP(b_t)_i) > 0; it begins at one.

    Parameters
    ----------
    n_behaviours
        Standardised signals, such as running speed and pupil dilation.
    n_neurons
        Gains.
    hidden
        Width of the hidden layer, which all neurons share.
    generator
        Where the weights come from; without one they are always the same.

    Examples
    --------
    >>> GainModulator(n_behaviours=2, n_neurons=4)(torch.ones(1, 3, 2)).unique()
    tensor([1.], grad_fn=<Unique2Backward0>)
    """

    def __init__(
        self, n_behaviours: int, n_neurons: int, hidden: int = 16, generator: torch.Generator | None = None
    ) -> None:
        super().__init__()
        self.gain = MLP((n_behaviours, hidden, n_neurons), generator=seeded(generator))
        start_at_zero(self.gain)

    def forward(self, behaviour: Float[Tensor, "batch time behaviour"]) -> Float[Tensor, "batch time neuron"]:
        """Gains at the times of the behaviour; multiply a predicted mean by them."""
        return 1 + functional.elu(self.gain(behaviour))
