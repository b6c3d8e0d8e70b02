"""Latents and predictions beside the units that they come from, in a copy of their NWB file."""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from twofold.errors import DataError
from twofold.files import written_whole
from twofold.readers.nwb.file import load_pynwb, open_nwb, readable, values_of
from twofold.readers.nwb.writing import MODULE, column_table, free, processing_module, time_series
from twofold.recordings.wording import first_few

TABLE = "predicted_units"


def export_nwb(
    source: str | Path,
    destination: str | Path,
    series: Mapping[str, np.ndarray],
    *,
    time_s: np.ndarray,
    unit_id: np.ndarray | None = None,
    description: str = "",
) -> Path:
    """Write a copy of an NWB file that also holds latents or predictions, in a processing module `twofold`.

    The original is opened for reading only, and the copy keeps all that it holds.

    Parameters
    ----------
    source, destination
        The file and its copy.
    series
        Arrays (time,) or (time, column) by name, such as latents.
    time_s
        (time,) in seconds, on the clock of the file.
    unit_id
        (column,) ids of the units that the columns of predictions belong to: a table `predicted_units`, whose
        rows point at the rows of the units table.
    description
        Where the numbers came from, in words.

    Returns
    -------
    Path
        The copy.

    Raises
    ------
    DataError
        If the copy exists, the file is no NWB file or has such a series, or arrays do not fit.
    NotAvailableError
        If pynwb is not installed.

    Examples
    --------
    >>> import tempfile
    >>> import twofold as tw
    >>> movie = tw.simulate_movie_repeats(tw.MovieRepeats.small(n_units=9), random_state=0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     original = tw.write_nwb(movie, Path(folder) / "movie.nwb")
    ...     latents = {"latents": np.zeros((len(movie.time_s), 3))}
    ...     export_nwb(original, Path(folder) / "both.nwb", latents, time_s=movie.time_s).name
    'both.nwb'
    """
    source, destination = Path(source), free(destination)
    _refuse_misfits(series, time_s)
    with open_nwb(source) as file:  # says what is wrong before anything is copied
        units = file.content.units
        rows = None if unit_id is None else _rows_of_units(units, unit_id)
        module = file.content.processing.get(MODULE)
        known = {} if module is None else module.data_interfaces
        twice = [name for name in (*series, *([] if rows is None else [TABLE])) if name in known]
    if twice:
        raise DataError(f"{source.name} has {MODULE}/{twice[0]} already; rename the array")
    io_class = load_pynwb().NWBHDF5IO
    with written_whole(destination) as temporary, readable(source), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of older versions of the format, which pynwb reads
        shutil.copyfile(source, temporary)
        with io_class(str(temporary), mode="a", load_namespaces=True) as io:
            content = io.read()
            module = processing_module(content)
            for name, values in series.items():
                module.add(time_series(name, values, time_s, description or name))
            if rows is not None and unit_id is not None:
                module.add(_predicted_units(content.units, unit_id, rows))
            io.write(content)
    return destination


def _refuse_misfits(series: Mapping[str, np.ndarray], time_s: np.ndarray) -> None:
    if not series:
        raise DataError("there is nothing to export: give arrays (time,) or (time, column)")
    for name, values in series.items():
        if values.dtype.kind not in "biuf" or values.shape[:1] != time_s.shape or values.ndim > 2:
            raise DataError(
                f"{name!r} is {values.shape} of {values.dtype}, but there are {len(time_s)} times; "
                "give numbers (time,) or (time, column)"
            )


def _rows_of_units(units: Any, unit_id: np.ndarray) -> np.ndarray:
    """(column,) rows of the units table."""
    if units is None:
        raise DataError("the file has no units, so that unit ids say nothing; leave them out")
    ids = values_of(units.id.data)
    rows = pd.Series(np.arange(len(ids)), index=ids).reindex(unit_id)
    unknown = unit_id[rows.isna().to_numpy()]
    if unknown.size:
        raise DataError(f"the file has no units {first_few(unknown)}; is it the one that was imported?")
    return rows.to_numpy(dtype=np.int64)


def _predicted_units(units: Any, unit_id: np.ndarray, rows: np.ndarray) -> Any:
    from hdmf.common import DynamicTableRegion

    table = column_table(TABLE, {"unit_id": unit_id}, "units of the columns of predictions, in their order")
    place = {"name": "unit", "description": "row of the units table", "col_cls": DynamicTableRegion}
    table.add_column(**place, data=rows.tolist(), table=units)
    return table
