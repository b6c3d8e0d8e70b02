"""`study latent-factors`: what it estimates and what it refuses; what it writes is tested with the study."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import twofold as tw

from .calling import call, refused

SIZES = {"n_neurons": 24, "train_clips": 6, "clip_frames": 60, "test_videos": 2, "repeats": 2}
STUDY = ("study", "latent-factors")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two stores of very small mice."""
    path = tmp_path_factory.mktemp("mice")
    for number in (1, 2):
        mouse = tw.simulate_sensorium(tw.Sensorium.preset("tiny", **SIZES), number)
        tw.save(mouse, path / f"mouse-{number}.zarr")
    return path


def test_the_estimate_writes_nothing(folder, tmp_path):
    few = ("--set", "video_epochs=1", "--set", "latent_epochs=1", "--set", "sweep_epochs=1")
    said = call(
        *STUDY, folder, "--preset", "demo", "--estimate", "--jobs", "1", *few, "--out", tmp_path / "out"
    )
    assert said.code == 0, said
    assert "parts on 1 processes: about" in said.out
    assert not (tmp_path / "out").exists()


def test_wrong_options_are_one_line(folder, tmp_path):
    out = ("--out", tmp_path / "out")
    refused(call(*STUDY, folder, *out, "--set", "dimenson=3"), "did you mean 'dimension'")
    refused(call(*STUDY, folder, *out, "--set", "given_shares=0.5,0.9"), "up to 0.75")
    refused(call(*STUDY, folder, *out, "--jobs", "0"), "n_jobs=0")
    refused(call(*STUDY, tmp_path / "nothing", *out), "nothing")


def test_a_recording_without_a_tier_to_stop_by_is_refused_before_any_work(folder, tmp_path):
    mouse = tw.open(folder / "mouse-1.zarr")
    without = mouse.select_trials(np.flatnonzero(mouse.trials.column("tier") != "oracle"))
    tw.save(without, tmp_path / "mouse.zarr")
    said = call(*STUDY, tmp_path / "mouse.zarr", "--out", tmp_path / "out")
    refused(said, "'mouse-1' has no tier 'oracle' to stop the training by")
    assert not (tmp_path / "out").exists()
