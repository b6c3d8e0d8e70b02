"""Responses from latents: how decoders were trained, how well they do, and what they give."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from twofold.reporting.figures.bars import bar_panels, in_words, paper_note
from twofold.reporting.figures.labels import fold
from twofold.reporting.figures.panels import small_multiples
from twofold.reporting.figures.picture import (
    PANELS,
    NothingToShow,
    Sketch,
    array,
    bare,
    canvas,
    grid,
    label_of,
    named,
)
from twofold.reporting.numbers import number
from twofold.reporting.palette import MUTED, Palette
from twofold.studies.result import Result, Row

TABLE = "responses-from-latents"
MOST_PANELS, MOST_IMAGES, MOST_LINES = 9, 4, 18
LOWEST = -0.25


def rebuilt(result: Result, palette: Palette) -> Sketch:
    """R² of the responses of held-out repeats from every embedding, with the paper's values."""
    rows = [row for row in result.tables().get(TABLE, []) if row.split == "test"]
    if not rows:
        raise NothingToShow(f"the result has no table {TABLE} with a test part")
    names = list(dict.fromkeys(row.row for row in rows))
    if len(names) > MOST_LINES:
        kept = _first(rows, names)
        rows = [row for row in rows if row.row in kept]
    figure = bar_panels(rows, palette, width=PANELS, most_panels=2, decimals=3)
    fewer = f" {MOST_LINES} of {len(names)} rows; the table has all." if len(names) > MOST_LINES else ""
    caption = (
        f"Responses of the held-out repeat from its own latents: copying the noise of the trial wins, and no "
        f"ceiling below 1 holds.{fewer} {paper_note(rows)}"
    )
    return Sketch(figure, caption.strip(), f"Bars of R² of responses from latents: {in_words(rows)}.")


def _first(rows: Sequence[Row], names: Sequence[str]) -> set[str]:
    """Rows that the paper has, then the best."""
    paper = {row.row for row in rows if row.paper is not None}
    best = {row.row: row.value for row in reversed(rows) if row.value is not None}
    order = sorted(names, key=lambda name: (name not in paper, -best.get(name, -9.0)))
    return set(order[:MOST_LINES])


def decoder_curves(result: Result, palette: Palette) -> Sketch:
    """R² by epoch of the response decoders that are trained, a panel per row."""
    rows = [
        key.removesuffix("/r2_validation")
        for key in named(result, "response_epochs/")
        if key.endswith("/r2_validation")
    ]
    if not rows:
        raise NothingToShow("the result has no array response_epochs/<row>/r2_validation")
    shown = rows[:MOST_PANELS]
    figure, panels = small_multiples(shown, width=PANELS, across=3, ratio=0.66)
    words, lowest = [], 0.0
    for axes, row in zip(panels, shown, strict=True):
        train, validation = (
            array(result, f"response_epochs/{row}/r2_{part}", 1) for part in ("train", "validation")
        )
        axes.plot(np.arange(1, len(train) + 1), train, color=palette[row], linewidth=1.0, alpha=0.45)
        axes.plot(np.arange(1, len(validation) + 1), validation, color=palette[row], linewidth=1.8)
        axes.axhline(0, color=MUTED, linewidth=0.5, zorder=0.4)
        axes.margins(x=0.02)
        grid(axes, "y")
        best = number(float(np.nanmax(validation)) if np.isfinite(validation).any() else None)
        words.append(f"{row} at best {best}")
        lowest = min(lowest, float(np.nanmin(validation, initial=0.0)))
    if lowest < 0:
        panels[0].set_ylim(bottom=max(lowest, LOWEST))
    figure.supxlabel("epoch", fontsize=9.5)
    figure.supylabel("R² of the responses", fontsize=9.5)
    fewer = f" {len(shown)} of {len(rows)} decoders." if len(shown) < len(rows) else ""
    caption = f"Decoders of responses, by epoch. Strong: validation; faint: training.{fewer}"
    return Sketch(figure, caption, f"Curves of R² by epoch, validation: {'; '.join(words)}.")


def side_by_side(result: Result) -> Sketch:
    """Responses of a few units in one held-out repeat, and what each row rebuilds of them."""
    observed = array(result, "reconstructed/observed", 2)
    found = dict(list(named(result, "reconstructed/predicted/").items())[:MOST_IMAGES])
    for name, each in found.items():
        if each.shape != observed.shape:
            raise NothingToShow(
                f"reconstructed/predicted/{name} has shape {each.shape}, not {observed.shape}"
            )
    images = {"observed": observed, **found}
    low, high = np.percentile(observed, [1, 99])
    figure = canvas(PANELS, 0.5 + 1.05 * len(images))
    panels = figure.subplots(len(images), 1, squeeze=False, sharex=True)[:, 0]
    words = []
    for axes, (name, each) in zip(panels, images.items(), strict=True):
        axes.imshow(
            each.T, aspect="auto", cmap="Greys", vmin=low, vmax=max(high, low + 1e-9), interpolation="nearest"
        )
        bare(axes)
        axes.set_title(fold(name, 60), fontsize=8.5)
        if name != "observed":
            words.append(f"{name} correlation {_correlation(observed, each):.2f}")
    panels[-1].set_xlabel(f"{label_of(result)} of the clip")
    caption = (
        f"{observed.shape[1]} units in one held-out repeat, and what is rebuilt of them from latents, all in "
        "the same shades. Smooth lines are what repeats share; grain is the noise of this trial."
    )
    alt = f"Images of {observed.shape[1]} units over {len(observed)} bins: {'; '.join(words)}."
    return Sketch(figure, caption, alt, photographic=True)


def _correlation(observed: np.ndarray, predicted: np.ndarray) -> float:
    if not observed.std() or not predicted.std():
        return 0.0
    return float(np.corrcoef(observed.ravel(), predicted.ravel())[0, 1])
