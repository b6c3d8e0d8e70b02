"""An embedding as points, coloured by label, time or repeat."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.colors import to_rgba_array
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from twofold.reporting.figures.embedding_view import (
    CONTINUOUS,
    Classes,
    Points,
    Scale,
    colouring,
    points,
)
from twofold.reporting.figures.labels import fold
from twofold.reporting.figures.picture import WHOLE, Look, canvas, grid, style

LEGEND_COLUMN = 14  # classes in a column of the legend
NAME_WIDTH = 18  # letters


def embedding_figure(
    latents: np.ndarray,
    *,
    colour: np.ndarray | Sequence | None = None,
    kind: str = "label",
    dimensions: int = 3,
    axes: Sequence[int] | None = None,
    name: str | None = None,
) -> Figure:
    """Draw an embedding in two or three dimensions.

    Parameters
    ----------
    latents
        (time, dimension).
    colour
        (time,) label, time or repeat of every sample; None, with `kind="time"`, counts the samples.
    kind
        "label": strings, booleans and integers of at most 8 values get a legend, other numbers a scale;
        "time": a scale; "repeat": a legend, or a scale where there are more than 12.
    dimensions
        2 or 3.
    axes
        Which latents to show; None shows all, or their first principal components where there are more.
    name
        Title of the legend or scale; None takes the kind.

    Returns
    -------
    matplotlib.figure.Figure
        To be saved with `figure.savefig("embedding.png")`; it belongs to no window.

    Raises
    ------
    DataError
        If latents or colours cannot be shown.
    OptionError
        If an option cannot work.

    Examples
    --------
    >>> angle = np.linspace(0, 6, 50)
    >>> circle = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    >>> embedding_figure(circle, colour=angle, dimensions=2, name="position").axes[0].get_xlabel()
    'latent 1'
    """
    shown = points(latents, dimensions, axes)
    colours = colouring(colour, kind, len(latents))
    with style():
        figure = canvas(WHOLE, 4.0)
        panel = figure.add_subplot(projection="3d" if dimensions == 3 else None)
        drawn = _draw(panel, shown, colours)
        if isinstance(colours, Classes):
            _legend(figure, colours, name or kind)
        else:
            bar = figure.colorbar(drawn, ax=panel, shrink=0.6, aspect=22, pad=0.03)
            bar.outline.set_visible(False)
            if bar.solids is not None:
                bar.solids.set_alpha(1)
            bar.set_label(name or kind)
    return figure


def _draw(panel: Any, shown: Points, colours: Classes | Scale) -> Any:
    # In a random order, so that no class or time lies on top of all others.
    order = np.random.default_rng(0).permutation(len(shown.at))
    look: Look = {
        "s": float(np.clip(9000 / len(order), 2.0, 22.0)),
        "alpha": 0.75,
        "linewidths": 0,
        "rasterized": True,
    }
    if isinstance(colours, Classes):
        look["c"] = to_rgba_array(colours.colours)[colours.number[order]]
    else:
        look |= {"c": colours.values[order], "cmap": CONTINUOUS}
    if shown.at.shape[1] == 3:
        look["depthshade"] = False
    drawn = panel.scatter(*shown.at[order].T, **look)
    panel.set_aspect("equal", adjustable="datalim" if shown.at.shape[1] == 2 else "box")
    _name_axes(panel, shown)
    return drawn


def _name_axes(panel: Any, shown: Points) -> None:
    if shown.at.shape[1] == 2:
        panel.set(xlabel=shown.names[0], ylabel=shown.names[1])
        grid(panel)
        return
    for axis, name in zip((panel.xaxis, panel.yaxis, panel.zaxis), shown.names, strict=True):
        axis.set_ticklabels([])
        axis.set_pane_color((1, 1, 1, 0))
        axis.set_label_text(name)
        axis.labelpad = -12


def _legend(figure: Figure, colours: Classes, title: str) -> None:
    handles = [
        Line2D([], [], linestyle="", marker="o", markersize=5.5, color=colour, label=fold(name, NAME_WIDTH))
        for name, colour in zip(colours.names, colours.colours, strict=True)
    ]
    figure.legend(
        handles=handles,
        title=title,
        alignment="left",
        loc="outside right center",
        ncols=-(-len(handles) // LEGEND_COLUMN),
        fontsize=8.5,
        title_fontsize=9.5,
        handletextpad=0.1,
    )
