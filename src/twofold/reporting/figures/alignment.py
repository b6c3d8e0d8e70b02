"""Alignment with the responses: three numbers that mean different things, side by side."""

from __future__ import annotations

from twofold.reporting.figures.bars import draw_bars, draw_names
from twofold.reporting.figures.picture import WHOLE, NothingToShow, Sketch, canvas
from twofold.reporting.names import ALIGNMENT_METRICS, metric_of
from twofold.reporting.numbers import with_error
from twofold.reporting.palette import Palette
from twofold.studies.result import Result, Row


def alignments(result: Result, palette: Palette) -> Sketch:
    """R² on the same trial, across repeats and by co-smoothing, one line per embedding."""
    rows: dict[str, dict[str, Row]] = {}
    for row in result.rows:
        if row.metric in ALIGNMENT_METRICS:
            rows.setdefault(row.row, {}).setdefault(row.metric, row)
    metrics = [m for m in ALIGNMENT_METRICS if any(m in found for found in rows.values())]
    if not metrics:
        raise NothingToShow("no row has an alignment")
    figure = canvas(WHOLE, 0.75 + 0.4 * len(rows))
    panels = figure.subplots(1, len(metrics), squeeze=False)[0]
    for axes, metric in zip(panels, metrics, strict=True):
        draw_bars(axes, [found.get(metric) for found in rows.values()], palette, room=0.36)
        axes.set_title(metric_of(metric).title, pad=10)
        axes.set_xlabel("R²")
    # Names begin in the first panel and may run over the empty part of the next.
    panels[0].set_zorder(2)
    panels[0].patch.set_visible(False)
    draw_names(panels[0], list(rows))
    caption = (
        "(a) Responses from the latents of the same trial: copying noise wins. (b) What repeats share, "
        "on frames that no fit has seen. (c) Units that the encoder has not seen. "
        "Hollow: controls and bounds; thick tick: ceiling."
    )
    words = (
        f"{name}: " + ", ".join(f"{metric_of(m).title} {with_error(row)}" for m, row in found.items())
        for name, found in rows.items()
    )
    return Sketch(figure, caption, f"Bars of alignment. {'; '.join(words)}.")
