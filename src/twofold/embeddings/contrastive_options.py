"""What a contrastive embedding can be told, and what it refuses."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, field_validator

from twofold.embeddings.infonce import LOWEST_LEARNED_TEMPERATURE
from twofold.options import Options
from twofold.training import Precision


class ContrastiveOptions(Options):
    """What `ContrastiveEmbedding.fit` checks before it starts."""

    dimension: int = Field(ge=1)
    window: int = Field(ge=1)
    hidden: int = Field(ge=1)
    similarity: Literal["cosine", "euclidean"]
    learn_temperature: bool
    temperature: float = Field(gt=0, allow_inf_nan=False)
    positives: Literal["auto", "any", "other_repeat"]
    time_offset: int = Field(ge=1)
    reconstruction: float = Field(ge=0, allow_inf_nan=False)
    reconstruction_target: Literal["auto", "same", "other_repeat"]
    batch_size: int = Field(ge=1)
    max_steps: int = Field(ge=0)
    learning_rate: float = Field(gt=0, allow_inf_nan=False)
    weight_decay: float = Field(ge=0, allow_inf_nan=False)
    dropout: float = Field(ge=0, lt=1)
    precision: Precision
    device: str = Field(pattern=r"^(auto|cpu|cuda(:\d+)?)$")
    random_state: Any

    @field_validator("temperature")
    @classmethod
    def _above_its_floor(cls, temperature: float, earlier: Any) -> float:
        if earlier.data.get("learn_temperature") and temperature < LOWEST_LEARNED_TEMPERATURE:
            raise ValueError(f"a learned temperature starts at {LOWEST_LEARNED_TEMPERATURE} or above")
        return temperature
