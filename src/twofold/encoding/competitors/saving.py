"""A fitted competitor, with its base model, as one file of tensors and JSON; reading it runs no code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from pydantic import PositiveInt
from torch import Tensor

from twofold.encoding.competitors.competitor import Competitor
from twofold.encoding.competitors.constant import CONSTANT, ConstantModel
from twofold.encoding.competitors.flow_factors import FlowFactors
from twofold.encoding.competitors.foretold import Base
from twofold.encoding.competitors.gpfa import GPFA
from twofold.encoding.competitors.population_gain import PopulationGain
from twofold.encoding.competitors.regression import ResidualRegression
from twofold.encoding.saving import SavedVideoModel, rebuild
from twofold.encoding.video import VideoModel
from twofold.errors import DataError, OptionError, did_you_mean
from twofold.options import Options
from twofold.training import read_tensors, write_tensors

FORMAT = "twofold competitor"
KINDS: dict[str, type[Competitor]] = {
    one.kind: one for one in (ResidualRegression, PopulationGain, FlowFactors, GPFA)
}


class SavedCompetitor(Options):
    """All of a competitor but its tensors."""

    format: Literal["twofold competitor"] = "twofold competitor"
    version: Literal[1] = 1
    kind: str
    options: dict[str, Any]
    base: dict[str, Any]
    n_states: PositiveInt


def describe(model: Competitor) -> dict[str, Any]:
    """Everything about a competitor that JSON can hold.

    Raises
    ------
    OptionError
        If it is not fitted.
    """
    if not model.states:
        raise OptionError(f"{type(model).__name__} is not fitted; call fit(recordings) before saving it")
    assert isinstance(model.base, VideoModel | ConstantModel)
    saved = SavedCompetitor(
        kind=model.kind,
        options=model.options.model_dump(mode="json"),
        base=model.base.describe(),
        n_states=len(model.states),
    )
    return saved.model_dump(mode="json")


def save_competitor(model: Competitor, path: Path | str) -> None:
    """Write a competitor; it is there whole, or not at all.

    Raises
    ------
    OptionError
        If it is not fitted.
    DataError
        If it cannot be written.
    """
    content = describe(model)
    assert isinstance(model.base, VideoModel | ConstantModel)
    tensors = {f"base.{name}": value for name, value in model.base.state_dict().items()}
    for number, state in enumerate(model.states):
        for field in fields(state):
            values = np.ascontiguousarray(getattr(state, field.name))
            tensors[f"states.{number}.{field.name}"] = torch.from_numpy(values)
    write_tensors(path, tensors, content)


def load_competitor(path: Path | str, device: torch.device | None = None) -> Competitor:
    """Read a competitor back; a video model in it goes to the device.

    Raises
    ------
    DataError
        If the file is missing, damaged, or no competitor.
    """
    tensors, content = read_tensors(path)
    try:
        saved = SavedCompetitor.model_validate(content)
        if saved.kind not in KINDS:
            raise DataError(f"kind {saved.kind!r}: {did_you_mean(saved.kind, KINDS)}")
        found = KINDS[saved.kind]
        base = _base(saved.base, _under("base.", tensors), device)
        model = found(base, found.options_type(**saved.options))
        model.states = tuple(
            _state(found.state_type, _under(f"states.{number}.", tensors)) for number in range(saved.n_states)
        )
    except (OptionError, DataError, KeyError, RuntimeError, TypeError) as error:
        raise DataError(f"{path} cannot be read: {error}") from None
    return model


def _base(content: Mapping[str, Any], tensors: Mapping[str, Tensor], device: torch.device | None) -> Base:
    if content.get("format") == CONSTANT:
        return ConstantModel.rebuilt(content, tensors)
    video = rebuild(SavedVideoModel.model_validate(content), tensors)
    return video.to(device or torch.device("cpu")).eval()


def _state(kind: type, tensors: Mapping[str, Tensor]) -> Any:
    return kind(**{name: value.numpy() for name, value in tensors.items()})


def _under(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
