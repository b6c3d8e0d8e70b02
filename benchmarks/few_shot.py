"""A new mouse from 1 to 100 clips: quality, time and parameters per neuron, for positions and free weights.

Core and encoder are fitted to simulated mice 1 and 2, and adapted to mouse 3: other neurons, the same
videos. Every number is of a tier that nothing was fitted on or stopped by. "free": receptive fields and
weights on the state of each neuron its own; "position": both from where neurons lie in cortex; "scratch": no
other mouse, all is trained on the clips, in as many steps. A line per model, number of clips and seed, then
the mean over seeds.

    python -m benchmarks.few_shot --runs FOLDER [--size small] [--seeds 0 1 2] [--clips 1 2 5] [--quick]
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

import twofold as tw
from benchmarks import report
from twofold.encoding import FewShotOptions, FromScratch, LatentOptions, LatentVideoModel, few_shot_curve
from twofold.encoding.few_shot import Adapting
from twofold.recordings import Recording
from twofold.simulate import Sensorium, simulate_sensorium

SIZES = ("tiny", "small")
MICE, NEW_MOUSE = (1, 2), 3
EPOCHS = {"video": 40, "latent": 26}
CLIPS = (1, 2, 5, 10, 20, 50, 100)
TRAINING: dict[str, Any] = {"device": "cpu", "rounds": 1, "patience": 8, "decay_patience": 3}
MEANS = (
    *(
        "correlation_single_trial",
        "correlation_conditioned",
        "bits_marginal",
        "bits_conditioned",
        "bits_null",
    ),
    *("seconds", "parameters_per_neuron"),
)


def main() -> None:
    """Print a line per adapted model, then the means."""
    given = arguments().parse_args()
    torch.set_num_threads(1)
    epochs = dict.fromkeys(EPOCHS, 2) if given.quick else EPOCHS
    steps = 10 if given.quick else given.steps
    lines = []
    for seed in given.seeds:
        new = mouse(given.size, NEW_MOUSE, seed)
        n_train = int((new.trials.column("tier") == "train").sum())
        clips = tuple(n for n in given.clips if n <= n_train)
        options = FewShotOptions(clips=clips, seeds=(seed,), steps=steps)
        training = tw.TrainOptions.preset(given.size, device="cpu")
        models = fitted(given, seed, epochs) | scratch(given.size)
        for point in few_shot_curve(models, new, options, training):
            fields = {name: rounded(value) for name, value in point.as_dict().items()}
            line = {"case": f"{point.model}-{point.clips}-clips-seed-{seed}", "size": given.size, **fields}
            report("few-shot", steps=steps, **line)
            lines.append(line)
    for line in means(lines):
        report("few-shot", steps=steps, **line)


def arguments() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--size", choices=SIZES, default="small")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--clips", type=int, nargs="+", default=list(CLIPS))
    parser.add_argument("--steps", type=int, default=400, help="of each training")
    parser.add_argument("--runs", type=Path, default=Path("runs"), help="folder of fitted models")
    parser.add_argument("--quick", action="store_true", help="a few steps, to see that it runs")
    return parser


def mouse(size: str, number: int, seed: int) -> Recording:
    """One of the simulated mice, which differ in their neurons."""
    return simulate_sensorium(Sensorium.preset(size), mouse=number, random_state=seed)


def scratch(size: str) -> dict[str, Adapting]:
    """Models that know no other mouse."""
    video = tw.VideoOptions.preset(size, positions=False)
    return {"video-scratch": FromScratch(video), "latent-scratch": FromScratch(video, LatentOptions())}


def fitted(given: argparse.Namespace, seed: int, epochs: Mapping[str, int]) -> dict[str, Adapting]:
    """Models of the video alone and with a state, without and with positions, kept in a folder."""
    models: dict[str, Adapting] = {}
    mice: list[Recording] = []
    for name, by_position in (("free", False), ("position", True)):
        for kind in ("video", "latent"):
            stem = f"few-shot-{kind}-{name}-{given.size}-{seed}-{epochs[kind]}-epochs"
            folder = given.runs / stem
            if not (folder / "model.safetensors").exists():
                mice = mice or [mouse(given.size, number, seed) for number in MICE]
                below = models.get(f"video-{name}")
                fresh = untrained(given.size, mice, by_position, seed, below if kind == "latent" else None)
                how = tw.TrainOptions.preset(given.size, epochs=epochs[kind], seed=seed, **TRAINING)
                tw.fit(fresh, mice, how, out=folder, overwrite=True)
            models[f"{kind}-{name}"] = tw.load(folder, device="cpu")
    return models


def untrained(
    size: str, mice: list[Recording], by_position: bool, seed: int, video: Any
) -> LatentVideoModel | tw.VideoModel:
    """A model of the video, or one with a state that begins from it."""
    if video is None:
        options = tw.VideoOptions.preset(size, positions=by_position)
        return tw.VideoModel.for_recordings(mice, options=options, random_state=seed)
    positions = [recording.neurons.position_um for recording in mice]
    latent_map = "position" if by_position else "free"
    return LatentVideoModel(video, positions=positions, random_state=seed, latent_map=latent_map)


def means(lines: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Over seeds, for each model and number of clips."""
    for model, clips in dict.fromkeys((line["model"], line["clips"]) for line in lines):
        here = [line for line in lines if (line["model"], line["clips"]) == (model, clips)]
        fields: dict[str, Any] = {"case": f"{model}-{clips}-clips-mean", "model": model, "clips": clips}
        for name in MEANS:
            values = [line[name] for line in here if line[name] is not None]
            fields[name] = rounded(float(np.mean(values))) if values else None
        yield {**fields, "size": here[0]["size"], "seeds": [line["seed"] for line in here]}


def rounded(value: Any) -> Any:
    """Four digits of a float, anything else as it is."""
    return round(value, 4) if isinstance(value, float) else value


if __name__ == "__main__":
    main()
