"""What a contrastive embedding can be told, and what it refuses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from twofold.embeddings.infonce import LOWEST_LEARNED_TEMPERATURE
from twofold.embeddings.labels import LabelKind
from twofold.errors import OptionError
from twofold.options import Options
from twofold.training import Precision, Schedule


class ContrastiveOptions(Options):
    """What `ContrastiveEmbedding.fit` checks before it starts."""

    dimension: int = Field(ge=1)
    window: int = Field(ge=1)
    causal: bool
    stride: int = Field(ge=1)
    hidden: int = Field(ge=1)
    similarity: Literal["cosine", "euclidean"]
    learn_temperature: bool
    temperature: float = Field(gt=0, allow_inf_nan=False)
    positives: Literal["auto", "any", "other_repeat", "first"]
    conditional: Literal["time_delta", "normal"]
    jitter: float | None = Field(gt=0, allow_inf_nan=False)
    time_offset: int = Field(ge=1)
    time_dimensions: int | None = Field(ge=1)
    behaviour_dimensions: int | None = Field(ge=1)
    reconstruction: float = Field(ge=0, allow_inf_nan=False)
    reconstruction_target: Literal["auto", "same", "other_repeat"]
    mask_neurons: float = Field(ge=0, lt=1)
    mask_time: float = Field(ge=0, lt=1)
    batch_size: int | None = Field(ge=1)
    max_steps: int = Field(ge=0)
    learning_rate: float = Field(gt=0, allow_inf_nan=False)
    schedule: Schedule
    weight_decay: float = Field(ge=0, allow_inf_nan=False)
    dropout: float = Field(ge=0, lt=1)
    validation: float = Field(ge=0, lt=1)
    patience: int | None = Field(ge=1)
    shared: bool
    precision: Precision
    device: str = Field(pattern=r"^(auto|cpu|cuda(:\d+)?)$")
    random_state: Any

    @field_validator("temperature")
    @classmethod
    def _above_its_floor(cls, temperature: float, earlier: Any) -> float:
        if earlier.data.get("learn_temperature") and temperature < LOWEST_LEARNED_TEMPERATURE:
            raise ValueError(f"a learned temperature starts at {LOWEST_LEARNED_TEMPERATURE} or above")
        return temperature

    @model_validator(mode="after")
    def _fit_together(self) -> ContrastiveOptions:
        if problems := list(self._problems()):
            raise ValueError("; ".join(problems))
        return self

    def _problems(self) -> Iterator[str]:
        if (self.conditional == "normal") != (self.jitter is not None):
            yield "conditional='normal' and jitter, its standard deviation, go together: give both or neither"
        if self.window % self.stride:
            yield f"window={self.window} is no multiple of stride={self.stride}"
        if self.mask_time and self.window == 1:
            yield "mask_time would mask whole windows of one sample: give a longer window, or mask_neurons"
        if self.patience is not None and not self.validation:
            yield "patience waits for a validation loss: give validation, such as 0.2"
        if self.time_dimensions is None:
            if self.behaviour_dimensions is not None:
                yield "behaviour_dimensions needs time_dimensions, the latents of the loss in time"
            return
        behaviour, time = self.stretches
        if not 1 <= behaviour <= self.dimension or time > self.dimension:
            yield (
                f"time_dimensions={time} and behaviour_dimensions={behaviour} of dimension={self.dimension}: "
                "each takes at least 1 and at most all"
            )
        elif behaviour + time < self.dimension:
            yield (
                f"time_dimensions={time} and behaviour_dimensions={behaviour} leave "
                f"{self.dimension - behaviour - time} of {self.dimension} latents to no loss"
            )

    @property
    def stretches(self) -> tuple[int, int]:
        """Latents of the behaviour loss, from the front, and of the loss in time, from the back."""
        time = self.time_dimensions or 0
        behaviour = self.behaviour_dimensions
        return (self.dimension - time if behaviour is None else behaviour), time

    def refuse_for(self, kind: LabelKind, n_recordings: int) -> None:
        """Refuse what these options cannot do with such labels, and with one or several recordings.

        Raises
        ------
        OptionError
            All problems at once.
        """
        problems = []
        if self.time_dimensions is not None and kind == "time":
            problems.append(
                "time_dimensions: without labels all latents are guided by time; leave it at None"
            )
        if self.conditional == "normal" and kind not in ("continuous", "both"):
            problems.append(f"conditional='normal' jitters float labels, and these are {kind}")
        if n_recordings > 1:
            if self.positives != "auto":
                problems.append(
                    f"positives={self.positives!r}: with several recordings they come from another one; "
                    "leave it at 'auto'"
                )
            if self.reconstruction:
                problems.append("reconstruction works with one recording; set it to 0")
        elif self.shared:
            problems.append("shared=True is for several recordings, X=[X1, X2]")
        if problems:
            raise OptionError("ContrastiveOptions: " + "; ".join(problems))
