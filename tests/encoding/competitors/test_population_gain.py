"""The shared signal against brute-force Gaussian conditioning, its fit, and its recovery."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from twofold.encoding.competitors import PopulationGain
from twofold.encoding.competitors.population_gain import GainState

from .conftest import HALF, each_correlation, foretold, nothing, taught


@pytest.fixture(scope="module")
def world():
    """A state of 12 neurons, and trials of means and responses that follow it."""
    rng = np.random.default_rng(0)
    state = GainState(
        rng.normal(size=12) * 0.1,
        rng.uniform(0.2, 0.8, 12),
        rng.uniform(0.2, 0.8, 12),
        rng.uniform(0.5, 2, 12),
    )
    trials = []
    for _ in range(30):
        mean = rng.uniform(0, 2, size=(80, 12)).astype(np.float32).astype(float)
        signal = rng.normal(size=(80, 1))
        noise = rng.normal(size=(80, 12)) * np.sqrt(state.noise)
        trials.append(foretold(mean + state.level + state.loading(mean) * signal + noise, mean))
    return state, trials


def test_the_signal_is_the_mean_of_the_conditioned_gaussian(world):
    state, trials = world
    trial = trials[0]
    model = PopulationGain(nothing())
    model.states = (state,)
    found = model.law_given(0, HALF)(trial).mean.numpy()
    for t in (0, 5):
        loading = state.loading(trial.mean)[t]
        full = np.outer(loading, loading) + np.diag(state.noise)
        weights = np.linalg.solve(
            full[np.ix_(HALF.given, HALF.given)], full[np.ix_(HALF.given, HALF.targets)]
        )
        shift = (trial.residual[t] - state.level)[HALF.given] @ weights
        np.testing.assert_allclose(
            found[t], trial.mean[t, HALF.targets] + state.level[HALF.targets] + shift, rtol=1e-5
        )


def test_the_log_likelihood_is_that_of_the_gaussian(world):
    state, trials = world
    mean, residual = trials[0].mean[:6], trials[0].residual[:6]
    slow = [
        multivariate_normal.logpdf(row, state.level, np.outer(loading, loading) + np.diag(state.noise))
        for row, loading in zip(residual, state.loading(mean), strict=True)
    ]
    assert state.log_likelihood(mean, residual) == pytest.approx(np.mean(slow) / 12)


@pytest.mark.parametrize("settings", [{}, {"gain": False}, {"offset": False}])
def test_a_step_of_em_never_makes_the_residuals_less_likely(world, settings):
    model, trials = PopulationGain(nothing(), **settings), world[1][:5]
    mean = np.concatenate([trial.mean for trial in trials])
    residual = np.concatenate([trial.residual for trial in trials])
    state, values = model._begun(mean, residual), []
    for _ in range(15):
        values.append(state.log_likelihood(mean, residual))
        state = model._stepped(state, mean, residual, state.signal(mean, residual))
    assert (np.diff(values) > -1e-12).all()
    assert values[-1] > values[0]


def test_gain_and_offset_are_found_again(world):
    state, trials = world
    model = taught(PopulationGain(nothing()), trials[:24])
    found = model.states[0]
    np.testing.assert_allclose(found.offset, state.offset, atol=0.2)
    np.testing.assert_allclose(found.gain, state.gain, atol=0.2)
    np.testing.assert_allclose(found.noise, state.noise, rtol=0.15)
    truth = PopulationGain(nothing())
    truth.states = (state,)
    observed, reached, possible = (
        np.concatenate(each)
        for each in (
            [trial.observed[:, HALF.targets] for trial in trials[24:]],
            [model.law_given(0, HALF)(trial).mean.numpy() for trial in trials[24:]],
            [truth.law_given(0, HALF)(trial).mean.numpy() for trial in trials[24:]],
        )
    )
    best = each_correlation(possible, observed).mean()
    assert each_correlation(reached, observed).mean() > best - 0.01
    assert (
        best
        > each_correlation(np.concatenate([t.mean[:, HALF.targets] for t in trials[24:]]), observed).mean()
    )


def test_where_the_mean_never_changes_a_gain_is_an_offset():
    rng = np.random.default_rng(1)
    observed = rng.normal(size=(200, 1)) * np.linspace(0.3, 1, 12) + rng.normal(size=(200, 12))
    model = taught(PopulationGain(nothing()), [foretold(observed, np.ones_like(observed))])
    np.testing.assert_array_equal(model.states[0].gain, 0)
    assert np.abs(model.states[0].offset).mean() > 0.3
