"""The screen of an experanto folder: which frames were shown when, and the frames, read when indexed."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from twofold.errors import DataError
from twofold.readers.experanto.meta import Meta, inside, read_meta, read_npy, whole
from twofold.recordings import Stimulus

SHOWN, NOT_SHOWN = ("video", "image"), ("blank", "invalid")
STRUCTURE = ("modality", "first_frame_idx", "num_frames", "image_size", "tier", "file_format", "encoded")
NAMES = ("stimulus_name", "condition_hash")  # a name that says which clips are the same


@dataclass(frozen=True, eq=False)
class Shown:
    """One presentation.

    Parameters
    ----------
    key
        Number of its file.
    meta
        What its description says.
    file
        Where its frames are.
    times_s
        (frame,) when each frame came on.
    next_s
        When the first frame after it came on.
    """

    key: str
    meta: Meta
    file: Path
    times_s: np.ndarray
    next_s: float

    @property
    def frame_s(self) -> float:
        """How long a frame stayed, on average."""
        if len(self.times_s) == 1:
            return self.next_s - float(self.times_s[0])
        return float(self.times_s[-1] - self.times_s[0]) / (len(self.times_s) - 1)

    @property
    def stop_s(self) -> float:
        """When it was over: a frame's time after its last frame, or when the next came on."""
        return min(float(self.times_s[0]) + len(self.times_s) * self.frame_s, self.next_s)

    @property
    def unevenness(self) -> float:
        """How far a frame came on from an even clock, in frames."""
        even = self.times_s[0] + np.arange(len(self.times_s)) * self.frame_s
        return float(np.abs(self.times_s - even).max()) / self.frame_s


@dataclass(frozen=True, eq=False)
class Screen:
    """What was shown: a trial table, the clips by name, and what is worth telling."""

    trials: pd.DataFrame
    stimuli: Mapping[str, Stimulus]
    history: tuple[str, ...] = field(default=())


def open_screen(folder: Path, meta: Meta, tier_at: Callable[[float], str] = lambda start_s: "all") -> Screen:
    """Open the screen; blank and invalid presentations lie between the trials.

    Parameters
    ----------
    folder
        With `timestamps.npy`, `meta/NUMBER.yml` and `data/NUMBER.npy`.
    meta
        Its `meta.yml`.
    tier_at
        The tier of a trial that names none, by its start in seconds.

    Raises
    ------
    DataError
        If files are missing, damaged, or do not fit the times.
    """
    shown, left_out = _shown(folder, meta)
    clips: dict[str, list[Shown]] = defaultdict(list)
    same = _Same(shown)
    names = [same.name(one) for one in shown]
    for name, one in zip(names, shown, strict=True):
        clips[name].append(one)
    starts = [float(one.times_s[0]) for one in shown]
    tiers = [str(one.meta.get("tier") or tier_at(at)) for one, at in zip(shown, starts, strict=True)]
    trials = pd.DataFrame(
        {
            "stimulus": pd.Series(names, dtype="str"),
            "repeat": pd.Series(names, dtype="str").groupby(names, sort=False).cumcount() if names else [],
            "tier": pd.Series(tiers, dtype="str"),
            "start_s": np.array(starts, dtype=float),
            "stop_s": np.array([one.stop_s for one in shown], dtype=float),
            **_columns(shown),
        }
    ).astype({"repeat": "int64"})
    stimuli, first_id, notes = {}, 0, list(left_out)
    for name, alike in clips.items():
        stimuli[name] = _stimulus(alike, first_id)
        first_id += len(stimuli[name])
    if unread := [name for name, clip in stimuli.items() if clip.frames is None]:
        notes.append(f"frames of {len(unread)} clips are in encoded files, which are not read")
    if uneven := [one.key for one in shown if one.unevenness > 0.5]:
        notes.append(f"frames of {len(uneven)} trials came on more than half a frame off an even clock")
    return Screen(trials, stimuli, tuple(notes))


def _shown(folder: Path, meta: Meta) -> tuple[list[Shown], list[str]]:
    """Presentations of videos and images in order of time, and how many others there were."""
    times_s = read_npy(folder / "timestamps.npy").astype(float)
    if times_s.ndim != 1 or not len(times_s) or not (np.diff(times_s) > 0).all():
        raise DataError(f"{folder / 'timestamps.npy'}: one time per frame is needed, in order")
    usual = float(np.median(np.diff(times_s))) if len(times_s) > 1 else 1.0
    after = np.append(times_s[1:], times_s[-1] + usual)
    shown, others, taken = [], 0, np.zeros(len(times_s), dtype=bool)
    for key, about, path in _descriptions(folder):
        modality = str(about.get("modality")).lower()
        if modality not in SHOWN + NOT_SHOWN:
            raise DataError(
                f"{path}: modality is {about.get('modality')!r}; known are {', '.join(SHOWN + NOT_SHOWN)}"
            )
        first = whole(about, "first_frame_idx", path)
        n_frames = whole(about, "num_frames", path, least=1) if modality == "video" else 1
        if first + n_frames > len(times_s) or taken[first : first + n_frames].any():
            raise DataError(
                f"{path}: frames {first} to {first + n_frames - 1} are beyond the {len(times_s)} times, or "
                "another trial has them too"
            )
        taken[first : first + n_frames] = True
        if modality in NOT_SHOWN or about.get("valid_trial") is False:
            others += 1
            continue
        name = about.get("stimulus_name") if meta.get("use_stimuli_names") else key
        file = inside(folder / "data", f"{name}.npy", path)
        own = slice(first, first + n_frames)
        shown.append(Shown(key, about, file, times_s[own], float(after[own][-1])))
    shown.sort(key=lambda one: one.times_s[0])
    images = [one.frame_s for one in shown[:-1] if len(one.times_s) == 1]
    if images and len(shown[-1].times_s) == 1 and shown[-1].times_s[0] == times_s[-1]:
        # nothing says how long the last picture of all stayed: as long as the others
        shown[-1] = replace(shown[-1], next_s=float(times_s[-1] + np.median(images)))
    return shown, [f"left out {others} blank or invalid presentations"] if others else []


def _descriptions(folder: Path) -> list[tuple[str, Meta, Path]]:
    """What is said of each presentation: in one file for all, else one each."""
    combined = folder / "combined_meta.json"
    if combined.is_file():
        every = read_meta(combined)
        if not all(isinstance(about, dict) for about in every.values()):
            raise DataError(f"{combined} holds more than descriptions of trials; is it damaged?")
        return [(key, about, combined) for key, about in every.items()]
    files = sorted(file for file in (folder / "meta").glob("*.yml") if file.stem.isdigit())
    if not files:
        raise DataError(f"{folder / 'meta'} has no descriptions of trials, such as 00000.yml")
    return [(file.stem, read_meta(file), file) for file in files]


class _Same:
    """Which presentations showed the same: by name where there is one, else by the bytes of their frames."""

    def __init__(self, shown: list[Shown]) -> None:
        self._by = next((key for key in NAMES if shown and all(key in one.meta for one in shown)), None)
        self._first: dict[Any, str] = {}

    def name(self, one: Shown) -> str:
        if self._by is not None:
            return str(one.meta[self._by])
        return self._first.setdefault(_digest(one.file) or one.key, one.key)


def _digest(file: Path) -> bytes | None:
    if not file.is_file():
        return None
    with file.open("rb") as content:
        return hashlib.file_digest(content, lambda: hashlib.blake2b(digest_size=16)).digest()


def _columns(shown: list[Shown]) -> dict[str, list[Any]]:
    """Whatever else is said of every trial, where it is of one plain kind."""
    known = set(STRUCTURE) | {"stimulus", "repeat", "start_s", "stop_s"}
    columns: dict[str, list[Any]] = {}
    for key in shown[0].meta if shown else ():
        values = [one.meta.get(key) for one in shown]
        kinds = {type(value) for value in values}
        if key not in known and len(kinds) == 1 and kinds <= {str, int, float, bool}:
            columns[key] = values
    return columns


def _stimulus(alike: list[Shown], first_id: int) -> Stimulus:
    first, n_frames = alike[0], len(alike[0].times_s)
    for one in alike:
        if len(one.times_s) != n_frames:
            raise DataError(
                f"trials {first.key} and {one.key} show the same clip, but {n_frames} and {len(one.times_s)} "
                "frames of it; give clips that differ different names"
            )
    longest = max(one.stop_s - float(one.times_s[0]) for one in alike)
    frames = FrameFile(first, n_frames) if first.file.exists() else None
    if frames is None and not any(first.file.parent.glob(f"{first.file.stem}.*")):
        raise DataError(f"{first.file}: no such file, so trial {first.key} has no frames")
    return Stimulus(np.arange(first_id, first_id + n_frames), n_frames / longest, frames=frames)


class FrameFile:
    """Frames of one clip in a npy file, (frame, height, width) or with colours, read when indexed."""

    def __init__(self, shown: Shown, n_frames: int) -> None:
        self._file = shown.file
        stored = read_npy(self._file, lazily=True)
        size = shown.meta.get("image_size")
        one = (
            len(size) if isinstance(size, list) else (2 if n_frames > 1 or stored.ndim == 2 else stored.ndim)
        )
        self._alone = n_frames == 1 and stored.ndim == one
        shape = (1, *stored.shape) if self._alone else stored.shape
        if len(shape) not in (3, 4) or shape[0] < n_frames or stored.dtype.kind not in "biuf":
            raise DataError(
                f"{self._file}: {stored.dtype} of shape {stored.shape} for {n_frames} frames; "
                "(frame, height, width) of numbers is needed"
            )
        self.shape: tuple[int, ...] = (n_frames, *shape[1:])
        self.dtype = stored.dtype

    def __getitem__(self, key: Any) -> np.ndarray:
        stored = read_npy(self._file, lazily=True)
        frames = stored[None] if self._alone else stored[: self.shape[0]]
        return np.array(frames[key])
