"""Figure 9: the density that the video model with a state gives to every response of one neuron, over a clip.

One call is for one model; the figure sets that of the smallest beside that of the largest number of latents.
The neuron and the clip are chosen by what was recorded, so that they are the same for all models.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import log

import numpy as np
import torch

from twofold.encoding import LatentVideoModel
from twofold.metrics.intervals import Interval
from twofold.recordings import Recording
from twofold.runs.jobs import Arrays
from twofold.studies.latent_factors.parts.held_out import HeldOut, model_name
from twofold.studies.latent_factors.parts.numbers import Told, all_rows, number, of_each_mouse
from twofold.studies.result import Row

FIGURE = "figure-9"
HIGHEST, MOST_FRAMES = 20.0, 300


def figure_9(
    recordings: Sequence[Recording], model: LatentVideoModel, *, seed: int, bins: int = 200
) -> Arrays:
    """Log density, in nats, over responses of the liveliest neuron of the first mouse, given the video alone.

    Where silence has a probability of its own, the first row is its logarithm: a mass, not a density.

    Parameters
    ----------
    recordings, model
        Mice, and a model that was fitted to them, in this order; only the first is shown.
    seed
        Of nothing here: nothing is drawn.
    bins
        Responses at which the density is taken, from 0 to the largest recorded one, at most 20.
    """
    dimension = model.latent_options.dimension

    def measure(m: int, recording: Recording) -> Arrays:
        held = HeldOut.of(model, recording)
        shown = next(iter(held.videos.values()))[0]
        responses = held.trials.responses(shown)[held.model.frames_lost :][:MOST_FRAMES]
        neuron = int(responses.mean(axis=0, dtype=float).argmax())
        observed = responses[:, neuron]
        y = np.linspace(0, max(min(float(observed.max()) * 1.2, HIGHEST), 1.0), bins, dtype=np.float32)
        one = next(held.known(None, [shown]))
        same = one.state.distribution(np.full(bins, neuron))  # a copy of the neuron for each response
        density = same.log_prob(torch.from_numpy(y).expand(same.mean.shape)).numpy()[: len(observed)].T
        own = one.state.distribution(np.array([neuron]))
        clip = torch.from_numpy(one.clip.responses[held.model.frames_lost :, [neuron]])
        bits = own.log_prob(clip).double().numpy()[: len(observed), 0] / log(2)
        return {
            f"{FIGURE}/y": y,
            f"{FIGURE}/log_density_{dimension}": density,
            f"{FIGURE}/observed": observed,
            f"{FIGURE}/neuron": np.array(neuron),
            **number(f"{FIGURE}/bits_{dimension}", _mean(bits)),
        }

    one_mouse = of_each_mouse(FIGURE, recordings[:1], measure)
    prefix = f"{FIGURE}/0/"
    found = {
        f"{FIGURE}/{name.removeprefix(prefix)}": values
        for name, values in one_mouse.items()
        if name.startswith(prefix)
    }
    return found | {f"{FIGURE}/model_{dimension}": np.array(model_name(model))}


def rows(found: Arrays, mice: Sequence[str]) -> list[Row]:
    """Rows of figure 9: bits of what the shown neuron did, for each number of latents."""
    prefix = f"{FIGURE}/model_"
    by_mouse = {name.replace(f"{FIGURE}/", f"{FIGURE}/0/", 1): values for name, values in found.items()}
    told = [
        Told(
            FIGURE,
            f"{found[name]}, {name.removeprefix(prefix)} latents",
            "bits_marginal",
            f"{FIGURE}/bits_{name.removeprefix(prefix)}",
            over="frames",
            note="of the shown neuron and clip; frames resemble each other, so the span is too narrow",
        )
        for name in sorted(found, key=lambda name: (len(name), name))
        if name.startswith(prefix)
    ]
    return all_rows(told, by_mouse, mice[:1], FIGURE)


def _mean(bits: np.ndarray) -> Interval:
    sem = float(bits.std(ddof=1) / np.sqrt(len(bits)))
    mean = float(bits.mean())
    return Interval(mean, mean - sem, mean + sem, len(bits))
