"""What models tell of neurons given others, over the time that they take to fit."""

from __future__ import annotations

from matplotlib.ticker import NullFormatter

from twofold.reporting.figures.labels import Label, draw_labels
from twofold.reporting.figures.picture import WHOLE, NothingToShow, Sketch, canvas, grid
from twofold.reporting.latent_factors.mice import BETWEEN
from twofold.reporting.names import kind_of
from twofold.reporting.numbers import number
from twofold.reporting.palette import BACKGROUND, MUTED, Palette
from twofold.studies.result import Result, Row

TABLE, GAIN, COST, VIDEO = "competitors", "correlation_conditioned", "seconds", "video zig"


def gain_over_cost(result: Result, palette: Palette) -> Sketch:
    """A point per model: seconds to fit, logarithmic, and correlation given half of the neurons.

    Raises
    ------
    NothingToShow
        If no model has both.
    """
    found = _models(result)
    if not found:
        raise NothingToShow(f"the result has no model with {COST} and {GAIN} in {TABLE}")
    figure = canvas(WHOLE, 1.2 + 0.27 * max(len(found), 8))
    axes = figure.subplots()
    labels = []
    for name, (cost, gain) in found.items():
        x, y, colour = cost.value or 0.0, gain.value or 0.0, palette[name]
        filled = not name.startswith("neurons only")
        if gain.low is not None and gain.high is not None:
            axes.plot([x, x], [gain.low, gain.high], color=colour, linewidth=1.0, alpha=0.6, zorder=2)
        axes.plot(x, y, "o", color=colour, markerfacecolor=colour if filled else BACKGROUND, zorder=3)
        labels.append(Label(f"{name}  {number(y)}", x, y, colour, filled))
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(lambda at, _: f"{at:g}")
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.margins(x=0.08, y=0.08)
    truth = result.find(TABLE, "truth", GAIN)
    if truth is not None and truth.value is not None:
        axes.axhline(truth.value, color=MUTED, linewidth=0.9, linestyle=(0, (3, 2)), zorder=1)
    axes.set(xlabel="seconds to fit, for each mouse", ylabel="correlation, given other neurons")
    grid(axes)
    draw_labels(axes, labels, 0.17 / (float(figure.get_figheight()) - 0.7))
    return Sketch(figure, _caption(result, found), f"Points per model: {_in_words(found)}.")


def _models(result: Result) -> dict[str, tuple[Row, Row]]:
    """Cost and gain of every model that has both, mean over mice, in the order of the table."""
    found: dict[str, tuple[Row, Row]] = {}
    for row in result.tables().get(TABLE, []):
        plain = BETWEEN not in row.row and kind_of(row.row) == "honest"
        cost = result.find(TABLE, row.row, COST)
        if plain and row.metric == GAIN and row.value is not None and cost is not None and cost.value:
            found[row.row] = (cost, row)
    return found


def _caption(result: Result, found: dict[str, tuple[Row, Row]]) -> str:
    video = found.get(VIDEO)
    first = "" if video is None else f", which took {number(video[0].value, 1)} seconds"
    truth = result.find(TABLE, "truth", GAIN)
    dashed = "" if truth is None else " Dashed: who knows the law of the simulation."
    return (
        "How well half of the neurons are told from the other half, over the seconds of one fit; mean over "
        f"mice, thin line: its interval. Filled points start from the fitted video model{first} before them; "
        f"hollow ones know neurons alone.{dashed} Above and to the left of another is the better buy. "
        "The paper compares with no such model."
    )


def _in_words(found: dict[str, tuple[Row, Row]]) -> str:
    return "; ".join(
        f"{name} {number(gain.value)} in {number(cost.value, 2)} s" for name, (cost, gain) in found.items()
    )
