"""Which frames are taken for which, and how far off each one is, over all held-out repeats."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.colors import LinearSegmentedColormap

from twofold.reporting.figures.labels import legend_below
from twofold.reporting.figures.panels import small_multiples
from twofold.reporting.figures.picture import HALF, PANELS, Look, NothingToShow, Sketch, canvas, grid
from twofold.reporting.names import kind_of
from twofold.reporting.palette import BACKGROUND, FAINT, MUTED, Palette

MOST_SQUARES, MOST_CELLS, MOST_CURVES = 4, 60, 5
POINTS = 45  # of a curve


def confusions(
    true: np.ndarray, predicted: Mapping[str, np.ndarray], palette: Palette, what: str = "frame"
) -> Sketch:
    """Decoded against true frame, one small square per row; `predicted` are (repeat, frame)."""
    predicted = dict(list(predicted.items())[:MOST_SQUARES])
    last = int(max(true.max(), *(found.max() for found in predicted.values())))
    first = int(min(true.min(), *(found.min() for found in predicted.values())))
    cells = min(last - first + 1, MOST_CELLS)
    edges = np.linspace(first - 0.5, last + 0.5, cells + 1)
    figure, squares = small_multiples(list(predicted), width=HALF, across=2, ratio=0.92)
    words = []
    for axes, (name, found) in zip(squares, predicted.items(), strict=True):
        shown = np.broadcast_to(true, found.shape)
        counts = np.histogram2d(found.ravel(), shown.ravel(), bins=(edges, edges))[0]
        share = counts / np.maximum(counts.sum(axis=0, keepdims=True), 1)
        shades = LinearSegmentedColormap.from_list("shades", [BACKGROUND, palette[name]])
        axes.plot([first, last], [first, last], color=FAINT, linewidth=0.8, zorder=0)
        extent = (edges[0], edges[-1], edges[0], edges[-1])
        image = np.ma.masked_equal(np.sqrt(share), 0.0)
        axes.imshow(
            image, cmap=shades, vmin=0, vmax=1, origin="lower", extent=extent, interpolation="nearest"
        )
        exact = f"{100 * np.mean(found == shown):.0f} % exact"
        axes.text(0.98, 0.03, exact, transform=axes.transAxes, ha="right", fontsize=8)
        words.append(f"{name} {exact}")
    figure.supxlabel(f"true {what}", fontsize=9.5)
    figure.supylabel(f"decoded {what}", fontsize=9.5)
    repeats = len(next(iter(predicted.values())))
    of = f"{repeats} held-out repeats" if repeats > 1 else "one held-out repeat"
    size = f" Cells of {(last - first + 1) / cells:.3g} {what}s." if cells < last - first + 1 else ""
    caption = (
        f"Decoded against true {what} in {of} of {len(true)} bins. On the diagonal: right; "
        f"the fuller the colour, the more often.{size}"
    )
    return Sketch(figure, caption, f"Squares of decoded against true {what}: {'; '.join(words)}.")


def errors_by_frame(
    true: np.ndarray, predicted: Mapping[str, np.ndarray], palette: Palette, what: str = "frame"
) -> Sketch:
    """Mean error against the frame number, a curve per row; `predicted` are (repeat, frame)."""
    if len(np.unique(true)) < 3:
        raise NothingToShow(f"there are fewer than three {what}s")
    predicted = dict(list(predicted.items())[:MOST_CURVES])
    positions = np.unique(true)
    together = np.array_split(positions, min(len(positions), POINTS))
    centres = np.array([part.mean() for part in together])
    figure = canvas(PANELS, 2.6)
    axes = figure.subplots()
    words = []
    for name, found in predicted.items():
        off = np.abs(found.astype(int) - true.astype(int)).mean(axis=0)
        curve = np.array([off[np.isin(true, part)].mean() for part in together])
        axes.plot(centres, curve, label=name, **_look(name, palette))
        worst = int(np.argmax(curve))
        words.append(f"{name} {off.mean():.1f} on the mean, worst near {what} {centres[worst]:.0f}")
    guess = np.abs(positions[:, None] - positions[None]).mean(axis=1)
    axes.plot(positions, guess, color=MUTED, linewidth=0.9, linestyle=(0, (3, 2)), zorder=0.5)
    note: Look = {"fontsize": 8, "color": MUTED, "textcoords": "offset points", "xytext": (4, 4)}
    axes.annotate("a guess", (float(positions[0]), float(guess[0])), **note)
    axes.set(xlabel=f"true {what}", ylabel=f"mean error, {what}s")
    axes.margins(x=0.01)
    axes.set_ylim(bottom=0)
    grid(axes, "y")
    legend_below(figure, axes)
    caption = (
        f"Where in the clip the decoded {what} is wrong: mean error over held-out repeats. "
        f"Dashed: every {what} guessed alike."
    )
    return Sketch(figure, caption, f"Curves of the error over the true {what}: {'; '.join(words)}.")


def _look(name: str, palette: Palette) -> Look:
    """A leaky row has the colour of its embedding: it is dotted, to tell them apart."""
    leaky = kind_of(name) == "leaky"
    return {"color": palette[name], "linewidth": 1.5, "linestyle": ":" if leaky else "-"}
