"""What the aligned contrastive embedding gives up in decoding for what it gains in alignment, over lambda."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from twofold.studies.neural_alignment.methods.contrastive import aligned_name
from twofold.studies.neural_alignment.options import AlignmentOptions
from twofold.studies.result import Row


def trade_off(rows: Iterable[Row], options: AlignmentOptions) -> dict[str, np.ndarray]:
    """Both numbers of the plain (lambda = 0) and the aligned embeddings, for the figure.

    Parameters
    ----------
    rows
        All rows of the study.
    options
        Its options; with fewer than two values of `reconstruction` there is no curve.

    Returns
    -------
    dict
        `trade_off/lambda`, `trade_off/exact_accuracy` by nearest neighbours in left-out repeats, and
        `trade_off/r2_cross_repeat`, each (lambda,); a number that could not be computed is NaN.
    """
    if len(options.reconstruction) < 2:
        return {}
    found = {(row.row, row.metric): row.value for row in rows if row.split != "leave_one_block_out"}
    names = ["contrastive", *map(aligned_name, options.reconstruction)]
    curves = {
        "exact_accuracy": [found.get((f"{name} + knn", "exact_accuracy")) for name in names],
        "r2_cross_repeat": [found.get((name, "r2_cross_repeat")) for name in names],
    }
    return {
        "trade_off/lambda": np.array([0.0, *options.reconstruction]),
        **{f"trade_off/{metric}": np.array(curve, dtype=float) for metric, curve in curves.items()},
    }
