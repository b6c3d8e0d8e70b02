"""Calibration: whether responses fall where their predicted distributions say, and silence as often."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from twofold.analyses.calibration import pit_coverage, pit_histogram, randomised_pit, silent_fraction
from twofold.encoding import LatentVideoModel
from twofold.likelihoods import FlowLikelihood, Likelihood, ResponseDistribution, ZigLikelihood
from twofold.metrics.intervals import Interval
from twofold.recordings import Recording
from twofold.runs.jobs import Arrays
from twofold.studies.latent_factors.parts.held_out import HeldOut, model_name
from twofold.studies.latent_factors.parts.numbers import Told, all_rows, number, of_each_mouse
from twofold.studies.result import Row

TABLE = "calibration"
WAYS = {"conditioned": "given half of the neurons", "video": "video only"}
LEVELS = (0.5, 0.8, 0.9, 0.95)
Entries = Float[np.ndarray, "time neuron"]


def calibration(
    recordings: Sequence[Recording],
    model: LatentVideoModel,
    *,
    seed: int,
    repeats: int = 3,
    bins: int = 20,
    levels: Sequence[float] = LEVELS,
    most_neurons: int = 500,
) -> Arrays:
    """Where the responses of the neurons not given fall in their distributions, on held-out trials.

    Parameters
    ----------
    recordings, model
        Mice, and a model that was fitted to them, in this order.
    seed
        Of the place of silent responses in their jump, and of the bootstrap.
    repeats
        Of each video, at most.
    bins
        Of the histogram.
    levels
        What central intervals promise.
    most_neurons
        That are scored.
    """

    def measure(m: int, recording: Recording) -> Arrays:
        held = HeldOut.of(model, recording)
        rng = np.random.default_rng([seed, m])
        targets = np.flatnonzero(~held.given)[:most_neurons]
        trials = sorted(trial for own in held.videos.values() for trial in own[:repeats])
        video = held.video[np.isin(held.trial, trials)]
        found: Arrays = {}
        for way in WAYS:
            below, at, silence, silent = _probabilities(held, trials, targets, way == "conditioned")
            u = randomised_pit(below, at, rng)
            found |= _of_pit(way, u, video, bins, levels, seed)
            if silence is not None:
                one = silent_fraction(silence, silent, video, random_state=seed)
                excess = replace(one.excess, n=len(np.unique(video)))
                found |= number(f"{TABLE}/{way}-silence", excess)
                found |= {f"{TABLE}/{way}-told": one.told, f"{TABLE}/{way}-seen": one.seen}
        return found

    found = of_each_mouse(TABLE, recordings, measure)
    return found | _over_mice(found, levels) | {f"{TABLE}/model": np.array(model_name(model))}


def rows(found: Arrays, mice: Sequence[str]) -> list[Row]:
    """Rows of the table calibration; chance is what a calibrated model has."""
    name, told = str(found[f"{TABLE}/model"]), list[Told]()
    common: dict[str, Any] = {"kind": "bootstrap_95", "over": "videos and neurons"}
    for way, what in WAYS.items():
        told += [
            Told(
                TABLE,
                f"{name}, {what}",
                f"coverage_{100 * level:g}",
                f"{TABLE}/{way}-{100 * level:g}",
                chance=float(level),
                note=f"a calibrated model has {level:g}",
                **common,
            )
            for level in found[f"{TABLE}/level"]
        ]
        told.append(
            Told(
                TABLE,
                f"{name}, {what}",
                "pit_distance",
                f"{TABLE}/{way}-distance",
                chance=0.0,
                over="videos",
                note="largest distance from uniform",
            )
        )
        if any(f"/{way}-silence/" in key for key in found):
            told.append(
                Told(
                    TABLE,
                    f"{name}, {what}",
                    "silence_beyond_prediction",
                    f"{TABLE}/{way}-silence",
                    chance=0.0,
                    note="share of silent responses, less the predicted one",
                    **common,
                )
            )
    return all_rows(told, found, mice, TABLE)


def _probabilities(
    held: HeldOut, trials: Sequence[int], targets: np.ndarray, conditioned: bool
) -> tuple[Entries, Entries, Entries | None, np.ndarray]:
    """P(Y < y), P(Y <= y), P(silent) where that is not 0, and whether responses were silent."""
    parts = []
    likelihood = held.model.likelihood_of(held.number).of_neurons(targets)
    for one in held.known(held.given if conditioned else None, trials):
        predicted = one.state.distribution(targets)
        y = torch.from_numpy(one.clip.responses[held.model.frames_lost :, targets])
        parts.append([part.double().numpy() for part in _of_trial(predicted, likelihood, y)])
    below, at, silence, silent = (np.concatenate(part) for part in zip(*parts, strict=True))
    has_silence = isinstance(likelihood, (ZigLikelihood, FlowLikelihood))
    return below, np.maximum(at, below), silence if has_silence else None, silent.astype(bool)


def _of_trial(
    predicted: ResponseDistribution, likelihood: Likelihood, y: Tensor
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The four numbers of `_probabilities`; single values have a probability where silent, and as counts."""
    if isinstance(likelihood, (ZigLikelihood, FlowLikelihood)):
        silent = y <= likelihood.rho
        silence = predicted.cdf(torch.full_like(y, likelihood.rho)).clamp(0, 1)
        at = torch.where(silent, silence, predicted.cdf(y)).clamp(0, 1)
        return torch.where(silent, 0.0, at), at, silence, silent
    at, none = predicted.cdf(y).clamp(0, 1), torch.zeros_like(y)
    if likelihood.measure != "counts":
        return at, at, none, none
    lower = y.ceil() - 1
    return torch.where(lower < 0, 0.0, predicted.cdf(lower.clamp(min=0))).clamp(0, 1), at, none, none


def _of_pit(way: str, u: Entries, video: np.ndarray, bins: int, levels: Sequence[float], seed: int) -> Arrays:
    n_videos = len(np.unique(video))
    histogram = pit_histogram(u, video, bins=bins, n_bootstrap=200, random_state=seed)
    found: Arrays = {f"{TABLE}/{way}-pit": histogram.density}
    found |= {f"{TABLE}/{way}-pit_low": histogram.low, f"{TABLE}/{way}-pit_high": histogram.high}
    found |= number(f"{TABLE}/{way}-distance", _jackknifed(histogram.distance, u, video, bins))
    for level in levels:
        one = pit_coverage(u, video, level=level, random_state=seed)
        found |= number(f"{TABLE}/{way}-{100 * level:g}", replace(one.mean, n=n_videos))
    return found


def _jackknifed(distance: float, u: Entries, video: np.ndarray, bins: int) -> Interval:
    """The distance, and its standard error by leaving out one video at a time."""
    names = np.unique(video)
    if len(names) < 2:
        return Interval(distance, None, None, len(names))
    counts = np.stack(
        [np.histogram(u[video == name], bins, (0, 1))[0] / (video == name).sum() for name in names]
    )
    uniform = np.linspace(0, 1, bins + 1)[1:]
    without = (counts.sum(axis=0) - counts).cumsum(axis=1)
    distances = np.abs(without / without[:, -1:] - uniform).max(axis=1)
    error = float(np.sqrt((len(names) - 1) * np.var(distances)))
    return Interval(distance, distance - error, distance + error, len(names))


def _over_mice(found: Arrays, levels: Sequence[float]) -> Arrays:
    """For the figure: the histogram over mice, and the coverage of each mouse, of conditioned predictions."""
    pits = [values for key, values in found.items() if key.endswith("/conditioned-pit")]
    nothing = np.array([np.nan])
    coverage = [
        [found.get(f"{TABLE}/{m}/conditioned-{100 * level:g}/interval", nothing)[0] for level in levels]
        for m in range(len(found["mice"]))
    ]
    out: Arrays = {f"{TABLE}/level": np.array(levels), f"{TABLE}/coverage": np.array(coverage)}
    return out | ({f"{TABLE}/pit": np.mean(pits, axis=0)} if pits else {})
