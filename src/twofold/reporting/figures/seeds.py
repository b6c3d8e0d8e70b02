"""Whether an embedding is the same when it is fitted again: latents across seeds, and how they agree."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from twofold.reporting.figures.consistency import draw_agreement
from twofold.reporting.figures.data import FRAME_COLOURS
from twofold.reporting.figures.picture import (
    WHOLE,
    NothingToShow,
    Sketch,
    array,
    bare,
    canvas,
    label_of,
    named,
)
from twofold.studies.result import Result

MOST_METHODS, MOST_SEEDS = 4, 3
LINE = 1.75  # inches


def across_seeds(result: Result) -> Sketch:
    """Latents of each seed, turned onto the first, beside the matrix of their agreement and its chance."""
    methods = list(named(result, "seeds/score/"))[:MOST_METHODS]
    latents = {method: array(result, f"seeds/latents/{method}", 3) for method in methods}
    columns = min(MOST_SEEDS, *(len(each) for each in latents.values()))
    figure = canvas(WHOLE, 0.4 + LINE * len(methods))
    panels = figure.subplots(len(methods), columns + 1, squeeze=False, width_ratios=[1] * columns + [1.15])
    words = []
    for line, method in zip(panels, methods, strict=True):
        score = array(result, f"seeds/score/{method}", 2)
        chance = array(result, f"seeds/chance/{method}", 2)
        if score.shape != chance.shape or latents[method].shape[2] < 2:
            raise NothingToShow(f"the arrays seeds/…/{method} do not belong together")
        for axes, each in zip(line, latents[method], strict=False):
            _trajectory(axes, each)
        names = [str(seed + 1) for seed in range(len(score))]
        draw_agreement(line[-1], score, names, chance)
        _shrink(line[-1], len(score))
        line[0].set_title(method, fontsize=8.5)
        off = ~np.eye(len(score), dtype=bool)
        words.append(
            f"{method} {score[off].mean():.2f} on the mean (least {score[off].min():.2f}), by chance "
            f"{chance[off].mean():.2f}"
        )
    what = label_of(result)
    caption = (
        f"Mean latents of each {what} for {columns} seeds, turned onto the first: the same colour is the "
        f"same {what}. Right: R² with which one seed tells another on held-out responses; small: by chance. "
        "Only what agrees across seeds belongs to the data."
    )
    return Sketch(figure, caption, f"Latents across seeds and their agreement: {'; '.join(words)}.")


def _trajectory(axes: Axes, latents: np.ndarray) -> None:
    colour = np.linspace(0, 1, len(latents))
    axes.plot(latents[:, 0], latents[:, 1], color="black", linewidth=0.3, alpha=0.35)
    axes.scatter(
        latents[:, 0], latents[:, 1], c=colour, cmap=FRAME_COLOURS, s=7, linewidths=0, rasterized=True
    )
    axes.set_aspect("equal", adjustable="datalim")
    bare(axes)


def _shrink(axes: Axes, n: int) -> None:
    """Make the words of a matrix fit into a small panel."""
    axes.set(xlabel="", ylabel="")
    axes.tick_params(labelsize=7)
    for k, text in enumerate(axes.texts):
        text.set_fontsize(min(9.0, 26 / n) if k % 2 == 0 else min(6.5, 18 / n))
