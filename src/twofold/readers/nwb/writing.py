"""A recording as a new NWB file, and the parts that such files are made of."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from twofold.errors import DataError
from twofold.files import written_whole
from twofold.readers.nwb.file import load_pynwb
from twofold.recordings import Recording

MODULE = "twofold"
UNKNOWN_DATE = datetime(1970, 1, 1, tzinfo=UTC)


def write_nwb(recording: Recording, destination: str | Path) -> Path:
    """Write a recording as a new NWB file.

    Responses (time, neuron) and the neuron table go into a processing module `twofold`, signals into
    `processing/behavior`, the trial table into `intervals/trials`, and the frames of each clip, timed one by
    one, into `intervals/CLIP_presentations`, as in the files of the Allen Institute. Pictures are left out.

    Parameters
    ----------
    recording
        Its responses are read whole.
    destination
        The file.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    DataError
        If the file exists, or there is no folder for it.
    NotAvailableError
        If pynwb is not installed.

    Examples
    --------
    >>> import tempfile
    >>> import twofold as tw
    >>> movie = tw.simulate_movie_repeats(tw.MovieRepeats.small(n_units=9), random_state=0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_nwb(movie, Path(folder) / "movie.nwb").name
    'movie.nwb'
    """
    destination = free(destination)
    pynwb = load_pynwb()
    told = "; ".join(recording.history) or "a recording"
    content = pynwb.NWBFile(
        session_description=f"{told} (the date is not known)",
        identifier=recording.name,
        session_start_time=UNKNOWN_DATE,
    )
    module = processing_module(content)
    module.add(time_series("responses", np.asarray(recording.responses), recording.time_s, "time, neuron"))
    if len(recording.neurons.table.columns):
        module.add(column_table("neurons", recording.neurons.table, "one row per neuron"))
    if recording.signals:
        behaviour = content.create_processing_module(name="behavior", description="other measurements")
        for name, signal in recording.signals.items():
            behaviour.add(time_series(name, signal.values, signal.time_s, "a signal", signal.unit))
    content.add_time_intervals(_trials(recording))
    for clip in recording.stimuli:
        content.add_time_intervals(_presentations(recording, clip))
    with written_whole(destination) as temporary, pynwb.NWBHDF5IO(str(temporary), mode="w") as io:
        io.write(content)
    return destination


def _trials(recording: Recording) -> Any:
    table = recording.trials.table.rename(columns={"start_s": "start_time", "stop_s": "stop_time"})
    return _intervals("trials", table, "one row per presentation")


def _presentations(recording: Recording, clip: str) -> Any:
    """One row per frame of each presentation of a clip."""
    stimulus = recording.stimuli[clip]
    trials = recording.trials.table
    own = trials[trials["stimulus"] == clip]
    start, stop = (own[name].to_numpy(dtype=float)[:, None] for name in ("start_s", "stop_s"))
    number = np.arange(len(stimulus))
    begins, ends = start + number / stimulus.rate_hz, start + (number + 1) / stimulus.rate_hz
    shown = begins < stop
    block = own["block"].to_numpy() if "block" in own else np.zeros(len(own), dtype=np.int64)
    columns = {
        "start_time": begins,
        "stop_time": np.minimum(ends, np.where(ends - stop < 1e-9, np.inf, stop)),
        "frame": np.broadcast_to(stimulus.frame_ids, shown.shape),
        "repeat": np.broadcast_to(own["repeat"].to_numpy()[:, None], shown.shape),
        "stimulus_block": np.broadcast_to(block[:, None], shown.shape),
    }
    table = pd.DataFrame({name: values[shown] for name, values in columns.items()})
    return _intervals(f"{_safe(clip)}_presentations", table, f"frames of {clip}")


def _intervals(name: str, table: pd.DataFrame, description: str) -> Any:
    from pynwb.epoch import TimeIntervals

    return TimeIntervals(name=name, description=description, columns=_columns(table))


# --- parts ---------------------------------------------------------------------------------------


def free(path: str | Path) -> Path:
    """A path where a file can be written.

    Raises
    ------
    DataError
        If there is a file, or no folder for it.
    """
    path = Path(path)
    if path.exists():
        raise DataError(f"{path} exists; give another name, or add --overwrite to set it aside")
    if not path.parent.is_dir():
        raise DataError(f"there is no folder {path.parent} to write {path.name} into; make it first")
    return path


def processing_module(content: Any) -> Any:
    """The processing module `twofold` of a file, made where it lacks one."""
    if MODULE in content.processing:
        return content.processing[MODULE]
    return content.create_processing_module(name=MODULE, description=f"by twofold {version('twofold')}")


def time_series(name: str, values: np.ndarray, time_s: np.ndarray, description: str, unit: str = "") -> Any:
    """Values (time,) or (time, column) at their times in seconds."""
    from pynwb import TimeSeries

    return TimeSeries(
        name=_safe(name), data=values, timestamps=time_s, unit=unit or "a.u.", description=description
    )


def column_table(name: str, table: Mapping[str, Any] | pd.DataFrame, description: str) -> Any:
    """A table, one array per column."""
    from hdmf.common import DynamicTable

    return DynamicTable(name=name, description=description, columns=_columns(table))


def _columns(table: Mapping[str, Any] | pd.DataFrame) -> list[Any]:
    from hdmf.common import VectorData

    columns = []
    for name, column in table.items():
        values = np.asarray(column)
        if values.dtype.kind not in "biuf":
            values = values.astype(str).astype(object)
        data = values.tolist() if values.dtype.kind == "O" else values
        columns.append(VectorData(name=_safe(str(name)), description=str(name), data=data))
    return columns


def _safe(name: str) -> str:
    """A name without the characters that mean something in a path."""
    return name.replace("/", "_").replace(":", "_")
