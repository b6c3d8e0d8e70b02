"""A fitted latent video model as one file of tensors and JSON; reading it runs no code."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from pydantic import Field
from torch import Tensor

from twofold.encoding.latent.model import LatentVideoModel
from twofold.encoding.latent.options import LatentOptions
from twofold.encoding.saving import SavedVideoModel
from twofold.encoding.saving import describe as describe_video
from twofold.encoding.saving import rebuild as rebuild_video
from twofold.errors import DataError, OptionError
from twofold.options import Options
from twofold.training import read_tensors, write_tensors

FORMAT = "twofold latent video model"


class SavedLatentModel(Options):
    """All of a latent video model but its tensors."""

    format: Literal["twofold latent video model"] = "twofold latent video model"
    version: Literal[1] = 1
    options: dict[str, Any]
    video: dict[str, Any]
    history: list[dict[str, float]] = Field(default_factory=list)


def describe(model: LatentVideoModel) -> dict[str, Any]:
    """Everything about a model that JSON can hold."""
    saved = SavedLatentModel(
        options=model.latent_options.model_dump(mode="json"),
        video=describe_video(model.video),
        history=[dict(row) for row in model.history],
    )
    return saved.model_dump(mode="json")


def save_latent_model(model: LatentVideoModel, path: Path | str) -> None:
    """Write a model; it is there whole, or not at all.

    Raises
    ------
    DataError
        If it cannot be written.
    """
    write_tensors(path, model.state_dict(), describe(model))


def load_latent_model(path: Path | str, device: torch.device | None = None) -> LatentVideoModel:
    """Read a model back, in evaluation mode.

    Raises
    ------
    DataError
        If the file is missing, damaged, or no latent video model.
    """
    tensors, content = read_tensors(path)
    try:
        model = rebuild(content, tensors)
    except (OptionError, DataError, KeyError, RuntimeError, TypeError) as error:
        raise DataError(f"{path} cannot be read: {error}") from None
    return model.to(device or torch.device("cpu")).eval()


def rebuild(described: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> LatentVideoModel:
    """A model from what was saved of it."""
    saved = SavedLatentModel.model_validate(described)
    video = {
        name.removeprefix("video."): value for name, value in tensors.items() if name.startswith("video.")
    }
    of_video = SavedVideoModel.model_validate(saved.video)
    places = [
        tensors.get(f"latent_populations.{number}.map.place") for number in range(len(of_video.populations))
    ]
    positions = [None if place is None else np.array(place.numpy()) for place in places]
    model = LatentVideoModel(
        rebuild_video(of_video, video), LatentOptions(**saved.options), positions=positions
    )
    model.load_state_dict(dict(tensors))
    model.history = tuple(saved.history)
    return model
