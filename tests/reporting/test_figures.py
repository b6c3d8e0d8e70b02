from __future__ import annotations

import re
import subprocess
import sys
from itertools import pairwise

import matplotlib as mpl
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twofold.reporting.figures import LeftOut, Picture, draw_all
from twofold.reporting.figures.labels import fold, spread
from twofold.reporting.palette import Palette
from twofold.reporting.scoreboard import Scoreboard
from twofold.studies.result import Result


def drawn(result: Result) -> dict[str, Picture | LeftOut]:
    found = draw_all(result, Scoreboard.of(result), Palette.of(result.rows))
    return {figure.name: figure for figure in found}


def with_arrays(result: Result, key: str, value: np.ndarray | None) -> Result:
    """The arrays around `key` alone, with that one changed or taken away; no rows."""
    rooms = {"raster": ("raster/",), "pca": ("pca/",)}.get(key.partition("/")[0], ("decoded/", "frames/"))
    arrays = {k: v for k, v in result.arrays.items() if k.startswith(rooms) and k != key}
    return Result(result.study, {}, {}, {}, 1.0, [], arrays if value is None else {**arrays, key: value})


@pytest.fixture(scope="module")
def figures(result: Result) -> dict[str, Picture | LeftOut]:
    return drawn(result)


def test_every_figure_is_drawn_whose_arrays_are_there(figures: dict[str, Picture | LeftOut]):
    pictures = [figure for figure in figures.values() if isinstance(figure, Picture)]
    assert len(pictures) == 12
    for figure in pictures:
        assert figure.png.startswith(b"\x89PNG")
        assert b"</svg>" in figure.svg[-20:]


def test_the_words_of_a_figure_hold_its_numbers(figures: dict[str, Picture | LeftOut], result: Result):
    alt = {name: figure.alt for name, figure in figures.items() if isinstance(figure, Picture)}
    assert "raw + logistic 0.972 ± 0.005" in alt["accuracy"]
    assert "contrastive + knn (0.965, 0.268)" in alt["scoreboard"]
    needed = int(np.searchsorted(result.arrays["explained_variance/cumulative"], 0.9)) + 1
    assert f"{needed} components reach 90 %" in alt["explained-variance"]
    share = np.mean(result.arrays["decoded/predicted/contrastive + knn"] == result.arrays["decoded/true"])
    assert f"contrastive + knn {100 * share:.0f} % exact" in alt["confusion"]


def test_nothing_is_drawn_from_nothing_and_every_figure_says_why():
    figures = drawn(Result("neural-alignment", {}, {}, {}, 1.0, [], {}))
    assert len(figures) == 31
    assert all(isinstance(figure, LeftOut) and figure.reason for figure in figures.values())


@pytest.mark.parametrize(
    ("key", "value", "name", "reason"),
    [
        ("raster/responses", None, "raster", "no array raster/responses"),
        ("raster/responses", np.zeros((3, 4, 5), np.float32), "raster", r"\(3, 4, 5\)"),
        ("frames/pictures", None, "decoded-frames", "no array frames/pictures"),
        ("frames/pictures", np.zeros((5, 4, 4), np.uint8), "decoded-frames", "5 pictures"),
        ("decoded/predicted/pca + knn", np.zeros(3, int), "confusion", "shape"),
        ("pca/embedding", np.zeros((2400, 2)), "components", "three components"),
    ],
)
def test_an_array_that_does_not_fit_leaves_its_figure_out(
    result: Result, key: str, value: np.ndarray | None, name: str, reason: str
):
    figure = drawn(with_arrays(result, key, value))[name]
    assert isinstance(figure, LeftOut)
    assert re.search(reason, figure.reason)


def test_figures_are_the_same_bits_each_time_whatever_the_style_of_the_caller(
    result: Result,
):
    part = with_arrays(result, "pca/none", None)
    figures = drawn(part)
    assert sum(isinstance(figure, Picture) for figure in figures.values()) == 1
    with mpl.rc_context({"font.size": 31.0, "axes.grid": True, "text.parse_math": True}):
        again = drawn(part)
        assert mpl.rcParams["font.size"] == 31.0
    assert again == figures


def test_a_dollar_in_a_row_name_is_no_formula(result: Result):
    rows = [row.model_copy(update={"row": row.row.replace("pca", "pca $x_{")}) for row in result.rows]
    figures = drawn(Result("s", {}, {}, {}, 1.0, rows, {}))
    assert isinstance(figures["accuracy"], Picture)


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0.01, 0.09)), min_size=1, max_size=10))
def test_labels_never_overlap_never_leave_the_axes_and_keep_their_order(points: list[tuple[float, float]]):
    heights, room = zip(*points, strict=True)
    placed = spread(heights, room, 0.0, 1.0)
    by_place = sorted(range(len(placed)), key=lambda i: placed[i])
    for below, above in pairwise(by_place):
        assert placed[above] - placed[below] >= (room[above] + room[below]) / 2 - 1e-5
        assert heights[above] >= heights[below]
    assert all(at - r / 2 >= -1e-5 and at + r / 2 <= 1 + 1e-5 for at, r in zip(placed, room, strict=True))


@given(st.text("ab ", max_size=60))
def test_folding_changes_nothing_but_the_spaces(text: str):
    assert fold(text, 12).split() == text.split()


def test_reporting_needs_neither_torch_nor_pyplot():
    heavy = "('torch', 'matplotlib.pyplot')"
    program = f"import sys, twofold.reporting; print([name for name in {heavy} if name in sys.modules])"
    output = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    ).stdout
    assert output.strip() == "[]"
