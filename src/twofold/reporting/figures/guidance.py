"""What a guide gives and what it takes: responses and guide, per variational autoencoder."""

from __future__ import annotations

from twofold.reporting.figures.bars import bar_panels, in_words, paper_note
from twofold.reporting.figures.picture import WHOLE, NothingToShow, Sketch
from twofold.reporting.palette import Palette
from twofold.studies.result import Result, Row

TABLE = "guidance"
RESPONSES = ("r2_same_trial_peak", "r2_same_trial")
GUIDE = ("guide_r2", "guide_accuracy")


def guidance(result: Result, palette: Palette) -> Sketch:
    """R² of the responses and of the guide on validation repeats, with the paper's values."""
    rows = [row for row in result.tables().get(TABLE, []) if row.split == "validation"]
    peak = next((m for m in RESPONSES if any(row.metric == m for row in rows)), None)
    shown = [row for metric in (peak, *GUIDE) for row in rows if row.metric == metric]
    if not shown:
        raise NothingToShow(f"the result has no table {TABLE} with a validation part")
    order = list(dict.fromkeys(row.row for row in rows))
    shown.sort(key=lambda row: order.index(row.row))
    metrics = [m for m in (peak, *GUIDE) if any(row.metric == m for row in shown)]
    figure = bar_panels(_by_metric(shown, metrics), palette, width=WHOLE, most_panels=3)
    caption = (
        "Variational autoencoders on repeats that they were not fitted to: their own responses rebuilt, and "
        f"what their latents say of the guide. {paper_note(shown)}"
    )
    return Sketch(figure, caption.strip(), f"Bars of guided autoencoders: {in_words(shown)}.")


def _by_metric(rows: list[Row], metrics: list[str | None]) -> list[Row]:
    """Rows in their order, but such that the first ones bring the metrics in theirs."""
    return sorted(rows, key=lambda row: metrics.index(row.metric))
