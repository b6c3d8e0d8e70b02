"""Further fits of a simulated mouse, of any length, kept in the same folder as the others."""

from __future__ import annotations

from typing import Any, TypeVar

import twofold as tw
from benchmarks._latent_runs import Case
from twofold.encoding.latent import LatentVideoModel
from twofold.recordings import Recording

SomeModel = TypeVar("SomeModel", tw.VideoModel, LatentVideoModel)


def longer_video(case: Case, mouse: Recording, epochs: int) -> tw.VideoModel:
    """The model of the video alone, trained for so many epochs more."""
    return _fitted(case, mouse, f"video-{epochs}-more", case.video(mouse), epochs)


def latent_of(case: Case, mouse: Recording, epochs: int, **settings: Any) -> LatentVideoModel:
    """A model with a state that begins from the fitted video model."""
    name = "-".join(f"{key}={value}" for key, value in sorted(settings.items()))
    fresh = LatentVideoModel(case.video(mouse), random_state=case.seed, **settings)
    return _fitted(case, mouse, f"latent-{name}-e{epochs}", fresh, epochs)


def _fitted(case: Case, mouse: Recording, name: str, fresh: SomeModel, epochs: int) -> SomeModel:
    folder = case.runs / f"{case.size}-{case.seed}-{case.world}-{name}"
    if not (folder / "model.safetensors").exists():
        options = tw.TrainOptions.preset(
            case.size, epochs=epochs, rounds=1, patience=8, decay_patience=min(3, epochs // 8), device="cpu"
        )
        fitted = tw.fit(fresh, [mouse], options)
        folder.mkdir(parents=True, exist_ok=True)
        fitted.save(folder / "model.safetensors")
    return tw.load(folder, device="cpu")
