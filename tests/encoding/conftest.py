"""A small simulated mouse with known truth, and a model fitted to it for a few steps."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import twofold as tw
from twofold.encoding import VideoModel
from twofold.recordings import Recording

SIZES = {"channels": (4, 6), "spatial": (7, 3), "temporal": (5, 3), "bias": True, "init_sigma": 0.3}
FEW = {"clip_frames": 20, "batch_clips": 4, "device": "cpu", "frames_skipped": 8}


def simulate(mouse: int = 1, **options) -> Recording:
    """One mouse of 12 neurons and clips of 30 frames."""
    from twofold.simulate import Sensorium, simulate_sensorium

    sizes = {"n_neurons": 12, "train_clips": 12, "clip_frames": 30, "test_videos": 2, "repeats": 2}
    return simulate_sensorium(Sensorium.preset("tiny", **sizes | options), mouse=mouse, random_state=0)


@pytest.fixture(scope="session")
def mouse() -> Recording:
    """The first mouse."""
    return simulate()


@pytest.fixture(scope="session")
def other_mouse() -> Recording:
    """Other neurons, and fewer of the same videos to train on."""
    other = simulate(mouse=2)
    tiers = other.trials.column("tier")
    train = np.flatnonzero(tiers == "train")
    return other.select_trials(np.setdiff1d(np.arange(len(tiers)), train[5:]))


@pytest.fixture(scope="session")
def make() -> Callable[..., VideoModel]:
    """An untrained model of any likelihood and parts."""

    def model(recordings, likelihood="zig", random_state=0, **changes):
        return VideoModel.for_recordings(
            recordings, likelihood, random_state=random_state, **{**SIZES, **changes}
        )

    return model


@pytest.fixture(scope="session")
def fitted(mouse: Recording, make, tmp_path_factory: pytest.TempPathFactory) -> tuple[VideoModel, Path]:
    """A model after three epochs, and its folder."""
    folder = tmp_path_factory.mktemp("fitted") / "run"
    model = tw.fit(make([mouse]), [mouse], tw.TrainOptions(epochs=3, **FEW), out=folder)
    return model, folder
