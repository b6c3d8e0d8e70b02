"""How much more data would give: accuracy over the number of units and of repeats."""

from __future__ import annotations

import numpy as np

from twofold.reporting.figures.labels import legend_below
from twofold.reporting.figures.picture import PANELS, NothingToShow, Sketch, array, canvas, grid
from twofold.reporting.numbers import number
from twofold.reporting.palette import Palette
from twofold.studies.result import Result

CURVES = {"units": "by_units", "repeats": "by_repeats"}
MOST = 6


def saturation(result: Result, palette: Palette) -> Sketch:
    """Exact accuracy over the number of units, and over the number of training repeats."""
    found = {
        axis: {
            key.removeprefix(f"saturation/{name}/"): array(result, key, 2)
            for key in result.arrays
            if key.startswith(f"saturation/{name}/")
        }
        for axis, name in CURVES.items()
    }
    shown = {axis: of for axis, of in found.items() if of}
    if not shown:
        raise NothingToShow("the result has no array saturation/by_units/… or saturation/by_repeats/…")
    figure = canvas(PANELS, 2.8)
    panels = figure.subplots(1, len(shown), sharey=True, squeeze=False)[0]
    words = []
    for axes, (axis, of) in zip(panels, shown.items(), strict=True):
        count = array(result, f"saturation/n_{axis}", 1)
        for name, draws in list(of.items())[:MOST]:
            if len(draws) != len(count):
                raise NothingToShow(f"saturation over {axis}: {len(draws)} points for {len(count)} numbers")
            mean = np.nanmean(draws, axis=1)
            axes.fill_between(
                count,
                np.nanmin(draws, axis=1),
                np.nanmax(draws, axis=1),
                color=palette[name],
                alpha=0.15,
                linewidth=0,
            )
            axes.plot(count, mean, "o-", color=palette[name], linewidth=1.6, markersize=4, label=name)
            words.append(
                f"{name} with {count[0]} {axis} {number(float(mean[0]))}, with {count[-1]} "
                f"{number(float(mean[-1]))}"
            )
        axes.set_xlabel(f"number of {axis}" if axis == "units" else "number of training repeats")
        axes.set_ylim(bottom=0)
        grid(axes, "y")
    panels[0].set_ylabel("exact accuracy")
    legend_below(figure, panels[0])
    caption = (
        "A curve that still rises at its end would gain from more units or repeats. "
        "Shaded: from the worst to the best random draw."
    )
    return Sketch(figure, caption, f"Curves of exact accuracy: {'; '.join(words)}.")
