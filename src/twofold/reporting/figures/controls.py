"""Controls beside the row that they belong to: what must be at chance, and what a leak looks like."""

from __future__ import annotations

from twofold.reporting.figures.bars import draw_bars, draw_names
from twofold.reporting.figures.picture import HALF, NothingToShow, Sketch, canvas
from twofold.reporting.names import kind_of
from twofold.reporting.numbers import with_error
from twofold.reporting.palette import Palette
from twofold.studies.result import Result, Row

METRIC = "exact_accuracy"
BESIDE = ("contrastive + knn", "untrained + knn")


def controls(result: Result, palette: Palette) -> Sketch:
    """Exact accuracy of every control and leaky row, below that of the embedding that they control."""
    found: dict[str, Row] = {}
    for row in result.rows:
        at_stake = row.table == "controls" or row.row in BESIDE or kind_of(row.row) in ("control", "leaky")
        if row.metric == METRIC and row.split != "leave_one_block_out" and row.value is not None and at_stake:
            found.setdefault(row.row, row)
    beside = [found.pop(name) for name in BESIDE if name in found]
    rows = [*beside, *found.values()]
    if not any(kind_of(row.row) != "honest" for row in rows):
        raise NothingToShow("the result has no control")
    figure = canvas(HALF, 0.6 + 0.42 * len(rows))
    axes = figure.subplots()
    draw_bars(axes, rows, palette, decimals=3)
    draw_names(axes, [row.row for row in rows])
    axes.set_xlabel("exact accuracy")
    caption = (
        "Shuffled labels and shuffled responses must be at chance (dotted). An encoder that learnt shuffled "
        "labels must not exceed the untrained one. A leaky row that is far above the honest one shows how "
        "much a leak gives here."
    )
    words = "; ".join(f"{row.row} {with_error(row)}" for row in rows)
    return Sketch(figure, caption, f"Bars of exact accuracy of the controls: {words}.")
