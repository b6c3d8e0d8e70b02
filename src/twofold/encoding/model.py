"""What fitting and scoring ask of an encoding model, whatever it encodes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
from torch import Tensor

from twofold.encoding.population import Population
from twofold.encoding.video_options import VideoOptions
from twofold.likelihoods import Likelihood, ResponseDistribution
from twofold.sampling import Clip, ClipBatch


@runtime_checkable
class EncodingModel(Protocol):
    """An `nn.Module` that is trained on clips and predicts whole trials."""

    options: VideoOptions
    frame_shape: tuple[int, int]
    history: tuple[Mapping[str, float], ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the recordings, in order."""
        ...

    @property
    def frames_lost(self) -> int:
        """Frames at the beginning of a clip for which there is no prediction."""
        ...

    def population(self, number: int) -> Population:
        """What a recording has of its own."""
        ...

    def total_loss(self, batch: ClipBatch) -> tuple[Tensor, int]:
        """Summed loss, and over how many entries."""
        ...

    def regularizer(self) -> Tensor:
        """What is added to the mean loss."""
        ...

    def validation_pair(self, number: int, clip: Clip) -> tuple[np.ndarray, np.ndarray]:
        """Recorded and predicted responses of a trial, each (time, neuron), that decide when to stop."""
        ...

    def distribution_of(self, number: int, clip: Clip) -> ResponseDistribution:
        """Distribution of the responses in a whole trial, on the processor."""
        ...

    def likelihood_of(self, number: int) -> Likelihood:
        """Likelihood of a recording, on the processor."""
        ...

    def describe(self) -> dict[str, Any]:
        """All but the tensors, as JSON can hold it."""
        ...

    def save(self, path: Path | str) -> None:
        """Write the model to a file."""
        ...
