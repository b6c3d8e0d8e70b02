"""One clip per mouse: its frames, what was recorded, and what was predicted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twofold.reporting.figures.picture import NothingToShow, array
from twofold.reporting.latent_factors.mice import mice_of
from twofold.studies.result import Result

FIGURE = "figure-5"
TRACES = ("observed", "video_only", "conditioned", "low", "high")


@dataclass(frozen=True, eq=False)
class Clip:
    """One presentation to one mouse.

    Parameters
    ----------
    mouse
        Its name.
    seconds
        (time,) from the beginning of the clip.
    neuron
        (neuron,) their numbers.
    observed, video_only, conditioned, low, high
        (neuron, time) responses; their mean from the video alone, given other neurons, and its 90 % band.
    frames
        (frame, height, width) uint8.
    frame_of_time
        (time,) which frame was shown.
    """

    mouse: str
    seconds: np.ndarray
    neuron: np.ndarray
    observed: np.ndarray
    video_only: np.ndarray
    conditioned: np.ndarray
    low: np.ndarray
    high: np.ndarray
    frames: np.ndarray
    frame_of_time: np.ndarray

    def agreement(self, k: int) -> float:
        """Correlation of the k-th neuron's response with its prediction given others; 0 if either is flat."""
        recorded, predicted = self.observed[k], self.conditioned[k]
        if not recorded.std() or not predicted.std():
            return 0.0
        return float(np.corrcoef(recorded, predicted)[0, 1])


def clips_of(result: Result) -> list[Clip]:
    """The clip of every mouse that has one.

    Raises
    ------
    NothingToShow
        If no mouse has one, or the arrays of one do not belong together.
    """
    mice = mice_of(result)
    found = [
        _clip(result, f"{FIGURE}/{m}", mouse)
        for m, mouse in enumerate(mice)
        if f"{FIGURE}/{m}/observed" in result.arrays
    ]
    if not found:
        raise NothingToShow(f"the result has no array {FIGURE}/0/observed")
    return found


def _clip(result: Result, name: str, mouse: str) -> Clip:
    seconds = array(result, f"{name}/time_s", 1).astype(float)
    neuron = array(result, f"{name}/neuron", 1)
    traces = {what: array(result, f"{name}/{what}", 2).astype(float) for what in TRACES}
    frames = array(result, f"{name}/frames", 3)
    shown = array(result, f"{name}/frame_of_time", 1).astype(int)
    for what, values in traces.items():
        if values.shape != (len(neuron), len(seconds)) or not np.isfinite(values).all():
            raise NothingToShow(f"{name}/{what} has shape {values.shape}, or a number that is not finite")
    if shown.shape != seconds.shape or shown.min() < 0 or shown.max() >= len(frames):
        raise NothingToShow(f"{name}/frame_of_time does not fit to {len(frames)} frames")
    per_frame = (seconds[-1] - seconds[0]) / max(int(shown[-1] - shown[0]), 1)
    seconds = seconds - seconds[0] + shown[0] * per_frame  # of the clip, which begins with frame 0
    return Clip(mouse, seconds, neuron, **traces, frames=frames.astype(np.uint8), frame_of_time=shown)
