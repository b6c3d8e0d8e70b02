from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pynapple as nap
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twofold.errors import DataError, OptionError
from twofold.readers import read_pynapple, to_pynapple
from twofold.recordings import LazyArray, Neurons, Recording, Signal, Stimulus, Trials
from twofold.recordings.check import check


def recording_of(n_frames, n_trials, n_neurons, bin_ns, pause):
    """Clips one after the other, with or without a pause; times on a grid of nanoseconds."""
    first = np.arange(n_trials) * (n_frames + pause)
    ticks = (first[:, None] + np.arange(n_frames)).ravel()
    table = pd.DataFrame({"stimulus": "movie", "repeat": np.arange(n_trials), "tier": "all"})
    table["start_s"], table["stop_s"] = first * bin_ns / 1e9, (first + n_frames) * bin_ns / 1e9
    rng = np.random.default_rng(n_frames)
    return Recording(
        responses=LazyArray(rng.normal(size=(len(ticks), n_neurons))),
        time_s=np.round((ticks + 0.5) * bin_ns / 1e9, 9),
        bin_s=bin_ns / 1e9,
        neurons=Neurons(pd.DataFrame({"region": ["VISp"] * n_neurons, "snr": rng.normal(size=n_neurons)})),
        trials=Trials(table),
        signals={"speed": Signal(rng.normal(size=5), np.round(np.cumsum(rng.uniform(0.1, 1, 5)), 9))},
        stimuli={"movie": Stimulus(np.arange(n_frames), 1e9 / bin_ns)},
    )


@given(st.integers(1, 6), st.integers(2, 4), st.integers(1, 3), st.integers(10**6, 10**9), st.integers(0, 3))
@settings(max_examples=40)
def test_the_round_trip_is_exact(n_frames, n_trials, n_neurons, bin_ns, pause):
    recording = recording_of(n_frames, n_trials, n_neurons, bin_ns, pause)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        population = to_pynapple(recording)
    back = read_pynapple(*population, bin_seconds=recording.bin_s, stimuli=recording.stimuli)
    np.testing.assert_array_equal(back.responses[:], recording.responses[:])
    np.testing.assert_array_equal(back.time_s, recording.time_s)
    np.testing.assert_array_equal(back.trial_of_row, recording.trial_of_row)
    np.testing.assert_array_equal(back.frame_ids, recording.frame_ids)
    np.testing.assert_array_equal(back.signals["speed"].values, recording.signals["speed"].values)
    np.testing.assert_array_equal(back.signals["speed"].time_s, recording.signals["speed"].time_s)
    for name in recording.neurons.table:
        assert back.neurons.table[name].tolist() == recording.neurons.table[name].tolist()
    for name in recording.trials.table:
        assert back.trials.table[name].tolist() == recording.trials.table[name].tolist()


def test_spikes_are_counted_in_bins_from_the_start_of_each_trial():
    rng = np.random.default_rng(0)
    trains = {unit: np.sort(rng.uniform(0, 20, 400)) for unit in (4, 7, 9)}
    groups = {unit: nap.Ts(spikes) for unit, spikes in trains.items()}
    spikes = nap.TsGroup(groups, metadata={"region": ["VISp", "LGd", "VISp"]})
    trials = nap.IntervalSet(start=[1.0, 6.0, 12.0], end=[5.0, 10.0, 16.0])
    recording = read_pynapple(spikes, trials, bin_seconds=0.25, name="m1")
    edges = [start + np.arange(17) * 0.25 for start in (1.0, 6.0, 12.0)]
    for column, one in enumerate(trains.values()):
        expected = np.concatenate([np.histogram(one, edge)[0] for edge in edges])
        np.testing.assert_array_equal(recording.responses[:, column], expected)
    assert recording.neurons.column("unit_id").tolist() == [4, 7, 9]
    assert recording.neurons.column("region").tolist() == ["VISp", "LGd", "VISp"]
    assert recording.trials.column("repeat").tolist() == [0, 1, 2]
    assert check(recording).errors == ()


def test_metadata_say_what_was_shown():
    trials = nap.IntervalSet(start=[0.0, 2.0, 4.0], end=[1.0, 3.0, 5.0])
    trials.set_info(stimulus=["up", "down", "up"])
    spikes = nap.TsGroup({0: nap.Ts(np.array([0.1, 4.9]))})
    recording = read_pynapple(spikes, trials, bin_seconds=0.5, tier="oracle")
    assert recording.trials.column("repeat").tolist() == [0, 0, 1]
    assert recording.trials.column("tier").tolist() == ["oracle"] * 3
    assert recording.frame_ids.tolist() == [0, 1, 2, 3, 0, 1]


def test_what_is_missing_is_told():
    spikes = nap.TsGroup({0: nap.Ts(np.array([0.1, 4.9]))})
    trials = nap.IntervalSet(start=[0.0], end=[1.0])
    with pytest.raises(OptionError, match="spikes need the width of a bin"):
        read_pynapple(spikes, trials)
    with pytest.raises(OptionError, match="bin_seconds=-1"):
        read_pynapple(spikes, trials, bin_seconds=-1.0)
    with pytest.raises(DataError, match="make the bins narrower"):
        read_pynapple(spikes, trials, bin_seconds=2.0)
