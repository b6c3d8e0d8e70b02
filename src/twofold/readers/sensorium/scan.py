"""One pass over the trials of a SENSORIUM folder: their length, what they show, whether they are withheld."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from twofold.errors import DataError
from twofold.readers.sensorium.folder import SensoriumFolder, file_of

NEURONS_AT_ONCE = 512  # most trials are told from withheld ones by the first few


@dataclass(frozen=True, eq=False)
class FoundTrials:
    """What one pass over the trials found.

    Parameters
    ----------
    n_frames
        (trial,) frames before the first NaN of any modality.
    ends_early
        (trial,) whether another modality ends before the video does.
    withheld
        (trial,) whether all responses are 0.
    frame_ids
        Per trial (frame,) ids; the same picture has the same id in the whole folder.
    frame_dtype
        Per trial uint8 where all grey values are whole numbers from 0 to 255, else float32.
    signals
        Per modality and trial (frame, 2).
    """

    n_frames: np.ndarray
    ends_early: np.ndarray
    withheld: np.ndarray
    frame_ids: tuple[np.ndarray, ...]
    frame_dtype: tuple[np.dtype, ...]
    signals: dict[str, list[np.ndarray]]


def scan_trials(folder: SensoriumFolder, tick: Callable[[], None]) -> FoundTrials:
    """Read all videos and signals once, a trial at a time, and of the responses what must be known.

    Parameters
    ----------
    folder
        What to read.
    tick
        Called after each trial.

    Raises
    ------
    DataError
        If a file is damaged, a trial has no frame, or NaN stands inside a clip.
    """
    signals: dict[str, list[np.ndarray]] = {
        modality: [] for modality in folder.modalities if modality in ("behavior", "pupil_center")
    }
    lengths, early, withheld, ids, dtypes = [], [], [], [], []
    pictures: dict[bytes, int] = {}
    for number in folder.numbers.tolist():
        measured = {m: folder.tree.array(file_of(m, number)) for m in signals}
        video = folder.tree.array(file_of("videos", number))
        shown = _before_padding(video[0, 0], file_of("videos", number))
        response = folder.tree.first_row(file_of("responses", number))
        n = min(shown, _before_padding(response, file_of("responses", number)))
        n = min(n, *(_first_nan(values) for values in measured.values()), n)
        if not n:
            raise DataError(
                f"{folder.tree.path.name}: files {number}.npy have no frame in which nothing is NaN; "
                "give the trial the tier 'none'"
            )
        frames = grey(np.moveaxis(video[..., :n], -1, 0), file_of("videos", number))
        lengths.append(n)
        early.append(n < shown)
        ids.append(_picture_ids(frames, pictures))
        dtypes.append(frames.dtype)
        withheld.append(not response[:n].any() and _is_silent(folder, number, n))
        for modality, values in measured.items():
            signals[modality].append(np.array(values[:, :n].T, dtype=np.float64))
        tick()
    return FoundTrials(
        np.array(lengths), np.array(early), np.array(withheld), tuple(ids), tuple(dtypes), signals
    )


def grey(frames: np.ndarray, name: str) -> np.ndarray:
    """Frames as uint8 where that loses nothing, else as float32.

    Raises
    ------
    DataError
        If a pixel is not finite.

    Examples
    --------
    >>> grey(np.full((1, 2, 2), 7.0), "0.npy").dtype, grey(np.full((1, 2, 2), 0.5), "0.npy").dtype
    (dtype('uint8'), dtype('float32'))
    """
    bad = ~np.isfinite(frames)
    if bad.any():
        frame, row, column = np.argwhere(bad)[0]
        raise DataError(
            f"{name} is NaN or infinite inside the clip, first at frame {frame}, row {row}, column {column}; "
            "NaN can only stand after its end: get the file again, or give the trial the tier 'none'"
        )
    if frames.min() >= 0 and frames.max() <= 255:
        as_bytes = frames.astype(np.uint8, order="C")
        if np.array_equal(as_bytes, frames):
            return as_bytes
    return frames.astype(np.float32, order="C")


def _before_padding(row: np.ndarray, name: str) -> int:
    """Frames before the NaN that lead to the end."""
    known = ~np.isnan(row)
    n = _first_nan(row)
    if known[n:].any():
        raise DataError(
            f"{name} is NaN inside the clip, first at frame {n}; NaN can only stand after its end: "
            "get the file again, or give the trial the tier 'none'"
        )
    return n


def _first_nan(values: np.ndarray) -> int:
    """Frames before the first in which any channel is NaN; (channel, frame) or (frame,)."""
    lost = np.isnan(values) if values.ndim == 1 else np.isnan(values).any(axis=0)
    return int(np.argmax(lost)) if lost.any() else len(lost)


def _picture_ids(frames: np.ndarray, known: dict[bytes, int]) -> np.ndarray:
    """(frame,) ids, in order of the first time that a picture is seen; `known` grows."""
    ids = [known.setdefault(hashlib.blake2b(frame, digest_size=16).digest(), len(known)) for frame in frames]
    return np.array(ids)


def _is_silent(folder: SensoriumFolder, number: int, n: int) -> bool:
    values = folder.tree.array(file_of("responses", number))
    starts = range(0, len(values), NEURONS_AT_ONCE)
    return not any(values[start : start + NEURONS_AT_ONCE, :n].any() for start in starts)
