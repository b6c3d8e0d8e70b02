"""`fit video` and `predict`: what they write, how they are interrupted, and what they refuse."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import zarr

import twofold as tw
from twofold.recordings import LazyArray

from .calling import PLAIN, call, command, refused

SIZES = ("channels=4,6", "spatial=7,3", "temporal=5,3", "clip_frames=20", "batch_clips=4", "frames_skipped=8")
FEW = ("--preset", "tiny", *(part for one in SIZES for part in ("--set", one)))


def simulated():
    from twofold.simulate import Sensorium, simulate_sensorium

    sizes = {"n_neurons": 12, "train_clips": 12, "clip_frames": 30, "test_videos": 2, "repeats": 2}
    return simulate_sensorium(Sensorium.preset("tiny", **sizes), random_state=0)


@pytest.fixture(scope="module")
def mouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of 12 neurons and 32 trials of 30 frames."""
    return tw.save(simulated(), tmp_path_factory.mktemp("video") / "mouse.zarr")


@pytest.fixture(scope="module")
def ran(mouse, tmp_path_factory):
    """A model after two epochs, and what was said."""
    out = tmp_path_factory.mktemp("video") / "run"
    return call("fit", "video", mouse, "--out", out, "--epochs", "2", *FEW), out


def test_fit_video_shows_a_table_of_scores_and_what_to_do_next(ran, mouse):
    said, out = ran
    assert said.code == 0, said
    rows = json.loads((out / "scores.json").read_text())["rows"]
    for row in rows:
        line = next(line for line in said.out.splitlines() if f" {row['tier']} " in line)
        assert f"{row['correlation_single_trial']:.4f}" in line
        assert f"{row['bits_marginal']:.4f}" in line
    assert "twofold predict" in said.out
    assert "steps" in said.err or "parts done" in said.err


@pytest.mark.parametrize("likelihood", ["poisson", "gaussian"])
def test_other_likelihoods_are_fitted_too(mouse, tmp_path, likelihood):
    out = tmp_path / "run"
    said = call("fit", "video", mouse, "--out", out, "--epochs", "1", "--likelihood", likelihood, *FEW)
    assert said.code == 0, said
    assert tw.load(out).options.likelihood == likelihood


def test_predict_writes_what_the_model_predicts(ran, mouse, tmp_path):
    out = tmp_path / "predicted.zarr"
    said = call("predict", ran[1], mouse, out, "--tier", "oracle")
    assert said.code == 0, said
    written = zarr.open_group(out, mode="r")
    oracle = tw.open(mouse).tier("oracle")
    expected = tw.load(ran[1], device="cpu").predict(oracle).concatenate()
    for name in ("mean", "variance"):
        np.testing.assert_array_equal(written[name][:], getattr(expected, name))
    np.testing.assert_array_equal(written["time_s"][:], expected.time)
    np.testing.assert_array_equal(written["trial"][:], expected.trial)
    refused(call("predict", ran[1], mouse, out), "exists", "--overwrite")
    assert call("predict", ran[1], mouse, out, "--overwrite").code == 0
    assert (tmp_path / "predicted.zarr.old-1").exists()
    assert {path.name for path in tmp_path.iterdir()} == {"predicted.zarr", "predicted.zarr.old-1"}


def test_an_estimate_writes_nothing(mouse, tmp_path):
    said = call("fit", "video", mouse, "--out", tmp_path / "run", "--estimate", *FEW)
    assert said.code == 0, said
    assert "3 steps an epoch" in said.out
    assert "GiB of memory" in said.out
    assert not (tmp_path / "run").exists()


def test_auto_takes_the_largest_preset_that_fits_and_says_so(mouse, tmp_path):
    said = call("fit", "video", mouse, "--out", tmp_path / "run", "--estimate", "--set", "clip_frames=30")
    assert "Preset small" in said.out
    assert "18 x 32" in said.out


def test_sigterm_ends_with_130_and_the_way_to_go_on(mouse, ran, tmp_path):
    out = tmp_path / "run"
    arguments = ("fit", "video", mouse, "--out", out, "--epochs", "2", *FEW)
    process = subprocess.Popen(
        command(*arguments, "--epochs", "500"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=PLAIN,
    )
    until = time.monotonic() + 120
    while not (out / "log.csv").exists() and process.poll() is None and time.monotonic() < until:
        time.sleep(0.01)
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 130, errors
    assert "--resume" in errors.splitlines()[-1]
    assert (out / "checkpoint.safetensors").exists()
    refused(call("predict", out, mouse, tmp_path / "p.zarr"), "has not ended", "--resume")
    refused(call(*arguments, "--resume"), "'epochs': 500", "same options")
    assert call(*arguments, "--overwrite").code == 0


def with_responses(change, **fields):
    mouse = simulated()
    values = np.array(mouse.responses[:])
    change(mouse, values)
    return replace(mouse, responses=LazyArray(values), **fields)


def negative(mouse, values):
    train = np.flatnonzero(mouse.trials.column("tier")[mouse.trial_of_row] == "train")
    values[train[0], 3] = -1


def test_bad_recordings_are_one_line_before_training(mouse, tmp_path):
    out = tmp_path / "run"

    def fit(*recordings, given=()):
        return call("fit", "video", *recordings, "--out", out, *FEW, *given)

    below = tw.save(with_responses(negative), tmp_path / "negative.zarr")
    refused(fit(below), "neuron 3", "negative", "'gaussian'")
    narrow = simulated()
    stimuli = {name: replace(clip, frames=clip.frames[:, :, :30]) for name, clip in narrow.stimuli.items()}
    other = tw.save(replace(narrow, stimuli=stimuli, name="other"), tmp_path / "other.zarr")
    refused(fit(mouse, other), "18 x 32 pixels in 'mouse-1'", "18 x 30 pixels in 'other'")
    refused(fit(mouse, given=("--set", "training_tier=tarin")), "no tier 'tarin'", "train")
    refused(fit(mouse, given=("--set", "temporal=21,11")), "has 30 frames, and the core needs 31")
    refused(fit(mouse, given=("--set", "spatial=11,9")), "smaller than the kernels", "--preset tiny")
    refused(fit(mouse, given=("--set", "clip_frames=5")), "clip_frames=5", "7")
    refused(fit(mouse, given=("--set", "chanels=4")), "unknown option", "did you mean 'channels'")
    refused(fit(mouse, given=("--set", "learning_rate=fast")), "learning_rate")
    assert not out.exists()


def test_runs_of_another_kind_are_refused(store, ran, mouse, tmp_path):
    embedding = tmp_path / "embedding"
    settings = ("--set", "max_steps=5", "--set", "hidden=8", "--set", "dimension=2")
    assert call("fit", "contrastive", store, "--out", embedding, *settings).code == 0
    refused(call("predict", embedding, store, tmp_path / "p.zarr"), "holds an embedding", "transform")
    refused(call("transform", ran[1], mouse, tmp_path / "l.npz"), "no fitted embedding")
