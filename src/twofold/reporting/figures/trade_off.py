"""The aligned contrastive embedding: decoding and alignment over the weight of the reconstruction."""

from __future__ import annotations

import numpy as np

from twofold.reporting.figures.picture import PANELS, NothingToShow, Sketch, array, canvas, grid
from twofold.reporting.names import metric_of
from twofold.reporting.numbers import number
from twofold.reporting.palette import HUES
from twofold.studies.result import Result

COLOURS = {"exact_accuracy": HUES[0], "r2_cross_repeat": HUES[2]}


def trade_off(result: Result) -> Sketch:
    """Exact accuracy, and R² across repeats, for every lambda; lambda = 0 is the plain embedding."""
    weight = array(result, "trade_off/lambda", 1)
    curves = {metric: array(result, f"trade_off/{metric}", 1) for metric in COLOURS}
    if any(len(curve) != len(weight) for curve in curves.values()):
        raise NothingToShow("the curves over lambda differ in their number of points")

    def known(value: float) -> str:
        return number(float(value) if np.isfinite(value) else None)

    figure = canvas(PANELS, 2.8)
    places = range(len(weight))
    names = [f"{value:g}" for value in weight]
    for axes, (metric, curve) in zip(figure.subplots(1, len(curves)), curves.items(), strict=True):
        axes.plot(places, curve, "o-", color=COLOURS[metric], linewidth=1.6, markersize=5)
        axes.set_xticks(list(places), names)
        axes.set_title(metric_of(metric).title, pad=10)
        axes.set_xlabel("lambda")
        axes.margins(x=0.08, y=0.25)
        grid(axes, "y")
    caption = (
        "A contrastive embedding that also predicts another repeat of the same frame, with weight lambda. "
        "At 0 it is the plain one, whose latents have unit length; above, their length is free."
    )
    words = (
        f"lambda {name}: "
        + ", ".join(f"{metric_of(metric).title} {known(curves[metric][i])}" for metric in COLOURS)
        for i, name in enumerate(names)
    )
    return Sketch(figure, caption, f"Two curves over lambda. {'; '.join(words)}.")
