"""What an NWB file says was shown when: tables of frames, tables of trials, index series and movies."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from twofold.errors import DataError, OptionError, did_you_mean
from twofold.readers.nwb.file import NwbFile, values_of
from twofold.readers.nwb.series import sample_times
from twofold.readers.stimulus_clock import StimulusClock, clock_of_frames, clock_of_trials
from twofold.recordings.wording import first_few

PAUSE = 1.5  # frames: after a longer one a new presentation begins
NAMES = ("stimulus", "stimulus_name")  # columns that say which clip a trial shows


@dataclass(frozen=True)
class Shown:
    """Which part of a file says what was shown, and how it is divided into bins.

    Parameters
    ----------
    intervals
        Name of a table of frames or trials, of an index series or a movie; the only one by default.
    bins_per_frame
        Equal parts of each frame, where frames are timed.
    bin_seconds
        Width of a bin in seconds, where only trials are.
    stimulus_column
        Column that says which clip a trial shows.
    tier
        Tier of all trials.
    """

    intervals: str | None = None
    bins_per_frame: int = 1
    bin_seconds: float | None = None
    stimulus_column: str | None = None
    tier: str = "all"

    def part(self, file: NwbFile) -> Any:
        """The table or series that says what was shown.

        Raises
        ------
        DataError
            If the file lacks it, or there are several and none was named.
        """
        if self.intervals is not None:
            return file.find(self.intervals, "--intervals", _shows)
        timed = [place for place in file.places(_shows) if _times_frames(file.parts[place])]
        return file.parts[timed[0]] if len(timed) == 1 else file.only("--intervals", _shows)

    def clock(self, part: Any) -> StimulusClock:
        """The clock of what was shown.

        Raises
        ------
        DataError
            If it makes no whole presentation.
        """
        if not _is_table(part):
            name = part.name
            table = _frames_of_series(part)
        else:
            name = part.name.removesuffix("_presentations")
            table = _plain_columns(part)
        if "frame" in table and self.bin_seconds is None:
            return self._by_frame(table, name)
        return self._by_trial(table, name)

    def _by_frame(self, table: pd.DataFrame, name: str) -> StimulusClock:
        shown = _presentations(table)
        block = None
        if "stimulus_block" in table:
            block = pd.factorize(shown.table["stimulus_block"].to_numpy()[shown.first])[0]
        clock = clock_of_frames(
            shown.edges_s,
            shown.frame_ids,
            name,
            bins_per_frame=self.bins_per_frame,
            block=block,
            tier=self.tier,
        )
        return replace(clock, history=(*shown.history, *clock.history))

    def _by_trial(self, table: pd.DataFrame, name: str) -> StimulusClock:
        if self.bin_seconds is None:
            raise OptionError(f"{name} has no column `frame`: give the width of a bin with --bin-seconds")
        column = self.stimulus_column or next((one for one in NAMES if one in table), None)
        if column is not None and column not in table:
            raise DataError(
                f"--stimulus-column {column}: {name} has none; {did_you_mean(column, map(str, table))}"
            )
        names = np.full(len(table), name) if column is None else table[column].astype(str).to_numpy()
        trials = pd.DataFrame({"stimulus": names, "tier": self.tier})
        trials["start_s"], trials["stop_s"] = table["start_time"], table["stop_time"]
        trials = trials.sort_values("start_s", kind="stable").reset_index(drop=True)
        trials.insert(1, "repeat", trials.groupby("stimulus").cumcount())
        return clock_of_trials(trials, self.bin_seconds)


@dataclass(frozen=True, eq=False)
class _Presentations:
    """Whole presentations: `first` is the row of the first frame of each in `table`."""

    table: pd.DataFrame
    first: np.ndarray
    edges_s: np.ndarray
    frame_ids: np.ndarray
    history: tuple[str, ...]


def _presentations(table: pd.DataFrame) -> _Presentations:
    """Repeats from the frame counter: a new one begins where it does not count up, or after a pause."""
    n_all = len(table)
    table = table[table["frame"].to_numpy(dtype=float) >= 0].sort_values("start_time", kind="stable")
    if not len(table):
        raise DataError(f"none of {n_all} rows shows a frame; the column `frame` counts from 0")
    frame = table["frame"].to_numpy(dtype=float).astype(np.int64)
    start, stop = (table[name].to_numpy(dtype=float) for name in ("start_time", "stop_time"))
    pause = (start[1:] - stop[:-1]) > PAUSE * np.median(stop - start)
    begins = np.concatenate([[True], (np.diff(frame) <= 0) | pause])
    for name in ("stimulus_block", "repeat"):
        if name in table:
            begins[1:] |= table[name].to_numpy()[1:] != table[name].to_numpy()[:-1]
    first = np.flatnonzero(begins)
    count = np.diff(np.append(first, len(frame)))
    ids = np.unique(frame)
    whole = count == len(ids)
    if not whole.any():
        raise DataError(
            f"no presentation shows all {len(ids)} frames in order; the longest shows {count.max()}. "
            "For pictures shown one by one type --stimulus-column frame --bin-seconds WIDTH"
        )
    rows = first[whole][:, None] + np.arange(len(ids))
    edges = np.concatenate([start[rows], stop[rows[:, -1:]]], axis=1)
    left_out = np.flatnonzero(~whole)
    told = f"left out {len(left_out)} of {len(whole)} presentations that are not whole: {first_few(left_out)}"
    return _Presentations(table, first[whole], edges, ids, (told,) if left_out.size else ())


def _plain_columns(table: Any) -> pd.DataFrame:
    """The columns with one number or text per row."""
    wanted = {"start_time", "stop_time", "frame", "stimulus_block", "repeat"}
    columns = {name: values_of(table[name].data) for name in table.colnames if _is_plain(table[name])}
    lengths = {len(values) for values in columns.values()}
    if len(lengths) > 1:
        raise DataError(f"the columns of {table.name} have different lengths: {sorted(lengths)}")
    frame = pd.DataFrame(columns)
    for name in wanted & set(frame):
        if frame[name].dtype.kind not in "biuf":
            frame[name] = pd.to_numeric(frame[name], errors="coerce")  # text such as "null" is no frame
    times = frame[["start_time", "stop_time"]].to_numpy(dtype=float)
    wrong = np.flatnonzero(~(times[:, 1] > times[:, 0]))
    if wrong.size or not len(frame):
        told = f"row {wrong[0]} does not stop after it starts" if wrong.size else "it has no rows"
        raise DataError(f"{table.name} cannot be used: {told}")
    return frame


def _frames_of_series(series: Any) -> pd.DataFrame:
    """An index series or a movie as a table of frames."""
    start = sample_times(series)
    if len(start) < 2 or not (np.diff(start) > 0).all():
        raise DataError(f"{series.name} needs 2 or more frames at increasing times")
    is_index = type(series).__name__ == "IndexSeries"
    frame = values_of(series.data).astype(float) if is_index else np.arange(len(start), dtype=float)
    usual = np.median(np.diff(start))
    step = np.diff(start, append=start[-1] + usual)
    stop = start + np.where(step > PAUSE * usual, usual, step)
    return pd.DataFrame({"start_time": start, "stop_time": stop, "frame": frame})


def _is_plain(column: Any) -> bool:
    return type(column).__name__ not in ("VectorIndex", "DynamicTableRegion") and len(column.data.shape) == 1


def _is_table(part: Any) -> bool:
    return hasattr(part, "colnames") and "start_time" in part.colnames


def _shows(part: Any) -> bool:
    from pynwb.image import ImageSeries, IndexSeries

    if _is_table(part):
        return bool(part.name != "invalid_times")
    return isinstance(part, ImageSeries | IndexSeries) and part.name in part.get_ancestor("NWBFile").stimulus


def _times_frames(part: Any) -> bool:
    return not _is_table(part) or "frame" in part.colnames
