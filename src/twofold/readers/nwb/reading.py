"""NWB files to a Recording: spikes or fluorescence on the clock of what was shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from twofold.errors import OptionError
from twofold.readers.binning import SpikeCounts
from twofold.readers.nwb.file import NwbFile, open_nwb, values_of
from twofold.readers.nwb.ophys import Series, read_series
from twofold.readers.nwb.pictures import with_pictures
from twofold.readers.nwb.series import read_signals
from twofold.readers.nwb.stimulus import Shown
from twofold.readers.nwb.units import PAPER_QUALITY, UnitQuality, Units, in_regions, read_units
from twofold.readers.series_in_bins import SeriesInBins, covered
from twofold.readers.stimulus_clock import StimulusClock
from twofold.recordings import LazyArray, Neurons, Recording, Trials

SPIKES_PER_FRAME = 4  # 120 Hz for a movie of 30 Hz, as in the paper


def read_nwb(
    path: str | Path,
    *,
    units: str | None = None,
    responses: str | None = None,
    intervals: str | None = None,
    bins_per_frame: int | None = None,
    average: bool = False,
    bin_seconds: float | None = None,
    stimulus_column: str | None = None,
    frames: str | None = None,
    quality: UnitQuality | None = PAPER_QUALITY,
    regions: Sequence[str] = (),
    signals: Mapping[str, str] | None = None,
    keep_invalid: bool = False,
    tier: str = "all",
    name: str | None = None,
) -> Recording:
    """Read a recording from an NWB file, by the names of its parts.

    Spikes are counted in bins of the frames that were shown, in the layout of the Allen Institute's Visual
    Coding files: a table of presentations with one row per frame, whose counter tells the repeats. Two-photon
    series are averaged or interpolated onto the same bins. Both are read when the responses are indexed.

    Parameters
    ----------
    path
        The file.
    units
        Table of sorted units; `units` where there is one.
    responses
        Series (time, neuron) to be read instead, such as `processing/ophys/DfOverF/RoiResponseSeries`.
    intervals
        Table of frames or of trials, index series or movie that says what was shown; may be left out where
        only one could.
    bins_per_frame
        Bins per frame; 4 for spikes and 1 for series by default.
    average
        Give the mean over the bins of a frame instead of the bins.
    bin_seconds
        Width of a bin in seconds, where the file has no frames but trials.
    stimulus_column
        Column of the trials that says what was shown.
    frames
        Stimulus template with the pictures.
    quality
        Which units are good enough; None keeps all.
    regions
        Keep the neurons of these regions only.
    signals
        Name and place of other series; running and pupil where the Allen Institute keeps them by default.
    keep_invalid
        Keep presentations that overlap the file's invalid times.
    tier
        Tier of all trials.
    name
        Name of the recording; that of the file by default.

    Raises
    ------
    OptionError
        If the options cannot work.
    DataError
        If the file is damaged, or lacks what is asked for.
    NotAvailableError
        If pynwb is not installed.

    Examples
    --------
    >>> import tempfile
    >>> import twofold as tw
    >>> movie = tw.simulate_movie_repeats(tw.MovieRepeats.small(n_units=9), random_state=0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     read_nwb(tw.write_nwb(movie, Path(folder) / "movie.nwb"), responses="responses")
    Recording 'movie': 1200 time points of 0.0333333 s x 9 neurons, 10 trials, 1 stimulus, no signals
    """
    _refuse_options(units, responses, bins_per_frame, bin_seconds, average)
    with open_nwb(path) as file:
        has_units = responses is None and (units is not None or file.content.units is not None)
        per_frame = bins_per_frame or (SPIKES_PER_FRAME if has_units else 1)
        shown = Shown(intervals, 1 if average else per_frame, bin_seconds, stimulus_column, tier)
        part = shown.part(file)
        clock = shown.clock(part)
        if not keep_invalid:
            clock = _without_invalid(file, clock)
        if has_units:
            found: Units | Series = read_units(file, units or "units", quality, tuple(regions))
        else:
            found = read_series(file, responses)
        recording = _recording(found, clock, tuple(regions), per_frame if average and has_units else 1)
        return replace(
            recording,
            signals=read_signals(file, signals),
            stimuli={
                clip: with_pictures(file, stimulus, part, frames)
                for clip, stimulus in recording.stimuli.items()
            },
            name=name if name is not None else file.path.stem,
            history=(f"read from {file.path.name}", *recording.history),
        )


def _refuse_options(
    units: str | None,
    responses: str | None,
    bins_per_frame: int | None,
    bin_seconds: float | None,
    average: bool,
) -> None:
    problems = []
    if units is not None and responses is not None:
        problems.append("give --units or --responses, not both")
    if bins_per_frame is not None and bins_per_frame < 1:
        problems.append(f"--bins-per-frame {bins_per_frame}: must be 1 or more")
    if bin_seconds is not None and not (np.isfinite(bin_seconds) and bin_seconds > 0):
        problems.append(f"--bin-seconds {bin_seconds:g}: the width of a bin in seconds must be above 0")
    if bin_seconds is not None and (bins_per_frame is not None or average):
        problems.append("--bin-seconds is for trials: leave out --bins-per-frame and --average")
    if problems:
        raise OptionError("; ".join(problems))


def _recording(
    found: Units | Series, clock: StimulusClock, regions: tuple[str, ...], mean_of: int
) -> Recording:
    """Responses of units or of a series on the clock of the stimulus."""
    columns: Any = slice(None)
    table = found.table
    if isinstance(found, Series):
        clock = clock.keep(covered(found.time_s, clock.bins), "while responses were not sampled")
        source: Any = SeriesInBins(found.source, found.time_s, clock.bins, found.conversion, found.offset)
        if regions:
            columns = np.flatnonzero(in_regions(table, regions))
            table = table.iloc[columns].reset_index(drop=True)
    else:
        source = SpikeCounts(found.trains, clock.bins, mean_of)
    return Recording(
        responses=LazyArray(source, columns=columns),
        time_s=clock.time_s,
        bin_s=clock.bin_s,
        neurons=Neurons(table),
        trials=Trials(clock.trials),
        stimuli=clock.stimuli,
        history=(*found.history, *clock.history),
    )


def _without_invalid(file: NwbFile, clock: StimulusClock) -> StimulusClock:
    invalid = file.content.invalid_times
    if invalid is None or not len(invalid.id):
        return clock
    start, stop = (values_of(invalid[name].data).astype(float) for name in ("start_time", "stop_time"))
    return clock.keep(
        clock.outside(start, stop), "which overlap invalid_times (--keep-invalid would keep them)"
    )
