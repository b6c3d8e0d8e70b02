"""Errors are ValueErrors that a caller can catch together, and name what was meant."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twofold.errors import DataError, NotAvailableError, OptionError, TwofoldError, did_you_mean


@pytest.mark.parametrize("kind", [OptionError, DataError, NotAvailableError])
def test_every_error_is_a_value_error_of_the_package(kind):
    with pytest.raises(TwofoldError, match=r"^what to do$"):
        raise kind("what to do")
    assert issubclass(kind, ValueError)
    assert issubclass(kind, ImportError) == (kind is NotAvailableError)


def test_the_closest_name_is_proposed():
    assert did_you_mean("stepz", ["stops", "steps", "temperature"]) == "did you mean 'steps'?"


def test_all_names_are_told_in_order_where_none_is_close():
    assert did_you_mean("x", ["pupil", "running"]) == "known are: pupil, running"
    assert did_you_mean("x", iter(["running", "pupil"])) == "known are: pupil, running"
    assert did_you_mean("x", []) == "there are none"


@given(st.lists(st.text(min_size=1, max_size=8), min_size=1, max_size=5, unique=True), st.data())
def test_a_known_name_is_closest_to_itself(names, data):
    name = data.draw(st.sampled_from(names))
    assert did_you_mean(name, names) == f"did you mean {name!r}?"
