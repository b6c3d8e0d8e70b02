r"""What the latent state adds to the readout of each neuron: :math:`a_{ip}(t) \mathrel{+}= w_{ip} \cdot z_t`.

A map gives the weights w, (neuron, parameter, dimension). Weights of its own, free or shared, begin at zero
if nothing else is asked for: a model with a state begins as the same model without. Weights by position begin
at random: they are one function for all neurons, in which from zero all latents grow alike, and few come to
differ.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from numpy.typing import ArrayLike
from torch import Tensor, nn
from torch.nn import functional

from twofold.errors import OptionError
from twofold.nn.initial import linear, seeded
from twofold.nn.mlp import MLP

START_SD = 0.3  # of the last layer of a map from position
Weights = Float[Tensor, "neuron parameter dimension"]


class FreeWeights(nn.Module):
    """Weights of its own for each neuron.

    Parameters
    ----------
    n_neurons, n_parameters, dimension
        Sizes.
    start_sd
        Of the weights at the beginning.
    generator
        Where they come from; without one they are always the same.

    Examples
    --------
    >>> FreeWeights(5, 2, 3)().shape
    torch.Size([5, 2, 3])
    """

    def __init__(
        self,
        n_neurons: int,
        n_parameters: int,
        dimension: int,
        start_sd: float = 0.0,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        start = torch.zeros(n_neurons, n_parameters, dimension)
        if start_sd:
            start.normal_(std=start_sd, generator=seeded(generator))
        self.weights = nn.Parameter(start)

    def forward(self) -> Weights:
        """The weights."""
        return self.weights


class WeightsFromPosition(nn.Module):
    """Weights by one function of where neurons lie in cortex: ELU(W2 ELU(W1 x)), for each parameter its own.

    Parameters
    ----------
    position_um
        (neuron, 2 or 3) in cortex; put in standard deviations here.
    n_parameters, dimension
        Sizes.
    hidden
        Width of the hidden layer, 6 in paper B.
    generator
        Where the weights come from; without one they are always the same.

    Raises
    ------
    OptionError
        If the positions are not finite, or of another shape.

    Examples
    --------
    >>> WeightsFromPosition([[0.0, 10.0], [300.0, 200.0], [-50.0, 90.0]], n_parameters=2, dimension=4)().shape
    torch.Size([3, 2, 4])
    """

    def __init__(
        self,
        position_um: ArrayLike | Tensor,
        n_parameters: int,
        dimension: int,
        hidden: int = 6,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        place = torch.as_tensor(position_um, dtype=torch.float64)
        if place.ndim != 2 or place.shape[1] not in (2, 3) or not place.isfinite().all():
            raise OptionError(
                f"positions of shape {tuple(place.shape)}: give finite (neuron, 2 or 3), in micrometres"
            )
        generator = seeded(generator)
        spread = place.std(0, correction=0).clamp(min=1e-12)
        self.place: Tensor
        self.register_buffer("place", ((place - place.mean(0)) / spread).float())
        self.maps = nn.ModuleList(
            MLP((place.shape[1], hidden, dimension), last=nn.ELU(), generator=generator)
            for _ in range(n_parameters)
        )
        for one in self.maps:
            assert isinstance(one, MLP)
            last = [layer for layer in one if isinstance(layer, nn.Linear)][-1]
            nn.init.normal_(last.weight, std=START_SD, generator=generator)
            nn.init.zeros_(last.bias)

    def forward(self) -> Weights:
        """The weights where the neurons are."""
        return torch.stack([one(self.place) for one in self.maps], dim=1)


class SharedWeights(nn.Module):
    """One direction for all neurons, w_ip = s_ip d_p, which each follows by a scale of its own.

    Parameters
    ----------
    n_neurons, n_parameters, dimension
        Sizes.
    generator
        Where the directions come from, of length 1; without one they are always the same.

    Examples
    --------
    >>> torch.linalg.matrix_rank(SharedWeights(5, 2, 3).direction).item()
    2
    """

    def __init__(
        self, n_neurons: int, n_parameters: int, dimension: int, generator: torch.Generator | None = None
    ) -> None:
        super().__init__()
        start = linear(dimension, n_parameters, seeded(generator)).weight.detach()
        self.direction = nn.Parameter(functional.normalize(start, dim=1))
        self.scale = nn.Parameter(torch.zeros(n_neurons, n_parameters))

    def forward(self) -> Weights:
        """Scales times directions."""
        return self.scale.unsqueeze(2) * self.direction
