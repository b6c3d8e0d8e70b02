"""What can be shown to a model, and from which frame on it answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from torch import Tensor

from twofold.errors import OptionError
from twofold.shapes import Frames

# Grey values (video, frame, height, width) to expected responses (video, frame - frames_lost, neuron), with a
# gradient where one is asked for. Anyone's model will do.
Responding = Callable[[Tensor], Tensor]


@runtime_checkable
class Watching(Protocol):
    """A model that knows what it was trained to see."""

    @property
    def frame_shape(self) -> tuple[int, int]:
        """Height and width of a frame."""
        ...

    @property
    def frames_lost(self) -> int:
        """Frames at the beginning of a video for which there is no response."""
        ...

    @property
    def grey(self) -> float:
        """Mean grey value of the training videos."""
        ...

    @property
    def grey_sd(self) -> float:
        """Their standard deviation."""
        ...


@dataclass(frozen=True)
class Screen:
    """A screen before a model.

    Parameters
    ----------
    height, width
        In pixels.
    frames_lost
        Frames at the beginning of a video to which there is no response.
    grey, sd
        Of an empty screen, and standard deviation of what the model was trained on, in grey values.
    rate_hz
        Frames per second.
    low, high
        Darkest and brightest grey value.

    Raises
    ------
    OptionError
        If sizes are not positive, or the grey is not between darkest and brightest.

    Examples
    --------
    >>> screen = Screen(18, 32, frames_lost=10, grey=80.0, sd=57.0)
    >>> screen.blank(12).shape, screen.amplitude
    ((12, 18, 32), 80.0)
    """

    height: int
    width: int
    frames_lost: int
    grey: float
    sd: float
    rate_hz: float = 30.0
    low: float = 0.0
    high: float = 255.0

    def __post_init__(self) -> None:
        if min(self.height, self.width, self.sd, self.rate_hz) <= 0 or self.frames_lost < 0:
            raise OptionError(
                f"a screen of {self.height} x {self.width} pixels at {self.rate_hz:g} Hz, sd {self.sd:g}, "
                f"{self.frames_lost} frames lost: give positive sizes"
            )
        if not self.low < self.grey < self.high:
            raise OptionError(
                f"grey={self.grey:g} does not lie between {self.low:g} and {self.high:g}; give low and high "
                "in the units of the videos that the model was trained on"
            )

    @classmethod
    def before(
        cls, model: Watching, *, rate_hz: float = 30.0, low: float = 0.0, high: float = 255.0
    ) -> Screen:
        """The screen that a model was trained at."""
        height, width = model.frame_shape
        return cls(height, width, model.frames_lost, model.grey, model.grey_sd, rate_hz, low, high)

    @property
    def amplitude(self) -> float:
        """The largest that a wave around the grey can have."""
        return min(self.grey - self.low, self.high - self.grey)

    def blank(self, n_frames: int) -> Frames:
        """(frame, height, width) of grey."""
        return np.full((n_frames, self.height, self.width), self.grey, dtype=np.float32)
