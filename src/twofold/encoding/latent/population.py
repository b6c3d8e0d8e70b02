"""What each recording has of its own beside its readout: how it is read, and weights on the state."""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from twofold.encoding.latent.evidence import evidence
from twofold.encoding.latent.options import LatentOptions
from twofold.errors import DataError
from twofold.likelihoods import Likelihood
from twofold.likelihoods.quadrature import GainWeights, Loadings
from twofold.nn import FreeWeights, SharedWeights, WeightsFromPosition
from twofold.nn.initial import linear

Responses = Float[Tensor, "clip time neuron"]
Given = Bool[Tensor, "clip #time neuron"]
Raw = Float[Tensor, "clip valid neuron parameter"]


class LatentPopulation(nn.Module):
    """The neurons of one recording, beside the state.

    Parameters
    ----------
    name
        Of the recording.
    n_neurons, n_parameters
        How many, and outputs of the readout for each.
    options
        Of the model.
    position_um
        (neuron, 2 or 3) in cortex, needed where weights follow from it.
    generator
        Where the weights come from.

    Raises
    ------
    DataError
        If positions are needed and not known.
    """

    def __init__(
        self,
        name: str,
        n_neurons: int,
        n_parameters: int,
        options: LatentOptions,
        position_um: np.ndarray | None,
        generator: torch.Generator,
    ) -> None:
        super().__init__()
        self.name, self.options, self.n_neurons = name, options, n_neurons
        channels = (n_parameters if options.reads == "evidence" else 1) + options.show_mask
        self.input = linear(channels * n_neurons, options.hidden, generator)
        self.map = self._map(n_parameters, position_um, generator)
        self.gain_map = self._map(n_parameters, position_um, generator) if options.latent_gain else None

    def _map(
        self, n_parameters: int, position_um: np.ndarray | None, generator: torch.Generator
    ) -> FreeWeights | SharedWeights | WeightsFromPosition:
        sizes = n_parameters, self.options.dimension
        if self.options.latent_map == "shared":
            return SharedWeights(self.n_neurons, *sizes, generator)
        if self.options.latent_map == "free":
            return FreeWeights(self.n_neurons, *sizes, self.options.start_sd, generator)
        if position_um is None or not np.isfinite(position_um).all():
            raise DataError(
                f"{self.name!r}: latent_map='position' needs the position of every neuron; give positions=["
                "recording.neurons.position_um, ...], or take latent_map='free'"
            )
        return WeightsFromPosition(position_um.copy(), *sizes, generator=generator)

    def read(
        self, responses: Responses, given: Given, raw: Raw, likelihood: Likelihood
    ) -> Float[Tensor, "clip some hidden"]:
        """What the recording's own layer makes of the responses given; nothing of the others reaches it.

        Responses are multiplied by (all neurons) / (those given), so that their sum does not depend on how
        many there are. Evidence is not: each neuron adds its own, and one that is hidden adds 0.

        Parameters
        ----------
        responses
            All of them; those not given may be anything, also NaN.
        given
            True where they are seen.
        raw
            Outputs of the readout for the last frames.
        likelihood
            Of the recording.
        """
        seen = given.expand_as(responses)
        if self.options.reads == "evidence":
            valid = slice(responses.shape[1] - raw.shape[1], None)
            seen = seen[:, valid]
            # a rare large response would otherwise outweigh all others
            parts = [torch.asinh(evidence(likelihood, raw, responses[:, valid], seen)).flatten(2)]
        else:
            values = torch.asinh(responses) if self.options.reads == "asinh" else responses
            scale = self.n_neurons / seen.sum(2, keepdim=True).clamp(min=1)
            parts = [torch.where(seen, values, 0) * scale]
        if self.options.show_mask:
            parts.append(seen.to(raw.dtype))
        with torch.autocast(raw.device.type, enabled=False):
            return self.input(torch.cat(parts, dim=2))

    def weights(self) -> Float[Tensor, "neuron parameter dimension"]:
        """What each neuron takes from the state, whatever the video drives it to."""
        return self.map()

    def loadings(self) -> Loadings:
        """The same, with what grows with its drive, if the state has a gain."""
        return self.map() if self.gain_map is None else GainWeights(self.map(), self.gain_map())

    @torch.no_grad()
    def weights_by_name(self, names: tuple[str, ...]) -> dict[str, Float[np.ndarray, "neuron dimension"]]:
        """Weights for each output of the readout, and with a gain those that end in "_gain"."""
        maps = {"": self.map} if self.gain_map is None else {"": self.map, "_gain": self.gain_map}
        found = {ending: part().cpu().numpy() for ending, part in maps.items()}
        return {
            name + ending: weights[:, column]
            for ending, weights in found.items()
            for column, name in enumerate(names)
        }
