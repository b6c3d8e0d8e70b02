"""A Recording as a folder in SENSORIUM 2023 layout."""

from __future__ import annotations

import json
import re
import shutil
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd

from twofold.errors import DataError
from twofold.readers.sensorium.averages import write_statistics
from twofold.readers.sensorium.clips import Clip, clips_to_write, modalities_to_write, values_of
from twofold.readers.sensorium.folder import file_of
from twofold.readers.sensorium.tables import CLIP_NAME, CLIP_REPEAT, CLIP_START_S, POSITIONS
from twofold.recordings import Recording
from twofold.recordings.columns import POSITION_COLUMNS, TRIAL_COLUMNS

PLACED = {*TRIAL_COLUMNS, "file", "withheld"}  # columns of the trials that the layout says in its own way
FILE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_ .-]{0,99}")


def write_sensorium(
    recording: Recording, path: str | Path, *, withhold: Sequence[str] = (), padded_frames: int = 324
) -> Path:
    """Write a recording as a folder in SENSORIUM 2023 layout; it is there whole, or not at all.

    Files are numbered in order of time. Responses and frames are written as they are, as float32, one trial
    at a time; `read_sensorium` gives them back exactly, with the names, repeats and times of the clips, which
    lie beside the tiers as `clip_name`, `clip_repeat` and `clip_start_s`. The layout knows the signals
    pupil_dilation with running_speed and pupil_x with pupil_y; others are left out, as are rows between
    trials, features and truth. Neurons without `unit_ids` are numbered.

    Parameters
    ----------
    recording
        One row of responses per frame of 30 Hz, and frames for every clip.
    path
        The new folder.
    withhold
        Tiers whose responses are written as 0, as the competition did with its test tiers.
    padded_frames
        Length to which shorter clips are padded with NaN; at least the longest clip.

    Raises
    ------
    DataError
        If something is there already, the recording does not fit the layout, or the disk is full.

    Examples
    --------
    See `read_sensorium`.
    """
    path = Path(path)
    if path.exists() or path.is_symlink():
        raise DataError(f"{path} exists; give a folder that is not there yet")
    clips = clips_to_write(recording, withhold)
    modalities = modalities_to_write(recording)
    neurons, trials = _neuron_arrays(recording), _trial_arrays(recording)
    padded = max(padded_frames, *(clip.n_frames for clip in clips))
    with _whole(path) as folder:
        for clip in clips:
            for modality in modalities:
                values = values_of(recording, clip, modality)
                _save(folder / file_of(modality, clip.number), _padded(values, padded))
        for name, array in neurons.items():
            _save(folder / "meta/neurons" / f"{name}.npy", array)
        for name, array in trials.items():
            _save(folder / "meta/trials" / f"{name}.npy", array)
        (folder / "config.json").write_text(json.dumps({"links": {}}), encoding="utf-8")
        write_statistics(folder, modalities, _measured_on(clips))
    return path


def _measured_on(clips: Sequence[Clip]) -> list[int]:
    """Files that the statistics are of: the train tier, or all where there is none."""
    given = [clip for clip in clips if not clip.is_withheld] or list(clips)
    train = [clip for clip in given if clip.tier == "train"] or given
    return [clip.number for clip in train]


def _padded(values: np.ndarray, length: int) -> np.ndarray:
    """NaN after the last frame."""
    out = np.full((*values.shape[:-1], length), np.nan, values.dtype)
    out[..., : values.shape[-1]] = values
    return out


def _neuron_arrays(recording: Recording) -> dict[str, np.ndarray]:
    table = recording.neurons.table
    arrays: dict[str, np.ndarray] = {"unit_ids": np.arange(len(table))}
    if recording.neurons.position_um is not None:
        arrays[POSITIONS] = table[POSITION_COLUMNS].to_numpy()
        table = table.drop(columns=POSITION_COLUMNS)
    return {**arrays, **_columns(table, taken=(POSITIONS,))}


def _trial_arrays(recording: Recording) -> dict[str, np.ndarray]:
    table = recording.trials.table
    renamed = {"tier": "tiers", "stimulus": CLIP_NAME, "repeat": CLIP_REPEAT, "start_s": CLIP_START_S}
    own = _columns(table[list(renamed)].rename(columns=renamed), taken=())
    others = table.drop(columns=[name for name in table.columns if name in PLACED])
    return {**own, **_columns(others, taken=tuple(own))}


def _columns(table: pd.DataFrame, taken: Sequence[str]) -> dict[str, np.ndarray]:
    """The columns of a table as arrays that need no pickle, by names that can be those of files."""
    arrays = {}
    for name in table.columns:
        values = table[name].to_numpy()
        if not isinstance(name, str) or not FILE_NAME.fullmatch(name) or name in taken:
            raise DataError(f"column {name!r} cannot be the name of a file of the layout; rename it")
        if values.dtype.kind == "O" and all(isinstance(value, str) for value in values):
            values = np.array(values.tolist(), dtype=str)
        if values.dtype.kind not in "biufU":
            raise DataError(f"column {name!r} holds more than numbers, or lacks some texts; fill or drop it")
        arrays[name] = values
    return arrays


def _save(path: Path, values: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, values, allow_pickle=False)


@contextmanager
def _whole(path: Path) -> Iterator[Path]:
    """A folder beside `path` that takes its name when all went well, and else is removed."""
    if not path.parent.is_dir():
        raise DataError(f"there is no folder {path.parent} to write {path.name} into; make it first")
    temporary = path.with_name(f".{path.name}-{uuid.uuid4().hex[:8]}")
    try:
        temporary.mkdir()
        yield temporary
        temporary.rename(path)
    except OSError as error:
        raise DataError(f"could not write {path}: {error.strerror or error}; nothing is kept") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
