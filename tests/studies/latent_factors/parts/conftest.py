"""One small mouse with a strong state, the same mouse in other worlds, and a model of it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

import twofold as tw
from twofold.encoding import LatentVideoModel
from twofold.recordings import Recording
from twofold.simulate import Sensorium, simulate_sensorium

SIZE = {"n_neurons": 120, "train_clips": 40, "clip_frames": 50, "test_videos": 4, "repeats": 5}
STRENGTH = {"latent_sd": 1.0, "drive_sd": 1.2}
CORE = {"channels": (4, 8), "spatial": (7, 3), "temporal": (7, 3), "smoothness": 1e-3}
TRAINING: dict[str, Any] = {
    "device": "cpu",
    "rounds": 1,
    "frames_skipped": 10,
    "clip_frames": 40,
    "batch_clips": 4,
}


def simulated(world: str = "default", **sizes: int) -> Recording:
    """The mouse in a world, its neurons the same in all; and so are the videos, but for their sizes."""
    options = Sensorium.preset("tiny", world=world, **{**SIZE, **STRENGTH, **sizes})
    return simulate_sensorium(options, random_state=0)


@pytest.fixture(scope="session")
def mouse() -> Recording:
    """Latents drive its neurons, its pupil and its running."""
    return simulated()


@pytest.fixture(scope="session")
def in_world() -> Callable[..., Recording]:
    """The same mouse, whose state is another one."""
    return cache(simulated)


@pytest.fixture(scope="session")
def model(mouse) -> LatentVideoModel:
    """Fitted to the mouse."""
    video = tw.VideoModel.for_recordings([mouse], random_state=0, **CORE)
    tw.fit(video, [mouse], tw.TrainOptions(epochs=12, **TRAINING))
    latent = LatentVideoModel(video, dimension=4, hidden=16, width=12, random_state=0)
    return tw.fit(latent, [mouse], tw.TrainOptions(epochs=25, **TRAINING))
