"""Alignment: the rows of the table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from twofold.metrics import mean_and_sem
from twofold.studies.neural_alignment.methods.contrastive import ALIGNED
from twofold.studies.neural_alignment.options import AlignmentOptions
from twofold.studies.result import Row

CONVENTIONS = ("", "_mean_over_neurons")
SUFFIXES = {
    "r2_same_trial": CONVENTIONS,
    "r2_same_trial_mlp": CONVENTIONS,
    "r2_true_rate": CONVENTIONS,
    "r2_cross_repeat": (*CONVENTIONS, "_against_train_mean"),
    "r2_cosmoothing": CONVENTIONS,
}


def alignment_rows(folds: Sequence[Mapping[str, np.ndarray]], options: AlignmentOptions) -> list[Row]:
    """Rows of the table alignment: mean and s.e.m. over divisions of the repeats."""
    rows = []
    for key in folds[0]:
        metric, _, name = key.partition("/")
        if metric not in SUFFIXES:
            continue
        values = np.stack([fold[key] for fold in folds])
        ceiling = np.stack([fold.get(f"ceiling/{metric}", np.full(3, np.nan)) for fold in folds]).mean(axis=0)
        for column, suffix in enumerate(SUFFIXES[metric]):
            if suffix == "_against_train_mean" and np.isnan(values[:, column]).all():
                continue
            top = float(ceiling[column]) if np.isfinite(ceiling[column]) else None
            rows.append(_row(name, metric + suffix, values[:, column], top, folds, options))
            if metric + suffix == "r2_cross_repeat" and top is not None and top > 0:
                rows.append(_row(name, f"{metric}_of_ceiling", values[:, 0] / top, None, folds, options))
    return rows


def _row(
    name: str,
    metric: str,
    values: np.ndarray,
    ceiling: float | None,
    folds: Sequence[Mapping[str, np.ndarray]],
    options: AlignmentOptions,
) -> Row:
    scored = {
        "r2_same_trial": "the same trial of the test repeats",
        "r2_cross_repeat": "unseen frames of the test repeats, against repeats used in no fit",
        "r2_true_rate": "the true rates of the test repeats, which only a simulation has",
        "r2_cosmoothing": f"the other half of the units, test repeats, {options.halves} halves",
    }
    found = mean_and_sem(values) if np.isfinite(values).all() else None
    return Row(
        table="alignment",
        row=name,
        metric=metric,
        split="test",
        value=found.value if found else None,
        low=found.low if found else None,
        high=found.high if found else None,
        interval_kind="sem" if found is not None and found.low is not None else None,
        over="divisions of the repeats (they share training data)" if len(values) > 1 else None,
        n=len(values),
        n_units=min(int(fold["n_units"]) for fold in folds),
        chance=0.0,
        ceiling=ceiling,
        fitted_on="the training repeats",
        scored_on=next(text for prefix, text in scored.items() if metric.startswith(prefix)),
        leaky="leaky" in name,
        window=1,
        seed=options.seed,
        note=_note(name)
        if found
        else f"no unit has a reliability above {options.reliability:g} on the training repeats",
    )


def _note(name: str) -> str:
    unlike = "latents before their length is normalised; those of contrastive have unit length"
    return unlike if name.startswith(ALIGNED) else ""
