"""GPFA against brute-force conditioning of the whole trial, and its own data found again."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from twofold.encoding.competitors import GPFA
from twofold.encoding.competitors.gaussian_process import Smoother, kernel
from twofold.encoding.competitors.gpfa import GPFAState, likeliest_timescales, stepped, trajectories

from .conftest import HALF, each_correlation, foretold, nothing, taught


def covariance_of(state, n_time):
    """(neuron, time, neuron, time) of the residuals of a whole trial."""
    kernels = [kernel(n_time, tau) for tau in state.timescales]
    full = sum(np.einsum("i,j,st->isjt", c, c, k) for c, k in zip(state.loading.T, kernels, strict=True))
    noise = np.einsum("i,ij,st->isjt", state.noise, np.eye(len(state.noise)), np.eye(n_time))
    return full + noise


def flat(covariance, a, b):
    rows = covariance[a][:, :, b]
    return rows.reshape(rows.shape[0] * rows.shape[1], -1)


@pytest.fixture(scope="module")
def state():
    rng = np.random.default_rng(0)
    loading = rng.normal(size=(12, 2))
    return GPFAState(0.1 * rng.normal(size=12), loading, rng.uniform(0.5, 2, 12), np.array([2.0, 8.0]))


@pytest.fixture(scope="module")
def residuals(state):
    rng = np.random.default_rng(1)
    found = []
    for n_time in (40,) * 25 + (30,) * 10:
        z = np.stack(
            [np.linalg.cholesky(kernel(n_time, tau)) @ rng.normal(size=n_time) for tau in state.timescales]
        )
        noise = rng.normal(size=(n_time, 12)) * np.sqrt(state.noise)
        found.append(state.level + z.T @ state.loading.T + noise)
    return found


def test_the_latents_and_their_density_are_those_of_the_whole_gaussian(state):
    rng = np.random.default_rng(2)
    seen = np.array([0, 3, 4])
    residual = rng.normal(size=(6, 3))
    found = Smoother(6, state.timescales, state.loading[seen], state.noise[seen]).read(residual)
    full = flat(covariance_of(state, 6), seen, seen)
    assert found.log_density == pytest.approx(multivariate_normal.logpdf(residual.T.ravel(), cov=full))
    kernels = [kernel(6, tau) for tau in state.timescales]
    crossed = np.vstack(
        [np.hstack([c[i] * k for i in seen]) for c, k in zip(state.loading.T, kernels, strict=True)]
    )
    reading = np.linalg.solve(full, crossed.T).T
    np.testing.assert_allclose(found.mean.T.ravel(), reading @ residual.T.ravel(), atol=1e-9)
    prior = np.zeros((12, 12))
    prior[:6, :6], prior[6:, 6:] = kernels
    np.testing.assert_allclose(found.covariance.reshape(12, 12), prior - reading @ crossed.T, atol=1e-9)


def test_the_conditional_mean_is_that_of_the_whole_gaussian(state, residuals):
    model = GPFA(nothing(), dimension=2)
    model.states = (state,)
    short = residuals[0][:8]
    full = covariance_of(state, 8)
    given = (short - state.level)[:, HALF.given].T.ravel()
    slow = flat(full, HALF.targets, HALF.given) @ np.linalg.solve(flat(full, HALF.given, HALF.given), given)
    found = model.law_given(0, HALF)(foretold(short)).mean.numpy()
    np.testing.assert_allclose(found - state.level[HALF.targets], slow.reshape(4, 8).T, atol=1e-5)


def test_a_step_of_em_never_makes_the_residuals_less_likely(state, residuals):
    rng = np.random.default_rng(3)
    some, values = residuals[20:30], []
    now = GPFAState(state.level, rng.normal(size=(12, 2)), np.ones(12), np.array([1.0, 1.5]))
    for _ in range(6):
        read = trajectories(now, some)
        values.append(sum(one.log_density for one in read))
        now = stepped(now, some, read)
    assert (np.diff(values) > 0).all()


def test_timescales_are_found_where_the_rest_is_known(state, residuals):
    now = GPFAState(state.level, state.loading, state.noise, np.array([5.0, 5.0]))
    for _ in range(3):
        now = GPFAState(state.level, state.loading, state.noise, likeliest_timescales(now, residuals))
    np.testing.assert_allclose(now.timescales, [2.0, 8.0], rtol=0.1)


def test_its_own_data_are_found_again(state, residuals):
    trained, new = residuals[:20] + residuals[25:31], residuals[20:25] + residuals[31:]
    model = taught(GPFA(nothing(), dimension=2, steps=15), [foretold(one) for one in trained])
    truth = GPFA(nothing(), dimension=2)
    truth.states = (state,)
    observed = np.concatenate([one[:, HALF.targets] for one in new])
    reached, possible = (
        each_correlation(
            np.concatenate([one.law_given(0, HALF)(foretold(each)).mean.numpy() for each in new]), observed
        ).mean()
        for one in (model, truth)
    )
    assert possible > 0.5
    assert reached > possible - 0.02
    np.testing.assert_allclose(np.sort(model.states[0].timescales), [2.0, 8.0], rtol=0.25)
