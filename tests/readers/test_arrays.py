from __future__ import annotations

import itertools
import re
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twofold.errors import DataError, OptionError
from twofold.readers.arrays import read_arrays
from twofold.recordings.check import check

ROLES = ("repeat", "stimulus", "time", "neuron")


@st.composite
def labelled_arrays(draw):
    """Axis names in any order, with joined and fixed axes, and an array in which no value occurs twice."""
    many = {"neuron": (1, 2), "time": (1, 2), "repeat": (0, 2), "stimulus": (0, 2), "category": (0, 1)}
    names = [name for name, (low, high) in many.items() for _ in range(draw(st.integers(low, high)))]
    names = draw(st.permutations(names))
    lengths = [draw(st.integers(1, 3)) for _ in names]
    select = (
        {"category": draw(st.integers(0, lengths[names.index("category")] - 1))}
        if "category" in names
        else {}
    )
    return names, select, np.arange(np.prod(lengths), dtype=float).reshape(lengths)


def by_hand(names, select, values, roles):
    """The array with one axis per role, element by element."""
    size = {
        r: int(np.prod([n for name, n in zip(names, values.shape, strict=True) if name == r])) for r in roles
    }
    out = np.full([size[r] for r in roles], np.nan)
    for place in itertools.product(*(range(n) for n in values.shape)):
        if any(name in select and i != select[name] for name, i in zip(names, place, strict=True)):
            continue
        index = dict.fromkeys(roles, 0)
        for name, i, n in zip(names, place, values.shape, strict=True):
            if name in index:
                index[name] = index[name] * n + i
        out[tuple(index[r] for r in roles)] = values[place]
    return out


@settings(max_examples=60, deadline=None)
@given(labelled_arrays(), st.sampled_from(["npz", "h5", "mat5", "mat73"]))
def test_round_trip_equals_indexing_by_hand_in_every_format(save, case, kind):
    names, select, values = case
    beside = [i for i, name in enumerate(names) if name not in ("neuron", "category")]
    signal_names = [names[i] for i in beside]
    speed = np.arange(np.prod([values.shape[i] for i in beside]), dtype=float)
    speed = speed.reshape([values.shape[i] for i in beside])
    expected = by_hand(names, select, values, ROLES)
    n_repeats, n_stimuli, n_time, n_neurons = expected.shape
    region = np.array([f"area {i}" for i in range(n_neurons)])
    with tempfile.TemporaryDirectory() as folder:
        path = save(kind, Path(folder), {"counts": values, "speed": speed, "region": region})
        recording = read_arrays(
            path, responses="counts", axes=names, select=select, bin_seconds=0.5, neuron=["region"],
            signal=["speed"],
        )  # fmt: skip
    np.testing.assert_array_equal(recording.responses[:], expected.reshape(-1, n_neurons))
    assert recording.responses.source.flags.c_contiguous
    np.testing.assert_array_equal(
        recording.signals["speed"].values, by_hand(signal_names, {}, speed, ROLES[:3]).ravel()
    )
    assert recording.neurons.column("region").tolist() == region.tolist()
    rows = itertools.product(range(n_repeats), range(n_stimuli), range(n_time))
    for row, (repeat, stimulus, time) in enumerate(rows):
        assert recording.per_row("repeat")[row] == repeat
        assert recording.frame_ids[row] == stimulus * n_time + time
    assert check(recording).errors == ()


@pytest.fixture
def file(tmp_path):
    """A session whose axes all have different lengths: 5 neurons, 3 repeats, 2 clips, 4 bins."""
    rng = np.random.default_rng(0)
    arrays = {
        "counts": rng.poisson(3, (5, 3, 2, 4)).astype(np.uint8),
        "region": np.array(["V1", "V1", "LM", "AL", "V1"]),
        "position_um": rng.normal(size=(5, 3)),
        "speed": rng.normal(size=(3, 2, 4)),
        "rewarded": np.arange(3),
        "luck": np.arange(6).reshape(3, 2),
        "frames": rng.integers(0, 255, (8, 6, 7)),
        "clips": rng.normal(size=(2, 4, 9)),
        "loudness": np.arange(8.0),
    }
    np.savez(tmp_path / "mouse.npz", **arrays)
    return tmp_path / "mouse.npz", arrays


def read(path, **changes):
    given = {"responses": "counts", "axes": ("neuron", "repeat", "stimulus", "time"), "bin_seconds": 0.5}
    return read_arrays(path, **{**given, **changes})


def test_everything_beside_the_responses_lands_in_its_place(file):
    path, arrays = file
    recording = read(
        path, neuron=["region", "position_um"], signal=["speed"], trial=["rewarded", "luck"],
        frames="frames", features=["clips", "loudness"], repeats_per_block=2, tier="oracle", name="m1",
    )  # fmt: skip
    assert recording.name == "m1"
    assert recording.responses.dtype == np.uint8
    np.testing.assert_array_equal(recording.neurons.position_um, arrays["position_um"])
    table = recording.trials.table
    assert table["stimulus"].tolist() == ["clip-00", "clip-01"] * 3
    assert table["repeat"].tolist() == [0, 0, 1, 1, 2, 2]
    assert table["block"].tolist() == [0, 0, 0, 0, 1, 1]
    assert table["rewarded"].tolist() == [0, 0, 1, 1, 2, 2]
    assert table["luck"].tolist() == [0, 1, 2, 3, 4, 5]
    assert set(table["tier"]) == {"oracle"}
    assert table["start_s"].tolist() == [0, 2, 4, 6, 8, 10]
    assert table["stop_s"].tolist() == [2, 4, 6, 8, 10, 12]
    np.testing.assert_allclose(recording.time_s, 0.25 + 0.5 * np.arange(24))
    clip = recording.stimuli["clip-01"]
    assert clip.frame_ids.tolist() == [4, 5, 6, 7]
    assert clip.rate_hz == 2.0
    np.testing.assert_array_equal(clip.frames, arrays["frames"][4:])
    np.testing.assert_array_equal(clip.features["clips"], arrays["clips"][1])
    np.testing.assert_array_equal(clip.features["loudness"][:, 0], [4, 5, 6, 7])


def test_frames_by_clip_and_by_number_are_the_same(file, tmp_path):
    path, arrays = file
    np.savez(tmp_path / "by_clip.npz", counts=arrays["counts"], frames=arrays["frames"].reshape(2, 4, 6, 7))
    one = read(path, frames="frames").stimuli["clip-01"].frames
    np.testing.assert_array_equal(
        one, read(tmp_path / "by_clip.npz", frames="frames").stimuli["clip-01"].frames
    )


def test_one_clip_is_called_movie(tmp_path):
    np.save(tmp_path / "x.npy", np.arange(6).reshape(2, 3))
    recording = read(tmp_path / "x.npy", axes=["time", "neuron"])
    assert list(recording.stimuli) == ["movie"]
    assert recording.responses[:].tolist() == [[0, 1, 2], [3, 4, 5]]
    assert recording.name == "x"


def test_axes_may_be_given_as_one_types_them(file):
    path, _ = file
    typed = read(path, axes="neuron,repeat,stimulus,time", neuron="region,position_um")
    assert list(typed.neurons.table.columns) == ["region", "x_um", "y_um", "z_um"]


def test_dropped_repeats_take_their_signals_and_trial_columns_along(tmp_path):
    counts = np.ones((2, 4, 3))
    counts[1, 2, 0] = np.nan
    arrays = {"counts": counts, "speed": np.arange(12.0).reshape(4, 3), "session": np.arange(4)}
    np.savez(tmp_path / "x.npz", **arrays)
    recording = read(
        tmp_path / "x.npz", axes=("neuron", "repeat", "time"), signal=["speed"], trial=["session"],
        missing=float("nan"), drop_repeats_missing=True, repeats_per_block=2,
    )  # fmt: skip
    assert recording.signals["speed"].values.tolist() == [0, 1, 2, 3, 4, 5, 9, 10, 11]
    assert recording.trials.column("session").tolist() == [0, 1, 3]
    assert recording.trials.column("repeat").tolist() == [0, 1, 2]
    assert recording.trials.column("block").tolist() == [0, 0, 1]  # blocks are of the file's repeats
    assert "dropped 1 of 4 repeats, in which a kept unit misses a value: 2" in recording.history


# --- bad input ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"bin_seconds": 0}, OptionError, "--bin-seconds 0: the width of a bin in seconds must be above 0"),
        ({"bin_seconds": float("nan")}, OptionError, "--bin-seconds nan"),
        ({"repeats_per_block": 0}, OptionError, "--repeats-per-block 0: must be 1 or more"),
        ({"responses": "count"}, DataError, "no array 'count'; did you mean 'counts'?"),
        ({"neuron": ["regoin"]}, DataError, "no array 'regoin'; did you mean 'region'?"),
        ({"responses": "region", "axes": ["neuron"]}, DataError, "--axes"),
        ({"axes": ["neuron", "time"]}, DataError,
         "the responses have 4 axes, of lengths 5, 3, 2, 4, but --axes names 2 (neuron, time)"),
        ({"axes": ["neuron", "repeat", "stimulus", "tiem"]}, DataError,
         "axis 'tiem': did you mean 'time'? To fix it at one index type --select tiem=0"),
        ({"axes": ["neuron", "repeat", "stimulus", "stimulus"]}, DataError, "no axis is called time"),
        ({"axes": ["neuron", "repeat", "kind", "time"]}, DataError, "--select kind=0"),
        ({"axes": ["neuron", "repeat", "kind", "time"], "select": {"kind": 2}}, DataError,
         "--select kind=2: that axis has the indices 0 to 1"),
        ({"axes": ["neuron", "repeat", "kind", "time"], "select": {"kind": -1}}, DataError,
         "--select kind=-1: that axis has the indices 0 to 1"),
        ({"select": {"kind": 0}}, DataError, "--select kind=0: no axis has that name"),
        ({"select": {"repeat": 0}}, DataError, "--select repeat=0: a repeat axis is kept whole"),
        ({"signal": ["region"]}, DataError, "array 'region' holds text; --signal takes numbers"),
        ({"signal": ["rewarded"]}, DataError, "array 'rewarded' has shape (3,) but the axes you call repeat, "
         "stimulus, time ask for (3, 2, 4); no order of the axes (neuron 5, repeat 3, stimulus 2, time 4)"),
        ({"trial": ["region"]}, DataError, "array 'region' has shape (5,) but the axes you call repeat"),
        ({"neuron": ["speed"]}, DataError, "array 'speed' has shape (3, 2, 4) but neuron asks for (5,)"),
        ({"frames": "region"}, DataError, "array 'region' holds text; --frames takes numbers"),
        ({"frames": "clips"}, DataError, "array 'clips' has shape (2, 4, 9)"),
        ({"features": ["rewarded"]}, DataError, "array 'rewarded' has shape (3,)"),
        ({"signal": ["speed", "speed"]}, OptionError, "two arrays would be called 'speed'"),
    ],
)  # fmt: skip
def test_bad_input_is_one_clear_line(file, changes, error, message):
    with pytest.raises(error, match=re.escape(message)) as caught:
        read(file[0], **changes)
    assert "\n" not in str(caught.value)


def test_all_bad_options_are_told_at_once(file):
    with pytest.raises(OptionError) as caught:
        read(file[0], bin_seconds=-1, drop_units_missing=2, repeats_per_block=0)
    for part in (
        "--bin-seconds -1",
        "--drop-units-missing 2",
        "needs --missing VALUE",
        "--repeats-per-block 0",
    ):
        assert part in str(caught.value)


def test_text_is_no_responses(file):
    with pytest.raises(DataError, match="array 'words' holds text; --responses takes numbers"):
        np.savez(file[0].with_name("t.npz"), words=np.full((2, 2), "a"))
        read(file[0].with_name("t.npz"), responses="words", axes=["neuron", "time"])


def test_a_reserved_trial_column_is_refused(tmp_path):
    np.savez(tmp_path / "x.npz", counts=np.ones((2, 3)), tier=np.array(["a"]))
    with pytest.raises(OptionError, match="--trial tier: the column 'tier' follows from --axes; rename it"):
        read(tmp_path / "x.npz", axes=["neuron", "time"], trial=["tier"])


def test_an_empty_axis_is_refused(tmp_path):
    np.save(tmp_path / "x.npy", np.ones((2, 0)))
    with pytest.raises(DataError, match="the axis you call time has length 0"):
        read(tmp_path / "x.npy", axes=["neuron", "time"])


def test_swapped_neuron_and_time_propose_the_line_to_type(tmp_path):
    np.savez(tmp_path / "x.npz", counts=np.ones((30, 20, 55)), region=np.full(55, "V1"))
    with pytest.raises(DataError) as caught:
        read(tmp_path / "x.npz", axes=["neuron", "repeat", "time"], neuron=["region"])
    assert str(caught.value) == (
        "array 'region' has 55 entries but the axis you call neuron has 30; the axis you call time has 55: "
        "type --axes time,repeat,neuron"
    )


@given(order=st.permutations(["neuron", "repeat", "stimulus", "time"]))
@settings(deadline=None, max_examples=24)
def test_the_proposed_axes_always_work(tmp_path_factory, order):
    path = tmp_path_factory.mktemp("swapped") / "x.npz"
    arrays = {"counts": np.ones((5, 3, 2, 4)), "region": np.arange(5), "speed": np.ones((3, 2, 4))}
    np.savez(path, rewarded=np.arange(3), **arrays)
    beside = {"neuron": ["region"], "signal": ["speed"], "trial": ["rewarded"]}
    try:
        read(path, axes=order, **beside)
    except DataError as error:
        proposed = re.search(r"type --axes (\S+)$", str(error)).group(1)
        recording = read(path, axes=proposed, **beside)
        assert recording.responses.shape[1] == 5


def test_equal_lengths_cannot_be_told_apart(tmp_path):
    np.savez(tmp_path / "x.npz", counts=np.arange(9).reshape(3, 3), region=np.arange(3))
    assert read(tmp_path / "x.npz", axes=["time", "neuron"], neuron=["region"]).responses[0].tolist() == [
        0,
        1,
        2,
    ]
