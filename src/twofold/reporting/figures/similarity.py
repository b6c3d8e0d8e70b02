"""Whether wrong frames look alike: pictures compared, and accuracy when similar frames count as one."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from twofold.reporting.figures.bars import bar_panels, in_words, paper_note
from twofold.reporting.figures.labels import legend_below
from twofold.reporting.figures.picture import HALF, PANELS, NothingToShow, Sketch, array, canvas, grid, named
from twofold.reporting.names import embedding_of
from twofold.reporting.numbers import number
from twofold.reporting.palette import MUTED, Palette, family_of
from twofold.studies.result import Result

TABLE = "picture-similarity"
MOST_CURVES, MOST_BARS = 6, 9


def picture_similarity(result: Result, palette: Palette) -> Sketch:
    """Structural similarity and feature cosine between the decoded and the true picture."""
    rows = result.tables().get(TABLE, [])
    rows = [row for row in rows if row.split == rows[0].split]
    if not rows:
        raise NothingToShow(f"the result has no table {TABLE}")
    kept = _one_of_each({row.row: row.value or 0.0 for row in reversed(rows)}, MOST_BARS)
    rows = [row for row in rows if row.row in kept]
    figure = bar_panels(rows, palette, width=PANELS, most_panels=3)
    caption = (
        "How much the decoded picture looks like the one that was shown, beside a frame drawn by chance "
        f"(dotted) and beside the neighbouring frame. {paper_note(rows)}"
    )
    return Sketch(figure, caption.strip(), f"Bars of the similarity of pictures: {in_words(rows)}.")


def merged(result: Result, palette: Palette) -> Sketch:
    """Accuracy over the similarity from which two frames count as one."""
    threshold = array(result, "merging/threshold", 1)
    classes = array(result, "merging/n_classes", 1)
    chance = array(result, "merging/chance", 1)
    found = named(result, "merging/accuracy/")
    if any(len(each) != len(threshold) for each in (classes, chance, *found.values())):
        raise NothingToShow("the curves over the threshold differ in their number of points")
    kept = _one_of_each({name: float(each[0]) for name, each in found.items()}, MOST_CURVES)
    first = {name: each for name, each in found.items() if name in kept}
    figure = canvas(HALF, 3.1)
    axes = figure.subplots()
    for name, each in first.items():
        axes.plot(threshold, each, "o-", color=palette[name], linewidth=1.5, markersize=3.5, label=name)
    axes.plot(threshold, chance, color=MUTED, linewidth=1.0, linestyle=(0, (3, 2)), label="chance")
    axes.set(xlabel="frames more alike than this count as one", ylabel="accuracy", ylim=(0, 1.02))
    axes.invert_xaxis()
    above = axes.secondary_xaxis("top")
    some = np.unique(np.linspace(0, len(threshold) - 1, 5).round().astype(int))
    above.set_xticks(threshold[some], [f"{int(n)}" for n in classes[some]])
    above.set_xlabel("classes left", fontsize=8.5)
    grid(axes, "y")
    legend_below(figure, axes)
    loosest = int(np.argmin(classes))
    words = (
        f"{name} from {number(float(each[np.argmax(classes)]))} to {number(float(each[loosest]))}"
        for name, each in first.items()
    )
    caption = (
        "Accuracy when frames that look alike are one class. It must rise faster than chance (dashed), or "
        "the wrong frames look no more alike than others."
    )
    alt = f"Curves over the threshold, from {classes.max()} to {classes.min()} classes: {'; '.join(words)}."
    return Sketch(figure, caption, alt)


def _one_of_each(values: Mapping[str, float], most: int) -> set[str]:
    """The best row of every family of embeddings, the best families first."""
    best: dict[str, str] = {}
    for name in sorted(values, key=lambda name: -values[name]):
        best.setdefault(family_of(embedding_of(name)), name)
    return set(list(best.values())[:most])
