"""Learned weights on the state beside the true ones of a simulated mouse."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float
from sklearn.linear_model import LinearRegression

from twofold.analyses.chance import Chance
from twofold.errors import DataError
from twofold.metrics.intervals import mean_and_sem
from twofold.recordings import Recording
from twofold.runs.jobs import Arrays
from twofold.simulate import SensoriumTruth
from twofold.studies.latent_factors.parts.numbers import number


def weights_told(
    recording: Recording, learned: Mapping[str, np.ndarray], name: str, n_permutations: int, seed: int
) -> Arrays:
    """R2 of true weights by a linear map of the learned ones, found on one half of the neurons.

    It is scored on the other half. Axes of the state are arbitrary, so that weights compare only behind such
    a map. Nothing where the truth is not known.
    """
    try:
        law = SensoriumTruth.of(recording.select_trials(np.arange(1))).law
    except DataError:
        return {}
    true = np.concatenate([law.w_q, law.w_theta], axis=1).astype(float)
    if not np.ptp(true, axis=0).any():
        return {}
    weights = np.concatenate(list(learned.values()), axis=1).astype(float)
    rng = np.random.default_rng(seed)
    halves = np.array_split(rng.permutation(len(weights)), 2)
    chance = [np.mean(_r2(weights, rng.permutation(true), halves)) for _ in range(min(n_permutations, 200))]
    return number(name, mean_and_sem(_r2(weights, true, halves)), Chance(np.array(chance)))


def _r2(x: np.ndarray, y: np.ndarray, halves: list[np.ndarray]) -> Float[np.ndarray, " half"]:
    found = []
    for fitted_on, scored_on in (halves, halves[::-1]):
        told = LinearRegression().fit(x[fitted_on], y[fitted_on]).predict(x[scored_on])
        around = y[scored_on] - y[scored_on].mean(axis=0)
        found.append(1 - ((y[scored_on] - told) ** 2).sum() / (around**2).sum())
    return np.array(found)
