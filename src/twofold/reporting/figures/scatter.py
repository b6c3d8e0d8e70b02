"""The scoreboard as one picture: decoding against alignment."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from twofold.reporting.figures.labels import Label, draw_labels, fold
from twofold.reporting.figures.picture import WHOLE, Look, NothingToShow, Sketch, canvas, grid, rule
from twofold.reporting.names import decoder_of, embedding_of, kind_of, metric_of
from twofold.reporting.numbers import number
from twofold.reporting.palette import BACKGROUND, MUTED, Palette, family_of
from twofold.reporting.scoreboard import Entry, Scoreboard
from twofold.studies.result import Row

MARKERS = "osD^vPX*hp"
ACROSS = "exact_accuracy"
LINE_HEIGHT, NAME_WIDTH = 0.05, 22


def scatter(scoreboard: Scoreboard, palette: Palette) -> Sketch:
    """Every row by its exact accuracy and its alignment; labels stand in a column of their own."""
    up = scoreboard.alignment_metric
    both = [e for e in scoreboard.entries if up and None not in (e.value(ACROSS), e.value(up))]
    if up is None or not both:
        raise NothingToShow("no row has both an exact accuracy and an alignment on unseen frames or units")
    decoders = list(dict.fromkeys(decoder_of(entry.name) for entry in both))
    markers = {name: MARKERS[place % len(MARKERS)] for place, name in enumerate(decoders)}
    figure = canvas(WHOLE, 3.9)
    figure.set_layout_engine("none")
    axes = figure.add_axes((0.115, 0.125, 0.56, 0.785))
    for entry in both:
        _point(axes, entry.found[ACROSS], entry.found[up], palette, markers[decoder_of(entry.name)])
    kind = metric_of(up).title.partition(") ")[2]
    axes.set(xlabel="decoding: exact accuracy", ylabel=f"alignment: {kind}")
    axes.margins(x=0.04, y=0.1)
    grid(axes)
    _bounds(axes, scoreboard, both, up)
    _legend(axes, markers)
    labelled = _labelled(both, up)
    draw_labels(axes, [_label(entry, up, palette) for entry in labelled], line_height=LINE_HEIGHT)
    caption = (
        "Right is better decoding, up is better alignment. Filled: rows that compete; hollow: controls "
        "and leaky rows. Lines lead from the best decoder of an embedding to its name; "
        "bars are the intervals of the table."
    )
    words = (f"{e.name} ({number(e.value(ACROSS))}, {number(e.value(up))})" for e in both)
    alt = f"Scatter plot of exact accuracy against {kind}: {'; '.join(words)}."
    return Sketch(figure, caption, alt)


def _point(axes: Axes, across: Row, up: Row, palette: Palette, marker: str) -> None:
    colour = palette[across.row]
    x, y = across.value or 0.0, up.value or 0.0
    for row, horizontal in ((across, True), (up, False)):
        if row.low is not None and row.high is not None and row.interval_kind != "permutation_99":
            ends = [row.low, row.high]
            axes.plot(
                ends if horizontal else [x, x],
                [y, y] if horizontal else ends,
                color=colour,
                linewidth=1,
                alpha=0.6,
            )
    filled = kind_of(across.row) == "honest"
    axes.plot(
        x, y, marker, color=colour, markerfacecolor=colour if filled else BACKGROUND, markersize=6.5, zorder=3
    )


def _labelled(entries: Sequence[Entry], up: str) -> list[Entry]:
    """The best decoder of each embedding, as many as there is room for: families first, the rest by place."""
    best = {embedding_of(e.name): e for e in sorted(entries, key=lambda e: e.value(ACROSS) or 0.0)}
    order = sorted(best.values(), key=lambda e: -max(e.value(ACROSS) or 0.0, e.value(up) or 0.0))
    first: dict[str, Entry] = {}
    for entry in order:
        first.setdefault(f"{entry.kind} {family_of(embedding_of(entry.name))}", entry)
    found, room = [], 0.0
    for entry in [*first.values(), *(e for e in order if e not in first.values())]:
        room += LINE_HEIGHT * (1.4 + fold(embedding_of(entry.name), NAME_WIDTH).count("\n"))
        if room > 1:
            break
        found.append(entry)
    return found


def _label(entry: Entry, up: str, palette: Palette) -> Label:
    """Label the point of one row with its embedding."""
    name = fold(embedding_of(entry.name), NAME_WIDTH)
    x, y = entry.value(ACROSS) or 0.0, entry.value(up) or 0.0
    return Label(name, x, y, palette[entry.name], entry.kind == "honest")


def _bounds(axes: Axes, scoreboard: Scoreboard, entries: Sequence[Entry], up: str) -> None:
    """Chance of decoding as a dashed line, every bound as a dotted one."""
    chance = [c for e in entries if (c := e.found[ACROSS].chance) is not None]
    note: Look = {"fontsize": 8, "color": MUTED, "textcoords": "offset points"}
    if chance:
        rule(axes, float(np.mean(chance)))
        axes.annotate(
            "chance", (float(np.mean(chance)), 0), xycoords=("data", "axes fraction"), xytext=(4, 4), **note
        )
    for entry in scoreboard.of_kind("ceiling"):
        height, width = entry.value(up), entry.value(ACROSS)
        if height is not None:
            axes.axhline(height, color=MUTED, linewidth=0.9, linestyle=(0, (1, 2)), zorder=0.5)
            at: Look = {"xycoords": ("axes fraction", "data"), "xytext": (-3, 3), "ha": "right"}
            axes.annotate(entry.name, (1, height), **at, **note)
        elif width is not None:
            axes.axvline(width, color=MUTED, linewidth=0.9, linestyle=(0, (1, 2)), zorder=0.5)


def _legend(axes: Axes, markers: dict[str, str]) -> None:
    handles = [
        axes.plot([], [], marker, color=MUTED, markersize=5.5, label=name or "no decoder")[0]
        for name, marker in markers.items()
    ]
    axes.legend(
        handles=handles,
        loc="lower left",
        bbox_to_anchor=(-0.02, 1.0),
        ncols=min(len(handles), 5),
        fontsize=8.5,
        handletextpad=0.1,
        columnspacing=1.0,
        borderpad=0.2,
    )
