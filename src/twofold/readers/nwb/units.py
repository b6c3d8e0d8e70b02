"""Sorted units of an NWB file: which are good enough, where they are, and their spikes."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from twofold.errors import DataError, did_you_mean
from twofold.options import Options
from twofold.readers.nwb.file import NwbFile, values_of
from twofold.readers.nwb.ragged import Ragged
from twofold.recordings.columns import POSITION_COLUMNS

REGION_COLUMNS = ("region", "location", "brain_area", "structure_acronym", "ecephys_structure_acronym")


class UnitQuality(Options):
    """Which sorted units are kept; the defaults are those of the paper (Allen Visual Coding).

    A measure that is None, or that the units table has no column for, does not count; a unit whose measure is
    not known is left out.

    Parameters
    ----------
    max_isi_violations
        Violations of the refractory period, relative to the firing rate, are below this.
    max_amplitude_cutoff
        The share of spikes that were too small to be found is below this.
    min_presence_ratio
        The share of the session in which the unit fired is above this.

    Examples
    --------
    >>> UnitQuality(max_isi_violations=1.0)
    UnitQuality(max_isi_violations=1.0, max_amplitude_cutoff=0.1, min_presence_ratio=0.95)
    """

    max_isi_violations: float | None = 0.5
    max_amplitude_cutoff: float | None = 0.1
    min_presence_ratio: float | None = 0.95

    def good(self, table: pd.DataFrame) -> tuple[np.ndarray, tuple[str, ...]]:
        """(unit,) which units of a table are good enough, and what was done in words.

        Raises
        ------
        DataError
            If a limit was given that the table has no column for.
        """
        limits = {
            "isi_violations": (self.max_isi_violations, "below", "max_isi_violations"),
            "amplitude_cutoff": (self.max_amplitude_cutoff, "below", "max_amplitude_cutoff"),
            "presence_ratio": (self.min_presence_ratio, "above", "min_presence_ratio"),
        }
        good, history = np.ones(len(table), dtype=bool), []
        for column, (limit, side, option) in limits.items():
            if limit is None:
                continue
            if column not in table:
                if option in self.model_fields_set:
                    flag = "--" + option.replace("_", "-")
                    raise DataError(f"{flag} {limit:g}: units have no column {column}; leave it out")
                history.append(f"units have no {column}, which was not looked at")
                continue
            values = pd.to_numeric(table[column], errors="coerce").to_numpy(dtype=float)
            passed = values < limit if side == "below" else values > limit
            history.append(f"{passed.sum()} of {len(table)} units have {column} {side} {limit:g}")
            good &= passed
        return good, tuple(history)


PAPER_QUALITY = UnitQuality()


class Units(NamedTuple):
    """Units of a file."""

    trains: list[Any]
    """Spike times in seconds, one array (spike,) per unit, on disk."""
    table: pd.DataFrame
    """What is known of each."""
    history: tuple[str, ...]


def read_units(file: NwbFile, name: str, quality: UnitQuality | None, regions: tuple[str, ...] = ()) -> Units:
    """The units that are good enough and lie in the right place.

    Parameters
    ----------
    file
        The file.
    name
        Name of the table.
    quality
        Which are good enough; None: all.
    regions
        Which places, such as VISp; empty: all.

    Raises
    ------
    DataError
        If there is no such table, it has no spike times, or no unit is left.
    """
    units = file.find(name, "--units", _has_spikes)
    trains = _trains(file, units)
    table = _unit_table(file, units)
    keep = np.ones(len(table), dtype=bool)
    history: list[str] = []
    if quality is not None:
        keep, told = quality.good(table)
        history += told
    if regions:
        keep &= in_regions(table, regions)
        history.append(f"{keep.sum()} of those that are left lie in {', '.join(regions)}")
    if not keep.any():
        raise DataError(
            f"none of {len(table)} units is left: {'; '.join(history)}; relax a limit, or --all-units"
        )
    chosen = np.flatnonzero(keep)
    history.append(f"kept {len(chosen)} of {len(table)} units")
    return Units(
        [trains[unit] for unit in chosen.tolist()],
        table.iloc[chosen].reset_index(drop=True),
        tuple(history),
    )


def in_regions(table: pd.DataFrame, regions: tuple[str, ...]) -> np.ndarray:
    """(neuron,) whether each lies in one of some regions.

    Raises
    ------
    DataError
        If regions are not known, or there is none of that name.
    """
    if "region" not in table:
        raise DataError(f"--region {regions[0]}: the file does not say where the neurons are")
    there = set(table["region"].astype(str))
    for region in regions:
        if region not in there:
            raise DataError(f"--region {region}: no neuron is there; {did_you_mean(region, there)}")
    return table["region"].isin(regions).to_numpy()


def _trains(file: NwbFile, units: Any) -> Ragged:
    index = units["spike_times"]
    ends, spikes = values_of(index.data).astype(np.int64), file.lazily(index.target.data)
    if spikes.dtype.kind not in "fiu":
        raise DataError(f"spike_times holds {spikes.dtype}; spike times are numbers, in seconds")
    if len(ends) != len(units.id) or (np.diff(ends, prepend=0) < 0).any() or (ends[-1:] > len(spikes)).any():
        raise DataError(
            f"spike_times_index does not fit: {len(ends)} ends for {len(units.id)} units and "
            f"{len(spikes)} spikes, the last of them at {ends[-1] if len(ends) else 0}"
        )
    return Ragged(spikes, ends)


def _unit_table(file: NwbFile, units: Any) -> pd.DataFrame:
    columns = {"unit_id": values_of(units.id.data)}
    for name in units.colnames:
        if len(getattr(units[name].data, "shape", ())) == 1 and type(units[name]).__name__ == "VectorData":
            values = values_of(units[name].data)
            if values.dtype.kind in "biufU" and len(values) == len(units.id):
                columns[name] = values
    table = pd.DataFrame(columns)
    region = next((name for name in REGION_COLUMNS if name in table), None)
    if region is not None:
        table = table.rename(columns={region: "region"})
    electrode = _electrode_of_unit(file, units, table)
    if electrode is not None:
        return _with_electrodes(table, _electrode_table(file), electrode)
    if "region" not in table and "electrode_group" in units.colnames:
        table["region"] = [str(group.location) for group in units["electrode_group"].data[:]]
    return table


def _electrode_of_unit(file: NwbFile, units: Any, table: pd.DataFrame) -> np.ndarray | None:
    """(unit,) row of the electrode where each unit is largest, -1 where it is not known."""
    if file.content.electrodes is None:
        return None
    ids = values_of(file.content.electrodes.id.data)
    if "peak_channel_id" in table:
        found = pd.Series(np.arange(len(ids)), index=ids)
        return found.reindex(table["peak_channel_id"]).fillna(-1).to_numpy(dtype=np.int64)
    if "electrodes" in units.colnames:
        index = units["electrodes"]
        ends = values_of(index.data).astype(np.int64)
        starts, rows = np.append(0, ends[:-1]), values_of(index.target.data)
        return np.where(ends > starts, rows[np.minimum(starts, len(rows) - 1)], -1)
    return None


def _electrode_table(file: NwbFile) -> pd.DataFrame:
    electrodes = file.content.electrodes
    names = {"location": "region", "group_name": "probe", **dict(zip("xyz", POSITION_COLUMNS, strict=True))}
    return pd.DataFrame(
        {
            better: values_of(electrodes[name].data)
            for name, better in names.items()
            if name in electrodes.colnames
        }
    )


def _with_electrodes(table: pd.DataFrame, electrodes: pd.DataFrame, electrode: np.ndarray) -> pd.DataFrame:
    known = electrode >= 0
    for name in electrodes:
        values = electrodes[name].to_numpy()
        if name in table or (name in POSITION_COLUMNS and not np.isfinite(values.astype(float)).all()):
            continue
        at = values[np.maximum(electrode, 0)]
        if values.dtype.kind == "f":
            table[name] = np.where(known, at, np.nan)
        else:
            table[name] = np.where(known, at.astype(str), "unknown")
    return table


def _has_spikes(part: Any) -> bool:
    return hasattr(part, "colnames") and "spike_times" in part.colnames
