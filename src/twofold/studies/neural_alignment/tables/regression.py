"""The table frame-regression: the frame number as a number, by the lasso, as in the paper."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence

import numpy as np
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import Lasso

from twofold.metrics import mean_and_sem
from twofold.recordings.preprocess import Preprocessing
from twofold.studies.neural_alignment.paper import paper_value
from twofold.studies.neural_alignment.prepared import Prepared
from twofold.studies.neural_alignment.presentations import Presentations
from twofold.studies.result import Row

TABLE = "frame-regression"
COMPONENTS = 3


def regress_fold(
    data: Presentations,
    preprocessing: Preprocessing,
    train: np.ndarray,
    test: np.ndarray,
    *,
    alpha: float,
    seed: int,
) -> dict[str, np.ndarray]:
    """Number of the frame of left-out repeats, by a lasso on all units and on three principal components.

    Returns
    -------
    dict
        `told/<row>` (time,) and `n_units`.
    """
    part = Prepared.of(data, train, test, preprocessing)
    n = min(COMPONENTS, *part.rows.responses.shape)
    components = PCA(n, random_state=seed).fit(part.rows.responses)
    inputs = {
        "raw": (part.rows.responses, part.new.responses),
        f"pca {COMPONENTS}": tuple(components.transform(x.responses) for x in (part.rows, part.new)),
    }
    out = {"n_units": np.array(len(part.fitted.kept))}
    for name, (fitted_on, scored_on) in inputs.items():
        with warnings.catch_warnings():  # what it has reached by then will do
            warnings.simplefilter("ignore", ConvergenceWarning)
            model = Lasso(alpha, random_state=seed).fit(fitted_on, part.rows.frame.astype(np.float64))
        out[f"told/{name} + lasso alpha={alpha:g}"] = model.predict(scored_on)
    return out


def regression_rows(folds: Sequence[Mapping[str, np.ndarray]], data: Presentations, seed: int) -> list[Row]:
    """R2, mean absolute and root mean squared error, mean and s.e.m. over left-out repeats."""
    rows = []
    for key in (key for key in folds[0] if key.startswith("told/")):
        name = key.removeprefix("told/")
        told = np.concatenate([fold[key] for fold in folds]).reshape(-1, data.n_frames)
        error = told - data.label
        spread = ((data.label - data.label.mean()) ** 2).mean()
        found = {
            "r2": 1 - (error**2).mean(axis=1) / spread if spread > 0 else None,
            f"mae_{data.label_name}s": np.abs(error).mean(axis=1),
            f"rmse_{data.label_name}s": np.sqrt((error**2).mean(axis=1)),
        }
        constant = np.abs(data.label - data.label.mean())
        chance = dict(zip(found, (0.0, float(constant.mean()), float(np.sqrt(spread))), strict=True))
        rows += [
            _row(name, metric, values, chance[metric], folds, seed)
            for metric, values in found.items()
            if values is not None
        ]
    return rows


def _row(
    name: str,
    metric: str,
    values: np.ndarray,
    chance: float,
    folds: Sequence[Mapping[str, np.ndarray]],
    seed: int,
) -> Row:
    found = mean_and_sem(values)
    return Row(
        table=TABLE,
        row=name,
        metric=metric,
        split="leave_one_repeat_out",
        value=found.value,
        low=found.low,
        high=found.high,
        interval_kind="sem",
        over="left-out repeats (they share training data)",
        n=found.n,
        n_units=min(int(fold["n_units"]) for fold in folds),
        chance=chance,
        fitted_on="repeats but the left-out repeat",
        scored_on="the left-out repeat",
        window=1,
        seed=seed,
        paper=paper_value(TABLE, name, metric, "test"),
        note="chance is to tell the middle of the movie",
    )
