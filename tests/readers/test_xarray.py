from __future__ import annotations

from dataclasses import replace

import numpy as np
import xarray

from twofold.readers import to_xarray
from twofold.recordings import LazyArray, open_recording, save
from twofold.simulate import MovieRepeats, simulate_movie_repeats


def movie():
    sizes = {"n_units": 6, "n_frames": 20, "n_repeats": 4, "mice": 1, "cuts": 1, "gap_s": 1.0}
    return simulate_movie_repeats(MovieRepeats.small(**sizes), random_state=0)


def test_values_and_coordinates_are_those_of_the_recording():
    recording = movie()
    data = to_xarray(recording)
    assert data.responses.dims == ("time", "neuron")
    np.testing.assert_array_equal(data.responses, recording.responses[:])
    np.testing.assert_array_equal(data.time, recording.time_s)
    np.testing.assert_array_equal(data.frame, recording.frame_of_row)
    for name in recording.trials.table:
        np.testing.assert_array_equal(data[name], recording.per_row(name))
    for name in recording.neurons.table:
        assert data[name].dims == ("neuron",)
        np.testing.assert_array_equal(data[name], recording.neurons.column(name))
    for name in recording.signals:
        np.testing.assert_array_equal(data[name], recording.signal(name))


def test_choosing_by_label_is_choosing_in_the_recording():
    recording = movie()
    data = to_xarray(recording)
    chosen = data.isel(time=np.flatnonzero(data.repeat == 2), neuron=[4, 1])
    expected = recording.repeats([2]).select_neurons(np.array([4, 1]))
    np.testing.assert_array_equal(chosen.responses, expected.responses[:])


class Counting:
    """An array that notes which rows were read."""

    def __init__(self, values):
        self.values, self.shape, self.dtype, self.read = values, values.shape, values.dtype, []

    def __getitem__(self, key):
        self.read.append(key)
        return self.values[key]


def test_only_the_rows_that_are_used_are_read():
    recording = movie()
    source = Counting(recording.responses[:])
    data = to_xarray(replace(recording, responses=LazyArray(source)))
    assert source.read == []
    window = data.responses.isel(time=slice(5, 9))
    assert source.read == []
    np.testing.assert_array_equal(window.values, recording.responses[5:9])
    assert source.read == [slice(5, 9)]


def test_rows_between_trials_have_no_trial_columns():
    recording = movie()
    time_s = recording.time_s.copy()
    time_s[-1] += 100.0
    data = to_xarray(replace(recording, time_s=time_s))
    assert data.trial[-1] == -1
    assert "repeat" not in data.coords


def test_a_store_on_disk_becomes_a_dataset(tmp_path):
    recording = movie()
    data = to_xarray(open_recording(save(recording, tmp_path / "m.zarr")))
    assert isinstance(data, xarray.Dataset)
    np.testing.assert_array_equal(data.responses[::3, 2], recording.responses[:][::3, 2])
