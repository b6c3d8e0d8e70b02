from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from twofold.readers.arrays import read_arrays
from twofold.recordings.check import check

DATA = Path(__file__).parents[2].parent / "shared" / "data"
MOUSE = DATA / "allen_neuropixels_movie1" / "session_791319847.npz"
MACAQUE = DATA / "macaque_v1_movies" / "ay3_u002.npz"


@pytest.mark.skipif(not MOUSE.exists(), reason=f"no {MOUSE.name} beside the project")
def test_the_mouse_session_is_the_file_with_its_axes_turned():
    signals = ["running_speed", "pupil_width", "pupil_height", "eye_x", "eye_y"]
    mouse = read_arrays(
        MOUSE, responses="counts", axes=("neuron", "repeat", "time"), bin_seconds=1.0, neuron=["region"],
        signal=signals, repeats_per_block=10,
    )  # fmt: skip
    with np.load(MOUSE) as file:
        by_repeat = mouse.responses[:].reshape(20, 30, 555)
        np.testing.assert_array_equal(by_repeat, np.moveaxis(file["counts"], 0, 2))
        assert mouse.neurons.column("region").tolist() == file["region"].tolist()
        for name in signals:
            np.testing.assert_array_equal(mouse.signals[name].values, file[name].ravel())
    assert mouse.responses.dtype == np.uint8
    assert mouse.trials.column("block").tolist() == [0] * 10 + [1] * 10
    assert check(mouse).ok


@pytest.mark.skipif(not MACAQUE.exists(), reason=f"no {MACAQUE.name} beside the project")
def test_the_macaque_session_keeps_the_units_and_repeats_without_gaps():
    macaque = read_arrays(
        MACAQUE, responses="counts", bin_seconds=0.3, select={"category": 0}, missing=255,
        axes=("neuron", "stimulus", "category", "stimulus", "time", "repeat"), drop_units_missing=0.02,
        drop_repeats_missing=True, neuron=["cluster_group"],
    )  # fmt: skip
    with np.load(MACAQUE) as file:
        natural = file["counts"][:, :, 0].astype(float).reshape(53, 20, 11, 50)
        groups = file["cluster_group"]
    gone = natural == 255
    units = gone.mean(axis=(1, 2, 3)) < 0.02
    repeats = ~gone[units].any(axis=(0, 1, 2))
    expected = natural[units][..., repeats].transpose(3, 1, 2, 0)
    assert expected.shape == (46, 20, 11, 27)
    np.testing.assert_array_equal(macaque.responses[:].reshape(expected.shape), expected)
    np.testing.assert_array_equal(macaque.neurons.column("cluster_group"), groups[units])
    np.testing.assert_array_equal(np.unique(macaque.frame_ids), np.arange(220))
    assert check(macaque).ok
