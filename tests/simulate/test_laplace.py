from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import logsumexp
from scipy.stats import multivariate_normal, poisson

from twofold.simulate.laplace import state_posterior
from twofold.simulate.roots import mean_root


def case(n_latents, n_units, seed=0, rate=1.0, strength=0.5):
    rng = np.random.default_rng(seed)
    loadings = strength * rng.standard_normal((n_latents, n_units))
    typical = rate * rng.gamma(2.0, 0.5, size=(3, n_units))
    drift = np.exp(0.1 * rng.standard_normal((2, n_units)))
    state = rng.standard_normal((2, n_latents))
    counts = rng.poisson(typical[:2] * drift * np.exp(state @ loadings))
    return counts, typical, drift, loadings


def brute_force(counts, typical, drift, loadings, points=121):
    """Evidence, mean and covariance of the state of one sample and frame, summed over a fine grid."""
    axis = np.linspace(-6, 6, points)
    grid = np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1).reshape(-1, 2)
    log_p = poisson.logpmf(counts, typical * drift * np.exp(grid @ loadings)).sum(axis=1)
    log_p += multivariate_normal(np.zeros(2)).logpdf(grid) + 2 * np.log(axis[1] - axis[0])
    weight = np.exp(log_p - logsumexp(log_p))
    mean = weight @ grid
    return logsumexp(log_p), mean, (grid - mean).T @ ((grid - mean) * weight[:, None])


@pytest.mark.parametrize("seed", range(4))
def test_evidence_and_moments_agree_with_a_sum_over_a_grid(seed):
    counts, typical, drift, loadings = case(2, 40, seed)
    found = state_posterior(counts, typical, drift, loadings)
    for sample in range(2):
        for frame in range(3):
            evidence, mean, covariance = brute_force(counts[sample], typical[frame], drift[sample], loadings)
            assert found.log_evidence[sample, frame] == pytest.approx(evidence, abs=0.03)
            assert np.allclose(found.mean[sample, frame], mean, atol=0.02)
            assert np.allclose(np.linalg.inv(found.precision[sample, frame]), covariance, atol=0.03)


def test_without_latents_the_evidence_is_poisson():
    counts, typical, drift, loadings = case(2, 12)
    found = state_posterior(counts, typical, drift, loadings[:0])
    expected = poisson.logpmf(counts[:, None], typical * drift[:, None]).sum(axis=-1)
    assert np.allclose(found.log_evidence, expected)


def test_zero_loadings_and_no_units_leave_the_prior():
    counts, typical, drift, loadings = case(2, 12)
    found = state_posterior(counts, typical, drift, 0 * loadings)
    assert np.allclose(
        found.log_evidence, poisson.logpmf(counts[:, None], typical * drift[:, None]).sum(axis=-1)
    )
    assert not found.mode.any()
    assert not found.mean.any()
    empty = state_posterior(counts[:, :0], typical[:, :0], drift[:, :0], loadings[:, :0])
    assert not empty.log_evidence.any()
    assert np.allclose(empty.precision, np.eye(2))


@pytest.mark.parametrize("factor", [0.01, 1.0, 100.0])
def test_newton_finds_the_mode_also_from_far(factor):
    counts, typical, drift, loadings = case(3, 25, seed=5, strength=1.0)
    typical = factor * typical
    found = state_posterior(counts, typical, drift, loadings)

    def minus_log_p(s):
        mean = typical[2] * drift[1] * np.exp(s @ loadings)
        return mean.sum() - counts[1] @ np.log(mean) + s @ s / 2

    best = minimize(minus_log_p, np.zeros(3), method="Nelder-Mead", options={"xatol": 1e-6, "fatol": 1e-9})
    assert np.allclose(found.mode[1, 2], best.x, atol=5e-3)


@pytest.mark.parametrize("mean", [0.0, 1e-4, 0.03, 0.7, 5.0, 60.0, 224.0, 226.0, 900.0])
def test_mean_root_agrees_with_the_sum_over_counts(mean):
    counts = np.arange(2000)
    expected = poisson.pmf(counts, mean) @ np.sqrt(counts)
    assert mean_root(np.sqrt(np.array([mean, mean])))[0] == pytest.approx(expected, abs=2e-5)
