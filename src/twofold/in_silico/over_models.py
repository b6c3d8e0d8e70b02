"""Tuning with its uncertainty: mean and standard error over models that were fitted with other seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
import pandas as pd
from jaxtyping import Float

from twofold.errors import DataError

Scale = Literal["linear", "log", "circle_360", "circle_180"]
SCALES: Mapping[str, Scale] = {
    "preferred_direction_deg": "circle_360",
    "preferred_orientation_deg": "circle_180",
    "cycles_per_pixel": "log",
    "temporal_hz": "log",
    "sd_px": "log",
}


def over_models(tables: Sequence[pd.DataFrame], scales: Mapping[str, Scale] = SCALES) -> pd.DataFrame:
    r"""Each measure of each neuron over models: mean, and one standard error to either side.

    On a circle of period p the mean is :math:`\tfrac{p}{2\pi} \arg R`, with R the mean of
    :math:`e^{2\pi i \theta / p}`, and the standard deviation :math:`\tfrac{p}{2\pi} \sqrt{-2 \ln |R|}`
    (Mardia and Jupp 2000), divided by sqrt(n - 1) as in the standard error on a line; `low` and `high` may
    lie beyond its ends. Of frequencies and sizes it is the geometric mean.

    Parameters
    ----------
    tables
        One per model: a row per neuron, a column per measure, such as `grating_table`.
    scales
        Of the measures that are not linear.

    Returns
    -------
    pandas.DataFrame
        Columns neuron, measure, value, low, high, n_models; low and high are NaN where only one model has a
        value.

    Raises
    ------
    DataError
        If there is no table, or they differ in rows or columns.

    Examples
    --------
    >>> tables = [pd.DataFrame({"preferred_direction_deg": [angle]}) for angle in (340.0, 10.0)]
    >>> over_models(tables).round(1)
       neuron                  measure  value    low   high  n_models
    0       0  preferred_direction_deg  355.0  339.9  370.1         2
    """
    if not tables:
        raise DataError("there is no table of tuning; give one per model")
    shapes = {(tuple(table.columns), len(table)) for table in tables}
    if len(shapes) > 1:
        raise DataError(
            "the tables of tuning differ in measures or neurons; they must come from one recording"
        )
    parts = []
    for measure in tables[0].columns:
        values = np.stack([table[measure].to_numpy(dtype=float) for table in tables])
        mean, sem = _moments(values, scales.get(measure, "linear"))
        known = np.isfinite(values).sum(axis=0)
        low, high = (
            mean * np.exp(s * sem) if scales.get(measure) == "log" else mean + s * sem for s in (-1, 1)
        )
        rows = {"neuron": np.arange(len(mean)), "measure": measure, "value": mean, "low": low, "high": high}
        parts.append(pd.DataFrame({**rows, "n_models": known}))
    return pd.concat(parts, ignore_index=True)


def _moments(
    values: Float[np.ndarray, "model neuron"], scale: Scale
) -> tuple[Float[np.ndarray, " neuron"], Float[np.ndarray, " neuron"]]:
    """Mean and standard error over the models that have a value; of logarithms where the scale is one."""
    known = np.isfinite(values)
    n = known.sum(axis=0)
    some, several = np.where(n > 0, n, np.nan), np.where(n > 1, n, np.nan)
    if scale.startswith("circle"):
        period = float(scale.removeprefix("circle_"))
        turn = np.where(known, np.exp(2j * np.pi * np.where(known, values, 0) / period), 0).sum(axis=0) / some
        mean = np.angle(turn) * period / (2 * np.pi) % period
        spread = np.sqrt(-2 * np.log(np.clip(np.abs(turn), 1e-300, 1))) * period / (2 * np.pi)
        return mean, spread / np.sqrt(several - 1)
    x = np.where(known, np.log(values) if scale == "log" else values, 0)
    mean = x.sum(axis=0) / some
    sem = np.sqrt(np.where(known, (x - mean) ** 2, 0).sum(axis=0) / several / (several - 1))
    return (np.exp(mean) if scale == "log" else mean), sem
