"""Embeddings beside one another: the same frames, in the latents of every method."""

from __future__ import annotations

import numpy as np

from twofold.reporting.figures.data import FRAME_COLOURS
from twofold.reporting.figures.panels import small_multiples
from twofold.reporting.figures.picture import WHOLE, NothingToShow, Sketch, array, bare, label_of, named
from twofold.studies.result import Result

MOST = 9
PREFIX = "embedding/latents/"


def embedding_maps(result: Result) -> Sketch:
    """First two components of the latents of every method, coloured by frame."""
    found = dict(list(named(result, PREFIX).items())[:MOST])
    frame = array(result, "embedding/frame", 1)
    for name, latents in found.items():
        if latents.ndim != 2 or latents.shape[1] < 2 or len(latents) != len(frame):
            raise NothingToShow(f"array {PREFIX}{name} does not fit embedding/frame")
    figure, panels = small_multiples(list(found), width=WHOLE, across=3, ratio=0.8, share=False)
    order = np.random.default_rng(0).permutation(len(frame))
    size = float(np.clip(4000 / len(frame), 1.0, 9.0))
    words, points = [], None
    for axes, (name, latents) in zip(panels, found.items(), strict=True):
        points = axes.scatter(
            latents[order, 0],
            latents[order, 1],
            c=frame[order],
            cmap=FRAME_COLOURS,
            s=size,
            linewidths=0,
            alpha=0.75,
            rasterized=True,
        )
        bare(axes)
        axes.set_aspect("equal", adjustable="datalim")
        words.append(f"{name} {100 * within(latents, frame):.0f} %")
    what = label_of(result)
    if points is not None:
        bar = figure.colorbar(points, ax=panels, shrink=0.5, aspect=26, pad=0.02)
        bar.outline.set_visible(False)
        bar.set_label(what)
        if bar.solids is not None:
            bar.solids.set_alpha(1)
    caption = (
        f"The same responses in every embedding, coloured by {what}. Neat colours alone prove nothing: a "
        "leaky encoder draws the neatest."
    )
    alt = (
        f"Scatter plots of {len(frame)} samples, coloured by {what}; share of the variance shown that "
        f"lies within a {what}: {'; '.join(words)}."
    )
    return Sketch(figure, caption, alt)


def within(latents: np.ndarray, frame: np.ndarray) -> float:
    """Share of the variance that lies within frames.

    Examples
    --------
    >>> within(np.array([[0.0], [0.0], [1.0], [1.0]]), np.array([3, 3, 5, 5]))
    0.0
    """
    total = float(((latents - latents.mean(axis=0)) ** 2).sum())
    spread = sum(
        float(((latents[frame == k] - latents[frame == k].mean(axis=0)) ** 2).sum()) for k in np.unique(frame)
    )
    return spread / total if total else 0.0
