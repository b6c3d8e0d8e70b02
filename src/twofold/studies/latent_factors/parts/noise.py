"""Noise correlations: whether responses drawn from the model share noise as recorded ones do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from twofold.analyses.noise_correlations import compare_noise_correlations
from twofold.encoding import LatentVideoModel
from twofold.encoding.latent.conditioning import TrialState
from twofold.errors import DataError
from twofold.metrics.intervals import Interval
from twofold.recordings import Recording
from twofold.runs.jobs import Arrays
from twofold.studies.latent_factors.parts.held_out import HeldOut, model_name, repeated
from twofold.studies.latent_factors.parts.numbers import Told, all_rows, number, of_each_mouse
from twofold.studies.result import Row

TABLE = "noise-correlations"
MOST_DRAWN = 4000


def noise(
    recordings: Sequence[Recording],
    model: LatentVideoModel,
    *,
    seed: int,
    draws: int = 20,
    most_neurons: int = 200,
    n_bootstrap: int = 300,
    n_permutations: int = 199,
) -> Arrays:
    """Noise correlations over repeats of held-out videos, recorded and drawn from the model.

    The state is drawn from its prior, once for all neurons: draws of a model that was given these responses
    would copy their noise.

    Parameters
    ----------
    recordings, model
        Mice, and a model that was fitted to them, in this order.
    seed
        Of all that is drawn.
    draws
        Of each video from the model.
    most_neurons
        That are paired.
    n_bootstrap, n_permutations
        As in `compare_noise_correlations`.
    """

    def measure(m: int, recording: Recording) -> Arrays:
        held = HeldOut.of(model, recording)
        rng = np.random.default_rng([seed, m])
        generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
        neurons = np.sort(rng.permutation(held.n_neurons)[:most_neurons])
        recorded, drawn = _clips(held, neurons, draws, generator)
        keep = _vary(recorded) & _vary(drawn)
        if keep.sum() < 3:
            raise DataError(f"{recording.name!r}: fewer than 3 neurons vary over repeats")
        one = compare_noise_correlations(
            [clip[..., keep] for clip in recorded],
            [clip[..., keep] for clip in drawn],
            n_bootstrap=n_bootstrap,
            n_permutations=n_permutations,
            random_state=rng,
        )
        pairs = np.sort(rng.permutation(len(one.data_pairs))[:MOST_DRAWN])
        found = number(f"{TABLE}/agreement", one.correlation, one.chance)
        found |= number(f"{TABLE}/mean-data", one.data) | number(f"{TABLE}/mean-model", one.model)
        ceiling = Interval(one.ceiling, None, None, one.correlation.n)
        found |= number(f"{TABLE}/ceiling", ceiling)
        found |= {f"{TABLE}/data": one.data_pairs[pairs], f"{TABLE}/model": one.model_pairs[pairs]}
        return found

    found = of_each_mouse(TABLE, recordings, measure)
    return found | {f"{TABLE}/name": np.array(model_name(model))}


def rows(found: Arrays, mice: Sequence[str]) -> list[Row]:
    """Rows of the table noise-correlations."""
    name = str(found[f"{TABLE}/name"])
    common: dict[str, Any] = {"kind": "confidence_95", "over": "videos"}
    mean: dict[str, Any] = {"metric": "mean_noise_correlation", "chance": 0.0}
    told = [
        Told(TABLE, "recorded", name=f"{TABLE}/mean-data", **mean, **common),
        Told(TABLE, name, name=f"{TABLE}/mean-model", **mean, **common),
        Told(
            TABLE,
            f"{name}, agreement over pairs",
            "correlation",
            f"{TABLE}/agreement",
            ("neurons of the model change places",),
            **common,
        ),
        Told(
            TABLE,
            "recorded, ceiling of the agreement",
            "correlation",
            f"{TABLE}/ceiling",
            without="it needs 4 repeats or more, and noise that halves of them share",
            over="videos",
            note="root of the reliability over halves of the repeats",
        ),
    ]
    return all_rows(told, found, mice, TABLE)


def _clips(
    held: HeldOut, neurons: np.ndarray, draws: int, generator: torch.Generator
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Per video, (repeat, frame, neuron) as recorded and as drawn."""
    recorded, drawn = [], []
    for trials in repeated(held).values():
        lost = held.model.frames_lost
        clips = [held.trials.responses(trial)[lost:, neurons] for trial in trials]
        recorded.append(np.stack(clips).astype(float))
        first = next(held.known(None, trials[:1]))
        drawn.append(_drawn(first.state, neurons, draws, generator))
    return recorded, drawn


def _drawn(state: TrialState, neurons: np.ndarray, draws: int, generator: torch.Generator) -> np.ndarray:
    """(draw, frame, neuron) responses to one video, the state z of each frame the same for all neurons."""
    shape = (draws, *state.prior.mean.shape)
    z = state.prior.path(torch.randn(shape, generator=generator))
    drive = torch.einsum("stk,npk->stnp", z, state.weights[neurons])
    predicted = state.likelihood.of_neurons(neurons).distribution(state.raw[:, neurons], drive)
    return predicted.sample(generator).double().numpy()


def _vary(clips: Sequence[np.ndarray]) -> np.ndarray:
    """(neuron,) whether it differs from repeat to repeat in any clip."""
    return np.any([np.ptp(clip, axis=0).any(axis=0) for clip in clips], axis=0)
