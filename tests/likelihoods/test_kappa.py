from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from twofold.errors import DataError
from twofold.likelihoods import (
    ResponseStatistics,
    kappa_by_maximum_likelihood,
    kappa_by_moments,
    kappa_given_theta,
)
from twofold.likelihoods.kappa import _of_digamma, _of_log_minus_digamma

RHO = 0.005


def responses(kappa, theta=1.0, n=20_000, n_neurons=1, q=0.4, seed=0):
    """(time, neuron) zero-inflated gamma responses."""
    rng = np.random.default_rng(seed)
    shape = (n, n_neurons)
    return np.where(rng.random(shape) < q, RHO + rng.gamma(kappa, theta, shape), 0.0)


@pytest.mark.parametrize("kappa", [0.13, 0.5, 1.0, 8.0])
def test_maximum_likelihood_agrees_with_scipy(kappa):
    y = responses(kappa, theta=3.0, n=2000)
    expected, _, _ = stats.gamma.fit(y[y > RHO] - RHO, floc=0)
    ours = kappa_by_maximum_likelihood(ResponseStatistics.of([y]))
    assert ours.values[0] == pytest.approx(expected, rel=1e-6)
    assert ours.n_active[0] == (y > RHO).sum()


def test_moments_are_those_of_numpy():
    y = responses(0.5, theta=3.0, n=2000)
    d = y[y > RHO] - RHO
    ours = kappa_by_moments(ResponseStatistics.of([y]))
    assert ours.values[0] == pytest.approx(d.mean() ** 2 / d.var())


@given(kappa=st.floats(1e-3, 1e5))
def test_both_newton_steps_find_the_root(kappa):
    from scipy.special import digamma

    s = np.array([np.log(kappa) - digamma(kappa)])
    assert _of_log_minus_digamma(s)[0] == pytest.approx(kappa, rel=1e-5)
    assert _of_digamma(np.array([digamma(kappa)]))[0] == pytest.approx(kappa, rel=1e-9)


@pytest.mark.parametrize(("log_sd", "moments", "likelihood"), [(0.5, 0.36, 0.50), (1.0, 0.16, 0.40)])
def test_a_scale_that_varies_biases_all_but_the_estimate_that_knows_it(log_sd, moments, likelihood):
    """The biases that paper B's section 1.3 gives, at a true kappa of 0.55."""
    theta = np.exp(log_sd * np.random.default_rng(1).normal(size=(100_000, 1)))
    y = responses(0.55, theta, n=100_000)
    statistics = ResponseStatistics.of([y])
    # the moments of a log-normal scale have heavy tails, so that theirs is a rough number
    assert kappa_by_moments(statistics).values[0] == pytest.approx(moments, abs=0.06)
    assert kappa_by_maximum_likelihood(statistics).values[0] == pytest.approx(likelihood, abs=0.03)
    halves = [(y[:50_000], theta[:50_000]), (y[50_000:], theta[50_000:])]
    assert kappa_given_theta(halves).values[0] == pytest.approx(0.55, abs=0.01)


@pytest.mark.parametrize("estimate", [kappa_by_moments, kappa_by_maximum_likelihood])
def test_neurons_with_too_few_responses_borrow_and_are_told(estimate):
    y = responses(0.5, n_neurons=5, n=500)
    y[:, 1] = 0.0
    y[5:, 2] = 0.0
    y[:, 3] = 1.0
    found = estimate(ResponseStatistics.of([y]))
    assert found.borrowed.tolist() == [False, True, True, True, False]
    assert np.unique(found.values[1:4]).tolist() == [np.median(found.values[[0, 4]])]
    assert "3 with too few different responses above rho" in str(found)
    assert "too few" not in str(estimate(ResponseStatistics.of([y[:, :1]])))


def test_the_estimate_given_theta_borrows_too():
    y = responses(0.5, n_neurons=2, n=500)
    y[:, 1] = 0.0
    found = kappa_given_theta([(y, np.ones_like(y))])
    assert found.borrowed.tolist() == [False, True]
    assert found.values[0] == found.values[1]


def test_a_population_that_is_silent_throughout_is_refused():
    silent = np.zeros((50, 2))
    with pytest.raises(DataError, match="no neuron has 20 different responses above rho, at most 0"):
        kappa_by_moments(ResponseStatistics.of([silent]))
    with pytest.raises(DataError, match="no neuron has 20"):
        kappa_given_theta([(silent, silent + 1)])
    for nothing in ([], [np.zeros((0, 2))]):
        with pytest.raises(DataError, match="at least one trial"):
            ResponseStatistics.of(nothing)
    with pytest.raises(DataError, match="at least one trial"):
        kappa_given_theta([])


@given(
    y=arrays(np.float64, st.tuples(st.integers(1, 12), st.just(2)), elements=st.floats(0, 1e6)),
    border=st.integers(0, 12),
)
def test_statistics_do_not_depend_on_where_trials_end(y, border):
    whole, parts = ResponseStatistics.of([y]), ResponseStatistics.of([y[:border], y[border:]])
    assert (whole.n, whole.n_active.tolist()) == (parts.n, parts.n_active.tolist())
    for name in ("mean", "variance", "mean_d", "mean_d2", "mean_log_d"):
        np.testing.assert_allclose(getattr(parts, name), getattr(whole, name), rtol=1e-9, atol=1e-9)
