"""How well the frame is decoded: accuracy per row, which frames are taken for which, how far off."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb

from twofold.reporting.figures.bars import draw_bars, draw_names
from twofold.reporting.figures.labels import fold
from twofold.reporting.figures.picture import HALF, NothingToShow, Sketch, array, canvas
from twofold.reporting.names import SPLITS, embedding_of
from twofold.reporting.numbers import with_error
from twofold.reporting.palette import BACKGROUND, EMPTY, FAINT, INK, Palette
from twofold.reporting.scoreboard import Entry, Scoreboard
from twofold.studies.result import Result

PREDICTED = "decoded/predicted/"
MOST_ROWS, MOST_SQUARES = 6, 4


def accuracies(scoreboard: Scoreboard, palette: Palette) -> Sketch:
    """Exact accuracy of every row, with its interval, chance and ceiling."""
    entries = [e for e in scoreboard.entries if e.value("exact_accuracy") is not None]
    if not entries:
        raise NothingToShow("no row has an exact accuracy")
    rows = [entry.found["exact_accuracy"] for entry in entries]
    figure = canvas(HALF, 0.6 + 0.42 * len(rows))
    axes = figure.subplots()
    draw_bars(axes, rows, palette, decimals=3)
    draw_names(axes, [entry.name for entry in entries])
    axes.set_xlabel("exact accuracy")
    caption = (
        f"Share of bins whose frame is named exactly, {SPLITS.get(scoreboard.split, scoreboard.split)}. "
        "Filled: rows that compete; hollow: controls, bounds and leaky rows. "
        "Thin line: interval; dotted: chance; thick tick: ceiling."
    )
    alt = "Bars of exact accuracy: " + "; ".join(f"{row.row} {with_error(row)}" for row in rows) + "."
    return Sketch(figure, caption, alt)


def decoded_rows(result: Result, scoreboard: Scoreboard) -> dict[str, np.ndarray]:
    """Predicted positions of the rows to show: the best of every embedding, then leaky rows and controls.

    Raises
    ------
    NothingToShow
        If no row has predictions, or one has another length than the true positions.
    """
    true = array(result, "decoded/true", 1)
    have = {
        key.removeprefix(PREDICTED): found
        for key, found in result.arrays.items()
        if key.startswith(PREDICTED)
    }
    for name, found in have.items():
        if found.shape != true.shape:
            raise NothingToShow(f"array {PREDICTED}{name} has shape {found.shape}, decoded/true {true.shape}")
    chosen: dict[str, Entry] = {}
    for entry in (e for kind in ("honest", "leaky", "control") for e in scoreboard.of_kind(kind)):
        if entry.name in have:
            chosen.setdefault(embedding_of(entry.name), entry)
    names = [entry.name for entry in chosen.values()] or sorted(have)
    if not names:
        raise NothingToShow("the result has no predicted frames")
    return {name: have[name] for name in names[:MOST_ROWS]}


def confusions(true: np.ndarray, predicted: Mapping[str, np.ndarray], palette: Palette) -> Sketch:
    """Decoded against true frame, one small square per row."""
    predicted = dict(list(predicted.items())[:MOST_SQUARES])
    last = int(max(true.max(), *(found.max() for found in predicted.values())))
    across = min(len(predicted), 2)
    down = -(-len(predicted) // across)
    figure = canvas(HALF, 0.3 + 4.7 / across * down)
    squares = figure.subplots(down, across, squeeze=False, sharex=True, sharey=True)
    for axes in squares.flat[len(predicted) :]:
        axes.set_visible(False)
    size = float(np.clip(1500 / len(true), 2, 22))
    for axes, (name, found) in zip(squares.flat, predicted.items(), strict=False):
        axes.plot([0, last], [0, last], color=FAINT, linewidth=1, zorder=0)
        axes.scatter(true, found, s=size, color=palette[name], alpha=0.7, linewidths=0, rasterized=True)
        axes.set_aspect("equal")
        axes.set_title(fold(name, 26), fontsize=8.5)
        axes.set(xlim=(-0.03 * last - 0.5, 1.03 * last + 0.5), ylim=(-0.03 * last - 0.5, 1.03 * last + 0.5))
        axes.text(
            0.98,
            0.03,
            f"{100 * np.mean(found == true):.0f} % exact",
            transform=axes.transAxes,
            ha="right",
            fontsize=8,
        )
    figure.supxlabel("true frame", fontsize=9.5)
    figure.supylabel("decoded frame", fontsize=9.5)
    caption = (
        f"Decoded against true frame in one held-out repeat of {len(true)} bins. On the grey diagonal: right."
    )
    exact = "; ".join(
        f"{name} {100 * np.mean(found == true):.0f} % exact" for name, found in predicted.items()
    )
    return Sketch(figure, caption, f"Scatter plots of decoded against true frame: {exact}.")


def errors(true: np.ndarray, predicted: Mapping[str, np.ndarray], palette: Palette) -> Sketch:
    """Histogram of how many frames the decoded one is off, one line of cells per row."""
    off = {name: np.abs(found.astype(int) - true.astype(int)) for name, found in predicted.items()}
    edges = [0, 1, 2, 4, 8, 16, max(17, 1 + max(int(each.max()) for each in off.values()))]
    titles = ["0", "1", "2–3", "4–7", "8–15", "16 or more"]
    figure = canvas(HALF, 0.7 + 0.46 * len(off))
    axes = figure.subplots()
    for line, (name, each) in enumerate(off.items()):
        for column, share in enumerate(np.histogram(each, bins=edges)[0] / len(true)):
            _cell(axes, column, line, float(share), palette[name])
    draw_names(axes, list(off))
    axes.set_xlim(0, len(titles))
    axes.set_ylim(len(off) - 0.6, -0.75)
    axes.set_yticks([])
    axes.set_xticks(np.arange(len(titles)) + 0.48, titles)
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.set_xlabel("frames off")
    caption = "How far off the decoded frame is: share of the bins of one held-out repeat. 0 is right."
    words = (
        f"{name} median {np.median(each):.0f}, mean {np.mean(each):.1f} frames off"
        for name, each in off.items()
    )
    return Sketch(figure, caption, "Histograms of the decoding error: " + "; ".join(words) + ".")


def _cell(axes: Axes, column: int, line: int, share: float, colour: str) -> None:
    """Fill one cell of a histogram by its share, and write it where it is not zero."""
    strength = share**0.7
    empty, full = np.array(to_rgb(EMPTY)), np.array(to_rgb(colour))
    shade = (1 - strength) * empty + strength * full
    axes.barh(line, 0.95, left=column, align="center", height=0.44, color=tuple(shade), linewidth=0)
    text = "" if share == 0 else f"{100 * share:.0f} %" if share >= 0.01 else "<1 %"
    dark = float(shade @ (0.299, 0.587, 0.114)) < 0.55
    ink = BACKGROUND if dark else INK
    axes.text(column + 0.475, line, text, ha="center", va="center", fontsize=8.5, color=ink)
