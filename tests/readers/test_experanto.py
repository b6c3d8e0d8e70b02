"""Folders in experanto's layout give the recording that the arrays say, at the times that they say."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from twofold.errors import DataError, OptionError
from twofold.readers import read_experanto
from twofold.readers.experanto.meta import read_meta
from twofold.readers.experanto.sequence import Resampled, Sequence
from twofold.recordings import open_recording, save
from twofold.recordings.check import check

from . import experanto_folder as folders
from .experanto_folder import N_FRAMES, RATE_HZ, START_S, presentations, videos, write_mouse, write_sequence


@pytest.fixture
def mouse(tmp_path: Path) -> Path:
    return write_mouse(tmp_path / "mouse")


# --- the whole folder ------------------------------------------------------------------------------


def test_the_recording_is_that_of_the_arrays(mouse, tmp_path):
    recording = read_experanto(mouse)
    np.testing.assert_array_equal(recording.responses[:], folders.responses())
    np.testing.assert_allclose(recording.time_s, START_S + np.arange(240) / RATE_HZ)
    assert recording.trials.column("tier").tolist() == [
        "train",
        "oracle",
        "train",
        "oracle",
        "train",
        "train",
    ]
    assert recording.trials.column("repeat").tolist() == [0, 0, 0, 1, 1, 1]
    assert recording.trials.column("seed").tolist() == [2, 2, 1, 2, 2, 1]
    assert recording.neurons.column("unit_ids").tolist() == list(range(100, 107))
    assert recording.neurons.position_um.shape == (7, 3)
    assert "means" not in recording.neurons.table
    assert sorted(recording.signals) == [
        "eye_tracker_0",
        "eye_tracker_1",
        "eye_tracker_2",
        "first",
        "late",
        "treadmill",
    ]
    assert check(recording).errors == ()
    stored = open_recording(save(recording, tmp_path / "mouse.zarr"))
    np.testing.assert_array_equal(stored.responses[:], folders.responses())
    np.testing.assert_array_equal(stored.frame_ids, recording.frame_ids)


def test_the_frame_at_each_time_is_the_last_that_came_on(mouse):
    """By hand: the last time stamp that is not after the time, and whose frame that was."""
    recording = read_experanto(mouse)
    shown, times_s = presentations()
    pictures = [
        one.get("frames")
        for one in shown
        for _ in range(len(one["frames"]) if one["modality"] == "video" else 1)
    ]
    place = np.concatenate(
        [np.arange(len(one["frames"])) if one["modality"] == "video" else [0] for one in shown]
    )
    for row in range(0, len(recording.time_s), 7):
        last = np.searchsorted(times_s[:-1], recording.time_s[row] + 1e-9, side="right") - 1
        trial = recording.trial_of_row[row]
        if last < 0 or pictures[last] is None or recording.time_s[row] >= times_s[-1]:
            assert trial < 0
            continue
        clip = recording.stimuli[recording.trials.column("stimulus")[trial]]
        wanted = pictures[last][place[last]] if pictures[last].ndim == 3 else pictures[last]
        np.testing.assert_array_equal(clip.frames[recording.frame_of_row[row]], wanted)


def test_frames_are_read_when_indexed(mouse):
    recording = read_experanto(mouse)
    clip = recording.stimuli[recording.trials.column("stimulus")[0]]
    assert clip.frames.shape == (N_FRAMES, *folders.SIZE)
    np.testing.assert_array_equal(clip.frames[3:5], videos()["a"][3:5])
    (mouse / "screen" / "data" / "00000.npy").unlink()
    with pytest.raises(DataError, match="no such file"):
        clip.frames[0]


def test_tiers_that_no_trial_names_come_from_the_intervals(mouse):
    for file in (mouse / "screen" / "meta").glob("*.yml"):
        about = json.loads(file.read_text())
        about.pop("tier", None)
        file.write_text(json.dumps(about))
    recording = read_experanto(mouse)
    starts = recording.trials.column("start_s")
    wanted = ["first" if t < 4 else "late" if 4.5 <= t < 6 or 7 <= t < 9 else "all" for t in starts]
    assert recording.trials.column("tier").tolist() == wanted
    assert {"first", "late"} <= set(wanted)


def test_clips_are_the_same_where_their_names_say_so(tmp_path):
    write_sequence(tmp_path / "responses", folders.responses())
    shown, times_s = presentations()
    for one, name in zip(shown, folders.ORDER, strict=True):
        if name != "blank":
            one["stimulus_name"] = name
    folders.write_screen(tmp_path / "screen", shown, times_s[:-1], use_stimuli_names=True)
    recording = read_experanto(tmp_path)
    assert sorted(recording.stimuli) == ["a", "b", "picture"]
    np.testing.assert_array_equal(recording.stimuli["b"].frames[:], videos()["b"])
    assert len(list((tmp_path / "screen" / "data").iterdir())) == 3


def test_all_descriptions_may_lie_in_one_file(mouse):
    separate = read_experanto(mouse)
    files = sorted((mouse / "screen" / "meta").glob("*.yml"))
    together = {file.stem: json.loads(file.read_text()) for file in files}
    (mouse / "screen" / "combined_meta.json").write_text(json.dumps(together))
    for file in files:
        file.unlink()
    assert read_experanto(mouse).trials.table.equals(separate.trials.table)


def test_frames_in_encoded_files_are_left_out_and_told(mouse):
    for file in (mouse / "screen" / "data").glob("*.npy"):
        file.rename(file.with_suffix(".mp4"))
    recording = read_experanto(mouse)
    assert all(clip.frames is None for clip in recording.stimuli.values())
    assert any("encoded files" in text for text in recording.history)


def test_a_folder_without_a_screen_has_no_trials(tmp_path):
    write_sequence(tmp_path / "responses", folders.responses())
    assert len(read_experanto(tmp_path).trials) == 0


# --- values between samples ------------------------------------------------------------------------


def _by_hand(data: np.ndarray, taken_s: np.ndarray, t: float, how: str) -> float:
    if how == "linear":
        return float(np.interp(t, taken_s, data))
    if how == "nearest":
        return float(data[np.argmin(np.abs(taken_s - t))])
    return float(data[max(k for k in range(len(data)) if taken_s[k] <= t)])


@pytest.mark.parametrize("how", ["nearest", "linear", "previous"])
@pytest.mark.parametrize("shifted", [False, True])
def test_values_at_other_times_are_those_by_hand(how, shifted):
    rng = np.random.default_rng(0)
    data, taken_s = rng.normal(size=(40, 3)), np.cumsum(rng.uniform(0.05, 0.2, 40))
    shifts = np.array([0.0, 0.031, 0.07]) if shifted else None
    times_s = rng.uniform(taken_s[2], taken_s[-3], 25)
    found = Resampled(Sequence(data, taken_s, shifts), times_s, how)
    assert found.shape == (25, 3)
    wanted = [
        [_by_hand(data[:, n], taken_s + (shifts[n] if shifted else 0.0), t, how) for n in range(3)]
        for t in times_s
    ]
    np.testing.assert_allclose(found[:], wanted)
    np.testing.assert_allclose(found[4:9], wanted[4:9])


def test_nearest_is_not_late_and_previous_is_by_half_a_sample():
    """Of a ramp the value is the time: its mean error is the delay."""
    ramp = Sequence(np.arange(100.0)[:, None], np.arange(100.0))
    times_s = np.linspace(5, 90, 9999)
    delay = {
        how: np.mean(times_s - Resampled(ramp, times_s, how)[:,].ravel())
        for how in ("nearest", "linear", "previous")
    }
    assert abs(delay["nearest"]) < 1e-3
    assert abs(delay["linear"]) < 1e-9
    assert delay["previous"] == pytest.approx(0.5, abs=1e-2)


@pytest.mark.parametrize("how", ["nearest", "linear", "previous"])
def test_at_its_own_times_every_interpolation_gives_the_samples(how, tmp_path):
    """Rounding of k / 30 must not choose a neighbour."""
    write_sequence(tmp_path / "responses", folders.responses())
    recording = read_experanto(tmp_path, rate_hz=RATE_HZ, interpolation=how)
    np.testing.assert_allclose(recording.responses[:], folders.responses(), rtol=1e-4, atol=1e-4)


def test_neurons_sampled_at_their_own_times_are_put_on_one_clock(tmp_path):
    shifts = np.linspace(0, 0.09, 7)
    taken_s = START_S + np.arange(80) / 8
    data = np.sin(taken_s[:, None] + shifts)  # each samples the same sine at its own times
    write_sequence(tmp_path / "responses", data, rate_hz=8.0, shifts=shifts, mapped=True)
    recording = read_experanto(tmp_path, interpolation="linear")
    assert recording.time_s[0] >= START_S + shifts.max()
    np.testing.assert_allclose(
        recording.responses[:], np.tile(np.sin(recording.time_s)[:, None], 7), atol=0.002
    )
    assert "interpolation: linear" in recording.history[-1]


def test_time_stamps_are_the_times_of_the_samples(tmp_path):
    write_sequence(tmp_path / "responses", folders.responses())
    times_s = START_S + np.arange(240) / RATE_HZ + 0.001 * np.sin(np.arange(240))
    np.save(tmp_path / "responses" / "timestamps.npy", times_s)
    np.testing.assert_array_equal(read_experanto(tmp_path).time_s, times_s)


def test_opening_and_looking_at_a_large_file_takes_little_memory(tmp_path):
    """2 GB of neurons at their own times, of which 100 rows are read."""
    n_time, n_neurons = 50_000, 10_000
    write_sequence(
        tmp_path / "responses",
        np.zeros((1, n_neurons), np.float32),
        mapped=True,
        n_timestamps=n_time,
        end_time=1e5,
        phase_shift_per_signal=True,
    )
    np.save(tmp_path / "responses" / "meta" / "phase_shifts.npy", np.linspace(0, 0.03, n_neurons))
    with (tmp_path / "responses" / "data.mem").open("r+b") as file:
        file.truncate(4 * n_time * n_neurons)  # a hole: it takes no room on the disk
    tracemalloc.start()
    recording = read_experanto(tmp_path)
    assert recording.responses[20_000:20_100].shape == (100, n_neurons)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100 * 2**20


# --- spikes and intervals --------------------------------------------------------------------------


@pytest.mark.parametrize("raw", [False, True])
def test_spikes_are_counted_as_numpy_counts_them(raw, tmp_path):
    rng = np.random.default_rng(0)
    spikes = [np.sort(rng.uniform(0, 12, n)) for n in (500, 0, 30)]
    folders.write_spikes(tmp_path / "responses", spikes, raw=raw)
    recording = read_experanto(tmp_path, rate_hz=30)
    edges = START_S + np.arange(241) / 30
    wanted = np.column_stack([np.histogram(one, edges)[0] for one in spikes])
    wanted[-1] -= [np.sum(one == edges[-1]) for one in spikes]
    np.testing.assert_array_equal(recording.responses[:], wanted)
    np.testing.assert_array_equal(recording.responses[10:12], wanted[10:12])
    np.testing.assert_allclose(recording.time_s, (edges[1:] + edges[:-1]) / 2)
    with pytest.raises(OptionError, match="such as --rate-hz 30"):
        read_experanto(tmp_path)


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 9)), max_size=6))
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_membership_in_intervals_that_overlap_is_that_by_hand(tmp_path, spans):
    folder = tmp_path / "mouse"
    write_sequence(folder / "responses", np.ones((30, 2)), rate_hz=1.0, start_s=0.0)
    folders.write_intervals(folder / "labels", {"state": [[a, a + length] for a, length in spans]})
    found = read_experanto(folder).signals["state"]
    wanted = [any(a <= t < a + length for a, length in spans) for t in range(30)]
    np.testing.assert_array_equal(found.values, wanted)


# --- bad folders -----------------------------------------------------------------------------------


def _rewrite(path: Path, **changes: object) -> None:
    about = json.loads(path.read_text())
    path.write_text(json.dumps({key: v for key, v in {**about, **changes}.items() if v is not None}))


def _objects(path: Path) -> None:
    np.save(path, np.array([Trap()], dtype=object))


class Trap:
    """Unpickling this would fail the test."""

    def __reduce__(self):
        return pytest.fail, ("it ran",)


BAD = {
    "code in yaml": (
        lambda m: (m / "treadmill" / "meta.yml").write_text(
            "a: !!python/object/apply:pytest.fail ['it ran']"
        ),
        "asks for more than plain values at line 1",
    ),
    "broken yaml": (lambda m: (m / "screen" / "meta.yml").write_text("a: [1, "), "damaged or asks"),
    "yaml bomb": (
        lambda m: (m / "screen" / "meta.yml").write_text("a: &a {b: 1}\nc: {<<: [*a, *a]}"),
        "merges keys",
    ),
    "bytes for yaml": (lambda m: (m / "screen" / "meta.yml").write_bytes(b"\xff\xfe\x00"), "is not text"),
    "a list for yaml": (lambda m: (m / "screen" / "meta.yml").write_text("[1, 2]"), "no list of keys"),
    "objects as times": (lambda m: _objects(m / "screen" / "timestamps.npy"), "may run code"),
    "objects as frames": (lambda m: _objects(m / "screen" / "data" / "00000.npy"), "may run code"),
    "objects as data": (lambda m: _objects(m / "treadmill" / "data.npy"), "may run code"),
    "objects as labels": (lambda m: _objects(m / "tiers" / "late.npy"), "may run code"),
    "objects as meta": (lambda m: _objects(m / "responses" / "meta" / "unit_ids.npy"), "may run code"),
    "a way out": (
        lambda m: _rewrite(m / "tiers" / "meta.yml", labels={"a": "../../secret.npy"}),
        "a plain name",
    ),
    "a name that is a way out": (
        lambda m: (
            _rewrite(m / "screen" / "meta.yml", use_stimuli_names=True),
            _rewrite(m / "screen" / "meta" / "00000.yml", stimulus_name="../../secret"),
        ),
        "a plain name",
    ),
    "ten times the size": (
        lambda m: _rewrite(m / "responses" / "meta.yml", n_timestamps=2400),
        "meta.yml says 2400 x 7",
    ),
    "cut short": (lambda m: (m / "responses" / "data.mem").write_bytes(b"abc"), "has 3 bytes"),
    "a type of objects": (lambda m: _rewrite(m / "responses" / "meta.yml", dtype="O"), "type of numbers"),
    "no type": (lambda m: _rewrite(m / "responses" / "meta.yml", dtype="float33"), "type of numbers"),
    "no data": (lambda m: (m / "responses" / "data.mem").unlink(), "is not there"),
    "no rate": (
        lambda m: _rewrite(m / "responses" / "meta.yml", sampling_rate=None),
        "has no 'sampling_rate'",
    ),
    "rate 0": (lambda m: _rewrite(m / "responses" / "meta.yml", sampling_rate=0), "number above 0"),
    "rate in words": (
        lambda m: _rewrite(m / "responses" / "meta.yml", sampling_rate="fast"),
        "must be a number",
    ),
    "half a neuron": (lambda m: _rewrite(m / "responses" / "meta.yml", n_signals=3.5), "whole number"),
    "other neurons": (lambda m: _rewrite(m / "treadmill" / "meta.yml", n_signals=2), "says 2 signals"),
    "an odd modality": (
        lambda m: _rewrite(m / "screen" / "meta" / "00000.yml", modality="dream"),
        "known are video",
    ),
    "frames twice": (
        lambda m: _rewrite(m / "screen" / "meta" / "00002.yml", first_frame_idx=0),
        "another trial",
    ),
    "frames beyond": (
        lambda m: _rewrite(m / "screen" / "meta" / "00002.yml", first_frame_idx=500),
        "beyond the",
    ),
    "times that fall": (
        lambda m: np.save(m / "screen" / "timestamps.npy", np.arange(85.0)[::-1]),
        "in order",
    ),
    "no times": (lambda m: (m / "screen" / "timestamps.npy").unlink(), "no such file"),
    "no descriptions": (
        lambda m: [file.unlink() for file in (m / "screen" / "meta").iterdir()],
        "no descriptions",
    ),
    "no frames": (lambda m: (m / "screen" / "data" / "00002.npy").unlink(), "has no frames|no such file"),
    "too few frames": (
        lambda m: np.save(m / "screen" / "data" / "00000.npy", np.ones((3, 4, 6))),
        "for 20 frames",
    ),
    "cut frames": (lambda m: (m / "screen" / "data" / "00000.npy").write_bytes(b"\x93NUMPY\x01"), "damaged"),
    "intervals back": (lambda m: np.save(m / "tiers" / "late.npy", [[3.0, 2.0]]), "stops before it starts"),
    "intervals flat": (lambda m: np.save(m / "tiers" / "late.npy", [3.0, 2.0]), "one start and one stop"),
    "odd responses": (
        lambda m: _rewrite(m / "responses" / "meta.yml", modality="screen"),
        "sequence or spikes",
    ),
    "no responses": (lambda m: (m / "responses" / "meta.yml").unlink(), "no device 'responses'"),
    "shifts of others": (
        lambda m: (
            _rewrite(m / "responses" / "meta.yml", phase_shift_per_signal=True),
            np.save(m / "responses" / "meta" / "phase_shifts.npy", np.ones(3)),
        ),
        "one number per signal",
    ),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_folder_is_one_clear_error(kind, mouse):
    change, words = BAD[kind]
    change(mouse)
    with pytest.raises(DataError, match=words) as refused:
        read_experanto(mouse)
    assert len(str(refused.value).splitlines()) == 1


def test_spikes_out_of_order_are_told_with_their_neuron(tmp_path):
    folders.write_spikes(tmp_path / "responses", [np.array([3.0, 4.0]), np.array([2.5, 6.0, 5.0])])
    with pytest.raises(DataError, match="spikes of neuron 1 are not in order"):
        read_experanto(tmp_path, rate_hz=30)


@pytest.mark.parametrize(
    ("options", "words"),
    [({"rate_hz": 0.0}, "--rate-hz 0"), ({"interpolation": "nearst"}, "did you mean 'nearest'")],
)
def test_options_are_checked_first(options, words, tmp_path):
    with pytest.raises(OptionError, match=words):
        read_experanto(tmp_path / "none", **options)


def test_what_is_no_folder_is_told(tmp_path):
    with pytest.raises(DataError, match="no such folder"):
        read_experanto(tmp_path / "none")
    with pytest.raises(DataError, match=r"no folder in it has a meta\.yml"):
        read_experanto(tmp_path)


@given(st.one_of(st.text(max_size=80), st.text("&*<>[]{}:!-|\n \tab'\"#%@", max_size=60)))
@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_is_a_description_or_an_error(tmp_path, text):
    (tmp_path / "meta.yml").write_text(text, encoding="utf-8")
    try:
        assert isinstance(read_meta(tmp_path / "meta.yml"), dict)
    except DataError as error:
        assert str(error)
