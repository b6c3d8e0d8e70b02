"""The container that every reader returns and every study takes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import pandas as pd

from twofold.errors import DataError, did_you_mean
from twofold.recordings.columns import Neurons, Trials
from twofold.recordings.lazy import LazyArray
from twofold.recordings.signal import Signal
from twofold.recordings.stimulus import Stimulus
from twofold.shapes import Features, Ids, Seconds


@dataclass(frozen=True, eq=False)
class Recording:
    """One recording: responses of neurons over time, what was shown, and what else was measured.

    Everything lies on one clock, in seconds. A response sample belongs to the trial whose half-open span
    [start_s, stop_s) holds its time, which is the centre of its bin. Selecting reads and copies nothing.

    Parameters
    ----------
    responses
        (time, neuron), in memory or on disk.
    time_s
        (time,) centre of each bin, increasing; gaps between trials are allowed.
    bin_s
        Width of a bin, in seconds.
    neurons, trials
        One table row per neuron and per presentation.
    signals
        Other measurements, each with its own sampling on the same clock.
    stimuli
        Clip by the name that the trial table uses.
    truth
        Known truth of a simulation, by name; empty for real recordings.
    name
        How tables and figures call it.
    history
        What was done to it, a sentence each.

    Raises
    ------
    DataError
        If the parts do not fit together. Whether their *content* makes sense is asked by `check`.

    Examples
    --------
    >>> recording = Recording(
    ...     responses=LazyArray(np.ones((6, 2))), time_s=np.arange(6) + 0.5, bin_s=1.0,
    ...     neurons=Neurons(pd.DataFrame({"region": ["VISp", "LGd"]})),
    ...     trials=Trials(pd.DataFrame({"stimulus": "movie", "repeat": [0, 1], "tier": "all",
    ...                                 "start_s": [0.0, 3.0], "stop_s": [3.0, 6.0]})),
    ...     stimuli={"movie": Stimulus(frame_ids=np.arange(3), rate_hz=1.0)})
    >>> recording.repeats([1]).frame_ids
    array([0, 1, 2])
    >>> recording
    Recording 'recording': 6 time points of 1 s x 2 neurons, 2 trials, 1 stimulus, no signals
    """

    responses: LazyArray
    time_s: np.ndarray
    bin_s: float
    neurons: Neurons
    trials: Trials
    signals: Mapping[str, Signal] = field(default_factory=dict)
    stimuli: Mapping[str, Stimulus] = field(default_factory=dict)
    truth: Mapping[str, np.ndarray] = field(default_factory=dict)
    name: str = "recording"
    history: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        n_time, n_neurons = self.responses.shape
        if len(self.time_s) != n_time:
            raise DataError(
                f"{n_time} response samples but {len(self.time_s)} times; one time per sample is needed"
            )
        if len(self.neurons) != n_neurons:
            hint = "; the axes look swapped, time comes first" if len(self.neurons) == n_time else ""
            raise DataError(
                f"responses have {n_neurons} neurons but the neuron table has {len(self.neurons)} rows{hint}"
            )
        unknown = sorted(set(self.trials.table["stimulus"]) - set(self.stimuli))
        if unknown:
            raise DataError(
                f"the trial table names stimuli that are not given: {', '.join(map(str, unknown[:5]))}"
            )

    def __repr__(self) -> str:
        def count(n: int, singular: str, plural: str) -> str:
            return f"{n or 'no'} {singular if n == 1 else plural}"

        neurons = count(len(self.neurons), "neuron", "neurons")
        parts = [
            f"{len(self.time_s)} time points of {self.bin_s:g} s x {neurons}",
            count(len(self.trials), "trial", "trials"),
            count(len(self.stimuli), "stimulus", "stimuli"),
            count(len(self.signals), "signal", "signals"),
        ]
        return f"Recording {self.name!r}: " + ", ".join(parts)

    # --- what each row of the responses is -------------------------------------------------------

    @cached_property
    def trial_of_row(self) -> Ids:
        """(time,) index into the trial table, -1 between trials."""
        start = self.trials.table["start_s"].to_numpy(dtype=float)
        stop = self.trials.table["stop_s"].to_numpy(dtype=float)
        if not len(start):
            return np.full(len(self.time_s), -1)
        trial = np.searchsorted(start, self.time_s, side="right") - 1
        inside = (trial >= 0) & (self.time_s < stop[np.maximum(trial, 0)])
        return np.where(inside, trial, -1)

    def per_row(self, column: str) -> np.ndarray:
        """(time,) a column of the trial table spread over the rows; every row must lie in a trial.

        Raises
        ------
        DataError
            If some rows lie between trials; select a tier or repeats first.
        """
        values = self.trials.column(column)
        if (self.trial_of_row < 0).any():
            raise DataError(
                f"{(self.trial_of_row < 0).sum()} rows lie in no trial; use recording.in_trials() first"
            )
        return values[self.trial_of_row]

    @cached_property
    def frame_of_row(self) -> Ids:
        """(time,) position in its clip of the frame shown at each row, -1 where none was."""
        trial = self.trial_of_row
        frame = np.full(len(self.time_s), -1)
        start = self.trials.table["start_s"].to_numpy(dtype=float)
        names = self.trials.table["stimulus"].to_numpy()
        for name, clip in self.stimuli.items():
            rows = np.flatnonzero((trial >= 0) & (names[np.maximum(trial, 0)] == name))
            if rows.size:
                shown = (self.time_s[rows] - start[trial[rows]]) * clip.rate_hz
                index = np.floor(shown + 1e-6).astype(np.int64)  # on a border, rounding must not decide
                frame[rows] = np.where(index < len(clip), index, -1)
        return frame

    @cached_property
    def frame_ids(self) -> Ids:
        """(time,) id of the frame shown at each row, -1 where none was."""
        ids = np.full(len(self.time_s), -1)
        for name, rows in self._rows_by_stimulus().items():
            ids[rows] = self.stimuli[name].frame_ids[self.frame_of_row[rows]]
        return ids

    def frame_features(self, name: str) -> Features:
        """(time, feature) a named feature of the frame shown at each row.

        Raises
        ------
        DataError
            If a clip lacks the feature, or a row shows no frame.
        """
        if (self.frame_of_row < 0).any():
            raise DataError("some rows show no frame, so they have no frame features; select trials first")
        blocks: dict[str, np.ndarray] = {}
        for clip_name in self._rows_by_stimulus():
            features = self.stimuli[clip_name].features
            if name not in features:
                raise DataError(
                    f"stimulus {clip_name!r} has no feature {name!r}; {did_you_mean(name, features)}"
                )
            blocks[clip_name] = features[name]
        width = next(iter(blocks.values())).shape[1] if blocks else 0
        out = np.empty((len(self.time_s), width))
        for clip_name, rows in self._rows_by_stimulus().items():
            out[rows] = blocks[clip_name][self.frame_of_row[rows]]
        return out

    def signal(self, name: str) -> Seconds:
        """(time,) a signal at the times of the responses; NaN where it was not measured."""
        if name not in self.signals:
            raise DataError(f"no signal {name!r}; {did_you_mean(name, self.signals)}")
        return self.signals[name].at(self.time_s, self.bin_s)

    def _rows_by_stimulus(self) -> dict[str, np.ndarray]:
        trial, shown = self.trial_of_row, self.frame_of_row >= 0
        names = self.trials.table["stimulus"].to_numpy()
        return {
            name: rows
            for name in self.stimuli
            if (rows := np.flatnonzero(shown & (names[np.maximum(trial, 0)] == name))).size
        }

    # --- choosing a part -------------------------------------------------------------------------

    def select_neurons(self, neurons: np.ndarray) -> Recording:
        """The recording of some neurons: a boolean mask or integer indices."""
        keep = np.flatnonzero(neurons) if neurons.dtype == bool else neurons
        table = self.neurons.table.iloc[keep].reset_index(drop=True)
        return replace(self, responses=self.responses.select(columns=neurons), neurons=Neurons(table))

    def select_trials(self, trials: np.ndarray) -> Recording:
        """The recording during some trials: a boolean mask or integer indices into the trial table."""
        keep = np.sort(np.flatnonzero(trials) if trials.dtype == bool else trials)
        rows = np.flatnonzero(np.isin(self.trial_of_row, keep))
        return self._select_rows(rows, self.trials.table.iloc[keep])

    def in_trials(self) -> Recording:
        """Only the rows that lie in a trial."""
        return self.select_trials(np.arange(len(self.trials)))

    def tier(self, *tiers: str) -> Recording:
        """The trials of some tiers, such as "train" or "oracle"."""
        column = self.trials.column("tier")
        for tier in tiers:
            if tier not in set(column):
                raise DataError(f"no tier {tier!r}; {did_you_mean(tier, set(column))}")
        return self.select_trials(np.isin(column, tiers))

    def repeats(self, repeats: Iterable[int]) -> Recording:
        """The trials of some repeats."""
        wanted, there = list(repeats), self.trials.column("repeat")
        missing = sorted(set(wanted) - set(there.tolist()))
        if missing:
            raise DataError(f"no repeat {missing[0]}; there are {there.min()} to {there.max()}")
        return self.select_trials(np.isin(there, wanted))

    def between(self, start_s: float, stop_s: float) -> Recording:
        """The rows whose time lies in [start_s, stop_s), with the trials that they belong to."""
        rows = np.arange(*np.searchsorted(self.time_s, [start_s, stop_s]))
        trials = np.unique(self.trial_of_row[rows])
        return self._select_rows(rows, self.trials.table.iloc[trials[trials >= 0]])

    def _select_rows(self, rows: np.ndarray, trials: pd.DataFrame) -> Recording:
        names = set(trials["stimulus"])
        return replace(
            self,
            responses=self.responses.select(rows=rows),
            time_s=self.time_s[rows],
            trials=Trials(trials.reset_index(drop=True)),
            stimuli={name: clip for name, clip in self.stimuli.items() if name in names},
        )
