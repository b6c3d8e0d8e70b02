"""What a SENSORIUM folder says of each neuron and of each trial, as the tables of a recording."""

from __future__ import annotations

import numpy as np
import pandas as pd

from twofold.errors import DataError
from twofold.readers.sensorium.files import ArrayTree
from twofold.readers.sensorium.folder import TIERS, SensoriumFolder
from twofold.recordings.columns import POSITION_COLUMNS

FRAME_HZ = 30.0
SIGNALS = {  # name and unit of the two channels of each file
    "behavior": (("pupil_dilation", "px"), ("running_speed", "cm/s")),
    "pupil_center": (("pupil_x", "px"), ("pupil_y", "px")),
}
POSITIONS = "cell_motor_coordinates"
# Arrays of our own, which the layout allows beside the tiers: with them a recording comes back as it was.
CLIP_NAME, CLIP_REPEAT, CLIP_START_S = "clip_name", "clip_repeat", "clip_start_s"


def neuron_table(folder: SensoriumFolder) -> tuple[pd.DataFrame, list[str]]:
    """One row per neuron, and the names of the files that are no columns.

    `cell_motor_coordinates` becomes `x_um`, `y_um`, `z_um`; other names stay as they are.

    Raises
    ------
    DataError
        If a file has not one entry per neuron.
    """
    table = pd.DataFrame(index=range(folder.n_neurons))
    columns, left_out = _columns(folder.tree, "meta/neurons", folder.n_neurons, "neurons")
    for name, values in columns.items():
        if name == POSITIONS:
            if values.shape[1:] != (3,):
                raise DataError(
                    f"meta/neurons/{name}.npy has shape {values.shape}; (neuron, 3) is due, in um"
                )
            table[POSITION_COLUMNS] = values
        elif values.ndim == 1:
            table[name] = values
        else:
            left_out.append(f"meta/neurons/{name}.npy")
    return table, left_out


def trial_table(
    folder: SensoriumFolder, videos: np.ndarray, n_frames: np.ndarray, withheld: np.ndarray
) -> tuple[pd.DataFrame, list[str]]:
    """One row per trial, and the names of the files that are no columns.

    The layout has no clock: file i is put at i times the padded length, at 30 Hz, so that trials are apart by
    their padding.

    Parameters
    ----------
    folder
        Where the trials are from.
    videos
        (trial,) number of the video shown.
    n_frames
        (trial,) length.
    withheld
        (trial,) whether the responses are not given.

    Raises
    ------
    DataError
        If a file has not one entry per trial, or our own times do not fit.
    """
    columns, left_out = _columns(folder.tree, "meta/trials", len(folder.tiers), "files of data/responses")
    given = {
        name: values[folder.numbers] for name, values in columns.items() if f"meta/trials/{name}.npy" != TIERS
    }
    left_out += [f"meta/trials/{name}.npy" for name, values in given.items() if values.ndim != 1]
    given = {name: values for name, values in given.items() if values.ndim == 1}
    named = _tell_apart(given.get(CLIP_NAME), videos)
    names = given.pop(CLIP_NAME) if named else _own_names(folder, videos)
    repeat = pd.Series(names).groupby(names).cumcount().to_numpy()
    repeat = given.pop(CLIP_REPEAT, repeat) if named else repeat
    start_s = given.pop(CLIP_START_S, folder.numbers * (folder.padded / FRAME_HZ)).astype(float)
    if (np.diff(start_s) < n_frames[:-1] / FRAME_HZ - 1e-6).any():
        raise DataError(f"meta/trials/{CLIP_START_S}.npy: clips overlap; remove that file")
    table = pd.DataFrame(
        {
            "stimulus": names,
            "repeat": repeat,
            "tier": folder.tiers[folder.numbers],
            "start_s": start_s,
            "stop_s": start_s + n_frames / FRAME_HZ,
            "file": folder.numbers,
            "withheld": withheld,
        }
    )
    return table.assign(**{name: values for name, values in given.items() if name not in table}), left_out


def _tell_apart(names: np.ndarray | None, videos: np.ndarray) -> bool:
    """Whether there are names, one for each video and each for one video."""
    if names is None:
        return False
    pairs = set(zip(names.tolist(), videos.tolist(), strict=True))
    return len(pairs) == len(set(names.tolist())) == len(set(videos.tolist()))


def _own_names(folder: SensoriumFolder, videos: np.ndarray) -> np.ndarray:
    """(trial,) a video is called by the first file that shows it."""
    _, first, which = np.unique(videos, return_index=True, return_inverse=True)
    digits = len(str(len(folder.tiers) - 1))
    return np.array([f"video-{folder.numbers[trial]:0{digits}d}" for trial in first])[which]


def _columns(tree: ArrayTree, where: str, length: int, of: str) -> tuple[dict[str, np.ndarray], list[str]]:
    """Arrays by name, and the files whose objects only unpickling could read."""
    columns, left_out = {}, []
    for file in tree.names(where):
        if not file.endswith(".npy"):
            continue
        name = f"{where}/{file}"
        if tree.holds_objects(name):
            left_out.append(name)
            continue
        values = tree.text(name)
        if values.shape[:1] != (length,):
            swapped = "; the axes look swapped" if length in values.shape else ""
            raise DataError(
                f"{tree.path.name}: {name} has shape {values.shape}, but there are {length} {of}{swapped}; "
                "get the folder again, or remove that file"
            )
        columns[file.removesuffix(".npy")] = values
    return columns, left_out
