"""Lines of bars with the name above each, so that long names fit on a narrow page."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes

from twofold.reporting.figures.picture import Look
from twofold.reporting.names import Kind, kind_of
from twofold.reporting.numbers import number
from twofold.reporting.palette import BACKGROUND, FAINT, INK, MUTED, Palette
from twofold.studies.result import Row

# In units of one line: the bar sits low in its line, the name above it.
BAR_HEIGHT, NAME_RISE = 0.36, 0.44


def look_of(kind: Kind, colour: str) -> Look:
    """Honest rows are filled; all others are hollow."""
    if kind == "honest":
        return {"facecolor": colour, "edgecolor": colour, "linewidth": 1.0}
    return {"facecolor": BACKGROUND, "edgecolor": colour, "linewidth": 1.0}


def draw_bars(
    axes: Axes, rows: Sequence[Row | None], palette: Palette, decimals: int = 2, room: float = 0.2
) -> None:
    """Draw one bar per row, from the top down, with its interval, chance (dotted) and ceiling (thick).

    Parameters
    ----------
    axes
        Where to draw.
    rows
        One per line; None or a row without value leaves the line empty, with a dash.
    palette
        Colours of the rows.
    decimals
        Of the number at the end of the bar.
    room
        Room for that number, as a share of the longest bar.
    """
    known = [row for row in rows if row is not None]
    marks = [x for row in known for x in (row.value, row.low, row.high, row.ceiling) if x is not None]
    lowest, highest = min(0.0, *marks, 0.0), max(*marks, 1e-6, 1e-6)
    room *= highest - lowest
    for place, row in enumerate(rows):
        if row is None or row.value is None:
            axes.text(0, place, " –", va="center", fontsize=8, color=MUTED)
            continue
        axes.barh(place, row.value, height=BAR_HEIGHT, **look_of(kind_of(row.row), palette[row.row]))
        end = max(row.value, 0.0)
        if row.low is not None and row.high is not None:
            axes.plot([row.low, row.high], [place, place], color=BACKGROUND, linewidth=2.8)
            axes.plot([row.low, row.high], [place, place], color=INK, linewidth=1.1)
            end = max(end, row.high)
        for mark, look in ((row.chance, (0, (1, 1))), (row.ceiling, "-")):
            if mark is not None:
                width = 1.6 if look == "-" else 1.0
                axes.plot(
                    [mark] * 2, [place - 0.25, place + 0.25], color=INK, linewidth=width, linestyle=look
                )
                end = mark if 0 <= mark - end < room else end
        label: Look = {"xytext": (5, 0), "textcoords": "offset points", "va": "center", "fontsize": 8}
        axes.annotate(number(row.value, decimals), (end, place), **label)
    axes.set_xticks([tick for tick in axes.get_xticks() if lowest <= tick <= 1.001 * highest])
    axes.set_xlim(lowest, highest + room)
    axes.set_ylim(len(rows) - 0.6, -0.8)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    if lowest < 0:
        axes.axvline(0, color=FAINT, linewidth=0.7, zorder=0.5)


def draw_names(axes: Axes, names: Sequence[str]) -> None:
    """Write the name of each line above its bar."""
    for place, name in enumerate(names):
        colour = INK if kind_of(name) == "honest" else MUTED
        text = axes.text(0.0, place - NAME_RISE, name, va="center", fontsize=8.5, color=colour)
        text.set_transform(axes.get_yaxis_transform())
        text.set_in_layout(False)
