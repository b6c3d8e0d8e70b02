from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from twofold.errors import DataError, OptionError
from twofold.metrics import Interval, mean_and_sem, paired_difference


def test_mean_and_sem_agree_with_scipy():
    values = np.random.default_rng(0).normal(size=9)
    interval = mean_and_sem(values)
    assert interval.value == pytest.approx(values.mean())
    assert interval.high - interval.value == pytest.approx(stats.sem(values))
    assert interval.value - interval.low == pytest.approx(stats.sem(values))
    assert interval.n == 9


def test_one_value_has_no_spread():
    interval = mean_and_sem([0.5])
    assert (interval.low, interval.high, interval.n) == (None, None, 1)
    with pytest.raises(DataError, match="no spread"):
        _ = 0.5 in interval


def test_both_ends_of_an_interval_are_inside():
    interval = Interval(0.5, 0.25, 0.75, n=3)
    assert 0.25 in interval
    assert 0.75 in interval
    assert 0.2499 not in interval


@pytest.mark.parametrize(("values", "match"), [([], "shape"), ([1.0, np.nan], "fold 1")])
def test_values_that_have_no_mean_are_refused(values, match):
    with pytest.raises(DataError, match=match):
        mean_and_sem(values)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(-5, 5), min_size=2, max_size=8), st.integers(0, 100))
def test_exhaustive_sign_flip_p_agrees_with_scipy(d, seed):
    a = np.random.default_rng(seed).integers(0, 100, len(d)) / 8
    b = a - np.array(d) / 8  # eighths are exact, so ties are ties in both
    peer = stats.permutation_test(
        (a, b),
        lambda a, b, axis: (a - b).mean(axis),
        permutation_type="samples",
        vectorized=True,
        n_resamples=9999,
    )
    doubled_one_sided = peer.pvalue  # scipy doubles the smaller tail; the distribution is symmetric
    assert paired_difference(a, b).p == pytest.approx(min(1.0, doubled_one_sided))


def test_random_sign_flips_approach_the_exhaustive_p():
    rng = np.random.default_rng(1)
    a, b = rng.normal(0.4, 1, 12), np.zeros(12)
    exact, drawn = paired_difference(a, b).p, paired_difference(a, b, n_permutations=4000).p
    assert exact != drawn
    assert drawn == pytest.approx(exact, abs=5 * np.sqrt(exact * (1 - exact) / 4000))


def test_random_sign_flips_never_give_p_of_zero_and_repeat_with_their_seed():
    a, b = np.ones(40), np.zeros(40)
    assert paired_difference(a, b, n_permutations=99).p == pytest.approx(0.01)
    a = np.random.default_rng(0).normal(size=40)
    assert paired_difference(a, b, random_state=3) == paired_difference(a, b, random_state=3)


def test_sign_flip_p_is_uniform_when_methods_do_not_differ():
    rng = np.random.default_rng(2)
    p = [paired_difference(rng.normal(size=8), rng.normal(size=8)).p for _ in range(400)]
    assert np.mean(np.array(p) <= 0.05) == pytest.approx(0.05, abs=4 * np.sqrt(0.05 * 0.95 / 400))


def test_paired_difference_has_the_sem_of_the_differences():
    a, b = np.array([0.5, 0.7, 0.9]), np.array([0.4, 0.5, 0.6])
    assert paired_difference(a, b).difference == mean_and_sem(a - b)


def test_unequal_folds_and_no_permutations_are_refused():
    with pytest.raises(DataError, match="2 of a and 1 of b"):
        paired_difference([1.0, 2.0], [1.0])
    with pytest.raises(OptionError, match="n_permutations=0"):
        paired_difference([1.0], [1.0], n_permutations=0)
