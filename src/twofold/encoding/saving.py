"""A fitted video model as one file of tensors and JSON; reading it runs no code."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from pydantic import Field, PositiveInt
from torch import Tensor

from twofold.encoding.core import core_of
from twofold.encoding.population import FAMILIES, Population
from twofold.encoding.video import VideoModel
from twofold.encoding.video_options import VideoOptions
from twofold.errors import DataError, OptionError
from twofold.likelihoods import FlowLikelihood, Likelihood, ZigLikelihood
from twofold.options import Options
from twofold.training import read_tensors, write_tensors

OF_LIKELIHOODS = ("kappa", "scale", "bend", "log_sd")  # what they are made from


class SavedPopulation(Options):
    """What the tensors of a population do not say."""

    name: str
    n_neurons: PositiveInt
    has_positions: bool
    likelihood: dict[str, Any]


class SavedVideoModel(Options):
    """All of a video model but its tensors."""

    format: Literal["twofold video model"] = "twofold video model"
    version: Literal[1] = 1
    options: dict[str, Any]
    populations: list[SavedPopulation] = Field(min_length=1)
    frame_shape: tuple[PositiveInt, PositiveInt]
    history: list[dict[str, float]] = Field(default_factory=list)


def describe(model: VideoModel) -> dict[str, Any]:
    """Everything about a model that JSON can hold."""
    populations = [
        SavedPopulation(
            name=one.name,
            n_neurons=one.n_neurons,
            has_positions=one.has_positions,
            likelihood=likelihood_settings(one.likelihood),
        )
        for one in model.each_population
    ]
    saved = SavedVideoModel(
        options=model.options.model_dump(mode="json"),
        populations=populations,
        frame_shape=model.frame_shape,
        history=[dict(row) for row in model.history],
    )
    return saved.model_dump(mode="json")


def save_video_model(model: VideoModel, path: Path | str) -> None:
    """Write a model; it is there whole, or not at all.

    Raises
    ------
    DataError
        If it cannot be written.
    """
    write_tensors(path, model.state_dict(), describe(model))


def load_video_model(path: Path | str, device: torch.device | None = None) -> VideoModel:
    """Read a model back, in evaluation mode.

    Raises
    ------
    DataError
        If the file is missing, damaged, or no video model.
    """
    tensors, content = read_tensors(path)
    try:
        saved = SavedVideoModel.model_validate(content)
        model = rebuild(saved, tensors)
    except (OptionError, DataError, KeyError, RuntimeError, TypeError) as error:
        raise DataError(f"{path} cannot be read: {error}") from None
    return model.to(device or torch.device("cpu")).eval()


def rebuild(saved: SavedVideoModel, tensors: Mapping[str, Tensor]) -> VideoModel:
    """A model from what was saved of it."""
    options, generator = VideoOptions(**saved.options), torch.Generator()
    populations = []
    for number, one in enumerate(saved.populations):
        own = own_tensors(tensors, f"populations.{number}.likelihood.")
        likelihood = likelihood_from(options.likelihood, own, one.likelihood)
        anywhere = np.zeros((one.n_neurons, 2)) if one.has_positions else None
        populations.append(Population(one.name, likelihood, options, one.n_neurons, anywhere, generator))
    model = VideoModel(options, core_of(options, generator), populations, 0.0, 1.0, saved.frame_shape)
    model.load_state_dict(dict(tensors))
    model.history = tuple(saved.history)
    return model


def likelihood_settings(likelihood: Likelihood) -> dict[str, Any]:
    """What the tensors of a likelihood do not say."""
    if isinstance(likelihood, FlowLikelihood):
        return {"rho": likelihood.rho}
    if not isinstance(likelihood, ZigLikelihood):
        return {}
    return {"rho": likelihood.rho, "spike": likelihood.spike, "paper_code": likelihood.paper_code}


def own_tensors(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """Those of a likelihood, by the names that it has for them."""
    return {name: tensors[prefix + name] for name in OF_LIKELIHOODS if prefix + name in tensors}


def likelihood_from(name: str, own: Mapping[str, Tensor], settings: Mapping[str, Any]) -> Likelihood:
    """A likelihood from its name, its tensors if it has some, and the rest."""
    return FAMILIES[name](**own, **settings)
