"""Fluorescence of regions of interest comes in on the clock of the stimulus."""

from __future__ import annotations

import numpy as np

from twofold.readers import read_nwb
from twofold.recordings.check import check

from . import nwb_files as files


def test_two_photon_responses_at_the_frames_are_the_same_recording_as_by_direct_arrays(tmp_path):
    rng = np.random.default_rng(0)
    samples = rng.normal(size=(30 * 20, 4)).astype(np.float32)
    first = np.array([30, 150, 400])  # of 60 frames each
    edges = first[:, None] / 30 + np.arange(61) / 30
    content = files.empty()
    files.add_two_photon(content, samples, 30.0, starting_time=1 / 60)
    files.add_presentations(content, edges, "natural_movie_three_presentations")
    path = files.write(content, tmp_path / "s.nwb")
    recording = read_nwb(path)
    shown = np.concatenate([samples[i : i + 60] for i in first])
    np.testing.assert_array_equal(recording.responses[:], shown)
    np.testing.assert_array_equal(recording.responses[37:150], shown[37:150])
    assert recording.responses.dtype == np.float32
    table = recording.neurons.table
    assert table["region"].tolist() == ["VISp"] * 4
    np.testing.assert_allclose(table["x_um"], np.arange(4) * 1.5)
    np.testing.assert_allclose(table["y_um"], np.arange(1, 5) * 2.0)
    assert set(table["z_um"]) == {175.0}
    assert check(recording).errors == ()
    np.testing.assert_array_equal(read_nwb(path, responses="DfOverF/RoiResponseSeries").responses[:], shown)


def test_presentations_after_the_imaging_are_left_out(tmp_path):
    samples = np.random.default_rng(0).normal(size=(100, 2))
    edges = np.array([1.0, 4.0, 9.0])[:, None] + np.arange(31) / 15
    content = files.empty()
    files.add_two_photon(content, samples, 10.0, starting_time=0.0, conversion=2.0)
    files.add_presentations(content, edges)
    recording = read_nwb(files.write(content, tmp_path / "s.nwb"))
    assert len(recording.trials) == 2
    assert any("while responses were not sampled: 2" in told for told in recording.history)
    at = recording.time_s[10]
    np.testing.assert_allclose(
        recording.responses[10, 1], 2 * np.interp(at, np.arange(100) / 10, samples[:, 1])
    )
