"""Features of all frames that a recording shows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from twofold.errors import DataError
from twofold.recordings import Recording
from twofold.recordings.lazy import ArrayLike
from twofold.shapes import Features


class AllFrames:
    """The frames of several clips one after the other, read when indexed.

    Parameters
    ----------
    clips
        (frame, height, width) each, all of one size.
    """

    def __init__(self, clips: Sequence[ArrayLike]) -> None:
        self._clips = clips
        self._borders = np.cumsum([0, *(clip.shape[0] for clip in clips)])
        self.shape: tuple[int, ...] = (int(self._borders[-1]), *clips[0].shape[1:])
        self.dtype = np.result_type(*(np.dtype(clip.dtype) for clip in clips))

    def __getitem__(self, rows: Any) -> np.ndarray:
        start, stop, step = rows.indices(self.shape[0])
        parts = [np.empty((0, *self.shape[1:]), self.dtype)]
        for clip, first, end in zip(self._clips, self._borders[:-1], self._borders[1:], strict=True):
            if first < stop and end > start:
                parts.append(np.asarray(clip[max(start - first, 0) : min(stop, end) - first]))
        return np.concatenate(parts).astype(self.dtype, copy=False)[::step]


def with_features(recording: Recording, name: str, compute: Callable[[ArrayLike], Features]) -> Recording:
    """The recording with a named feature of each frame that it shows.

    All clips are given to `compute` together, so that components and scales are theirs in common. It sees
    frames only, never responses.

    Parameters
    ----------
    recording
        Its stimuli must have frames, of one size.
    name
        Of the new feature.
    compute
        (frame, height, width) to (frame, feature).

    Raises
    ------
    DataError
        If a clip has no frames, the sizes differ, or there is such a feature.

    Examples
    --------
    >>> from twofold.features import pixels_pca
    >>> from twofold.simulate import MovieRepeats, simulate_movie_repeats
    >>> mouse = simulate_movie_repeats(MovieRepeats.small(n_units=5), random_state=0)
    >>> mouse = with_features(mouse, "pixels-pca", lambda frames: pixels_pca(frames, keep=3))
    >>> mouse.frame_features("pixels-pca").shape == (len(mouse.time_s), 3)
    True
    """
    stimuli = recording.stimuli
    if not stimuli:
        raise DataError("the recording has no stimuli, so there are no frames")
    frames = [clip.frames for clip in stimuli.values() if clip.frames is not None]
    if len(frames) < len(stimuli):
        without = next(key for key, clip in stimuli.items() if clip.frames is None)
        raise DataError(
            f"{len(stimuli) - len(frames)} of {len(stimuli)} clips have no frames, as {without!r}; import "
            "the recording again with its frames"
        )
    sizes = {tuple(clip.shape[1:]) for clip in frames}
    if len(sizes) > 1:
        raise DataError(f"frames have different sizes, {', '.join(map(str, sorted(sizes)))}; make them equal")
    if any(name in clip.features for clip in stimuli.values()):
        raise DataError(f"there is a feature {name!r} already; give another name (--name)")
    together = AllFrames(frames)
    found = np.asarray(compute(together))
    if found.ndim != 2 or len(found) != together.shape[0]:
        raise DataError(f"{name}: features have shape {found.shape} for {together.shape[0]} frames")
    parts = np.split(found, np.cumsum([len(clip) for clip in stimuli.values()])[:-1])
    given = {
        key: replace(clip, features={**clip.features, name: part})
        for (key, clip), part in zip(stimuli.items(), parts, strict=True)
    }
    told = f"computed the feature {name}, {found.shape[1]} numbers per frame"
    return replace(recording, stimuli=given, history=(*recording.history, told))
