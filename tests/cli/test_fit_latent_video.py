"""`fit latent-video` and `predict --given`: what they write and what they refuse."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import zarr

import twofold as tw
from twofold.encoding.competitors import PopulationGain

from .calling import call, refused
from .test_fit_video import FEW, simulated

STATE = ("--dimension", "2", "--set", "hidden=8")
TRAINING = ("clip_frames=20", "batch_clips=4", "frames_skipped=8")
BRIEF = ("--preset", "tiny", "--epochs", "2", *(part for one in TRAINING for part in ("--set", one)))


@pytest.fixture(scope="module")
def mouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of 12 neurons and 32 trials of 30 frames."""
    return tw.save(simulated(), tmp_path_factory.mktemp("latent") / "mouse.zarr")


@pytest.fixture(scope="module")
def video(mouse, tmp_path_factory):
    """A video model."""
    out = tmp_path_factory.mktemp("latent") / "video"
    assert call("fit", "video", mouse, "--out", out, "--epochs", "1", *FEW).code == 0
    return out


@pytest.fixture(scope="module")
def ran(mouse, video, tmp_path_factory):
    """A model after two epochs, and what was said."""
    out = tmp_path_factory.mktemp("latent") / "run"
    return call("fit", "latent-video", mouse, "--video", video, "--out", out, *STATE, *BRIEF), out


def test_fit_latent_video_shows_what_half_of_the_neurons_say_of_the_others(ran):
    said, out = ran
    assert said.code == 0, said
    rows = json.loads((out / "scores.json").read_text())["rows"]
    for row in rows:
        line = next(line for line in said.out.splitlines() if f" {row['tier']} " in line)
        for name in ("correlation_single_trial", "correlation_conditioned", "bits_conditioned"):
            assert f"{row[name]:.4f}" in line
    assert "Given half" in said.out
    assert tw.load(out).latent_options.dimension == 2


def test_predict_given_half_writes_the_others(ran, mouse, tmp_path):
    out = tmp_path / "predicted.zarr"
    said = call("predict", ran[1], mouse, out, "--tier", "oracle", "--given", "0.5", "--seed", "3")
    assert said.code == 0, said
    assert "6 neurons in 4 trials, given 6 others" in said.out
    written = zarr.open_group(out, mode="r")
    oracle = tw.open(mouse).tier("oracle")
    targets = written["neuron"][:]
    given = np.setdiff1d(np.arange(12), targets)
    expected = tw.load(ran[1], device="cpu").predict(oracle, given=given).concatenate()
    for name in ("mean", "variance"):
        np.testing.assert_array_equal(written[name][:], getattr(expected, name))
    whole = tmp_path / "all.zarr"
    assert call("predict", ran[1], mouse, whole, "--tier", "oracle").code == 0
    np.testing.assert_array_equal(zarr.open_group(whole, mode="r")["neuron"][:], np.arange(12))


def test_from_scratch_with_an_estimate(mouse, tmp_path):
    arguments = ("fit", "latent-video", mouse, "--out", tmp_path / "run", *STATE, *FEW, "--estimate")
    said = call(*arguments, "--set", "smoother=gru", "--set", "n_samples=2")
    assert said.code == 0, said
    assert "3 steps an epoch" in said.out


def test_what_cannot_work_is_one_line_before_training(ran, video, mouse, tmp_path):
    out = tmp_path / "run"

    def fit(*given):
        return call("fit", "latent-video", mouse, "--out", out, *BRIEF, *given)

    refused(fit("--set", "latent_mpa=free"), "unknown option", "did you mean 'latent_map'")
    refused(fit("--set", "masked_share=2"), "masked_share")
    refused(fit("--video", video, "--set", "channels=4"), "channels=4", "leave one of them out")
    refused(fit("--video", ran[1]), "holds no video model")
    refused(call("predict", video, mouse, out, "--given", "0.5"), "no latent state", "fit latent-video")
    refused(call("predict", ran[1], mouse, out, "--given", "1.5"), "between 0 and 1")
    assert not out.exists()


def test_an_option_is_of_the_video_the_state_or_the_training(mouse, video, tmp_path):
    kinds = [set(kind.model_fields) for kind in (tw.VideoOptions, tw.LatentOptions, tw.TrainOptions)]
    assert sum(map(len, kinds)) == len(set.union(*kinds))
    arguments = ("fit", "latent-video", mouse, "--video", video, "--out", tmp_path / "run", *STATE, *BRIEF)
    assert call(*arguments, "--set", "latent_gain=true").code == 0
    assert tw.load(tmp_path / "run", device="cpu").latent_options.latent_gain


def test_a_training_that_is_not_finite_ends_in_one_line(mouse, video, tmp_path):
    arguments = ("fit", "latent-video", mouse, "--video", video, "--out", tmp_path / "run", *STATE, *BRIEF)
    said = call(*arguments, "--set", "latent_gain=true", "--set", "learning_rate=1000")
    assert said.code == 1 and "Traceback" not in said.err
    assert "lower learning_rate (now 1000)" in said.err.splitlines()[-1]  # below the progress bar


def test_predict_of_a_saved_competitor(mouse, video, tmp_path):
    run, opened = tmp_path / "run", tw.open(mouse)
    run.mkdir()
    PopulationGain(tw.load(video, device="cpu"), steps=2).fit([opened]).save(run / "model.safetensors")
    for out, more in {"half": ("--given", "0.5"), "all": ()}.items():
        said = call("predict", run, mouse, tmp_path / f"{out}.zarr", "--tier", "oracle", *more)
        assert said.code == 0, said
    written = zarr.open_group(tmp_path / "half.zarr", mode="r")
    given = np.setdiff1d(np.arange(12), written["neuron"][:])
    expected = tw.load(run, device="cpu").predict(opened.tier("oracle"), given=given).concatenate()
    np.testing.assert_allclose(written["mean"][:], expected.mean, rtol=1e-6)
    assert zarr.open_group(tmp_path / "all.zarr", mode="r")["mean"].shape[1] == 12
