"""Two very small simulated mice, and one study of them that all tests share."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from twofold.recordings import Recording
    from twofold.studies.latent_factors.options import LatentFactorsOptions
    from twofold.studies.result import Result


@dataclass(frozen=True)
class Studied:
    """A result, the folder where it was written, and the progress that was told."""

    result: Result
    folder: Path
    told: list[tuple[int, int, str]]


@pytest.fixture(scope="session")
def mice() -> list[Recording]:
    """48 neurons each, 12 training clips of 60 frames, 3 videos of 3 repeats in every other tier."""
    from twofold.simulate import Sensorium, simulate_sensorium

    sizes = {"n_neurons": 48, "train_clips": 12, "clip_frames": 60, "test_videos": 3, "repeats": 3}
    return [simulate_sensorium(Sensorium.preset("tiny", **sizes), mouse, 0) for mouse in (1, 2)]


@pytest.fixture(scope="session")
def few_epochs() -> LatentFactorsOptions:
    """Options with which every table and figure is there and little is learned."""
    from twofold.studies.latent_factors.options import LatentFactorsOptions
    from twofold.studies.latent_factors.presets import RICHER

    return LatentFactorsOptions.preset(
        "demo",
        most_neurons=40,
        most_repeats=2,
        video_epochs=2,
        latent_epochs=1,
        position_epochs=1,
        sweep_epochs=1,
        seeds=2,
        dimension=2,
        dimensions=(1, 2),
        bootstrap=20,
        surrogates=19,
        own_setups=True,
        richer=tuple(RICHER),
    )


@pytest.fixture(scope="session")
def studied(
    mice: list[Recording], few_epochs: LatentFactorsOptions, tmp_path_factory: pytest.TempPathFactory
) -> Studied:
    """The whole study, in one process, from beginning to end."""
    from twofold.studies.latent_factors.study import latent_factors

    folder, told = tmp_path_factory.mktemp("latent-factors") / "out", []
    result = latent_factors(
        mice, options=few_epochs, out=folder, n_jobs=1, progress=lambda *what: told.append(what)
    )
    return Studied(result, folder, told)
