"""Responses laid out so that what is near stays near."""

from __future__ import annotations

import numpy as np
from sklearn.neighbors import NearestNeighbors

from twofold.reporting.figures.data import FRAME_COLOURS
from twofold.reporting.figures.picture import (
    HALF,
    NothingToShow,
    Sketch,
    array,
    bare,
    canvas,
    label_of,
)
from twofold.studies.result import Result


def neighbourhoods(result: Result) -> Sketch:
    """t-SNE in two dimensions, coloured by the position in the clip."""
    at = array(result, "tsne/embedding", 2)
    frame = array(result, "tsne/frame", 1)
    if at.shape[1] != 2 or len(frame) != len(at) or len(at) < 3:
        raise NothingToShow("array tsne/embedding does not have two columns for each tsne/frame")
    figure = canvas(HALF, 3.9)
    axes = figure.subplots()
    size = float(np.clip(7000 / len(at), 2, 14))
    order = np.random.default_rng(0).permutation(len(at))  # so that no repeat lies on top of all others
    across, up = at[order].T
    points = axes.scatter(
        across, up, c=frame[order], cmap=FRAME_COLOURS, s=size, linewidths=0, alpha=0.75, rasterized=True
    )
    axes.set_aspect("equal", adjustable="datalim")
    bare(axes)
    bar = figure.colorbar(points, ax=axes, shrink=0.6, aspect=22, pad=0.02)
    bar.outline.set_visible(False)
    if bar.solids is not None:
        bar.solids.set_alpha(1)
    what = label_of(result)
    bar.set_label(what)
    nearest = NearestNeighbors(n_neighbors=2).fit(at).kneighbors(return_distance=False)[:, 0]
    same = float(np.mean(frame[nearest] == frame))
    caption = (
        f"t-SNE of the population responses, a point per {what} and repeat. Only who is near whom has a "
        f"meaning. {100 * same:.0f} % of the points lie nearest to another repeat of the same {what}."
    )
    alt = (
        f"Scatter plot of {len(at)} responses by t-SNE, coloured by {what}; the nearest point is of the same "
        f"{what} for {100 * same:.0f} %."
    )
    return Sketch(figure, caption, alt)
