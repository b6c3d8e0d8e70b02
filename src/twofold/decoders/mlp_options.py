"""What the network that decodes responses can be told, and what it refuses."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from twofold.options import Options

Width = Annotated[int, Field(ge=1)]


class ResponseMLPOptions(Options):
    """What `ResponseMLP.fit` checks before it starts."""

    hidden: tuple[Width, ...]
    epochs: int = Field(ge=1)
    batch_size: int = Field(ge=1)
    learning_rate: float = Field(gt=0, allow_inf_nan=False)
    weight_decay: float = Field(ge=0, allow_inf_nan=False)
    dropout: float = Field(ge=0, lt=1)
    validation: float = Field(ge=0, lt=1)
    patience: int = Field(ge=1)
    device: str = Field(pattern=r"^(auto|cpu|cuda(:\d+)?)$")
    random_state: Any
