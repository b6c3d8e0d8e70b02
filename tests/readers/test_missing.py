from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from twofold.errors import DataError
from twofold.readers.missing import Missing


def responses_with(*places, value=255.0, shape=(4, 2, 3, 5)):
    """(repeat, stimulus, time, neuron) of ones, with a value at some places."""
    values = np.ones(shape)
    for place in places:
        values[place] = value
    return values


@given(
    arrays(np.uint8, (3, 2, 2, 4), elements=st.sampled_from([0, 1, 255])),
    st.sampled_from([0.1, 0.3, 0.5, 1.0]),
)
def test_dropping_equals_dropping_by_hand(values, share):
    units = [n for n in range(4) if (values[..., n] == 255).mean() < share]
    repeats = [r for r in range(3) if not (values[r][..., units] == 255).any()]
    missing = Missing(255, drop_units=share, drop_repeats=True)
    if not units or not repeats:
        with pytest.raises(DataError, match="would be dropped"):
            missing.clean(values)
        return
    kept = missing.clean(values)
    assert np.flatnonzero(kept.neurons).tolist() == units
    assert np.flatnonzero(kept.repeats).tolist() == repeats
    np.testing.assert_array_equal(kept.responses, values[repeats][..., units])


def test_responses_keep_their_type_unless_values_may_be_missing():
    values = np.ones((1, 1, 2, 2), dtype=np.uint8)
    assert Missing().clean(values).responses.dtype == np.uint8
    assert Missing(255).clean(values).responses.dtype == np.float32


def test_a_unit_with_exactly_the_share_is_dropped():
    values = responses_with((0, 0, 0, 3), shape=(5, 1, 10, 5))
    kept = Missing(255, drop_units=0.02).clean(values)
    assert kept.neurons.tolist() == [True, True, True, False, True]


@pytest.mark.parametrize(
    ("bad", "flag"),
    [(np.nan, "--missing nan"), (np.inf, "--missing inf"), (-np.inf, "--missing -inf")],
)
def test_undeclared_nan_or_inf_says_where_and_what_to_type(bad, flag):
    values = responses_with((2, 1, 0, 3), (3, 0, 0, 0), value=bad)
    where = f"2 responses are NaN or infinite, the first ({bad:g}) at unit 3, repeat 2, stimulus 1, time 0; "
    with pytest.raises(DataError, match=re.escape(f"{where}type {flag}")):
        Missing().clean(values)
    assert Missing(bad, drop_repeats=True).clean(values).repeats.tolist() == [True, True, False, False]


def test_nan_beside_another_missing_value_is_refused():
    values = responses_with((0, 0, 0, 0))
    values[1, 0, 0, 0] = np.nan
    with pytest.raises(DataError, match="only one value can be declared missing, now 255"):
        Missing(255, drop_repeats=True).clean(values)


def test_values_that_stay_missing_say_where_and_what_to_type():
    with pytest.raises(DataError) as caught:
        Missing(255).clean(responses_with((1, 0, 0, 2), (3, 1, 1, 2)))
    assert str(caught.value) == (
        "2 values are missing still, in units 2 and in repeats 1, 3 (counted among those kept): "
        "--drop-repeats-missing would drop 2 of 4 repeats, --drop-units-missing 0.01 would drop 1 of 5 units"
    )
    kept = Missing(255, drop_units=0.01).clean(responses_with((1, 0, 0, 2), (3, 1, 1, 2)))
    assert kept.neurons.sum() == 4


def test_dropping_everything_is_refused():
    everywhere = np.full((2, 1, 2, 3), 255)
    with pytest.raises(DataError, match=r"all 3 units would be dropped.*larger --drop-units-missing"):
        Missing(255, drop_units=0.5).clean(everywhere)
    with pytest.raises(DataError, match=r"all 2 repeats would be dropped.*drop more units first"):
        Missing(255, drop_repeats=True).clean(everywhere)


@pytest.mark.parametrize("share", [0.0, -0.1, 1.5, float("nan")])
def test_a_share_outside_zero_to_one_is_a_problem(share):
    assert "give a share above 0 and up to 1" in Missing(255, drop_units=share).problems()[0]


def test_dropping_needs_the_missing_value():
    assert "--drop-repeats-missing needs --missing" in Missing(drop_repeats=True).problems()[0]
    assert "--drop-units-missing needs --missing" in Missing(drop_units=0.1).problems()[0]
    assert Missing(255, 0.02, True).problems() == []
