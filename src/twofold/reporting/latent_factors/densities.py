"""Figure 9: the density of one neuron's response over time, for few and for many dimensions."""

from __future__ import annotations

import numpy as np

from twofold.reporting.figures.picture import WHOLE, NothingToShow, Sketch, array, canvas, named
from twofold.reporting.numbers import number
from twofold.studies.result import Result

SHADES, DARKEST = "magma", 6.0  # nats below the highest that are told apart


def heat_maps(result: Result) -> Sketch:
    """Log density over response and time, one panel per number of dimensions, the recorded response above."""
    level = array(result, "figure-9/y", 1).astype(float)
    observed = array(result, "figure-9/observed", 1).astype(float)
    found = named(result, "figure-9/log_density_")
    silent = int(level[0] <= 0)  # silence has a probability, which is no density
    dimensions = sorted(found, key=lambda name: (len(name), name))
    for name in dimensions:
        if found[name].shape != (len(level), len(observed)):
            raise NothingToShow(f"figure-9/log_density_{name} has shape {found[name].shape}")
    level, found = level[silent:], {name: found[name][silent:] for name in dimensions}
    high = max(float(np.percentile(found[name][np.isfinite(found[name])], 99.5)) for name in dimensions)
    top = min(float(level[-1]), max(1.3 * float(observed.max()), float(level[len(level) // 5])))
    figure = canvas(WHOLE, 2.9)
    panels = figure.subplots(1, len(dimensions), sharey=True, squeeze=False)[0]
    for axes, name in zip(panels, dimensions, strict=True):
        image = axes.pcolormesh(
            np.arange(len(observed)), level, found[name], cmap=SHADES, vmin=high - DARKEST, vmax=high,
            rasterized=True, shading="nearest",
        )  # fmt: skip
        axes.plot(observed, ".", color="white", markersize=3.4, markeredgecolor="black", markeredgewidth=0.3)
        axes.set(title=f"K = {name}", xlabel="frame", ylim=(0, top))
        axes.margins(x=0)
    panels[0].set_ylabel("response")
    bar = figure.colorbar(image, ax=list(panels), aspect=25, pad=0.02, extend="min")
    bar.set_label("log density, nats")
    bar.outline.set_visible(False)
    caption = (
        "Where the model expects one neuron's response to lie, given the video alone: bright is likely. "
        "Dots: the recorded responses. A model with more dimensions spreads its expectation; that is a gain "
        "only where dots lie in what it reaches. Silence has a probability of its own and is not part of the "
        "density. The paper shows K = 12 and 150 so."
    )
    means = "; ".join(f"K = {name}: {number(_at(found[name], level, observed))} nats" for name in dimensions)
    return Sketch(
        figure, caption, f"Heat maps of log density; mean at the recorded responses: {means}.", True
    )


def _at(density: np.ndarray, level: np.ndarray, observed: np.ndarray) -> float:
    """Mean log density at the recorded responses that are inside the levels."""
    rows = np.clip(np.searchsorted(level, observed), 0, len(level) - 1)
    values = density[rows, np.arange(len(observed))]
    return float(values[np.isfinite(values)].mean())
