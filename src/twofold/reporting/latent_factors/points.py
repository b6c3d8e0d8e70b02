"""One metric of several models: a point per mouse, joined; the mean, chance, ceiling, the paper's value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from twofold.reporting.figures.picture import Look
from twofold.reporting.latent_factors.mice import OverMice
from twofold.reporting.names import kind_of
from twofold.reporting.numbers import number
from twofold.reporting.palette import BACKGROUND, FAINT, INK, MUTED, Palette

MARKERS = "os^Dv<>Ph*"
POINT = 4.2  # points, of the mark of a mouse
MEAN, UNDER = 0.3, 0.36  # lines: half the height of the mark of a mean; from a line to what stands under it
OFF = 0.5  # of the span of a panel, beyond which the paper's value is off its scale


def draw_points(
    axes: Axes,
    lines: Sequence[OverMice | None],
    palette: Palette,
    markers: Mapping[str, str],
    *,
    ticks: int = 4,
) -> None:
    """Draw one metric; the same mouse is joined from line to line.

    Parameters
    ----------
    axes
        Where to draw.
    lines
        One per model, from the top down; None leaves the line empty.
    palette
        Colours of the rows.
    markers
        By mouse.
    ticks
        Most of them on the axis.
    """
    for mouse in markers:
        rows = [None if of is None else of.each.get(mouse) for of in lines]
        across = [np.nan if row is None or row.value is None else row.value for row in rows]
        axes.plot(across, range(len(lines)), color=FAINT, linewidth=0.9, zorder=1)
    for place, of in enumerate(lines):
        if of is not None:
            _line(axes, place, of, palette[of.mean.row], markers)
    if len(lines) == 1:
        axes.plot(0, 0, alpha=0)  # one model is compared with nothing but zero
    axes.margins(x=0.08)
    low, high = axes.get_xlim()
    for place, of in enumerate(lines):
        if of is not None and of.mean.paper is not None:
            _paper(axes, place, of.mean.paper, low, high)
    axes.set_ylim(len(lines) - 0.5, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.xaxis.set_major_locator(MaxNLocator(ticks))
    axes.xaxis.set_major_formatter(lambda at, _: f"{at:g}".replace("-", "−"))
    axes.tick_params(axis="x", labelsize=8)
    axes.grid(True, axis="x")
    axes.set_axisbelow(True)


def _line(axes: Axes, place: int, of: OverMice, colour: str, markers: Mapping[str, str]) -> None:
    """Draw one model: points, the mean and its interval, chance and ceiling; the mean in digits."""
    row = of.mean
    honest = kind_of(row.row) == "honest"
    look: Look = {"color": colour, "markerfacecolor": colour if honest else BACKGROUND, "alpha": 0.8}
    for mouse, each in of.each.items():
        if each.value is not None:
            axes.plot(each.value, place, markers[mouse], markersize=POINT, zorder=2.5, **look)
    if row.low is not None and row.high is not None:
        axes.plot([row.low, row.high], [place, place], color=INK, linewidth=1.1, zorder=2.8)
    if row.value is not None:
        axes.plot([row.value] * 2, [place - MEAN, place + MEAN], color=INK, linewidth=2.2, zorder=3)
    for mark, style in ((row.chance, (0, (1, 1))), (row.ceiling, "-")):
        if mark is not None:
            axes.plot([mark] * 2, [place - 0.35, place + 0.35], color=MUTED, linewidth=1.2, linestyle=style)
    digits: Look = {"fontsize": 8.5, "va": "center", "color": INK if honest else MUTED}
    axes.annotate(
        number(row.value), (1.0, place), xycoords=axes.get_yaxis_transform(), xytext=(3, 0),
        textcoords="offset points", **digits,
    )  # fmt: skip


def _paper(axes: Axes, place: int, value: float, low: float, high: float) -> None:
    """Mark the paper's value; at the edge, where it is so far off that the mice could not be told apart."""
    span = high - low
    look: Look = {"color": INK, "markerfacecolor": BACKGROUND, "zorder": 2.6}
    if low - OFF * span <= value <= high + OFF * span:
        axes.plot(value, place, "D", markersize=5, **look)
        return
    right = value > high
    edge = axes.get_yaxis_transform()
    under = place + UNDER
    axes.plot(0.985 if right else 0.015, under, ">" if right else "<", transform=edge, markersize=4.5, **look)
    note: Look = {"fontsize": 7, "color": MUTED, "ha": "right" if right else "left", "va": "center"}
    axes.text(0.945 if right else 0.055, under, number(value, 2), transform=edge, **note)
