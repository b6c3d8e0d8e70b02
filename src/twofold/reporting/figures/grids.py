"""Accuracy and error over one option of a decoder: the number of components, the number of neighbours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from twofold.reporting.figures.labels import legend_below
from twofold.reporting.figures.picture import PANELS, NothingToShow, Sketch, array, canvas, grid, label_of
from twofold.reporting.numbers import number
from twofold.reporting.palette import HUES, MUTED, Palette
from twofold.studies.result import Result

METRICS = {"exact_accuracy": "exact accuracy", "mae_frames": "mean error"}
MOST_METHODS = 6


def component_grid(result: Result) -> Sketch:
    """Accuracy and error of logistic regression over the number of principal components."""
    components = array(result, "pc_grid/components", 1)
    colours = {"train": MUTED, "validation": HUES[1]}
    curves = {
        metric: {split: array(result, f"pc_grid/{split}/{metric}", 1) for split in colours}
        for metric in METRICS
    }
    figure = _two_panels(components, curves, colours, "number of principal components")
    validation = curves["exact_accuracy"]["validation"]
    best = int(np.nanargmax(validation)) if np.isfinite(validation).any() else 0
    said = f"best with {components[best]} components: {number(float(validation[best]))}"
    caption = (
        f"Logistic regression on so many principal components, fitted on part of the training repeats; {said}"
        " exact on those left for validation. No test repeat is used here."
    )
    return Sketch(figure, caption, f"Curves over the number of components; {said} on validation.")


def neighbour_grid(result: Result, palette: Palette) -> Sketch:
    """Accuracy and error of nearest neighbours over their number, per embedding."""
    neighbours = array(result, "knn_grid/neighbours", 1)
    prefix = "knn_grid/exact_accuracy/"
    names = [key.removeprefix(prefix) for key in result.arrays if key.startswith(prefix)]
    if not names:
        raise NothingToShow(f"the result has no array {prefix}…")
    curves = {
        metric: {name: array(result, f"knn_grid/{metric}/{name}", 1) for name in names} for metric in METRICS
    }
    exact = curves["exact_accuracy"]
    first = sorted(names, key=lambda name: -float(np.nanmax(exact[name], initial=-1.0)))[:MOST_METHODS]
    shown = {metric: {name: of[name] for name in first} for metric, of in curves.items()}
    figure = _two_panels(neighbours, shown, {name: palette[name] for name in first}, "number of neighbours")
    words = [
        f"{name} best with {neighbours[np.nanargmax(exact[name])]}, {number(float(np.nanmax(exact[name])))}"
        for name in first
        if np.isfinite(exact[name]).any()
    ]
    caption = (
        f"Nearest neighbours name the {label_of(result)} by vote of so many; chosen on training repeats. "
        "Where 1 or 2 are best and more are worse, single samples are recognised rather than a region."
    )
    return Sketch(figure, caption, f"Curves over the number of neighbours: {'; '.join(words)}.")


def _two_panels(
    places: np.ndarray,
    curves: Mapping[str, Mapping[str, np.ndarray]],
    colours: Mapping[str, str],
    across: str,
) -> Figure:
    if any(len(each) != len(places) for of in curves.values() for each in of.values()):
        raise NothingToShow(f"the curves over the {across} differ in their number of points")
    figure = canvas(PANELS, 2.6)
    panels: Sequence[Axes] = figure.subplots(1, len(curves))
    for axes, (metric, of) in zip(panels, curves.items(), strict=True):
        for name, each in of.items():
            axes.plot(places, each, "o-", color=colours[name], linewidth=1.5, markersize=3.5, label=name)
        axes.set_title(METRICS[metric])
        axes.set_xlabel(across)
        if len(places) > 2 and places[-1] > 8 * places[0] > 0:
            axes.set_xscale("log")
            ticks = places[np.linspace(0, len(places) - 1, min(5, len(places))).round().astype(int)]
            axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
            axes.minorticks_off()
        grid(axes, "y")
    legend_below(figure, panels[0])
    return figure
