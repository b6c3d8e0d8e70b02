"""Two-photon responses of an NWB file: fluorescence or events of regions of interest, and where these are."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from twofold.errors import DataError
from twofold.readers.nwb.file import NwbFile, values_of
from twofold.readers.nwb.series import sample_times
from twofold.recordings.columns import POSITION_COLUMNS

UM_PER = {"micrometers": 1.0, "microns": 1.0, "micrometer": 1.0, "um": 1.0, "millimeters": 1e3, "meters": 1e6}


class Series(NamedTuple):
    """Responses sampled at their own times."""

    source: Any
    """(sample, neuron), on disk."""
    time_s: np.ndarray
    """(sample,) in seconds."""
    table: pd.DataFrame
    """What is known of each neuron."""
    conversion: float
    offset: float
    history: tuple[str, ...]


def read_series(file: NwbFile, name: str | None) -> Series:
    """Responses of a region-of-interest series, or of any series (time, neuron).

    Parameters
    ----------
    file
        The file.
    name
        Its name; by default the only region-of-interest series of the file.

    Raises
    ------
    DataError
        If there is no such series, or its axes or times do not fit.
    """
    if name is None:
        series = file.only("--responses", lambda part: _has_rois(part) and _is_matrix(part))
    else:
        series = file.find(name, "--responses", _is_matrix)
    source, time_s = file.lazily(series.data), sample_times(series)
    table = _roi_table(series) if _has_rois(series) else pd.DataFrame(index=range(source.shape[1]))
    if source.dtype.kind not in "biuf":
        raise DataError(f"{series.name} holds {source.dtype}; responses are numbers")
    if source.shape != (len(time_s), len(table)):
        swapped = "; the axes look swapped, time comes first" if source.shape[0] == len(table) else ""
        raise DataError(
            f"{series.name} is {source.shape[0]} x {source.shape[1]}, but there are {len(time_s)} times and "
            f"{len(table)} neurons{swapped}"
        )
    told = f"responses of {series.name} in {series.unit or 'arbitrary units'}"
    return Series(source, time_s, table, float(series.conversion), float(series.offset), (told,))


def _roi_table(series: Any) -> pd.DataFrame:
    plane, rows = series.rois.table, values_of(series.rois.data)
    n_rois = len(plane.id)
    if rows.size and not 0 <= rows.min() <= rows.max() < n_rois:
        raise DataError(f"{series.name} names region of interest {rows.max()}, but there are {n_rois}")
    columns = {"roi_id": values_of(plane.id.data)}
    for name in plane.colnames:
        data = plane[name].data
        if len(getattr(data, "shape", ())) == 1 and type(plane[name]).__name__ == "VectorData":
            values = values_of(data)
            if values.dtype.kind in "biufU" and len(values) == n_rois:
                columns[name] = values
    table = pd.DataFrame(columns)
    imaging = plane.imaging_plane
    if imaging is not None and "region" not in table:
        table["region"] = str(imaging.location)
    position = _positions_um(plane)
    if position is not None:
        table[POSITION_COLUMNS] = position
    return table.iloc[rows].reset_index(drop=True)


def _positions_um(plane: Any) -> np.ndarray | None:
    """(roi, 3) centres in micrometres from the corner of the plane; None where its scale is not known."""
    imaging = plane.imaging_plane
    if imaging is None or imaging.grid_spacing is None or "image_mask" not in plane.colnames:
        return None
    scale = UM_PER.get(str(imaging.grid_spacing_unit))
    if scale is None:
        return None
    masks, spacing = plane["image_mask"].data, values_of(imaging.grid_spacing)
    position = np.zeros((len(masks), 3))
    for roi in range(len(masks)):  # one mask at a time: they may be larger than memory
        weight = np.asarray(masks[roi], dtype=float)
        total = weight.sum()
        along = [(weight.sum(axis=1 - axis) * np.arange(weight.shape[axis])).sum() for axis in (0, 1)]
        position[roi, :2] = np.array(along) / total * spacing[:2] * scale if total > 0 else np.nan
    if imaging.origin_coords is not None and len(imaging.origin_coords) > 2:
        depth_scale = UM_PER.get(str(imaging.origin_coords_unit), np.nan)
        position[:, 2] = values_of(imaging.origin_coords)[2] * depth_scale
    return position


def _has_rois(part: Any) -> bool:
    return getattr(part, "rois", None) is not None


def _is_matrix(part: Any) -> bool:
    return hasattr(part, "rate") and len(getattr(part.data, "shape", ())) == 2
