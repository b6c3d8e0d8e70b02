"""An embedding to turn and point at, as a piece of HTML."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import numpy as np
import plotly.graph_objects as go

from twofold.errors import DataError, OptionError
from twofold.reporting.figures.embedding_view import (
    CONTINUOUS,
    Classes,
    Points,
    Scale,
    colouring,
    points,
)
from twofold.reporting.palette import BACKGROUND, FAINT, INK

HEIGHT = 560  # pixels


def interactive_embedding(
    latents: np.ndarray,
    colour: np.ndarray | Sequence | None = None,
    *,
    kind: str = "label",
    dimensions: int = 3,
    axes: Sequence[int] | None = None,
    name: str | None = None,
    hover: Mapping[str, np.ndarray | Sequence] | None = None,
    script: str = "inline",
    div_id: str = "embedding",
) -> str:
    """Draw an embedding that can be turned, zoomed and asked, as one HTML element.

    Parameters
    ----------
    latents, colour, kind, dimensions, axes, name
        As in `embedding_figure`. A click on a class in the legend hides it.
    hover
        Name to (time,) values that are told of the sample under the pointer, such as trial and frame.
    script
        Where the drawing library (5 MB) comes from: "inline" puts it into the piece, which then needs no
        network; "cdn" loads it; "none" leaves it to the page, for a second piece.
    div_id
        Of the element; each piece of a page needs one of its own.

    Returns
    -------
    str
        A `<div>` with its script.

    Raises
    ------
    DataError
        If latents, colours or hover values cannot be shown.
    OptionError
        If an option cannot work.

    Examples
    --------
    >>> html = interactive_embedding(np.eye(3), ["a", "b", "a"], hover={"frame": [0, 1, 2]}, script="none")
    >>> html.startswith("<div"), "frame: 2" in html
    (True, True)
    """
    sources: dict[str, bool | str] = {"inline": True, "cdn": "cdn", "none": False}
    if script not in sources:
        raise OptionError(f"script={script!r}: give 'inline', 'cdn' or 'none'")
    shown = points(latents, dimensions, axes)
    colours = colouring(colour, kind, len(latents))
    words = _words(hover or {}, len(latents))
    title = escape(name or kind)
    if isinstance(colours, Classes):
        traces = [_class(shown, words, colours, k) for k in range(len(colours.names))]
    else:
        traces = [_scale(shown, words, colours, title)]
    figure = go.Figure(traces, layout=_layout(shown, title))
    html: str = figure.to_html(
        full_html=False,
        include_plotlyjs=sources[script],
        div_id=div_id,
        config={"displaylogo": False, "responsive": True},
    )
    return html


def _words(hover: Mapping[str, np.ndarray | Sequence], n_samples: int) -> list[str]:
    """What is told of each sample, a line per name."""
    lines = []
    for key, values in hover.items():
        if len(values) != n_samples:
            raise DataError(f"hover[{key!r}]: {len(values)} values for {n_samples} samples; give one each")
        lines.append([f"{escape(key)}: {escape(_word(value))}" for value in values])
    return ["<br>".join(line) for line in zip(*lines, strict=True)] or [""] * n_samples


def _word(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float | np.floating) else str(value)


def _class(shown: Points, words: list[str], colours: Classes, k: int) -> Any:
    rows = np.flatnonzero(colours.number == k)
    marker = {**_marker(shown), "color": colours.colours[k]}
    name = escape(colours.names[k])
    return _trace(shown.at[rows], [f"<b>{name}</b><br>{words[row]}" for row in rows], marker, name)


def _scale(shown: Points, words: list[str], colours: Scale, title: str) -> Any:
    bar = {"title": {"text": title}, "outlinewidth": 0, "thickness": 12, "len": 0.6}
    marker = {**_marker(shown), "color": colours.values, "colorscale": CONTINUOUS, "colorbar": bar}
    told = [
        f"<b>{title} {value:.4g}</b><br>{word}" for value, word in zip(colours.values, words, strict=True)
    ]
    return _trace(shown.at, told, marker, title)


def _marker(shown: Points) -> dict[str, Any]:
    largest = 4.5 if shown.at.shape[1] == 3 else 6.0
    size = float(np.clip(30 * largest / np.sqrt(len(shown.at)), 2.0, largest))
    return {"size": size, "opacity": 0.8, "line": {"width": 0}}


def _trace(at: np.ndarray, told: list[str], marker: dict[str, Any], name: str) -> Any:
    coordinates = dict(zip("xyz", at.T.astype(np.float32), strict=False))
    kind = go.Scatter3d if at.shape[1] == 3 else go.Scattergl
    return kind(
        **coordinates,
        mode="markers",
        marker=marker,
        name=name,
        text=told,
        hovertemplate="%{text}<extra></extra>",
    )


def _layout(shown: Points, title: str) -> go.Layout:
    names = [{"title": {"text": name}, "gridcolor": FAINT, "zeroline": False} for name in shown.names]
    common: dict[str, Any] = {
        "template": "none",
        "height": HEIGHT,
        "margin": {"l": 50, "r": 10, "t": 20, "b": 50},
        "font": {"family": "system-ui, sans-serif", "size": 13, "color": INK},
        "legend": {"title": {"text": title}, "itemsizing": "constant", "y": 0.5},
        "paper_bgcolor": BACKGROUND,
    }
    if len(names) == 3:
        scene = {
            f"{axis}axis": {**look, "showticklabels": False, "showbackground": False, "showspikes": False}
            for axis, look in zip("xyz", names, strict=True)
        }
        margin = {"l": 0, "r": 0, "t": 0, "b": 0}
        return go.Layout({**common, "margin": margin, "scene": {**scene, "aspectmode": "data"}})
    x, y = names
    return go.Layout({**common, "xaxis": x, "yaxis": {**y, "scaleanchor": "x"}})
