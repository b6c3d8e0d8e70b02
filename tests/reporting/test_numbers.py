from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twofold.reporting.numbers import MISSING, duration, error, number, with_error
from twofold.studies.result import Row


def row(**values: object) -> Row:
    return Row(table="t", row="r", metric="exact_accuracy", split="test", **values)


@given(st.floats(-1e6, 1e6), st.integers(1, 4))
def test_a_number_can_be_read_back_to_its_last_digit(value: float, decimals: int):
    text = number(value, decimals)
    assert "-" not in text.replace("e-", "")
    read = float(text.replace("−", "-").replace(",", ""))
    assert math.isclose(read, value, rel_tol=0.06, abs_tol=0.51 * 10.0**-decimals)


def test_a_small_number_keeps_two_digits():
    assert number(1 / 900) == "0.0011"


def test_a_missing_number_is_a_dash():
    assert number(None) == MISSING
    assert with_error(row(value=None, note="too few frames")) == MISSING


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [
        (0.45, 0.55, "± 0.050"),
        (0.4996, 0.5004, "± 0.0004"),
        (0.499_999, 0.500_001, "± <0.0001"),
        (0.5, 0.5, "± 0"),
        (0.30, 0.55, "0.300 to 0.550"),
        (None, 0.55, ""),
    ],
)
def test_uncertainty_is_plus_minus_where_it_is_even(low: float | None, high: float | None, text: str):
    assert error(row(value=0.5, low=low, high=high)) == text


def test_a_permutation_interval_is_never_plus_minus_because_it_belongs_to_chance():
    assert error(row(value=0.5, low=0.4, high=0.6, interval_kind="permutation_99")) == "0.400 to 0.600"


@given(st.floats(0, 1e5))
def test_a_duration_can_be_read_back_within_a_minute(seconds: float):
    size = {"s": 1, "min": 60, "h": 3600}
    parts = duration(seconds).split()
    total = sum(float(n) * size[unit] for n, unit in zip(parts[::2], parts[1::2], strict=True))
    assert abs(total - seconds) <= (60 if seconds >= 3600 else 0.51)
