"""The trials of a recording as the SENSORIUM layout wants them: one response per frame, nothing unknown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from twofold.errors import DataError, did_you_mean
from twofold.readers.sensorium.tables import FRAME_HZ, SIGNALS
from twofold.recordings import Recording


@dataclass(frozen=True, eq=False)
class Clip:
    """One trial as it is written.

    Parameters
    ----------
    number
        Number of its files.
    stimulus, tier
        As in the trial table.
    rows
        Its rows of the recording, one per frame.
    is_withheld
        Whether its responses are written as 0.
    """

    number: int
    stimulus: str
    tier: str
    rows: slice
    is_withheld: bool

    @property
    def n_frames(self) -> int:
        """Length, in frames of 30 Hz."""
        return int(self.rows.stop - self.rows.start)


def clips_to_write(recording: Recording, withhold: Sequence[str]) -> list[Clip]:
    """All trials, numbered in order of time.

    Raises
    ------
    DataError
        If a tier is not known, there is no trial, or not one row of responses per picture at 30 Hz.
    """
    tiers = recording.trials.column("tier").tolist()
    for tier in withhold:
        if tier not in tiers:
            raise DataError(f"no tier {tier!r} to withhold; {did_you_mean(tier, set(tiers))}")
    if not tiers:
        raise DataError("the recording has no trials; there is nothing to write")
    if abs(recording.bin_s * FRAME_HZ - 1) > 1e-3:
        raise DataError(
            f"the SENSORIUM layout has one response per frame of 30 Hz, but bins are {recording.bin_s:g} s; "
            "bin the recording to frames of 30 Hz"
        )
    clips = []
    for number, (name, tier) in enumerate(zip(recording.trials.column("stimulus"), tiers, strict=True)):
        rows = np.flatnonzero(recording.trial_of_row == number)
        _refuse_pictures(recording, str(name))
        if not rows.size or not np.array_equal(recording.frame_of_row[rows], np.arange(len(rows))):
            raise DataError(
                f"trial {number} ({name}) has not one row of responses per frame from the first on; "
                "bin the recording to frames of 30 Hz"
            )
        clips.append(
            Clip(number, str(name), str(tier), slice(int(rows[0]), int(rows[-1]) + 1), tier in withhold)
        )
    return clips


def modalities_to_write(recording: Recording) -> tuple[str, ...]:
    """Folders of `data`: videos, responses, and those whose two signals there are.

    Raises
    ------
    DataError
        If only one of two signals that share a file is there.
    """
    modalities = ["videos", "responses"]
    for modality, channels in SIGNALS.items():
        there = [name for name, _ in channels if name in recording.signals]
        if len(there) == 1:
            both = " and ".join(name for name, _ in channels)
            raise DataError(f"data/{modality} holds {both}, but there is only {there[0]}; add or drop one")
        modalities += [modality] if there else []
    return tuple(modalities)


def values_of(recording: Recording, clip: Clip, modality: str) -> np.ndarray:
    """One modality of one trial, frames last.

    Raises
    ------
    DataError
        If a value is not known: in this layout NaN is the end of a clip.
    """
    if modality == "videos":
        frames = recording.stimuli[clip.stimulus].frames
        values = np.empty(0) if frames is None else np.asarray(frames[: clip.n_frames], dtype=np.float32)
    elif modality == "responses":
        values = np.asarray(recording.responses[clip.rows], dtype=np.float32)
        values = np.zeros_like(values) if clip.is_withheld else values
    else:
        time_s = recording.time_s[clip.rows]
        channels = [recording.signals[name].at(time_s, recording.bin_s) for name, _ in SIGNALS[modality]]
        values = np.stack(channels, axis=1)
    if not np.isfinite(values).all():
        frame = int(np.argwhere(~np.isfinite(values))[0, 0])
        raise DataError(
            f"{modality} are not known in trial {clip.number}, frame {frame}; the SENSORIUM layout marks "
            "the end of a clip by NaN, so fill the gap or drop the trial"
        )
    return np.moveaxis(values, 0, -1)


def _refuse_pictures(recording: Recording, name: str) -> None:
    clip = recording.stimuli[name]
    if clip.frames is None or len(clip.frames.shape) != 3:
        raise DataError(
            f"stimulus {name!r} has no grey frames (frame, height, width), which data/videos needs"
        )
    if abs(clip.rate_hz / FRAME_HZ - 1) > 1e-3:
        raise DataError(f"stimulus {name!r} runs at {clip.rate_hz:g} Hz; the SENSORIUM layout is at 30 Hz")
