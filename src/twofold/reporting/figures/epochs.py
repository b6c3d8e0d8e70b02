"""How variational autoencoders were trained: responses, guide, and the latents that are used, by epoch."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from twofold.reporting.figures.labels import legend_below
from twofold.reporting.figures.panels import small_multiples
from twofold.reporting.figures.picture import PANELS, Look, NothingToShow, Sketch, array, canvas, grid, named
from twofold.reporting.numbers import number
from twofold.reporting.palette import INK, MUTED, Palette
from twofold.studies.result import Result

LOWEST = -0.25  # of an axis of R²: what lies below is worse than nothing, and how much does not matter


def methods_with(result: Result, curve: str) -> list[str]:
    """Methods that have a curve by epoch.

    Raises
    ------
    NothingToShow
        If none has.
    """
    found = [key.removesuffix(f"/{curve}") for key in named(result, "epochs/") if key.endswith(f"/{curve}")]
    if not found:
        raise NothingToShow(f"the result has no array epochs/<method>/{curve}")
    return found


def response_curves(result: Result, palette: Palette) -> Sketch:
    """R² of the responses from their latents by epoch, training and validation, a panel per method."""
    methods = methods_with(result, "r2_validation")
    return _pairs(
        result,
        palette,
        methods,
        "r2",
        "R² of the responses",
        "Responses rebuilt from the latents of the same trial, by epoch.",
    )


def guide_curves(result: Result, palette: Palette) -> Sketch:
    """R² or accuracy of the guide by epoch, training and validation, a panel per method."""
    methods = methods_with(result, "guide_validation")
    return _pairs(
        result,
        palette,
        methods,
        "guide",
        "R² or accuracy of the guide",
        "What the latents say of the guide: R² of picture features, accuracy of the frame.",
    )


def _pairs(
    result: Result, palette: Palette, methods: Sequence[str], curve: str, axis: str, lead: str
) -> Sketch:
    figure, panels = small_multiples(methods, width=PANELS, across=3, ratio=0.72)
    words, lowest = [], 0.0
    for axes, method in zip(panels, methods, strict=True):
        train = array(result, f"epochs/{method}/{curve}_train", 1)
        validation = array(result, f"epochs/{method}/{curve}_validation", 1)
        paper = _paper(result, method, curve)
        _pair(axes, train, validation, palette[method], paper)
        peak = int(np.nanargmax(validation)) if np.isfinite(validation).any() else 0
        last, best = number(float(validation[-1])), number(float(validation[peak]))
        beside = "" if paper is None else f", paper {number(paper)}"
        words.append(f"{method} peak {best} at epoch {peak + 1}, last {last}{beside}")
        lowest = min(lowest, float(np.nanmin(validation, initial=0.0)))
    panels[0].set_ylim(bottom=max(lowest, LOWEST) if lowest < 0 else 0)
    figure.supxlabel("epoch", fontsize=9.5)
    figure.supylabel(axis, fontsize=9.5)
    caption = (
        f"{lead} Strong: validation, its peak marked; faint: training; dashed: the best validation value "
        f"that the paper gives. A gap between the two is what was learnt by heart."
    )
    return Sketch(figure, caption, f"Curves of {axis} by epoch, validation: {'; '.join(words)}.")


def _pair(axes: Axes, train: np.ndarray, validation: np.ndarray, colour: str, paper: float | None) -> None:
    axes.plot(np.arange(1, len(train) + 1), train, color=colour, linewidth=1.0, alpha=0.45)
    axes.plot(np.arange(1, len(validation) + 1), validation, color=colour, linewidth=1.8)
    if np.isfinite(validation).any():
        peak = int(np.nanargmax(validation))
        axes.plot(peak + 1, validation[peak], "o", color=colour, markersize=4)
    if paper is not None:
        axes.axhline(paper, color=INK, linewidth=0.9, linestyle=(0, (3, 2)), zorder=0.5)
    axes.axhline(0, color=MUTED, linewidth=0.5, zorder=0.4)
    axes.margins(x=0.02)
    grid(axes, "y")


def _paper(result: Result, method: str, curve: str) -> float | None:
    """The paper's value, from a row of this method; the highest where there are several."""
    found = [
        row.paper
        for row in result.tables().get("guidance", [])
        if row.row == method and row.paper is not None and ("guide" in row.metric) == (curve == "guide")
    ]
    return max(found, default=None)


def latents_used(result: Result, palette: Palette) -> Sketch:
    """Divergence from the prior, summed over dimensions, and how many dimensions are used, by epoch."""
    methods = methods_with(result, "kl_per_dimension")
    figure = canvas(PANELS, 2.5)
    left, right = figure.subplots(1, 2)
    words = []
    for method in methods:
        divergence = array(result, f"epochs/{method}/kl_per_dimension", 2)
        active = array(result, f"epochs/{method}/active", 1)
        look: Look = {"color": palette[method], "linewidth": 1.6}
        left.plot(np.arange(1, len(divergence) + 1), divergence.sum(axis=1), label=method, **look)
        right.plot(np.arange(1, len(active) + 1), active, **look)
        words.append(
            f"{method} {number(float(divergence[-1].sum()), 1)} nats in {int(active[-1])} of "
            f"{divergence.shape[1]} dimensions"
        )
    left.set_title("divergence from the prior, nats")
    right.set_title("dimensions in use")
    for axes in (left, right):
        axes.set_xlabel("epoch")
        axes.set_ylim(bottom=0)
        axes.margins(x=0.02)
        grid(axes, "y")
    legend_below(figure, left)
    caption = (
        "What the latents carry in all, and in how many dimensions. A dimension in use differs from the "
        "prior; one that does not is noise, whatever is decoded from it."
    )
    return Sketch(figure, caption, f"Curves by epoch; at the end {'; '.join(words)}.")
