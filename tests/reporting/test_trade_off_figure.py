from __future__ import annotations

import numpy as np

from twofold.reporting.figures import LeftOut, Picture, draw_all
from twofold.reporting.palette import Palette
from twofold.reporting.scoreboard import Scoreboard
from twofold.studies.result import Result

CURVES = {
    "lambda": [0.0, 0.1, 10.0],
    "exact_accuracy": [0.5, 0.4, 0.25],
    "r2_cross_repeat": [0.1, 0.2, np.nan],
}


def drawn(curves: dict[str, list[float]]) -> dict[str, Picture | LeftOut]:
    arrays = {f"trade_off/{name}": np.array(curve) for name, curve in curves.items()}
    result = Result("neural-alignment", {}, {}, {}, 1.0, [], arrays)
    return {figure.name: figure for figure in draw_all(result, Scoreboard.of(result), Palette.of([]))}


def test_the_curve_over_lambda_is_drawn_with_its_numbers_in_words():
    figure = drawn(CURVES)["trade-off"]
    assert isinstance(figure, Picture)
    assert figure.group == "alignment"
    assert "lambda 0.1: exact accuracy 0.400, (b) R² across repeats 0.200" in figure.alt
    assert "lambda 10: exact accuracy 0.250, (b) R² across repeats –" in figure.alt


def test_without_the_curve_the_page_misses_nothing_and_says_nothing():
    assert "trade-off" not in drawn({})


def test_curves_that_do_not_fit_are_left_out():
    figure = drawn({**CURVES, "exact_accuracy": [0.5]})["trade-off"]
    assert isinstance(figure, LeftOut)
    assert "number of points" in figure.reason
