"""The frame number as a number: how well a regression tells it, and where it fails."""

from __future__ import annotations

import numpy as np

from twofold.reporting.figures.bars import bar_panels, in_words, paper_note
from twofold.reporting.figures.panels import small_multiples
from twofold.reporting.figures.picture import HALF, PANELS, NothingToShow, Sketch, array, label_of, named
from twofold.reporting.palette import FAINT, Palette
from twofold.studies.result import Result

TABLE = "frame-regression"
MOST = 4


def regressions(result: Result, palette: Palette) -> Sketch:
    """R², mean and root-mean-square error of every regression of the frame number."""
    rows = [row for row in result.tables().get(TABLE, []) if row.split != "train"]
    rows = [row for row in rows if row.split == rows[0].split]
    if not rows:
        raise NothingToShow(f"the result has no table {TABLE}")
    figure = bar_panels(rows, palette, width=PANELS, most_panels=3)
    what = label_of(result)
    caption = (
        f"The {what} number told by a linear regression from all units or from a few components, on held-out "
        f"responses. R² of 0: no better than always naming the middle. {paper_note(rows)}"
    )
    return Sketch(figure, caption.strip(), f"Bars of the regression of the {what} number: {in_words(rows)}.")


def told(result: Result, palette: Palette) -> Sketch:
    """Frame number told by each regression against the true one, in the repeat that is shown."""
    true = array(result, "decoded/true", 1)
    found = dict(list(named(result, "regression/predicted/").items())[:MOST])
    for name, each in found.items():
        if each.shape != true.shape:
            raise NothingToShow(
                f"regression/predicted/{name} has shape {each.shape}, decoded/true {true.shape}"
            )
    what = label_of(result)
    figure, panels = small_multiples(list(found), width=HALF, across=2, ratio=0.85)
    ends = [float(true.min()), float(true.max())]
    words = []
    for axes, (name, each) in zip(panels, found.items(), strict=True):
        axes.plot(ends, ends, color=FAINT, linewidth=1, zorder=0)
        size = float(np.clip(1500 / len(true), 3, 16))
        axes.scatter(true, each, s=size, color=palette[name], alpha=0.7, linewidths=0, rasterized=True)
        agreement = np.corrcoef(true, each)[0, 1] if each.std() and true.std() else 0.0
        words.append(f"{name} correlation {agreement:.2f}")
    figure.supxlabel(f"true {what}", fontsize=9.5)
    figure.supylabel(f"told {what}", fontsize=9.5)
    caption = (
        f"The {what} number told by each regression in one held-out repeat. On the grey diagonal: right."
    )
    return Sketch(figure, caption, f"Scatter plots of told against true {what}: {'; '.join(words)}.")
