"""Whether the predicted distributions are right: calibration, coverage, and noise that neurons share."""

from __future__ import annotations

import numpy as np

from twofold.reporting.figures.picture import PANELS, NothingToShow, Sketch, array, canvas, grid
from twofold.reporting.latent_factors.colours import CONDITIONED
from twofold.reporting.latent_factors.mice import counted, of_each_mouse, per_mouse
from twofold.reporting.latent_factors.points import MARKERS
from twofold.reporting.numbers import number
from twofold.reporting.palette import HUES, MUTED
from twofold.studies.result import Result


def calibration(result: Result) -> Sketch:
    """Histogram of the probability integral transform, and coverage of intervals, beside their ideals."""
    pit = array(result, "calibration/pit", 1).astype(float)
    level = array(result, "calibration/level", 1).astype(float)
    coverage = per_mouse(result, "calibration/coverage", len(level))
    figure = canvas(PANELS, 2.7)
    left, right = figure.subplots(1, 2)
    density = pit / pit.mean()
    left.stairs(density, np.linspace(0, 1, len(pit) + 1), fill=True, color=CONDITIONED, alpha=0.55)
    left.axhline(1, color=MUTED, linewidth=1.0, linestyle=(0, (3, 2)))
    left.set(title="where responses fall", xlabel="predicted probability of less", ylabel="density")
    left.set_ylim(bottom=0)
    right.plot([0, 100], [0, 100], color=MUTED, linewidth=1.0, linestyle=(0, (3, 2)))
    for k, each in enumerate(coverage):
        right.plot(
            100 * level, 100 * each, MARKERS[k % len(MARKERS)], color=CONDITIONED, markersize=4, alpha=0.6
        )
    right.plot(100 * level, 100 * np.nanmean(coverage, axis=0), color=CONDITIONED, linewidth=1.8)
    right.set(title="what intervals hold", xlabel="promised, %", ylabel="of responses, %")
    right.set_xlim(0, 102)
    right.set_ylim(0, 102)
    grid(right)
    caption = (
        f"Held-out responses of {counted(len(coverage))} against their predicted distributions. Left: level "
        "with the dashed line, the distribution is right; high at both ends, it is too narrow; a hill, too "
        "wide. Right: share of responses inside intervals, a mark per mouse, against what the intervals "
        "promise. The paper has no such check."
    )
    words = "; ".join(
        f"{number(100 * a, 0)} % promised, {number(100 * float(b), 1)} % held"
        for a, b in zip(level, np.nanmean(coverage, axis=0), strict=True)
    )
    spread = f"{number(float(density.min()), 2)} to {number(float(density.max()), 2)}"
    return Sketch(figure, caption, f"Density of the transform from {spread}, ideal 1. Coverage: {words}.")


def noise_correlations(result: Result) -> Sketch:
    """Every pair of neurons: noise correlation in the data and in the model, one panel per mouse."""
    data = of_each_mouse(result, "noise-correlations", "data", 1)
    model = of_each_mouse(result, "noise-correlations", "model", 1)
    shown = list(data)[:4]
    figure = canvas(PANELS, 2.6 if len(shown) > 1 else 3.2)
    panels = figure.subplots(1, len(shown), squeeze=False, sharex=True, sharey=True)[0]
    words = []
    for axes, mouse in zip(panels, shown, strict=True):
        across, up = data[mouse].astype(float), model.get(mouse, np.empty(0)).astype(float)
        if across.shape != up.shape:
            raise NothingToShow(
                f"noise correlations of {mouse}: {len(across)} measured, {len(up)} of the model"
            )
        axes.plot(
            across, up, ".", color=HUES[0], markersize=2.2, alpha=0.25, markeredgewidth=0, rasterized=True
        )
        axes.axline((0, 0), slope=1, color=MUTED, linewidth=0.9, linestyle=(0, (3, 2)), zorder=0.5)
        agreement = float(np.corrcoef(across, up)[0, 1]) if across.std() and up.std() else 0.0
        axes.set_title(f"{mouse}   r = {number(agreement, 2)}", fontsize=8.5)
        axes.set_box_aspect(1)
        grid(axes)
        words.append(f"{mouse} {number(agreement, 2)} over {len(across)} pairs")
    panels[0].set_ylabel("in the model")
    panels[len(shown) // 2].set_xlabel("measured between repeats")
    reach = 1.05 * max(float(np.abs(values).max()) for of in (data, model) for values in of.values()) or 1.0
    panels[0].set(xlim=(-reach, reach), ylim=(-reach, reach))
    caption = (
        "Each point is a pair of neurons: how much they vary together around their mean response to a video, "
        "as measured and as the shared state makes them. A flat cloud says that the state is not what they "
        "share; measured values hold noise of few repeats, so even the true model has a flat slope. The "
        "paper has no such check."
    )
    return Sketch(figure, caption, f"Scatter of noise correlations, agreement: {'; '.join(words)}.")
