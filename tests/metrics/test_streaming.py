from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from twofold.errors import DataError
from twofold.metrics import constant_neurons, correlation
from twofold.metrics.streaming import PairMoments, RepeatMoments

ROWS = st.integers(1, 20)
NUMBERS = st.floats(-1e3, 1e3, width=32)


@st.composite
def divided(draw):
    """Pairs of (time, neuron), which entries count, and where the data are cut into batches."""
    n = draw(ROWS)
    shape = (n, 3)
    x, y = (draw(arrays(np.float64, shape, elements=NUMBERS)) for _ in range(2))
    counted = draw(arrays(bool, shape))
    cuts = sorted(draw(st.lists(st.integers(0, n), max_size=4)))
    return x, y, counted, cuts


@given(divided())
def test_moments_of_batches_in_any_order_are_those_of_numpy_on_all(data):
    x, y, counted, cuts = data
    parts = [
        PairMoments.of(*part)
        for part in zip(np.split(x, cuts), np.split(y, cuts), np.split(counted, cuts), strict=True)
    ]
    joined = parts[-1]
    for part in parts[:-1]:
        joined = joined.merged(part)
    for i in range(3):
        a, b = x[counted[:, i], i], y[counted[:, i], i]
        assert joined.n[i] == len(a)
        if len(a):
            close = {"rtol": 1e-9, "atol": 1e-6}
            np.testing.assert_allclose(joined.mean_x[i], a.mean(), **close)
            np.testing.assert_allclose(joined.square_y[i], len(b) * b.var(), **close)
            np.testing.assert_allclose(joined.product[i], ((a - a.mean()) * (b - b.mean())).sum(), **close)
            assert (joined.least_x[i], joined.most_y[i]) == (a.min(), b.max())


@given(divided())
def test_the_correlation_of_batches_is_that_of_all_rows(data):
    x, y, _, cuts = data
    x, y = x.round(2), y.round(2)  # smaller differences than rounding leaves are not correlated
    joined = None
    for part in zip(np.split(x, cuts), np.split(y, cuts), strict=True):
        moments = PairMoments.of(*part)
        joined = moments if joined is None else joined.merged(moments)
    np.testing.assert_allclose(joined.correlation(), correlation(x, y, average=None), atol=1e-6)


def test_a_large_level_costs_no_digits():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(300, 2))
    y = x + rng.normal(size=(300, 2))
    joined = PairMoments.of(x[:1] + 1e8, y[:1] - 1e8)
    for row in range(1, 300):
        joined = joined.merged(PairMoments.of(x[row : row + 1] + 1e8, y[row : row + 1] - 1e8))
    np.testing.assert_allclose(joined.correlation(), correlation(x, y, average=None), atol=1e-6)


def test_constant_neurons_are_found_across_batches():
    x = np.full((9, 3), 0.1)
    x[8, 1] = 0.2
    y = np.random.default_rng(0).normal(size=(9, 3))
    y[:, 2] = 0.3
    joined = PairMoments.of(x[:4], y[:4]).merged(PairMoments.of(x[4:], y[4:]))
    found = joined.correlation()
    assert np.isnan(found).tolist() == constant_neurons(x).tolist() == [True, False, True]
    swapped = PairMoments.of(y[:4], x[:4]).merged(PairMoments.of(y[4:], x[4:]))
    assert (swapped.correlation()[0], np.isnan(swapped.correlation()[2])) == (0.0, True)


@given(arrays(np.float64, (5, 4, 2), elements=NUMBERS), st.integers(1, 4))
def test_moments_of_repeats_are_those_of_numpy(repeats, first):
    def joined(some):
        moments = [RepeatMoments.of(repeat) for repeat in some]
        total = moments[0]
        for one in moments[1:]:
            total = total.merged(one)
        return total

    found = joined(repeats[first:]).merged(joined(repeats[:first]))
    assert found.n == 5
    np.testing.assert_allclose(found.mean, repeats.mean(0), atol=1e-9)
    np.testing.assert_allclose(found.square, 5 * repeats.var(0), rtol=1e-9, atol=1e-6)


def test_repeats_of_unequal_length_count_where_all_are():
    long, short = np.arange(6.0).reshape(3, 2), np.zeros((2, 2))
    found = RepeatMoments.of(long).merged(RepeatMoments.of(short)).merged(RepeatMoments.of(long))
    np.testing.assert_allclose(found.mean, 2 * long[:2] / 3)


def test_what_cannot_be_scored_is_refused_and_placed():
    y = np.zeros((4, 2))
    with pytest.raises(DataError, match=r"true is \(4, 2\), predicted \(2, 4\)"):
        PairMoments.of(y, y.T)
    broken = y.copy()
    broken[3, 1] = np.inf
    with pytest.raises(DataError, match="predicted: not finite at row 3, neuron 1"):
        PairMoments.of(y, broken)
    counted = np.isfinite(broken)
    assert PairMoments.of(y, broken, counted).n.tolist() == [4, 3]
