"""The modules of a latent video model, made from its options."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import nn

from twofold.encoding.latent.memory import StateMemory
from twofold.encoding.latent.options import LatentOptions
from twofold.encoding.latent.population import LatentPopulation
from twofold.encoding.population import Population
from twofold.errors import DataError
from twofold.nn import CnnLayers, CnnSmoother, GruLayer, GruSmoother, LatentEncoder, PriorFlow


def encoder_of(options: LatentOptions, generator: torch.Generator) -> LatentEncoder:
    """What all recordings share on the way to the state."""
    hidden, width = options.hidden, options.width
    layers: nn.Module
    if options.encoder == "gru":
        layers = GruLayer(hidden, width, generator)
    else:
        layers = CnnLayers(hidden, (32, 32, width), residual=options.residual, generator=generator)
    return LatentEncoder(
        layers,
        hidden=hidden,
        width=width,
        dimension=options.dimension,
        normalise=options.normalise,
        predict_sd=options.spread == "predicted",
        generator=generator,
    )


def smoother_of(options: LatentOptions, generator: torch.Generator) -> nn.Module | None:
    """What lies between state and neurons, if anything does."""
    if options.smoother is None:
        return None
    smoother = GruSmoother if options.smoother == "gru" else CnnSmoother
    return smoother(options.dimension, generator=generator)


def memory_of(options: LatentOptions) -> StateMemory | None:
    """That of a state which has one."""
    return StateMemory(options.dimension) if options.prior == "ar1" else None


def prior_flow_of(options: LatentOptions) -> PriorFlow | None:
    """The shape of the state's prior, if it is not Gaussian."""
    return PriorFlow(options.dimension) if options.prior_shape == "flow" else None


def populations_of(
    populations: Sequence[Population],
    options: LatentOptions,
    positions: Sequence[np.ndarray | None] | None,
    generator: torch.Generator,
) -> list[LatentPopulation]:
    """What each recording has of its own.

    Raises
    ------
    DataError
        If positions are of other recordings or neurons, or are missing where they are needed.
    """
    places = [None] * len(populations) if positions is None else list(positions)
    if len(places) != len(populations):
        raise DataError(f"positions of {len(places)} recordings for a model of {len(populations)}")
    for one, place in zip(populations, places, strict=True):
        if place is not None and len(place) != one.n_neurons:
            raise DataError(f"{one.name!r}: {len(place)} positions for {one.n_neurons} neurons")
    return [
        LatentPopulation(one.name, one.n_neurons, one.likelihood.n_parameters, options, place, generator)
        for one, place in zip(populations, places, strict=True)
    ]
