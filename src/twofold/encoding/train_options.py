"""How an encoding model is trained; the defaults are the protocol of paper B."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt

from twofold.encoding.video_options import Preset
from twofold.options import Options
from twofold.training import EarlyStopping, Plateau

BATCHES: dict[Preset, dict[str, Any]] = {"tiny": {"batch_clips": 2}, "small": {"batch_clips": 4}, "paper": {}}
Share = Annotated[float, Field(gt=0, lt=1)]


class TrainOptions(Options):
    """Options of `twofold.fit`.

    Parameters
    ----------
    epochs
        At most so many; in each, one random clip of each training trial.
    clip_frames, batch_clips
        Length of a clip, and clips of each recording in a step.
    learning_rate, weight_decay
        Of AdamW.
    decay_factor, decay_patience, minimum_rate
        The learning rate is multiplied after so many epochs without a better score, down to the last.
    patience, rounds
        A round ends after so many epochs without a better score; the next one starts from the best weights.
    training_tier, validation_tier
        Trials that are learned from, and those whose single-trial correlation decides when to stop.
    frames_skipped
        Frames at the beginning of a trial that the correlation leaves out, 50 by custom of the field; fewer
        where trials are short, which is told.
    seed
        Of all that is random in training.
    precision
        "bf16" multiplies in bf16; "auto" does so where the hardware can.
    device
        "auto", "cpu" or "cuda".
    processes
        More than one share each batch.
    checkpoint_seconds
        Time between two checkpoints.
    tensorboard
        Whether curves are also written for TensorBoard.

    Raises
    ------
    OptionError
        If a name is unknown or a value cannot work.

    Examples
    --------
    >>> TrainOptions(epochs=3).early_stopping.rounds
    4
    """

    epochs: PositiveInt = 200
    clip_frames: PositiveInt = 80
    batch_clips: PositiveInt = 8
    learning_rate: PositiveFloat = 5e-3
    weight_decay: NonNegativeFloat = 0.01
    decay_factor: Share = 0.3
    decay_patience: NonNegativeInt = 10
    minimum_rate: NonNegativeFloat = 1e-5
    patience: PositiveInt = 12
    rounds: PositiveInt = 4
    training_tier: str = "train"
    validation_tier: str = "oracle"
    frames_skipped: NonNegativeInt = 50
    seed: NonNegativeInt = 0
    precision: Literal["fp32", "bf16", "auto"] = "fp32"
    device: str = "auto"
    processes: PositiveInt = 1
    checkpoint_seconds: NonNegativeFloat = 60.0
    tensorboard: bool = False

    @classmethod
    def preset(cls, name: Preset, **changes: Any) -> TrainOptions:
        """Options for a model of that preset: on little data, smaller batches take more steps."""
        return cls(**{**BATCHES[name], **changes})

    @property
    def plateau(self) -> Plateau:
        """The schedule at its beginning."""
        return Plateau(self.decay_factor, self.decay_patience, minimum=self.minimum_rate)

    @property
    def early_stopping(self) -> EarlyStopping:
        """Early stopping at its beginning."""
        return EarlyStopping(self.patience, self.rounds)
