"""Models one below the other, every mouse a point, its points joined: what differs within a mouse is seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from twofold.reporting.figures.bars import in_words
from twofold.reporting.figures.labels import fold
from twofold.reporting.figures.picture import HALF, PANELS, WHOLE, Look, NothingToShow, Sketch, canvas
from twofold.reporting.latent_factors.grouping import Group, groups_of
from twofold.reporting.latent_factors.mice import counted, over_mice
from twofold.reporting.latent_factors.points import MARKERS, POINT, draw_points
from twofold.reporting.names import kind_of, metric_of, shown
from twofold.reporting.numbers import INTERVALS
from twofold.reporting.palette import INK, MUTED, Palette
from twofold.studies.result import Result, Row

NAME_WIDTH = 23  # letters
LINE, LETTERS, AROUND = 0.34, 0.135, 0.5  # inches: of a line, of a line of letters, around the lines
TICKS = {1: 4, 2: 3, 3: 2}  # by panels side by side


@dataclass(frozen=True)
class Words:
    """What is said below a table that is drawn.

    Parameters
    ----------
    shows
        What is compared.
    paper
        What the paper found.
    """

    shows: str
    paper: str


def paired(result: Result, palette: Palette, table: str, words: Words) -> Sketch:
    """Draw a table: a panel per metric, a line per model, a point per mouse.

    Raises
    ------
    NothingToShow
        If the table has no row with a value.
    """
    found = over_mice(row for row in result.tables().get(table, []))
    found = {key: of for key, of in found.items() if of.mean.value is not None}
    if not found:
        raise NothingToShow(f"the result has no row with a value in {table}")
    mice = list(dict.fromkeys(mouse for of in found.values() for mouse in of.each))
    markers = {mouse: MARKERS[k % len(MARKERS)] for k, mouse in enumerate(mice)}
    groups = groups_of(found)
    width = (HALF, PANELS, WHOLE)[max(len(group.metrics) for group in groups) - 1]
    titles = [[_title(group, metric, width) for metric in group.metrics] for group in groups]
    names = [[fold(_plain(name), NAME_WIDTH) for name in group.names] for group in groups]
    heights = [_height(*of) for of in zip(titles, names, strict=True)]
    figure = canvas(width, sum(heights) + 0.25 * (len(mice) > 1))
    stacked = figure.subfigures(len(groups), 1, squeeze=False, height_ratios=heights)[:, 0]
    for part, group, above, beside in zip(stacked, groups, titles, names, strict=True):
        panels = part.subplots(1, len(group.metrics), squeeze=False, sharey=True)[0]
        for axes, metric, title in zip(panels, group.metrics, above, strict=True):
            lines = [found.get((model, metric)) for model in group.models]
            draw_points(axes, lines, palette, markers, ticks=TICKS[len(panels)])
            axes.set_title(title, fontsize=8.5)
        panels[0].set_yticks(range(len(beside)), beside, fontsize=8.5, linespacing=1.05)
        for label, model in zip(panels[0].get_yticklabels(), group.models, strict=True):
            label.set_color(INK if kind_of(model) == "honest" else MUTED)
    if len(mice) > 1:
        _name_mice(figure, markers)
    means = [
        found[key].mean for key in found if any(key[0] in g.models and key[1] in g.metrics for g in groups)
    ]
    return Sketch(figure, _caption(words, groups, means, mice), f"Points per mouse: {in_words(means)}.")


def _plain(name: str) -> str:
    """A name as the page writes it; signals have lost the arrow by which they are known as such."""
    return shown(name).replace("_", " ")


def _title(group: Group, metric: str, width: float) -> str:
    return fold(group.title(metric_of(metric).title), int(8.5 * width / len(group.metrics)))


def _height(titles: Sequence[str], names: Sequence[str]) -> float:
    """Inches of panels with these titles and lines."""
    letters = 1 + max(name.count("\n") for name in names)
    above = 1 + max(title.count("\n") for title in titles)
    return AROUND + LETTERS * above + len(names) * max(LINE, LETTERS * letters + 0.05)


def _name_mice(figure: Figure, markers: Mapping[str, str]) -> None:
    look: Look = {"linestyle": "", "color": MUTED, "markersize": POINT}
    handles = [Line2D([], [], marker=marker, label=mouse, **look) for mouse, marker in markers.items()]
    figure.legend(
        handles=handles, loc="outside lower left", ncols=min(len(handles), 5), fontsize=8, handletextpad=0.1
    )


def _caption(words: Words, groups: Sequence[Group], means: Sequence[Row], mice: Sequence[str]) -> str:
    joined = ", joined from line to line" if len({row.row for row in means}) > 1 else ""
    marks = [f"each point is one of {counted(len(mice))}{joined}"] if len(mice) > 1 else []
    marks += ["thick tick: mean" if len(mice) > 1 else "thick tick: value"]
    kinds = {row.interval_kind for row in means if row.low is not None and row.interval_kind}
    if kinds:
        marks.append(f"thin line: {' or '.join(sorted(INTERVALS[kind] for kind in kinds))}")
    marks += ["dotted: chance"] if any(row.chance is not None for row in means) else []
    marks += ["grey tick: ceiling"] if any(row.ceiling is not None for row in means) else []
    paper = any(row.paper is not None for row in means)
    marks += ["diamond: the paper's value, an arrow where it is off the scale"] if paper else []
    marks += ["hollow: leaky rows and references"] if any(kind_of(r.row) != "honest" for r in means) else []
    scored = list(dict.fromkeys(row.scored_on for row in means if row.scored_on))
    tier = f" Scored on {scored[0]}." if len(scored) == 1 else ""
    marked = "; ".join(marks)
    common = dict.fromkeys(group.common for group in groups if group.common and not group.is_difference)
    of = f" Every name begins with {' or '.join(common)}, left out here." if common else ""
    return f"{words.shows} {marked[0].upper()}{marked[1:]}.{of}{tier} {words.paper}".strip()
