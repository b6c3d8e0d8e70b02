"""Labels that stand in a column of their own, each with a line to its point, so that none overlap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from twofold.reporting.figures.picture import Look
from twofold.reporting.palette import BACKGROUND, INK, MUTED


@dataclass(frozen=True)
class Label:
    """A name, the point that it belongs to, and how it is written."""

    text: str
    x: float
    y: float
    colour: str
    filled: bool


def fold(text: str, width: int) -> str:
    """Break a text between words into lines of about so many letters.

    Examples
    --------
    >>> fold("control: labels shuffled in every repeat", 18).splitlines()
    ['control: labels', 'shuffled in every', 'repeat']
    """
    lines = [""]
    for word in text.split(" "):
        if lines[-1] and len(lines[-1]) + 1 + len(word) > width:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".strip()
    return "\n".join(lines)


def legend_lines(names: Sequence[str], width: float) -> tuple[int, int]:
    """Columns and lines of a legend in a figure of so many inches.

    Examples
    --------
    >>> legend_lines(["raw", "pca", "contrastive"], 5.2), legend_lines(["raw", "a long name " * 4], 5.2)
    ((2, 2), (1, 2))
    """
    letters = 13 * (width / 2 - 0.45)
    columns = 2 if max(map(len, names)) <= letters and len(names) > 1 else 1
    return columns, -(-len(names) // columns)


def legend_below(figure: Figure, axes: Axes) -> None:
    """Name the curves of one of the axes below all of them, and make the figure so much taller."""
    handles, names = axes.get_legend_handles_labels()
    width, height = figure.get_size_inches()
    columns, lines = legend_lines(names, float(width))
    figure.set_size_inches(width, height + 0.08 + 0.17 * lines)
    figure.legend(handles, names, loc="outside lower left", ncols=columns, fontsize=8.5)


def spread(heights: Sequence[float], room: Sequence[float], low: float, high: float) -> list[float]:
    """Move heights apart so that each has its room, as little as can be, inside low to high.

    Examples
    --------
    >>> spread([0.50, 0.51, 0.9], [0.1, 0.1, 0.1], 0.0, 1.0)
    [0.455, 0.555, 0.9]
    """
    groups: list[tuple[list[int], float, float]] = []  # members from below, middle, room
    for i in sorted(range(len(heights)), key=lambda i: heights[i]):
        members, need = [i], room[i]
        middle = min(max(heights[i], low + need / 2), high - need / 2)
        while groups and groups[-1][1] + groups[-1][2] / 2 > middle - need / 2:
            below, at, taken = groups.pop()
            middle = (at * len(below) + middle * len(members)) / (len(below) + len(members))
            members, need = below + members, taken + need
            middle = min(max(middle, low + need / 2), high - need / 2)
        groups.append((members, middle, need))
    placed = [0.0] * len(heights)
    for members, middle, need in groups:
        edge = middle - need / 2
        for i in members:
            placed[i] = round(edge + room[i] / 2, 6)
            edge += room[i]
    return placed


def draw_labels(axes: Axes, labels: Sequence[Label], line_height: float) -> None:
    """Write labels right of the axes.

    Parameters
    ----------
    axes
        With the limits that they will keep.
    labels
        In data coordinates.
    line_height
        Height of one line of text, as a share of the height of the axes.
    """
    low, high = axes.get_ylim()
    heights = [(label.y - low) / (high - low) for label in labels]
    room = [line_height * (0.4 + label.text.count("\n") + 1) for label in labels]
    for label, at in zip(labels, spread(heights, room, 0.0, 1.0), strict=True):
        look: Look = {
            "arrowstyle": "-",
            "color": label.colour,
            "linewidth": 0.7,
            "alpha": 0.6,
            "shrinkA": 2,
            "shrinkB": 5,
        }
        axes.annotate(
            "",
            (label.x, label.y),
            xytext=(1.07, at),
            textcoords="axes fraction",
            arrowprops=look,
            annotation_clip=False,
        )
        dot: Look = {"color": label.colour, "markerfacecolor": label.colour if label.filled else BACKGROUND}
        axes.plot(1.07, at, "o", transform=axes.transAxes, clip_on=False, markersize=4.5, **dot)
        axes.text(
            1.10,
            at,
            label.text,
            transform=axes.transAxes,
            va="center",
            fontsize=9,
            linespacing=1.15,
            color=INK if label.filled else MUTED,
        )
