"""Series of an NWB file: when their samples were taken, and those that become signals of a recording."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from twofold.errors import DataError
from twofold.readers.nwb.file import NwbFile, values_of
from twofold.recordings import Signal

USUAL = {
    "running_speed": ("running/running_speed", "running_speed"),
    "pupil_width": ("pupil_ellipse_fits/width", "pupil_width"),
    "pupil_height": ("pupil_ellipse_fits/height", "pupil_height"),
    "pupil_area": ("filtered_gaze_mapping/pupil_area", "pupil_area"),
}  # where the Allen Institute's files keep them; the first that is there


def sample_times(series: Any) -> np.ndarray:
    """(sample,) when the samples of a series were taken, in seconds."""
    if series.timestamps is not None:
        return values_of(series.timestamps).astype(float)
    if series.rate is None:
        raise DataError(f"{series.name} has neither timestamps nor a rate")
    return float(series.starting_time or 0) + np.arange(len(series.data)) / float(series.rate)


def read_signals(file: NwbFile, wanted: Mapping[str, str] | None) -> dict[str, Signal]:
    """Signals by name.

    Parameters
    ----------
    file
        The file.
    wanted
        Where each is: a series, or a column of a table that has a column `timestamps`, such as
        `pupil_ellipse_fits/width`. None: the usual ones that are there and known somewhere.

    Raises
    ------
    DataError
        If one that is wanted is not there, or is no series of numbers.
    """
    if wanted is not None:
        return {name: _signal(file, name, place) for name, place in wanted.items()}
    found = {}
    places = _signal_places(file)
    for name, ends in USUAL.items():
        place = next((p for end in ends for p in places if p == end or p.endswith("/" + end)), None)
        if place is not None and np.isfinite((signal := _signal(file, name, place)).values).any():
            found[name] = signal
    return found


def _signal(file: NwbFile, name: str, place: str) -> Signal:
    is_column = any(one.endswith("/" + place.strip("/")) or one == place for one in _columns(file))
    if is_column:
        table, _, column = place.rpartition("/")
        part = file.find(table, f"--signal {name}={place}: table", _is_timed_table)
        values, time_s, unit = values_of(part[column].data), values_of(part["timestamps"].data), ""
    else:
        part = file.find(place, f"--signal {name}=", _is_series)
        values, time_s, unit = values_of(part.data), sample_times(part), str(part.unit or "")
        values = values.astype(float) * float(part.conversion) + float(part.offset)
    if values.dtype.kind not in "biuf" or values.shape != time_s.shape:
        raise DataError(
            f"signal {name} ({place}) has values {values.shape} of {values.dtype} at {len(time_s)} times; "
            "a signal is one number per time"
        )
    return Signal(values.astype(float), time_s.astype(float), unit)


def _signal_places(file: NwbFile) -> list[str]:
    return [*file.places(_is_series), *_columns(file)]


def _columns(file: NwbFile) -> list[str]:
    return [
        f"{place}/{column}"
        for place in file.places(_is_timed_table)
        for column in file.parts[place].colnames
        if column != "timestamps"
    ]


def _is_series(part: Any) -> bool:
    return hasattr(part, "rate") and getattr(part.data, "ndim", 0) == 1


def _is_timed_table(part: Any) -> bool:
    return hasattr(part, "colnames") and "timestamps" in part.colnames
