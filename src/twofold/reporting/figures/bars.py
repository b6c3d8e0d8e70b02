"""Lines of bars with the name above each, so that long names fit on a narrow page."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from twofold.reporting.figures.labels import fold
from twofold.reporting.figures.picture import Look, canvas
from twofold.reporting.names import MEAN_OVER_NEURONS, Kind, kind_of, metric_of, shown
from twofold.reporting.numbers import number, with_error
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
    """Draw one bar per row, from the top down.

    A thin line is its interval, a dotted tick chance, a thick one the ceiling, a diamond the paper's value.

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
    marks = [x for row in known for x in _marks(row) if x is not None]
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
        if row.paper is not None:
            axes.plot(row.paper, place, "D", color=INK, markerfacecolor=BACKGROUND, markersize=4, zorder=4)
            end = row.paper if 0 <= row.paper - end < room else end
        label: Look = {"xytext": (5, 0), "textcoords": "offset points", "va": "center", "fontsize": 8}
        axes.annotate(number(row.value, decimals), (end, place), **label)
    axes.set_xticks([tick for tick in axes.get_xticks() if lowest <= tick <= 1.001 * highest])
    axes.set_xlim(lowest, highest + room)
    axes.set_ylim(len(rows) - 0.6, -0.8)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    if lowest < 0:
        axes.axvline(0, color=FAINT, linewidth=0.7, zorder=0.5)


def _marks(row: Row) -> tuple[float | None, ...]:
    return row.value, row.low, row.high, row.ceiling, row.paper


def draw_names(axes: Axes, names: Sequence[str]) -> None:
    """Write the name of each line above its bar."""
    for place, name in enumerate(names):
        colour = INK if kind_of(name) == "honest" else MUTED
        text = axes.text(0.0, place - NAME_RISE, name, va="center", fontsize=8.5, color=colour)
        text.set_transform(axes.get_yaxis_transform())
        text.set_in_layout(False)


def bar_panels(
    rows: Sequence[Row], palette: Palette, *, width: float, most_panels: int, decimals: int = 2
) -> Figure:
    """Draw a panel of bars per metric, a line per row name.

    Parameters
    ----------
    rows
        Of one split; the first of each name and metric is shown.
    palette
        Colours of the rows.
    width
        Of the figure, in inches.
    most_panels
        Metrics after so many are left to the table.
    decimals
        Of the number at the end of a bar.
    """
    found: dict[str, dict[str, Row]] = {}
    for row in rows:
        found.setdefault(row.row, {}).setdefault(row.metric, row)
    metrics = list(dict.fromkeys(row.metric for row in rows))[:most_panels]
    figure = canvas(width, 0.75 + 0.4 * len(found))
    panels = figure.subplots(1, len(metrics), squeeze=False)[0]
    for axes, metric in zip(panels, metrics, strict=True):
        draw_bars(
            axes, [of.get(metric) for of in found.values()], palette, decimals, room=0.12 * len(metrics)
        )
        averaged = ", mean over neurons" if metric.endswith(MEAN_OVER_NEURONS) else ""
        title = fold(f"{metric_of(metric).title}{averaged}", int(13 * width / len(metrics)))
        axes.set_title(title, pad=10)
    # Names begin in the first panel and may run over the empty part of the next.
    panels[0].set_zorder(2)
    panels[0].patch.set_visible(False)
    draw_names(panels[0], [shown(name) for name in found])
    return figure


def in_words(rows: Sequence[Row]) -> str:
    """Rows and their numbers, for those who cannot see the bars."""
    found: dict[str, list[str]] = {}
    for row in rows:
        paper = "" if row.paper is None else f" (paper {number(row.paper)})"
        found.setdefault(row.row, []).append(f"{metric_of(row.metric).title} {with_error(row)}{paper}")
    return "; ".join(f"{name}: {', '.join(words)}" for name, words in found.items())


def paper_note(rows: Sequence[Row]) -> str:
    """What the diamonds are, where there are any."""
    return "Diamond: the paper's value." if any(row.paper is not None for row in rows) else ""
