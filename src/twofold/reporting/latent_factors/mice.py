"""Rows of one model over mice: its mean, and every mouse on its own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from twofold.reporting.figures.picture import NothingToShow, array
from twofold.studies.result import Result, Row

BETWEEN, SEEDS, LESS = " · ", "seeds", " - "


@dataclass(frozen=True)
class OverMice:
    """One metric of one model: the row of its mean, (mouse name -> row), and the row of its seeds."""

    mean: Row
    each: dict[str, Row]
    seeds: Row | None = None


def model_and_mouse(row: str) -> tuple[str, str]:
    """Take a row name apart; the mouse is empty where the row is of all.

    Examples
    --------
    >>> model_and_mouse("latent zig free · mouse-1"), model_and_mouse("video zig")
    (('latent zig free', 'mouse-1'), ('video zig', ''))
    """
    model, _, mouse = row.partition(BETWEEN)
    return model, mouse


def over_mice(rows: Iterable[Row]) -> dict[tuple[str, str], OverMice]:
    """Gather rows of one table by model and metric, in their order; a metric without its mean is left out."""
    means: dict[tuple[str, str], Row] = {}
    each: dict[tuple[str, str], dict[str, Row]] = {}
    for row in rows:
        model, mouse = model_and_mouse(row.row)
        if mouse:
            each.setdefault((model, row.metric), {})[mouse] = row
        else:
            means.setdefault((model, row.metric), row)
    found = {}
    for key, mean in means.items():
        of = each.get(key, {})
        found[key] = OverMice(mean, {name: row for name, row in of.items() if name != SEEDS}, of.get(SEEDS))
    return found


def is_difference(model: str) -> bool:
    """Whether a row is what one model has above another.

    Examples
    --------
    >>> is_difference("video zig - video poisson"), is_difference("latent zig free -> pupil")
    (True, False)
    """
    return LESS in model or model.startswith("above ")


def mice_of(result: Result) -> list[str]:
    """Names of the mice, in the order of the arrays.

    Raises
    ------
    NothingToShow
        If the result does not name them.
    """
    return [str(name) for name in array(result, "mice", 1)]


def of_each_mouse(result: Result, figure: str, what: str, dimensions: int) -> dict[str, np.ndarray]:
    """One array `FIGURE/m/WHAT` per mouse that has it, by the name of the mouse.

    Raises
    ------
    NothingToShow
        If no mouse has it.
    """
    found = {
        mouse: array(result, f"{figure}/{m}/{what}", dimensions)
        for m, mouse in enumerate(mice_of(result))
        if f"{figure}/{m}/{what}" in result.arrays
    }
    if not found:
        raise NothingToShow(f"the result has no array {figure}/0/{what}")
    return found


def per_mouse(result: Result, key: str, points: int) -> np.ndarray:
    """Array (mouse, point) of a curve.

    Raises
    ------
    NothingToShow
        If it is absent, or does not fit to the mice or the points.
    """
    values = array(result, key, 2).astype(float)
    if values.shape != (len(mice_of(result)), points):
        raise NothingToShow(
            f"array {key} has shape {values.shape}, not {len(mice_of(result))} mice x {points}"
        )
    return values


def counted(n: int) -> str:
    """So many mice, in words.

    Examples
    --------
    >>> counted(1), counted(3)
    ('1 mouse', '3 mice')
    """
    return "1 mouse" if n == 1 else f"{n} mice"
