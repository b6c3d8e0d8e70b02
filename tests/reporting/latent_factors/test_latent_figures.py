"""Figures of `latent-factors`: every mouse is a point, chance and ceilings are drawn, odd results too."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from twofold.reporting.figures.picture import NothingToShow, style
from twofold.reporting.latent_factors.behaviour import against_chance
from twofold.reporting.latent_factors.colours import colours_of
from twofold.reporting.latent_factors.costs import gain_over_cost
from twofold.reporting.latent_factors.curves import over_dimensions, over_given
from twofold.reporting.latent_factors.densities import heat_maps
from twofold.reporting.latent_factors.likelihood import artefact
from twofold.reporting.latent_factors.paired import Words, paired
from twofold.reporting.palette import BACKGROUND
from twofold.studies.result import Result, Row

WORDS = Words("What is compared.", "The paper: something.")


def result_of(rows: list[Row], arrays: dict[str, np.ndarray] | None = None) -> Result:
    return Result("latent-factors", {}, {}, {}, 1.0, rows, arrays or {})


def row(name: str, value: float | None, metric: str = "correlation", **more: Any) -> Row:
    note = "why not" if value is None else ""
    return Row(table="table-1", row=name, metric=metric, split="test", value=value, note=note, **more)


def drawn(rows: list[Row]) -> Any:
    with style():
        return paired(result_of(rows), colours_of(rows), "table-1", WORDS)


def test_every_mouse_is_a_point_and_its_points_are_joined():
    rows = [
        row("video zig", 0.2),
        row("video zig · a", 0.1),
        row("video zig · b", 0.3),
        row("latent zig", 0.4),
        row("latent zig · a", 0.35),
        row("latent zig · b", 0.45),
    ]
    (axes,) = drawn(rows).figure.axes
    points = {
        (line.get_xdata()[0], line.get_ydata()[0])
        for line in axes.lines
        if len(line.get_xdata()) == 1 and line.get_marker() in "os"
    }
    assert points == {(0.1, 0), (0.3, 0), (0.35, 1), (0.45, 1)}
    joined = [list(line.get_xdata()) for line in axes.lines if list(line.get_ydata()) == [0, 1]]
    assert joined == [[0.1, 0.35], [0.3, 0.45]]


def test_chance_ceiling_and_the_papers_value_are_drawn():
    (axes,) = drawn([row("video zig", 0.2, chance=0.05, ceiling=0.4, paper=0.19)]).figure.axes
    at = {float(line.get_xdata()[0]) for line in axes.lines if len(line.get_xdata())}
    assert {0.2, 0.05, 0.4, 0.19} <= at


def test_a_value_of_the_paper_that_is_far_off_does_not_squeeze_the_mice():
    rows = [row("video zig", -1.1, "bits", paper=-0.3), row("latent zig", -1.0, "bits", paper=-0.98)]
    (axes,) = drawn(rows).figure.axes
    assert axes.get_xlim()[1] < -0.9
    assert "−0.30" in {text.get_text() for text in axes.texts}


def test_differences_of_models_have_a_panel_of_their_own_with_its_zero():
    rows = [row("video zig", 0.2), row("latent zig", 0.3), row("latent zig - video zig", 0.1, chance=0.0)]
    models, difference = drawn(rows).figure.axes
    assert len(models.get_yticks()) == 2
    assert difference.get_title(loc="left").replace("\n", " ") == "correlation, above video zig"
    assert [label.get_text() for label in difference.get_yticklabels()] == ["latent zig"]
    low, high = difference.get_xlim()
    assert low <= 0 < 0.1 < high


def test_what_all_names_begin_with_is_said_in_the_caption_instead():
    sketch = drawn([row("zig -> pupil_dilation", 0.5), row("zig -> speed, leaky frames", 0.4, leaky=True)])
    (axes,) = sketch.figure.axes
    names = [label.get_text().replace("\n", " ") for label in axes.get_yticklabels()]
    assert names == ["pupil dilation", "speed, leaky frames"]
    assert "Every name begins with zig, left out here." in sketch.caption


def test_a_row_without_value_is_left_to_the_table_and_a_table_of_such_rows_has_no_figure():
    (axes,) = drawn([row("video zig", 0.2), row("latent zig", None)]).figure.axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["video zig"]
    with pytest.raises(NothingToShow, match="no row with a value in table-1"):
        drawn([row("latent zig", None)])


def test_a_leaky_row_is_hollow():
    rows = [
        row("leaky: scored where chosen", 0.2, leaky=True),
        row("leaky: scored where chosen · a", 0.2, leaky=True),
    ]
    (axes,) = drawn(rows).figure.axes
    (point,) = (line for line in axes.lines if line.get_marker() == "o" and line.get_color() != "none")
    assert point.get_markerfacecolor() == "#ffffff"


@pytest.mark.parametrize("draw", [over_dimensions, over_given, artefact])
def test_one_mouse_is_enough(draw, make_arrays):
    with style():
        sketch = draw(result_of([], make_arrays(("only",))))
    assert "1 mouse" in sketch.caption


def test_shares_that_no_model_was_trained_with_are_no_points(result: Result):
    with style():
        (axes,) = over_given(result).figure.axes
    (matched,) = (line for line in axes.lines if line.get_label() == "trained with as many given")
    np.testing.assert_allclose(matched.get_xdata(), [5, 50, 75])


def test_silence_is_no_part_of_a_density(result: Result):
    arrays = dict(result.arrays)
    for name in ("figure-9/log_density_4", "figure-9/log_density_32"):
        arrays[name] = arrays[name].copy()
        arrays[name][0] = 1e3  # the logarithm of a probability, on no scale of densities
    with style():
        figure = heat_maps(result_of([], arrays)).figure
    assert figure.axes[0].collections[0].get_clim()[1] < 100


def test_the_row_of_a_signal_stands_in_the_histogram_of_its_surrogates(result: Result):
    with style():
        sketch = against_chance(result)
    assert "pupil dilation 0.52 against" in sketch.alt
    assert any(line.get_xdata()[0] == 0.52 for line in sketch.figure.axes[0].lines)


def test_figures_are_the_same_bits_every_time(result: Result, written, tmp_path: Path):
    from twofold.reporting import report

    names = ("figure-8", "mice")
    some = {name: values for name, values in result.arrays.items() if name.startswith(names)}
    rows = [r for r in result.rows if r.table == "table-2"]
    report(Result("latent-factors", {}, {}, {}, 1.0, rows, some), tmp_path)
    for name in ("figure-8.svg", "table-2.png"):
        assert (tmp_path / "figures" / name).read_bytes() == (written.folder / "figures" / name).read_bytes()


def test_every_model_is_a_point_of_its_cost_and_gain(result):
    with style():
        sketch = gain_over_cost(result, colours_of(result.rows))
    (axes,) = sketch.figure.axes
    points = {tuple(line.get_xydata()[0]) for line in axes.lines if line.get_marker() == "o"}
    for name in ("video zig", "latent zig free", "video + GPFA", "neurons only: ridge"):
        cost, gain = (
            result.find("competitors", name, m).value for m in ("seconds", "correlation_conditioned")
        )
        assert (cost, gain) in points
        assert name in {label.get_text().partition("  ")[0] for label in axes.texts}
    assert axes.get_xscale() == "log"
    assert "which took 80.0 seconds" in sketch.caption
    hollow = [line for line in axes.lines if line.get_xydata()[0][0] == pytest.approx(0.2)]
    assert BACKGROUND in {line.get_markerfacecolor() for line in hollow}


def test_without_costs_there_is_no_figure_of_them():
    one = Row(table="competitors", row="a", metric="correlation_conditioned", split="test", value=0.1)
    with style(), pytest.raises(NothingToShow, match="no model with seconds"):
        gain_over_cost(result_of([one]), colours_of([one]))
