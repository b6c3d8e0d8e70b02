"""A drawn figure, or the reason why there is none."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from twofold.reporting.palette import BACKGROUND, FAINT, INK, MUTED
from twofold.studies.result import Result

Look = dict[str, Any]
Group = str  # anchor of a part of the page

# Inches. Half a page, with one panel or with several, and a whole page; small enough that the letters can
# be read on a telephone.
HALF, PANELS, WHOLE = 4.8, 5.2, 5.6
COLOURS = 256

STYLE: dict[Any, Any] = {
    "axes.edgecolor": MUTED,
    "axes.facecolor": BACKGROUND,
    "axes.labelcolor": INK,
    "axes.labelsize": 9.5,
    "axes.linewidth": 0.7,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 9.5,
    "figure.constrained_layout.h_pad": 0.06,
    "figure.constrained_layout.w_pad": 0.06,
    "figure.facecolor": BACKGROUND,
    "font.family": "DejaVu Sans",
    "font.size": 9.5,
    "grid.color": FAINT,
    "grid.linewidth": 0.5,
    "legend.frameon": False,
    "lines.solid_capstyle": "round",
    "svg.hashsalt": "twofold",
    "text.color": INK,
    "text.parse_math": False,
    "xtick.color": MUTED,
    "xtick.labelcolor": INK,
    "xtick.labelsize": 8.5,
    "xtick.major.size": 3,
    "xtick.major.width": 0.7,
    "ytick.color": MUTED,
    "ytick.labelcolor": INK,
    "ytick.labelsize": 8.5,
    "ytick.major.size": 3,
    "ytick.major.width": 0.7,
}


class NothingToShow(Exception):
    """What a figure shows is not in the result; says what is missing."""


@dataclass(frozen=True)
class Picture:
    """One figure: where it stands on the page, its words, and its bits.

    Parameters
    ----------
    name
        Stem of its files.
    group
        Part of the page.
    title, caption
        Words above and under it.
    alt
        What it shows, with numbers, for those who cannot see it.
    png, svg
        The two files.
    size
        Width and height in pixels of the png.
    whole
        Whether it takes the width of the page.
    photographic
        Whether it shows pictures, whose lightness means what it is: a dark page leaves it as it is.
    further
        Whether it is for those who want to know more: the page folds it away.
    """

    name: str
    group: Group
    title: str
    caption: str
    alt: str
    png: bytes = field(repr=False)
    svg: bytes = field(repr=False)
    size: tuple[int, int]
    whole: bool
    photographic: bool = False
    further: bool = False


@dataclass(frozen=True)
class LeftOut:
    """A figure that could not be drawn, and why."""

    name: str
    group: Group
    title: str
    reason: str


@dataclass(frozen=True)
class Sketch:
    """What the function that draws a figure gives: the figure and its words."""

    figure: Figure
    caption: str
    alt: str
    photographic: bool = False


@contextmanager
def style() -> Iterator[None]:
    """Draw in the style of the page, and leave the caller's style as it was."""
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(STYLE)
        yield


def canvas(width: float, height: float) -> Figure:
    """Make an empty figure of so many inches."""
    return Figure(figsize=(width, height), layout="constrained")


def develop(sketch: Sketch, dots_per_inch: int) -> tuple[bytes, bytes, tuple[int, int]]:
    """Render a sketch as png and svg, the same bits every time; also the size of the png in pixels."""
    sketch.figure.set_dpi(dots_per_inch)
    drawing = FigureCanvasAgg(sketch.figure)
    drawing.draw()
    sketch.figure.set_layout_engine("none")  # laid out by now
    png, svg = io.BytesIO(), io.BytesIO()
    drawing.print_figure(svg, dpi=dots_per_inch, format="svg", metadata={"Date": None})
    # 256 colours are enough for a figure, and a third of the bytes.
    full = Image.fromarray(np.asarray(drawing.buffer_rgba())).convert("RGB")
    few = full.quantize(COLOURS, dither=Image.Dither.NONE)
    few.save(png, format="png")
    return png.getvalue(), svg.getvalue(), few.size


def label_of(result: Result) -> str:
    """What is decoded: the frame, unless the recording says otherwise."""
    return str(result.recording.get("label", "frame")).replace("_", " ")


def named(result: Result, prefix: str) -> dict[str, np.ndarray]:
    """Arrays whose names begin so, by the rest of their names.

    Raises
    ------
    NothingToShow
        If there is none.
    """
    found = {key.removeprefix(prefix): each for key, each in result.arrays.items() if key.startswith(prefix)}
    if not found:
        raise NothingToShow(f"the result has no array {prefix}…")
    return found


def array(result: Result, key: str, dimensions: int) -> np.ndarray:
    """Array of a result.

    Raises
    ------
    NothingToShow
        If it is absent, empty, or has another number of axes.
    """
    found = result.arrays.get(key)
    if found is None:
        raise NothingToShow(f"the result has no array {key}")
    if found.ndim != dimensions or not found.size:
        raise NothingToShow(
            f"array {key} has shape {found.shape}, not {dimensions} axes with something in it"
        )
    return found


def bare(axes: Axes) -> None:
    """Take away frame and ticks."""
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(False)


def rule(axes: Axes, at: float, colour: str = MUTED) -> None:
    """Draw a dashed vertical line behind the data."""
    axes.axvline(at, color=colour, linewidth=0.9, linestyle=(0, (3, 2)), zorder=0.5)


def grid(axes: Axes, axis: Literal["x", "y", "both"] = "both") -> None:
    """Draw faint lines behind the data."""
    axes.grid(True, axis=axis)
    axes.set_axisbelow(True)
