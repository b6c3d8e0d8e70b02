"""All figures of a result, in the order of the page."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from twofold.reporting.figures.alignment import alignments
from twofold.reporting.figures.data import components, explained_variance, raster
from twofold.reporting.figures.decoding import accuracies, confusions, decoded_rows, errors
from twofold.reporting.figures.gallery import gallery
from twofold.reporting.figures.picture import (
    WHOLE,
    Group,
    LeftOut,
    NothingToShow,
    Picture,
    Sketch,
    array,
    develop,
    style,
)
from twofold.reporting.figures.scatter import scatter
from twofold.reporting.figures.state import traces
from twofold.reporting.figures.trade_off import trade_off
from twofold.reporting.palette import Palette
from twofold.reporting.scoreboard import Scoreboard
from twofold.studies.result import Result

DOTS_PER_INCH = 220


def draw_all(result: Result, scoreboard: Scoreboard, palette: Palette) -> list[Picture | LeftOut]:
    """Draw every figure that the arrays of a result allow, and say why each other one is left out."""

    def true() -> np.ndarray:
        return array(result, "decoded/true", 1)

    def predicted() -> dict[str, np.ndarray]:
        return decoded_rows(result, scoreboard)

    plan: list[tuple[str, Group, str, Callable[[], Sketch]]] = [
        ("scoreboard", "overview", "Decoding against alignment", lambda: scatter(scoreboard, palette)),
        ("raster", "data", "One presentation", lambda: raster(result)),
        ("explained-variance", "data", "Explained variance", lambda: explained_variance(result)),
        ("components", "data", "Principal components", lambda: components(result)),
        ("accuracy", "decoding", "Exact accuracy", lambda: accuracies(scoreboard, palette)),
        ("confusion", "decoding", "Decoded and true", lambda: confusions(true(), predicted(), palette)),
        ("errors", "decoding", "Size of the errors", lambda: errors(true(), predicted(), palette)),
        ("decoded-frames", "decoding", "Decoded frames", lambda: gallery(result, true(), predicted())),
        ("alignment", "alignment", "Three kinds of alignment", lambda: alignments(result, palette)),
        ("state", "state", "Signals and their prediction", lambda: traces(result)),
    ]
    if "trade_off/lambda" in result.arrays:  # most studies try a single lambda, and miss nothing
        plan.append(
            ("trade-off", "alignment", "Decoding and alignment over lambda", lambda: trade_off(result))
        )
    with style():
        return [_drawn(name, group, title, draw) for name, group, title, draw in plan]


def _drawn(name: str, group: Group, title: str, draw: Callable[[], Sketch]) -> Picture | LeftOut:
    try:
        sketch = draw()
    except NothingToShow as reason:
        return LeftOut(name, group, title, str(reason))
    png, svg, size = develop(sketch, DOTS_PER_INCH)
    whole = bool(sketch.figure.get_figwidth() >= WHOLE)
    return Picture(name, group, title, sketch.caption, sketch.alt, png, svg, size, whole)
