"""Alignment with the responses: three numbers that mean different things, side by side."""

from __future__ import annotations

from twofold.reporting.figures.bars import bar_panels, in_words
from twofold.reporting.figures.picture import WHOLE, NothingToShow, Sketch
from twofold.reporting.names import ALIGNMENT_METRICS, kind_of
from twofold.reporting.palette import Palette
from twofold.reporting.scoreboard import ALIGNMENT_TABLES
from twofold.studies.result import Result, Row

MOST_LINES = 18


def alignments(result: Result, palette: Palette) -> Sketch:
    """R² on the same trial, across repeats and by co-smoothing, one line per embedding."""
    rows = sorted(
        (row for row in result.rows if row.table in ALIGNMENT_TABLES and row.metric in ALIGNMENT_METRICS),
        key=lambda row: ALIGNMENT_METRICS.index(row.metric),
    )
    if not rows:
        raise NothingToShow("no row has an alignment")
    names = list(dict.fromkeys(row.row for row in rows))
    kept = shortlist(names, rows)
    shown = sorted((row for row in rows if row.row in kept), key=lambda row: names.index(row.row))
    figure = bar_panels(shown, palette, width=WHOLE, most_panels=3)
    for axes in figure.axes:
        axes.set_xlabel("R²")
    fewer = f"The {len(kept)} best of {len(names)}; the table has all. " if len(kept) < len(names) else ""
    caption = (
        f"{fewer}(a) Responses from the latents of the same trial: copying noise wins. (b) What repeats "
        "share, on frames that no fit has seen. (c) Units that the encoder has not seen. "
        "Hollow: controls and bounds; thick tick: ceiling."
    )
    return Sketch(figure, caption, f"Bars of alignment. {in_words(shown)}.")


def shortlist(names: list[str], rows: list[Row]) -> set[str]:
    """All controls and bounds, and the best of the rows that compete, by what repeats share."""
    best = {row.row: row.value for row in rows if row.metric == "r2_cross_repeat" and row.value is not None}
    others = {name for name in names if kind_of(name) != "honest"}
    able = sorted((name for name in names if name not in others), key=lambda name: -best.get(name, -9.0))
    return others | set(able[: max(MOST_LINES - len(others), 6)])
