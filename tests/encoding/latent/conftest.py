"""A world with a strong state, and a latent model fitted to it for a few epochs."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

import twofold as tw
from twofold.encoding import LatentVideoModel

FEW = {"clip_frames": 20, "batch_clips": 4, "device": "cpu", "frames_skipped": 8}
SMALL = {"dimension": 3, "hidden": 8, "width": 6}


def with_weights(model: LatentVideoModel, size: float = 0.5) -> LatentVideoModel:
    """The same model with random weights on the state, which begin at zero."""
    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for population in model.latent_populations:
            for parameter in population.map.parameters():
                parameter.copy_(size * torch.randn(parameter.shape, generator=generator))
    return model.eval()


@pytest.fixture(scope="session")
def latent(fitted) -> LatentVideoModel:
    """An untrained one on the fitted video model, with weights."""
    return with_weights(LatentVideoModel(fitted[0], **SMALL))


@pytest.fixture(scope="session")
def fitted_latent(fitted, mouse, tmp_path_factory) -> tuple[LatentVideoModel, Path]:
    """A model after three epochs, and its folder."""
    folder = tmp_path_factory.mktemp("fitted-latent") / "run"
    model = LatentVideoModel(fitted[0], **SMALL)
    return tw.fit(model, [mouse], tw.TrainOptions(epochs=3, **FEW), out=folder), folder
