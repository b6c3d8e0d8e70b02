from __future__ import annotations

import json
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twofold.errors import DataError
from twofold.readers import read_sensorium, write_sensorium
from twofold.recordings import LazyArray, Neurons, Recording, Signal, Stimulus, Trials, open_recording, save
from twofold.recordings.check import check
from twofold.simulate import Sensorium, simulate_sensorium

from .by_hand import LENGTHS, TIERS, write_by_hand

MODALITIES = ("videos", "responses", "behavior", "pupil_center")


SMALL = {
    "seed": st.integers(0, 2**32 - 1),
    "sizes": st.tuples(st.integers(1, 4), st.integers(1, 4), st.integers(1, 4)),
    "lengths": st.lists(st.integers(1, 6), min_size=1, max_size=3),
    "n_trials": st.integers(1, 6),
    "most_gap": st.integers(0, 5),
    "dtype": st.sampled_from([np.float32, np.float64]),
    "has_position": st.booleans(),
    "pairs": st.sets(st.sampled_from([("pupil_dilation", "running_speed"), ("pupil_x", "pupil_y")])),
}


def small_recording(seed, sizes, lengths, n_trials, most_gap, dtype, has_position, pairs) -> Recording:
    """A mouse that fits the layout: clips in any order, with gaps between trials."""
    rng = np.random.default_rng(seed)
    n_neurons, height, width = sizes
    shown = rng.integers(0, len(lengths), n_trials).tolist()
    gaps = rng.integers(0, most_gap + 1, n_trials)
    clips = {}
    for clip, n in enumerate(lengths):
        frames = rng.integers(0, 256, (n, height, width)).astype(np.uint8)
        frames[0, 0, 0] = clip
        clips[f"clip {clip}"] = Stimulus(np.arange(n), 30.0, frames=frames)
    n_frames = np.array([lengths[clip] for clip in shown])
    first = np.concatenate([[0], np.cumsum(n_frames + gaps)[:-1]]) + most_gap
    trials = pd.DataFrame(
        {
            "stimulus": [f"clip {clip}" for clip in shown],
            "repeat": [shown[:trial].count(clip) + 1 for trial, clip in enumerate(shown)],
            "tier": rng.choice(["train", "oracle", "test"], n_trials),
            "start_s": first / 30,
            "stop_s": (first + n_frames) / 30,
            "contrast": rng.normal(size=len(shown)),
        }
    )
    rows = np.concatenate([start + np.arange(n) for start, n in zip(first, n_frames, strict=True)])
    time_s = (rows + 0.5) / 30
    responses = rng.gamma(0.5, 10, (len(rows), n_neurons)).astype(dtype)
    responses[rng.random(responses.shape) < 0.5] = 0
    responses[np.isin(rows, first), 0] = 1  # a trial without any response would be one that was withheld
    neurons = pd.DataFrame(
        {"area": rng.choice(["V1", "LM"], n_neurons), "unit_ids": rng.permutation(n_neurons)}
    )
    if has_position:
        neurons[["x_um", "y_um", "z_um"]] = rng.integers(-500, 500, (n_neurons, 3))
    signals = {}
    for pair in sorted(pairs):
        signals |= {name: Signal(rng.normal(size=len(rows)), time_s) for name in pair}
    return Recording(
        LazyArray(responses), time_s, 1 / 30, Neurons(neurons), Trials(trials), signals, clips, name="mouse"
    )


@settings(max_examples=30, deadline=None)
@given(st.fixed_dictionaries(SMALL), st.integers(1, 9))
def test_what_is_written_is_read_back_exactly(small, padded_frames):
    recording = small_recording(**small)
    with tempfile.TemporaryDirectory() as folder:
        path = write_sensorium(recording, Path(folder) / "mouse", padded_frames=padded_frames)
        again = read_sensorium(path)
        np.testing.assert_array_equal(again.responses[:], recording.responses[:].astype(np.float32))
        pd.testing.assert_frame_equal(
            again.trials.table[recording.trials.table.columns], recording.trials.table, rtol=1e-14
        )
        assert not again.trials.column("withheld").any()
        pd.testing.assert_frame_equal(
            again.neurons.table[recording.neurons.table.columns], recording.neurons.table, check_dtype=False
        )
        np.testing.assert_allclose(again.time_s, recording.time_s)
        assert set(again.signals) == set(recording.signals)
        for name, signal in recording.signals.items():
            np.testing.assert_array_equal(again.signals[name].values, signal.values)
        assert set(again.stimuli) == set(recording.trials.table["stimulus"])
        for name, clip in again.stimuli.items():
            assert clip.frames.dtype == np.uint8
            np.testing.assert_array_equal(clip.frames[:], recording.stimuli[name].frames)
        np.testing.assert_array_equal(again.frame_of_row, recording.frame_of_row)
        assert check(again).errors == ()


def test_a_simulated_mouse_comes_back_as_it_was(tmp_path):
    options = Sensorium.preset("tiny", train_clips=4, test_videos=2, repeats=2)
    mouse = simulate_sensorium(options, random_state=0)
    again = read_sensorium(write_sensorium(mouse, tmp_path / "mouse"))
    np.testing.assert_array_equal(again.responses[:], mouse.responses[:])
    for mine, yours in ((mouse.trials, again.trials), (mouse.neurons, again.neurons)):
        pd.testing.assert_frame_equal(
            yours.table[mine.table.columns], mine.table, rtol=1e-14, check_dtype=False
        )
    for name, clip in mouse.stimuli.items():
        np.testing.assert_array_equal(again.stimuli[name].frames[:], clip.frames[:])
    for name in mouse.signals:
        np.testing.assert_array_equal(again.signal(name), mouse.signal(name))


def test_a_folder_made_by_hand_comes_back_file_by_file(tmp_path):
    """Reading and writing again gives the files that were there, but for the one of tier none."""
    made = write_by_hand(tmp_path / "mouse", np.float32)
    path = write_sensorium(read_sensorium(made.path), tmp_path / "again", padded_frames=12)
    used = [number for number, tier in enumerate(TIERS) if tier != "none"]
    for new, old in enumerate(used):
        for modality in MODALITIES:
            ours, theirs = (
                np.load(path / f"data/{modality}/{new}.npy"),
                np.load(made.file(f"data/{modality}/{old}.npy")),
            )
            np.testing.assert_array_equal(ours, theirs)
    assert np.load(path / "meta/trials/tiers.npy").tolist() == [TIERS[number] for number in used]
    for name in ("cell_motor_coordinates", "unit_ids", "area", "layer"):
        file = f"meta/neurons/{name}.npy"
        np.testing.assert_array_equal(np.load(path / file), np.load(made.file(file)))
    assert json.loads((path / "config.json").read_text()) == {"links": {}}
    for modality in ("responses", "behavior", "pupil_center"):
        for which in ("mean", "std"):
            file = f"meta/statistics/{modality}/all/{which}.npy"
            np.testing.assert_allclose(np.load(path / file), np.load(made.file(file)), rtol=2e-5, atol=1e-4)


def test_statistics_are_those_of_the_train_tier_per_frame(tmp_path):
    made = write_by_hand(tmp_path / "mouse")
    path = write_sensorium(read_sensorium(made.path), tmp_path / "again")
    train = [number for number, tier in enumerate(TIERS) if tier == "train"]
    for modality in MODALITIES:
        for part in ("all", "stimulus_frame"):
            for name in ("mean", "std", "median", "min", "max"):
                found = np.load(path / f"meta/statistics/{modality}/{part}/{name}.npy")
                values = getattr(made, modality)
                assert found.shape == (*values[0].shape[:-1], 324)
                assert np.isnan(found[..., 10:]).all()
                for frame in range(10):
                    there = [values[number][..., frame] for number in train if LENGTHS[number] > frame]
                    expected = getattr(np, name)(np.stack(there), axis=0)
                    np.testing.assert_allclose(found[..., frame], expected, rtol=1e-6, atol=1e-5)


def test_files_are_padded_to_324_frames_with_nan(tmp_path):
    path = write_sensorium(read_sensorium(write_by_hand(tmp_path / "mouse").path), tmp_path / "again")
    for modality, shape in zip(MODALITIES, [(4, 6, 324), (5, 324), (2, 324), (2, 324)], strict=True):
        values = np.load(path / f"data/{modality}/0.npy")
        assert values.shape == shape
        assert np.isnan(values[..., 9:]).all()
        assert np.isfinite(values[..., :9]).all()
    assert {file.name for file in path.iterdir()} == {"config.json", "data", "meta"}
    assert len(list((path / "data/videos").iterdir())) == 6


def test_withheld_tiers_are_zeros_and_the_rest_is_as_it_was(tmp_path):
    recording = read_sensorium(write_by_hand(tmp_path / "mouse").path)
    again = read_sensorium(write_sensorium(recording, tmp_path / "again", withhold=["oracle"]))
    table = again.trials.table
    assert table["withheld"].tolist() == table["tier"].isin(["oracle", "live_test_main"]).tolist()
    assert not again.tier("oracle").responses[:].any()
    np.testing.assert_array_equal(again.tier("train").responses[:], recording.tier("train").responses[:])
    with pytest.raises(DataError, match="no tier 'orcale' to withhold; did you mean 'oracle'"):
        write_sensorium(recording, tmp_path / "third", withhold=["orcale"])


def test_a_stored_recording_can_be_written(tmp_path):
    recording = read_sensorium(write_by_hand(tmp_path / "mouse").path)
    stored = open_recording(save(recording, tmp_path / "mouse.zarr"))
    again = read_sensorium(write_sensorium(stored, tmp_path / "again"))
    np.testing.assert_array_equal(again.responses[:], recording.responses[:])
    assert again.trials.column("stimulus").tolist() == recording.trials.column("stimulus").tolist()


def test_clip_names_that_do_not_tell_videos_apart_are_no_stimuli(tmp_path):
    made = write_by_hand(tmp_path / "mouse")
    np.save(made.file("meta/trials/clip_name.npy"), np.array(["movie"] * 7))
    np.save(made.file("meta/trials/clip_repeat.npy"), np.arange(7))
    recording = read_sensorium(made.path)
    assert recording.trials.column("stimulus")[0] == "video-0"
    assert set(recording.trials.column("clip_name")) == {"movie"}
    assert recording.trials.column("repeat").tolist() == [0, 0, 0, 1, 2, 0]


def a_mouse(tmp_path: Path) -> Recording:
    return read_sensorium(write_by_hand(tmp_path / "mouse").path)


def without_pictures(recording: Recording) -> Recording:
    clips = {name: replace(clip, frames=None) for name, clip in recording.stimuli.items()}
    return replace(recording, stimuli=clips)


def with_unknown_response(recording: Recording) -> Recording:
    values = recording.responses[:].copy()
    values[12, 1] = np.nan
    return replace(recording, responses=LazyArray(values))


def with_column(name: str, values: list[object]):
    def change(recording: Recording) -> Recording:
        return replace(recording, neurons=Neurons(recording.neurons.table.assign(**{name: values})))

    return change


REFUSED = {
    "no pictures": (without_pictures, "'video-0' has no grey frames"),
    "NaN": (with_unknown_response, "responses are not known in trial 1, frame 3"),
    "bins": (lambda mouse: replace(mouse, bin_s=0.1), "one response per frame of 30 Hz, but bins are 0.1 s"),
    "one signal": (
        lambda mouse: replace(mouse, signals={"running_speed": mouse.signals["running_speed"]}),
        "data/behavior holds pupil_dilation and running_speed, but there is only running_speed",
    ),
    "no trials": (lambda mouse: mouse.select_trials(np.array([], int)), "has no trials"),
    "missing rows": (
        lambda mouse: mouse._select_rows(np.delete(np.arange(len(mouse.time_s)), 11), mouse.trials.table),
        "trial 1 (video-1) has not one row of responses per frame",
    ),
    "a path as a name": (with_column("../../evil", [1, 2, 3, 4, 5]), "cannot be the name of a file"),
    "missing texts": (with_column("layer", ["L4", "L4", None, "L4", "L4"]), "lacks some texts"),
    "objects": (with_column("layer", [{}, {}, {}, {}, {}]), "more than numbers"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_recording_that_does_not_fit_the_layout_leaves_nothing(tmp_path, case):
    change, message = REFUSED[case]
    recording = change(a_mouse(tmp_path))
    with pytest.raises(DataError) as error:
        write_sensorium(recording, tmp_path / "again")
    assert message in str(error.value)
    assert [path.name for path in tmp_path.iterdir()] == ["mouse"]


def test_what_is_there_already_is_not_touched(tmp_path):
    recording = a_mouse(tmp_path)
    with pytest.raises(DataError, match="exists; give a folder that is not there yet"):
        write_sensorium(recording, tmp_path / "mouse")
    with pytest.raises(DataError, match="there is no folder"):
        write_sensorium(recording, tmp_path / "no" / "mouse")
