"""Simulated mice, and video and latent models that are fitted to them once and then read from a folder."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch

import twofold as tw
from twofold.encoding.latent import LatentOptions, LatentVideoModel
from twofold.encoding.latent.masks import given_in_validation
from twofold.recordings import Recording
from twofold.simulate import Sensorium, SensoriumTruth, simulate_sensorium

WORLDS: dict[str, dict[str, Any]] = {
    "matched": {},
    "mismatched": {"mismatch": ("all",), "latent_memory": 0.85},
}
SIZES = ("tiny", "small")
SECONDS = "seconds.json"
VIDEO_EPOCHS, LATENT_EPOCHS = 40, 26
TRAINING: dict[str, Any] = {"device": "cpu", "rounds": 1, "patience": 8, "decay_patience": 3}


class Case(NamedTuple):
    """One simulated mouse, and where models of it are kept."""

    size: str
    seed: int
    world: str
    runs: Path

    def mouse(self) -> Recording:
        """All its trials."""
        return simulate_sensorium(Sensorium.preset(self.size, **WORLDS[self.world]), random_state=self.seed)

    def video(self, mouse: Recording, name: str = "", **changes: Any) -> tw.VideoModel:
        """A model of the video alone; with other options it has a name."""
        folder = self._folder("video", *([name] if name else []))
        if (folder / "model.safetensors").exists():
            return tw.load(folder, device="cpu")
        options = tw.VideoOptions.preset(self.size, **changes)
        model = tw.VideoModel.for_recordings([mouse], options=options, random_state=self.seed)
        return self._fit(model, mouse, VIDEO_EPOCHS, folder)

    def latent(
        self,
        mouse: Recording,
        name: str = "masked",
        epochs: int = LATENT_EPOCHS,
        video: tw.VideoModel | None = None,
        **settings: Any,
    ) -> LatentVideoModel:
        """A model with a state, that starts from a video model, the usual one; `name` is of the folder.

        Raises
        ------
        ValueError
            If the model in the folder was made with other settings.
        """
        folder, options = self._folder("latent", name), LatentOptions(**settings)
        if not (folder / "model.safetensors").exists():
            positions = [mouse.neurons.position_um]
            start = self.video(mouse) if video is None else video
            model = LatentVideoModel(start, options, positions=positions, random_state=self.seed)
            return self._fit(model, mouse, epochs, folder)
        model = tw.load(folder, device="cpu")
        if model.latent_options != options:
            raise ValueError(f"{folder} holds {model.latent_options}, not {options}; take another --runs")
        return model

    def seconds(self, *parts: str) -> float:
        """That the processor took to fit the model in a folder, named by its kind and its name."""
        return float(json.loads((self._folder(*parts) / SECONDS).read_text(encoding="utf-8")))

    def _fit(self, model: Any, mouse: Recording, epochs: int, folder: Path) -> Any:
        options = tw.TrainOptions.preset(self.size, epochs=epochs, **TRAINING)
        began = time.process_time()
        tw.fit(model, [mouse], options)
        seconds = time.process_time() - began
        folder.mkdir(parents=True, exist_ok=True)
        (folder / SECONDS).write_text(json.dumps(seconds), encoding="utf-8")
        model.save(folder / "model.safetensors")  # last: where it is, the folder is whole
        return tw.load(folder, device="cpu")  # as a later run finds it

    def _folder(self, *parts: str) -> Path:
        kind, *rest = parts
        return self.runs / "-".join([kind, self.size, str(self.seed), self.world, *rest])


class Scored(NamedTuple):
    """The trials of one tier, the rows that a model predicts, and the half of the neurons that is given."""

    part: Recording
    truth: SensoriumTruth
    responses: np.ndarray
    rows: np.ndarray
    given: np.ndarray

    @classmethod
    def of(cls, mouse: Recording, tier: str, model: Any, n_trials: int | None = None) -> Scored:
        """The first trials of a tier, or all; a model without a state is given the neurons of one with."""
        part = mouse.tier(tier)
        part = part if n_trials is None else part.select_trials(np.arange(min(n_trials, len(part.trials))))
        rows = np.flatnonzero(part.frame_of_row >= model.frames_lost)
        options = model.latent_options if isinstance(model, LatentVideoModel) else LatentOptions()
        given = given_in_validation(len(part.neurons), options)
        return cls(part, SensoriumTruth.of(part), np.asarray(part.responses[:]), rows, given)

    @property
    def targets(self) -> np.ndarray:
        """Numbers of the neurons that are not given."""
        return np.flatnonzero(~self.given)


def arguments(description: str | None, worlds: tuple[str, ...]) -> argparse.ArgumentParser:
    """The command line that these scripts share; on one thread, as several of them run at once."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--size", choices=SIZES, default="small")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--worlds", choices=list(WORLDS), nargs="+", default=list(worlds))
    parser.add_argument("--runs", type=Path, default=Path("runs"), help="folder of fitted models")
    parser.add_argument("--figure", type=Path, help="PNG file to draw")
    parser.add_argument("--lines", type=Path, help="draw these JSON lines instead of measuring anew")
    torch.set_num_threads(1)
    return parser


def cases(options: argparse.Namespace) -> Iterator[Case]:
    """Every world with every seed."""
    for world in options.worlds:
        for seed in options.seeds:
            yield Case(options.size, seed, world, options.runs)


def read_lines(path: Path) -> list[dict[str, Any]]:
    """Measurements that were printed earlier."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def correlation(one: np.ndarray, other: np.ndarray) -> float:
    """Mean over columns of the correlation over time."""
    one, other = one - one.mean(axis=0), other - other.mean(axis=0)
    return float(((one * other).sum(axis=0) / np.sqrt((one**2).sum(axis=0) * (other**2).sum(axis=0))).mean())
