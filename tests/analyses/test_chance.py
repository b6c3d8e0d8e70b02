"""A p value counts the real score in, and what has no score is never a finding."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from twofold.analyses.chance import Chance


@given(arrays(float, st.integers(1, 30), elements=st.floats(-1, 1)), st.floats(-1, 1))
def test_p_is_the_rank_of_the_real_score_among_all(surrogates, value):
    everyone = np.append(surrogates, value)
    assert Chance(surrogates).p(value) == pytest.approx((everyone >= value).mean())


def test_surrogates_without_a_score_count_against_a_finding():
    chance = Chance(np.array([0.1, np.nan, 0.3]))
    assert chance.p(0.5) == pytest.approx(2 / 4)
    assert (chance.mean, chance.high) == (pytest.approx(0.2), pytest.approx(0.29))


def test_a_value_that_is_nan_is_no_finding():
    assert Chance(np.zeros(9)).p(float("nan")) == 1.0


def test_chance_of_nothing_is_nan():
    assert np.isnan([Chance(np.array([np.nan])).mean, Chance(np.array([np.nan])).high]).all()
