"""Recordings to and from the objects of pynapple: groups of spikes, responses, sets of intervals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from twofold.errors import DataError, NotAvailableError, OptionError
from twofold.readers.binning import SpikeCounts
from twofold.readers.stimulus_clock import clock_of_trials
from twofold.recordings import LazyArray, Neurons, Recording, Signal, Stimulus, Trials

APART_S = 1e-6  # pynapple's intervals hold both their ends, so they must not touch


class Population(NamedTuple):
    """What `to_pynapple` gives and `read_pynapple` takes, in this order."""

    responses: Any
    """TsdFrame (time, neuron), with the neuron table as metadata."""
    trials: Any
    """IntervalSet, one per trial, with the trial table as metadata."""
    signals: dict[str, Any]
    """Tsd by name."""


def read_pynapple(
    population: Any,
    trials: Any,
    signals: Mapping[str, Any] | None = None,
    *,
    bin_seconds: float | None = None,
    stimuli: Mapping[str, Stimulus] | None = None,
    tier: str = "all",
    name: str = "recording",
) -> Recording:
    """A recording from pynapple's objects.

    Parameters
    ----------
    population
        TsGroup of spikes, counted in bins from the start of each trial; or TsdFrame (time, neuron), whose
        rows are taken as they are.
    trials
        IntervalSet; metadata `stimulus`, `repeat` and `tier` say what was shown, repeats are counted by
        default. `start_s` and `stop_s` there are taken instead of the ends, which pynapple moves apart.
    signals
        Tsd by name.
    bin_seconds
        Width of a bin in seconds; for a TsdFrame its usual step by default.
    stimuli
        Clips by name; by default as many frames as fit into the shortest trial, one per bin.
    tier
        Tier of trials that have none.
    name
        Name of the recording.

    Raises
    ------
    OptionError
        If a TsGroup comes without the width of a bin.
    DataError
        If trials overlap or are shorter than a bin.

    Examples
    --------
    >>> import pynapple as nap
    >>> spikes = nap.TsGroup({3: nap.Ts(np.array([0.1, 0.2, 1.1])), 8: nap.Ts(np.array([0.7, 1.2]))})
    >>> trials = nap.IntervalSet(start=[0.0, 1.0], end=[0.99, 1.99])
    >>> recording = read_pynapple(spikes, trials, bin_seconds=0.33)
    >>> recording.responses[:, 0]
    array([2, 0, 0, 1, 0, 0], dtype=uint8)
    """
    if bin_seconds is not None and not (np.isfinite(bin_seconds) and bin_seconds > 0):
        raise OptionError(f"bin_seconds={bin_seconds:g}: the width of a bin in seconds must be above 0")
    table = _trial_table(trials, tier)
    if hasattr(population, "values") and hasattr(population, "columns"):
        responses: Any = np.asarray(population.values)
        time_s = np.asarray(population.t)
        bin_s = float(bin_seconds) if bin_seconds is not None else _usual_step(time_s)
        clips = dict(stimuli) if stimuli is not None else dict(clock_of_trials(table, bin_s).stimuli)
        neurons = _metadata(population)
    elif bin_seconds is None:
        raise OptionError("spikes need the width of a bin in seconds: bin_seconds=0.1")
    else:
        clock = clock_of_trials(table, float(bin_seconds))
        responses = SpikeCounts([np.asarray(population[unit].t) for unit in population.index], clock.bins)
        time_s, bin_s, table = clock.time_s, clock.bin_s, clock.trials
        clips = dict(stimuli) if stimuli is not None else dict(clock.stimuli)
        neurons = _metadata(population).assign(unit_id=np.asarray(population.index))
    return Recording(
        responses=LazyArray(responses),
        time_s=time_s,
        bin_s=bin_s,
        neurons=Neurons(neurons),
        trials=Trials(table),
        signals={key: Signal(np.asarray(tsd.d), np.asarray(tsd.t)) for key, tsd in (signals or {}).items()},
        stimuli=clips,
        name=name,
        history=("read from pynapple objects",),
    )


def to_pynapple(recording: Recording) -> Population:
    """A recording as pynapple's objects; `read_pynapple(*population, stimuli=...)` gives it back.

    Pynapple keeps times to the nanosecond, and needs intervals that do not touch: trials that do end a
    microsecond early there, and their metadata hold the exact times.

    Parameters
    ----------
    recording
        Its responses are read whole.

    Raises
    ------
    NotAvailableError
        If pynapple is not installed.

    Examples
    --------
    >>> import twofold as tw
    >>> movie = tw.simulate_movie_repeats(tw.MovieRepeats.small(n_units=9), random_state=0)
    >>> population = to_pynapple(movie)
    >>> population.responses.shape == movie.responses.shape
    True
    """
    try:
        import pynapple as nap
    except ImportError as error:
        raise NotAvailableError("this needs pynapple; type: pip install 'twofold[pynapple]'") from error
    table = recording.trials.table
    start, stop = (table[column].to_numpy(dtype=float) for column in ("start_s", "stop_s"))
    end = np.minimum(stop, np.append(start[1:] - APART_S, np.inf))
    frame = nap.TsdFrame(t=recording.time_s, d=np.asarray(recording.responses))
    if len(recording.neurons.table.columns):
        frame.set_info(recording.neurons.table.set_index(frame.columns))
    trials = nap.IntervalSet(start=start, end=end)
    trials.set_info(table)
    signals = {name: nap.Tsd(t=one.time_s, d=one.values) for name, one in recording.signals.items()}
    return Population(frame, trials, signals)


def _trial_table(trials: Any, tier: str) -> pd.DataFrame:
    table = _metadata(trials)
    if "start_s" not in table or "stop_s" not in table:
        table["start_s"], table["stop_s"] = np.asarray(trials.start), np.asarray(trials.end)
    if not len(table):
        raise DataError("there are no trials; give the intervals in which something was shown")
    if "stimulus" not in table:
        table.insert(0, "stimulus", "movie")
    table["stimulus"] = table["stimulus"].astype(str)
    if "repeat" not in table:
        table.insert(1, "repeat", table.groupby("stimulus").cumcount())
    return table if "tier" in table else table.assign(tier=tier)


def _metadata(data: Any) -> pd.DataFrame:
    return pd.DataFrame(data.metadata).reset_index(drop=True)


def _usual_step(time_s: np.ndarray) -> float:
    if len(time_s) < 2:
        raise DataError("one time point says nothing of the width of a bin; give bin_seconds")
    return float(np.median(np.diff(time_s)))
