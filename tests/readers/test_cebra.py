"""Files as the distribution has them, written by joblib, give the recording that the arrays say."""

from __future__ import annotations

import os
from pathlib import Path

import joblib
import numpy as np
import pytest
import torch

from twofold.errors import DataError, OptionError
from twofold.readers import read_cebra, read_frame_features
from twofold.recordings import open_recording, save
from twofold.recordings.check import check

N_FRAMES, N_REPEATS, N_NEURONS = 30, 10, 12


def movie(n_frames: int = N_FRAMES, bins: int = 4) -> dict[str, np.ndarray]:
    """As the pseudo-mouse is made: repeats one after the other, each frame for 4 bins."""
    frames = np.tile(np.repeat(np.arange(n_frames), bins), N_REPEATS)
    rng = np.random.default_rng(0)
    drive = rng.gamma(1.0, 0.3, (n_frames, N_NEURONS))
    return {"neural": rng.poisson(drive[frames]).astype(float), "frames": frames}


@pytest.fixture
def written(tmp_path: Path):
    """Write a file as the distribution does, with some arrays replaced."""

    def write(compress: int = 0, **changed: object) -> Path:
        path = tmp_path / "neuropixel_pseudomouse_120_filtered.jl"
        joblib.dump({**movie(), **changed}, path, compress=compress)
        return path

    return write


@pytest.mark.parametrize("compress", [0, 3])
def test_the_recording_is_that_of_the_arrays(compress, written, tmp_path):
    dino = np.random.default_rng(1).normal(size=(N_FRAMES, 8)).astype(np.float32)
    torch.save(torch.from_numpy(dino), tmp_path / "testfeat.pth")
    mouse = read_cebra(
        written(compress), features={"dino": tmp_path / "testfeat.pth"}, region="VISp", name="mouse"
    )
    arrays = movie()
    np.testing.assert_array_equal(mouse.responses[:], arrays["neural"])
    np.testing.assert_array_equal(mouse.frame_ids, arrays["frames"])
    np.testing.assert_array_equal(mouse.frame_features("dino"), dino[arrays["frames"]])
    np.testing.assert_array_equal(mouse.per_row("repeat"), np.repeat(np.arange(N_REPEATS), 4 * N_FRAMES))
    assert mouse.bin_s == 1 / 120
    assert mouse.stimuli["movie"].rate_hz == pytest.approx(30)
    assert set(mouse.neurons.column("region")) == {"VISp"}
    assert check(mouse).errors == ()
    again = open_recording(save(mouse, tmp_path / "mouse.zarr"))
    np.testing.assert_array_equal(again.responses[:], arrays["neural"])
    np.testing.assert_array_equal(again.stimuli["movie"].features["dino"], dino)


def test_900_frames_of_10_repeats_keep_their_frames_at_every_border(tmp_path):
    """36,000 bins of 1 / 120 s: rounding must not move a frame."""
    frames = movie(900)["frames"]
    joblib.dump({"neural": np.ones((len(frames), 2)), "frames": frames}, tmp_path / "a.jl")
    np.testing.assert_array_equal(read_cebra(tmp_path / "a.jl").frame_ids, frames)


def test_a_rat_on_the_track_has_signals_and_no_trials(tmp_path):
    rng = np.random.default_rng(0)
    position = np.column_stack([rng.random(50), rng.integers(0, 2, (50, 2))])
    joblib.dump({"spikes": rng.poisson(1.0, (50, 7)), "position": position}, tmp_path / "achilles.jl")
    rat = read_cebra(tmp_path / "achilles.jl")
    assert (rat.bin_s, len(rat.trials), rat.name) == (0.025, 0, "achilles")
    np.testing.assert_array_equal(rat.signal("position"), position[:, 0])
    np.testing.assert_array_equal(rat.signal("runs_left"), position[:, 2])
    assert check(rat).errors == ()
    assert len(open_recording(save(rat, tmp_path / "rat.zarr")).trials) == 0
    with pytest.raises(OptionError, match="there is no movie"):
        read_cebra(tmp_path / "achilles.jl", features={"dino": "x"})


class Hostile:
    """Unpickling this leaves a folder."""

    def __init__(self, proof: Path) -> None:
        self.proof = proof

    def __reduce__(self):
        return os.mkdir, (str(self.proof),)


def objects(value: object) -> np.ndarray:
    array = np.empty(4 * N_FRAMES * N_REPEATS, dtype=object)
    array[:] = value
    return array


FRAMES = movie()["frames"]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"neural": movie()["neural"].T}, "transpose it"),
        ({"neural": movie()["neural"][:-1]}, "'frames' has shape"),
        ({"neural": movie()["neural"].astype(str)}, "must be numbers"),
        ({"neural": np.array(movie()["neural"].tolist(), dtype=object)}, "responses are object"),
        ({"neural": [1, 2]}, "holds a dict of neural, frames"),
        ({"frames": FRAMES.astype(float)}, "'frames' has shape"),
        ({"frames": objects(3)}, "'frames' has shape"),
        ({"frames": np.where(np.arange(len(FRAMES)) == 500, 7, FRAMES)}, "frame"),
        ({"frames": np.roll(FRAMES, 5)}, "each repeat must"),
        ({"frames": np.zeros_like(FRAMES) - 1}, "each repeat must"),
        ({"frames": FRAMES[::-1].copy()}, "each repeat must"),
    ],
    ids=str,
)
def test_arrays_that_do_not_fit_are_one_clear_error(changed, words, written):
    with pytest.raises(DataError, match=words):
        read_cebra(written(**changed))


def test_a_movie_that_stops_in_the_middle_is_refused(tmp_path):
    short = {name: values[:-50] for name, values in movie().items()}
    joblib.dump(short, tmp_path / "a.jl")
    with pytest.raises(DataError, match="1150 time points and repeats after 120, with 30 frames"):
        read_cebra(tmp_path / "a.jl")


def test_a_file_that_would_run_code_is_refused(written, tmp_path):
    with pytest.raises(DataError, match=r"asks for posix\.mkdir, which could run code; nothing was run"):
        read_cebra(written(more=Hostile(tmp_path / "it-ran")))
    assert not (tmp_path / "it-ran").exists()


@pytest.mark.parametrize("value", [[1, 2], 3.0, "text", {}])
def test_another_pickle_is_told_what_it_is(value, tmp_path):
    joblib.dump(value, tmp_path / "a.jl")
    with pytest.raises(DataError, match=r"holds a .*; the distribution has dicts of two arrays"):
        read_cebra(tmp_path / "a.jl")


def test_options_are_checked_before_the_file_is_read(tmp_path):
    with pytest.raises(OptionError, match="--bin-seconds 0"):
        read_cebra(tmp_path / "none.jl", bin_seconds=0.0)


# --- features of the frames ------------------------------------------------------------------------


@pytest.mark.parametrize("ending", ["npy", "npz", "jl", "pth"])
def test_features_are_read_from_every_kind_of_file(ending, tmp_path):
    features, path = np.arange(12, dtype=np.float32).reshape(4, 3), tmp_path / f"a.{ending}"
    writers = {"npy": np.save, "npz": np.savez, "jl": lambda path, values: joblib.dump(values, path)}
    if ending == "pth":
        torch.save(torch.from_numpy(features), path)
    else:
        writers[ending](path, features)
    np.testing.assert_array_equal(read_frame_features(path), features)


def test_a_tensor_file_that_would_run_code_is_refused(tmp_path):
    torch.save({"features": Hostile(tmp_path / "it-ran")}, tmp_path / "a.pth")
    with pytest.raises(DataError, match=r"cannot be read as a tensor.*nothing was run"):
        read_frame_features(tmp_path / "a.pth")
    assert not (tmp_path / "it-ran").exists()


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (np.ones(3), r"shape \(3,\)"),
        (np.ones((3, 2)) * [1, np.nan], "frame 0 are not all finite"),
        (np.array([["a"]]), "one table of numbers"),
        ({"a": 1}, "holds dict"),
    ],
)
def test_features_must_be_one_table_of_numbers(values, words, tmp_path):
    joblib.dump(values, tmp_path / "a.jl")
    with pytest.raises(DataError, match=words):
        read_frame_features(tmp_path / "a.jl")


def test_features_must_be_those_of_the_movie(written, tmp_path):
    np.save(tmp_path / "dino.npy", np.ones((N_FRAMES + 1, 8)))
    with pytest.raises(DataError, match="31 frames, but the movie has 30"):
        read_cebra(written(), features={"dino": tmp_path / "dino.npy"})
