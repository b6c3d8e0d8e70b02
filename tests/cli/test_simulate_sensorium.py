"""`twofold simulate sensorium`: stores, folders, several mice, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from twofold.recordings import open_all, open_recording
from twofold.simulate import SensoriumTruth

from .calling import call, everything, refused

SIZES = ("n_neurons=20", "train_clips=3", "test_videos=2", "repeats=2")
FEW = ("--size", "tiny", *(part for size in SIZES for part in ("--set", size)))


def test_its_help_has_an_example_and_names_every_world():
    text = " ".join(call("simulate", "sensorium", "--help").out.split())
    assert "Example: twofold simulate sensorium" in text
    for world in ("no_latents", "unseen_drive", "weights_without_position", "state_locked_to_video"):
        assert world in text
    assert "sensorium" in call("simulate", "--help").out


def test_a_store_carries_its_truth_and_is_the_same_for_the_same_seed(tmp_path):
    for name, seed in (("one", 3), ("again", 3), ("other", 4)):
        ran = call("simulate", "sensorium", tmp_path / f"{name}.zarr", *FEW, "--seed", seed)
        assert ran.code == 0, ran
        assert f"twofold check {tmp_path / name}.zarr" in ran.out
    one, again, other = (open_recording(tmp_path / f"{name}.zarr") for name in ("one", "again", "other"))
    assert SensoriumTruth.of(one.tier("oracle")).is_matched
    np.testing.assert_array_equal(one.responses[:], again.responses[:])
    assert not np.array_equal(one.responses[:], other.responses[:])
    assert call("check", tmp_path / "one.zarr").code == 0


def test_several_mice_go_into_a_folder(tmp_path):
    ran = call("simulate", "sensorium", tmp_path / "mice", *FEW, "--mice", 2, "--mismatch")
    assert ran.code == 0, ran
    one, two = open_all(tmp_path / "mice")
    assert (one.name, two.name) == ("mouse-1", "mouse-2")
    assert not SensoriumTruth.of(one.tier("train")).is_matched
    np.testing.assert_array_equal(one.stimuli["train-0"].frames[:], two.stimuli["train-0"].frames[:])
    assert not np.array_equal(one.truth["w_q"], two.truth["w_q"])


def test_a_folder_in_sensorium_layout_read_back_is_what_was_simulated(tmp_path):
    from twofold.readers import read_sensorium

    seeded = (*FEW, "--seed", 5, "--world", "no_latents")
    assert call("simulate", "sensorium", tmp_path / "mouse.zarr", *seeded).code == 0
    assert call("simulate", "sensorium", tmp_path / "mouse", *seeded, "--layout", "sensorium").code == 0
    stored, read = open_recording(tmp_path / "mouse.zarr"), read_sensorium(tmp_path / "mouse")
    np.testing.assert_array_equal(stored.responses[:], read.responses[:])
    np.testing.assert_allclose(stored.time_s, read.time_s)
    np.testing.assert_allclose(stored.neurons.position_um, read.neurons.position_um)
    for column in ("stimulus", "repeat", "tier", "clip", "video_class"):
        assert stored.trials.column(column).tolist() == read.trials.column(column).tolist()
    assert set(read.stimuli) == set(stored.stimuli)
    for name, clip in stored.stimuli.items():
        np.testing.assert_array_equal(clip.frames[:], read.stimuli[name].frames[:])
    for name, signal in stored.signals.items():
        np.testing.assert_array_equal(signal.values, read.signals[name].values)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--size", "tinny"), ["did you mean 'tiny'"]),
        (("--size", "tiny", "--world", "nolatents"), ["world='nolatents'", "no_latents"]),
        (("--size", "tiny", "--set", "latent_memroy=0.5"), ["did you mean 'latent_memory'"]),
        (("--size", "tiny", "--set", "mismatch=gian"), ["did you mean 'gain'"]),
        (("--size", "tiny", "--layout", "zip"), ["--layout zip"]),
        (("--size", "tiny", "--set", "statistics=nowhere.npz"), ["statistics=nowhere.npz"]),
    ],
    ids=lambda value: value[-1] if isinstance(value, tuple) else "",
)
def test_a_mistake_is_one_line_and_writes_nothing(arguments, words, tmp_path):
    ran = call("simulate", "sensorium", tmp_path / "mouse.zarr", *arguments)
    lines = [line for line in ran.err.splitlines() if "parts done" not in line]
    refused(type(ran)(ran.code, ran.out, "\n".join(lines)), *words)
    assert not everything(tmp_path)


def test_what_is_there_is_kept(tmp_path):
    there = tmp_path / "mouse.zarr"
    assert call("simulate", "sensorium", there, *FEW).code == 0
    before = everything(there)
    refused(call("simulate", "sensorium", there, *FEW), "exists", "--overwrite")
    refused(call("simulate", "sensorium", tmp_path / "no" / "mouse.zarr", *FEW), "there is no folder")
    assert everything(there) == before
    assert call("simulate", "sensorium", there, *FEW, "--seed", 1, "--overwrite").code == 0
    assert everything(tmp_path / "mouse.zarr.old-1").keys() == before.keys()
