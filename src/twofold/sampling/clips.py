"""Clips of video with the responses to them, cut inside their trials and read when they are asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Num

from twofold.errors import DataError
from twofold.recordings import Recording


class Clip(NamedTuple):
    """A stretch of one trial, as it lies on disk.

    Parameters
    ----------
    video
        (time, height, width) grey values.
    responses
        (time, neuron) float32, one row per frame.
    signals
        (time, signal) float32; NaN where they were not measured.
    time_s
        (time,) on the recording's clock.
    """

    video: Num[np.ndarray, "time height width"]
    responses: Float[np.ndarray, "time neuron"]
    signals: Float[np.ndarray, "time signal"]
    time_s: Float[np.ndarray, " time"]


class Span(NamedTuple):
    """Where a trial lies: rows of the recording, and the frames of its clip that they show."""

    trial: int
    first_row: int
    first_frame: int
    n_frames: int
    stimulus: str


class TrialClips:
    """The trials of some tiers, of which any stretch can be read.

    Parameters
    ----------
    recording
        One response per frame of the video.
    tiers
        Which trials; all by default.
    signals
        Names of the signals to be read along.

    Raises
    ------
    DataError
        If a tier or signal is missing, or a trial does not show one grey frame per response.

    Examples
    --------
    >>> import twofold as tw
    >>> movie = tw.simulate_movie_repeats(tw.MovieRepeats.small(n_units=5, bins_per_frame=1))
    >>> clip = TrialClips(movie).read(0, start=2, n_frames=3)
    >>> clip.video.shape, clip.responses.shape
    ((3, 18, 32), (3, 5))
    """

    def __init__(self, recording: Recording, *tiers: str, signals: Sequence[str] = ()) -> None:
        self.recording = recording
        self.spans = _spans(recording, tiers)
        columns = [recording.signal(name) for name in signals]
        self._signals = np.column_stack([np.empty((len(recording.time_s), 0)), *columns]).astype(np.float32)

    def __len__(self) -> int:
        return len(self.spans)

    @property
    def n_frames(self) -> np.ndarray:
        """(trial,) frames of each trial."""
        return np.array([span.n_frames for span in self.spans])

    def read(self, trial: int, start: int = 0, n_frames: int | None = None) -> Clip:
        """A stretch of a trial, counted in frames from its beginning; to its end by default."""
        span = self.spans[trial]
        n_frames = span.n_frames - start if n_frames is None else n_frames
        if start < 0 or start + n_frames > span.n_frames:
            raise DataError(
                f"frames {start} to {start + n_frames} reach outside a trial of {span.n_frames} frames"
            )
        rows = slice(span.first_row + start, span.first_row + start + n_frames)
        shown = slice(span.first_frame + start, span.first_frame + start + n_frames)
        frames = self.recording.stimuli[span.stimulus].frames
        assert frames is not None
        return Clip(
            np.asarray(frames[shown]),
            self.recording.responses[rows].astype(np.float32, copy=False),
            self._signals[rows],
            self.recording.time_s[rows],
        )

    def responses(self, trial: int) -> Float[np.ndarray, "time neuron"]:
        """All responses in a trial."""
        span = self.spans[trial]
        rows = slice(span.first_row, span.first_row + span.n_frames)
        return self.recording.responses[rows].astype(np.float32, copy=False)

    @property
    def signals(self) -> Float[np.ndarray, "time signal"]:
        """The signals in all trials, one after the other."""
        parts = [self._signals[s.first_row : s.first_row + s.n_frames] for s in self.spans]
        return np.concatenate(parts)

    def whole(self) -> Iterator[Clip]:
        """All trials from beginning to end, one at a time."""
        return (self.read(trial) for trial in range(len(self)))


def _spans(recording: Recording, tiers: Sequence[str]) -> list[Span]:
    table = recording.trials.table
    wanted = np.arange(len(table))
    if tiers:
        there = recording.trials.column("tier")
        for tier in tiers:
            if tier not in set(there):
                known = ", ".join(sorted(set(map(str, there))))
                raise DataError(f"{recording.name!r} has no tier {tier!r}; its tiers are {known}")
        wanted = np.flatnonzero(np.isin(there, tiers))
    # Half-open spans, whose borders rounding must not move.
    start, stop = (table[name].to_numpy(dtype=float) for name in ("start_s", "stop_s"))
    first, last = np.searchsorted(recording.time_s, [start, stop])
    names = table["stimulus"].to_numpy()
    return [_span(recording, int(k), int(first[k]), int(last[k]), names[k], start[k]) for k in wanted]


def _span(recording: Recording, trial: int, first: int, last: int, stimulus: str, start_s: float) -> Span:
    clip = recording.stimuli[stimulus]
    where = f"{recording.name!r}, trial {trial} (stimulus {stimulus!r})"
    if clip.frames is None:
        raise DataError(f"{where} has no pictures; a video model needs the frames that were shown")
    if len(clip.frames.shape) != 3:
        raise DataError(
            f"{where} has frames of shape {clip.frames.shape}; (frame, height, width), grey, is due"
        )
    shown = np.floor((recording.time_s[first:last] - start_s) * clip.rate_hz + 1e-6).astype(np.int64)
    shown = shown[shown < len(clip)]  # what was recorded after the last frame shows none
    if not len(shown) or (np.diff(shown) != 1).any():
        raise DataError(
            f"{where} does not have one response per frame ({1 / recording.bin_s:g} responses and "
            f"{clip.rate_hz:g} frames per second); bin or resample the responses to the frames first"
        )
    return Span(trial, first, int(shown[0]), len(shown), stimulus)
