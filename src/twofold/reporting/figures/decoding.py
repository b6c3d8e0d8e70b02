"""How well the frame is decoded: accuracy per row, and how far off the wrong ones are."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb

from twofold.reporting.figures.bars import draw_bars, draw_names, paper_note
from twofold.reporting.figures.picture import HALF, NothingToShow, Sketch, array, canvas
from twofold.reporting.names import SPLITS, Kind, embedding_of
from twofold.reporting.numbers import with_error
from twofold.reporting.palette import BACKGROUND, EMPTY, INK, Palette, family_of
from twofold.reporting.scoreboard import Entry, Scoreboard, best_of_each
from twofold.studies.result import Result

PREDICTED = "decoded/predicted/"
MOST_ROWS, MOST_BARS = 6, 18


def accuracies(scoreboard: Scoreboard, palette: Palette, what: str = "frame") -> Sketch:
    """Exact accuracy of every row, with its interval, chance and ceiling."""
    entries = best_of_each(scoreboard, MOST_BARS)
    if not entries:
        raise NothingToShow("no row has an exact accuracy")
    rows = [entry.found["exact_accuracy"] for entry in entries]
    figure = canvas(HALF, 0.6 + 0.42 * len(rows))
    axes = figure.subplots()
    draw_bars(axes, rows, palette, decimals=3)
    draw_names(axes, [shown_name(entry, scoreboard) for entry in entries])
    axes.set_xlabel("exact accuracy")
    split = SPLITS.get(scoreboard.split, scoreboard.split)
    all_there = sum(entry.value("exact_accuracy") is not None for entry in scoreboard.entries) == len(entries)
    fewer = "" if all_there else " The best decoder of each embedding; the table has all."
    caption = (
        f"Share of bins whose {what} is named exactly, {split} unless the row says otherwise.{fewer} "
        "Filled: rows that compete; hollow: controls, bounds and leaky rows. "
        f"Thin line: interval; dotted: chance; thick tick: ceiling. {paper_note(rows)}"
    )
    alt = "Bars of exact accuracy: " + "; ".join(f"{row.row} {with_error(row)}" for row in rows) + "."
    return Sketch(figure, caption.strip(), alt)


def shown_name(entry: Entry, scoreboard: Scoreboard) -> str:
    """Name of a line, with the split where it is not that of the scoreboard."""
    return entry.name if entry.split == scoreboard.split else f"{entry.name} ({SPLITS.get(entry.split, '')})"


def decoded_rows(result: Result, scoreboard: Scoreboard) -> dict[str, np.ndarray]:
    """Predicted positions of the rows to show: the best of every family, a leaky row, and controls.

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
    chosen: dict[Kind, dict[str, str]] = {"honest": {}, "leaky": {}, "control": {}}
    for kind, names in chosen.items():
        for entry in scoreboard.of_kind(kind):
            if entry.name in have:
                embedding = embedding_of(entry.name)
                names.setdefault(family_of(embedding) if kind == "honest" else embedding, entry.name)
    honest, leaky, control = (list(names.values()) for names in chosen.values())
    shown = [*honest[: MOST_ROWS - 1], *leaky[:1], *control] or sorted(have)
    if not shown:
        raise NothingToShow("the result has no predicted frames")
    return {name: have[name] for name in shown[:MOST_ROWS]}


def every_repeat(result: Result, predicted: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The same rows in all left-out repeats (repeat, frame); those that have one only, in that."""
    found = {}
    for name, shown in predicted.items():
        all_of = result.arrays.get(f"decoded/every_repeat/{name}")
        fits = all_of is not None and all_of.ndim == 2 and all_of.shape[1:] == shown.shape and len(all_of)
        found[name] = all_of if fits and all_of is not None else shown[None]
    return found


def errors(
    true: np.ndarray, predicted: Mapping[str, np.ndarray], palette: Palette, what: str = "frame"
) -> Sketch:
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
    axes.set_xlabel(f"{what}s off")
    caption = f"How far off the decoded {what} is: share of the bins of one held-out repeat. 0 is right."
    words = (
        f"{name} median {np.median(each):.0f}, mean {np.mean(each):.1f} {what}s off"
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
