"""The distribution of CEBRA: recordings as joblib pickles, which are read without running them.

Allen pseudo-mouse, `allen_movie1_neuropixel/AREA/neuropixel_pseudomouse_120_filtered.jl`: a dict of `neural`
(time, neuron), spike counts at 120 Hz, and `frames` (time,), the frame of natural movie one at each time. The
features of the 900 frames, DINO ViT-B/8, are beside it: `features/.../testfeat.pth`, a tensor (900, 768).

Rat on a track, `rat_hippocampus/NAME.jl`: `spikes` (time, neuron) in bins of 25 ms, `position` (time, 3):
metres along the track, and whether the rat runs right or left.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from twofold.errors import DataError, OptionError
from twofold.readers.frame_features import read_frame_features
from twofold.readers.pickles.unpickling import MAX_BYTES, unpickle
from twofold.recordings import LazyArray, Neurons, Recording, Signal, Stimulus, Trials
from twofold.recordings.columns import TRIAL_COLUMNS

MOVIE_BIN_S, TRACK_BIN_S = 1 / 120, 0.025


def read_cebra(
    path: str | Path,
    *,
    features: Mapping[str, str | Path] = {},
    region: str | None = None,
    bin_seconds: float | None = None,
    max_bytes: int = MAX_BYTES,
    name: str | None = None,
) -> Recording:
    """Read a recording of the CEBRA distribution; nothing in the file is run.

    The repeats of the movie lie on the clock back to back from 0.

    Parameters
    ----------
    path
        A `.jl` file: `neural` and `frames` of a movie, or `spikes` and `position` on a track.
    features
        Name to file of frame features (frame, feature), such as `{"dino": "testfeat.pth"}`.
    region
        Where the neurons lie, such as "VISp": column `region` of the neuron table.
    bin_seconds
        Width of a time bin; by default 1 / 120 s for the movie and 0.025 s on the track.
    max_bytes
        Largest size of a file after decompression.
    name
        Name of the recording; that of the file by default.

    Raises
    ------
    OptionError
        If the width of a bin cannot be.
    DataError
        If the file asks to run code, is damaged, or is not of this distribution.

    Examples
    --------
    >>> import tempfile
    >>> import joblib
    >>> frames = np.tile(np.repeat(np.arange(3), 4), 2)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = joblib.dump({"neural": np.ones((24, 5)), "frames": frames}, Path(folder) / "mouse.jl")
    ...     read_cebra(Path(folder) / "mouse.jl")
    Recording 'mouse': 24 time points of 0.00833333 s x 5 neurons, 2 trials, 1 stimulus, no signals
    """
    path = Path(path)
    if bin_seconds is not None and not (isfinite(bin_seconds) and bin_seconds > 0):
        raise OptionError(f"--bin-seconds {bin_seconds:g}: the width of a bin in seconds must be above 0")
    content = unpickle(path, max_bytes=max_bytes)
    is_movie = _has(content, "neural", "frames")
    if not is_movie and not _has(content, "spikes", "position"):
        raise DataError(
            f"{path.name} holds {_what(content)}; the distribution has dicts of two arrays: 'neural' and "
            "'frames' of a movie, or 'spikes' and 'position' on a track"
        )
    responses = _responses(content["neural" if is_movie else "spikes"], path)
    width = float(bin_seconds or (MOVIE_BIN_S if is_movie else TRACK_BIN_S))
    time_s = (np.arange(len(responses)) + 0.5) * width
    signals = {} if is_movie else _track(content["position"], time_s, path)
    trials, stimuli = _no_trials(), {}
    if is_movie:
        n_frames, bins, n_repeats = _repeats(content["frames"], len(responses), path)
        given = {label: _fitting(label, Path(file), n_frames, max_bytes) for label, file in features.items()}
        stimuli["movie"] = Stimulus(np.arange(n_frames), 1 / (bins * width), features=given)
        trials = _trials(n_repeats, n_frames * bins * width)
    elif features:
        raise OptionError("--features: there is no movie in this file, so there are no frames with features")
    columns = {} if region is None else {"region": region}
    return Recording(
        responses=LazyArray(responses),
        time_s=time_s,
        bin_s=width,
        neurons=Neurons(pd.DataFrame(columns, index=range(responses.shape[1]))),
        trials=Trials(trials),
        signals=signals,
        stimuli=stimuli,
        name=name if name is not None else path.stem,
        history=(f"read {', '.join(map(str, content))} from {path.name}",),
    )


def _has(content: Any, *names: str) -> bool:
    return isinstance(content, dict) and all(isinstance(content.get(name), np.ndarray) for name in names)


def _what(content: Any) -> str:
    if not isinstance(content, dict):
        return f"a {type(content).__name__}"
    return f"a dict of {', '.join(str(key)[:40] for key in list(content)[:5]) or 'nothing'}"


def _responses(values: np.ndarray, path: Path) -> np.ndarray:
    if values.ndim != 2 or values.dtype.kind not in "biuf" or not values.size:
        raise DataError(
            f"{path.name}: the responses are {values.dtype} of shape {values.shape}; "
            "they must be numbers, (time, neuron)"
        )
    return values if values.dtype.isnative else values.astype(values.dtype.newbyteorder("="))


def _repeats(frames: np.ndarray, n_time: int, path: Path) -> tuple[int, int, int]:
    """Frames of the movie, bins per frame, and repeats: each must show 0, 0, .., 1, 1, .. in the same way."""
    if frames.shape != (n_time,) or frames.dtype.kind not in "iu":
        hint = "; neural lies (neuron, time), transpose it" if frames.shape != (n_time,) else ""
        raise DataError(f"{path.name}: 'frames' has shape {frames.shape} for {n_time} time points{hint}")
    frames = frames.astype(np.int64)
    borders = np.flatnonzero(np.diff(frames) < 0) + 1
    length = int(borders[0]) if borders.size else n_time
    n_frames, n_repeats = int(frames[:length].max()) + 1, -(-n_time // length)
    bins = length // max(n_frames, 1)
    wanted = np.tile(np.repeat(np.arange(n_frames), bins), n_repeats) if bins else np.empty(0)
    if len(wanted) != n_time:
        raise DataError(
            f"{path.name}: 'frames' has {n_time} time points and repeats after {length}, with {n_frames} "
            "frames; each repeat must be whole, with the same number of bins for each frame"
        )
    wrong = np.flatnonzero(frames != wanted)
    if wrong.size:
        row = wrong[0]
        raise DataError(
            f"{path.name}: at time point {row} frame {wanted[row]} should be shown, and 'frames' says "
            f"{frames[row]}; each repeat must show the frames in order"
        )
    return n_frames, bins, n_repeats


def _fitting(label: str, path: Path, n_frames: int, max_bytes: int) -> np.ndarray:
    values = read_frame_features(path, max_bytes=max_bytes)
    if len(values) != n_frames:
        raise DataError(f"--features {label}={path}: {len(values)} frames, but the movie has {n_frames}")
    return values


def _trials(n_repeats: int, seconds: float) -> pd.DataFrame:
    repeat = np.arange(n_repeats)
    when = {"start_s": repeat * seconds, "stop_s": (repeat + 1) * seconds}
    return pd.DataFrame({"stimulus": "movie", "repeat": repeat, "tier": "all", **when})


def _no_trials() -> pd.DataFrame:
    kinds = dict(zip(TRIAL_COLUMNS, ("str", "int64", "str", "float64", "float64"), strict=True))
    return pd.DataFrame({column: pd.Series(dtype=kind) for column, kind in kinds.items()})


def _track(position: np.ndarray, time_s: np.ndarray, path: Path) -> dict[str, Signal]:
    if position.shape != (len(time_s), 3) or position.dtype.kind not in "biuf":
        wanted = (len(time_s), 3)
        raise DataError(f"{path.name}: 'position' has shape {position.shape}, it should have {wanted}")
    metres, right, left = position.T.astype(float)
    units = {"position": (metres, "m"), "runs_right": (right, ""), "runs_left": (left, "")}
    return {label: Signal(values, time_s, unit=unit) for label, (values, unit) in units.items()}
