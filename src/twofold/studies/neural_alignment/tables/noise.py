"""The table noise-ceiling: how much of the responses a model of the stimulus could tell at all."""

from __future__ import annotations

import numpy as np

from twofold.metrics import NoiseCeiling, noise_ceiling
from twofold.recordings.preprocess import Preprocessing
from twofold.studies.neural_alignment.prepared import Prepared
from twofold.studies.neural_alignment.presentations import Presentations
from twofold.studies.result import Row

TABLE = "noise-ceiling"


def ceiling_rows(data: Presentations, preprocessing: Preprocessing, seed: int) -> list[Row]:
    """Ceilings of R2 and the reliability, from all pairs of repeats and from pairs that lie far apart."""
    everything = np.arange(data.n_repeats)
    part = Prepared.of(data, everything, everything[:1], preprocessing)
    responses = part.rows.responses.reshape(data.n_repeats, data.n_frames, -1)
    far = max(2, data.n_repeats // 2)
    names = {"all pairs of repeats": 1, f"pairs of repeats at least {far} apart": far}
    rows = []
    for name, distance in names.items():
        found = noise_ceiling(responses, min_distance=distance, random_state=seed)
        values = {
            "ceiling_r2_single_trial": found.variance_weighted(1),
            "ceiling_r2_mean_of_others": found.variance_weighted(data.n_repeats - 1),
            "ceiling_r2_single_trial_mean_over_neurons": _mean(found.single_trial),
        }
        if distance == 1:
            values["reliability_mean_over_neurons"] = _mean(found.reliability)
        rows += [_row(name, metric, value, found, seed) for metric, value in values.items()]
    return rows


def _mean(values: np.ndarray) -> float:
    return float(np.nanmean(values)) if np.isfinite(values).any() else float("nan")


def _row(name: str, metric: str, value: float, found: NoiseCeiling, seed: int) -> Row:
    finite = bool(np.isfinite(value))
    said = f"{found.n_negative} of {len(found.variance)} units have a signal power below 0; they are counted"
    return Row(
        table=TABLE,
        row=name,
        metric=metric,
        split="train",
        value=value if finite else None,
        n=found.n_repeats,
        n_units=len(found.variance),
        fitted_on="all repeats",
        scored_on="the same; the signal power is unbiased",
        window=1,
        seed=seed,
        note=said if finite else "nothing varies",
    )
