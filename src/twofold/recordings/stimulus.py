"""What was shown: frames, their ids and their features."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from twofold.errors import DataError
from twofold.recordings.lazy import ArrayLike


@dataclass(frozen=True, eq=False)
class Stimulus:
    """One clip: a frame rate, an id per frame, and where known the frames and their features.

    Parameters
    ----------
    frame_ids
        (frame,) integers; the same picture has the same id in the whole recording.
    rate_hz
        Frames per second.
    frames
        (frame, height, width), read when indexed; None where the pictures are not at hand.
    features
        Named features of each frame, each (frame, feature).

    Raises
    ------
    DataError
        If frames or features have another number of frames than there are ids.

    Examples
    --------
    >>> clip = Stimulus(frame_ids=np.arange(90), rate_hz=30.0)
    >>> len(clip), clip.seconds
    (90, 3.0)
    """

    frame_ids: np.ndarray
    rate_hz: float
    frames: ArrayLike | None = None
    features: Mapping[str, np.ndarray] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.rate_hz > 0:
            raise DataError(f"a stimulus needs a positive frame rate in Hz, got {self.rate_hz}")
        parts = {"frames": self.frames, **{f"feature {k!r}": v for k, v in self.features.items()}}
        for name, part in parts.items():
            if part is not None and part.shape[0] != len(self.frame_ids):
                raise DataError(f"{name}: {part.shape[0]} frames, but the clip has {len(self.frame_ids)}")

    def __len__(self) -> int:
        return len(self.frame_ids)

    @property
    def seconds(self) -> float:
        """How long one presentation lasts, in seconds."""
        return len(self.frame_ids) / self.rate_hz
