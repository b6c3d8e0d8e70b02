"""Expectations and posteriors of the zero-inflated gamma law, against samples and sums over grids."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit
from scipy.stats import gamma, norm

from twofold.simulate.sensorium.zig_expectation import Gaussian2, expected_rate, log_marginal, mean_theta
from twofold.simulate.sensorium.zig_law import ZigLaw, elu_plus_one
from twofold.simulate.sensorium.zig_posterior import Given, LatentPosterior, filtered, laplace, smoothed

RHO = 0.005
AXIS = np.linspace(-5, 5, 161)


def law_of(n_neurons, n_latents, strength, seed=0):
    rng = np.random.default_rng(seed)
    w_q, w_theta = strength / np.sqrt(n_latents) * rng.standard_normal((2, n_neurons, n_latents))
    return ZigLaw(w_q, w_theta, rng.uniform(0.4, 0.6, n_neurons), RHO)


def drawn(law, n_time, z, seed=1):
    rng = np.random.default_rng(seed)
    a_q, a_theta = rng.normal(-0.3, 0.8, (2, n_time, len(law.kappa)))
    return Given(law.draw(*law.parameters(a_q, a_theta, z), rng), a_q, a_theta, law)


def log_likelihood(given, row, z):
    """(point,) log p(y | z) of one time point, from scipy's density."""
    law, y = given.law, given.y[row]
    q, theta = law.parameters(given.a_q[row], given.a_theta[row], z)
    density = gamma.logpdf(y - law.rho, law.kappa, scale=theta)
    return np.where(y > law.rho, np.log(q) + density, np.log1p(-q)).sum(axis=1)


def points(axis):
    """(point, 2) a square grid."""
    return np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1).reshape(-1, 2)


# --- expectations --------------------------------------------------------------------------------


@pytest.mark.parametrize("mean", [-3.0, -0.2, 0.0, 0.7, 4.0])
@pytest.mark.parametrize("sd", [0.01, 0.7, 3.0])
def test_the_mean_of_theta_agrees_with_a_sum_over_a_grid(mean, sd):
    u = mean + sd * np.linspace(-9, 9, 200_001)
    weight = norm.pdf((u - mean) / sd)
    expected = (weight * elu_plus_one(u)).sum() / weight.sum()
    assert mean_theta(np.array([mean]), np.array([sd]))[0] == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("strength", [0.3, 0.7, 1.5])
def test_the_video_only_rate_is_the_mean_of_a_million_samples(strength):
    law = law_of(4, 3, strength)
    rng = np.random.default_rng(0)
    a_q, a_theta = rng.normal(0, 1, (2, 1, 4))
    q, theta = law.parameters(a_q, a_theta, rng.standard_normal((1_000_000, 3)))
    rate = q * (law.kappa * theta + RHO) + (1 - q) * RHO / 2
    prior = LatentPosterior(np.zeros((1, 3)), np.eye(3)[None]).of_drive(a_q, a_theta, law)
    found = expected_rate(prior, law.kappa, RHO)[0]
    assert np.allclose(found, rate.mean(axis=0), atol=5 * rate.std(axis=0).max() / 1000, rtol=0)


def test_draws_have_the_expected_rate_and_share_of_silence():
    law, n = law_of(3, 2, 0.0), 200_000
    a = np.broadcast_to([-1.0, 0.0, 1.0], (n, 3))
    fixed = np.zeros((1, 3))
    rate = expected_rate(Gaussian2(a[:1], a[:1], fixed, fixed, fixed), law.kappa, RHO)[0]
    for lognormal in (False, True):
        q, theta = law.parameters(a, a, np.zeros((n, 2)))
        y = law.draw(q, theta, np.random.default_rng(2), lognormal)
        assert np.allclose(y.mean(axis=0), rate, rtol=0.03)
        assert np.allclose((y > RHO).mean(axis=0), expit(a[0]), atol=0.005)


@pytest.mark.parametrize("y", [0.0, 0.0051, 0.05, 1.0, 12.0])
@pytest.mark.parametrize("strength", [0.2, 0.7, 1.2])
def test_the_marginal_likelihood_agrees_with_a_sum_over_a_grid(y, strength):
    law = law_of(1, 2, strength, seed=3)
    a = np.array([[-0.4]])
    prior = LatentPosterior(np.zeros((1, 2)), np.eye(2)[None]).of_drive(a, a, law)
    given = Given(np.array([[y]]), a, a, law)

    grid = points(np.linspace(-8, 8, 641))
    joint = np.exp(log_likelihood(given, 0, grid)) * norm.pdf(grid).prod(axis=1)
    expected = np.log(joint.sum() * (16 / 640) ** 2)
    assert log_marginal(given.y, prior, law.kappa, RHO)[0, 0] == pytest.approx(expected, abs=1e-3)


def test_without_state_the_marginal_likelihood_is_that_of_scipy():
    law = law_of(20, 2, 0.7)
    given = drawn(law, 5, np.zeros((5, 2)))
    fixed = np.zeros((1, 20))
    found = log_marginal(given.y, Gaussian2(given.a_q, given.a_theta, fixed, fixed, fixed), law.kappa, RHO)
    expected = [log_likelihood(given, row, np.zeros((1, 2)))[0] for row in range(5)]
    assert np.allclose(found.sum(axis=1), expected, rtol=1e-4)


# --- posteriors ----------------------------------------------------------------------------------


def on_a_grid(given, row):
    """Points (point, 2) and their posterior weights under the standard prior."""
    grid = points(AXIS)
    log_p = log_likelihood(given, row, grid) - (grid**2).sum(axis=1) / 2
    weight = np.exp(log_p - log_p.max())
    return grid, weight / weight.sum()


def test_the_posterior_and_its_rates_agree_with_a_sum_over_a_grid():
    law = law_of(60, 2, 0.9)
    z = np.random.default_rng(5).standard_normal((6, 2))
    given = drawn(law, 6, z)
    found = laplace(given, np.zeros((6, 2)), np.broadcast_to(np.eye(2), (6, 2, 2)))
    rates = expected_rate(found.of_drive(given.a_q, given.a_theta, law), law.kappa, RHO)
    for row in range(6):
        grid, weight = on_a_grid(given, row)
        mean = weight @ grid
        assert np.allclose(found.mean[row], mean, atol=0.04)
        covariance = (grid - mean).T @ ((grid - mean) * weight[:, None])
        assert np.allclose(found.covariance[row], covariance, atol=0.02)
        q, theta = law.parameters(given.a_q[row], given.a_theta[row], grid)
        rate = weight @ (q * (law.kappa * theta + RHO) + (1 - q) * RHO / 2)
        assert np.allclose(rates[row], rate, rtol=0.02, atol=0.003)


def test_scoring_finds_the_posterior_also_from_far():
    law = law_of(40, 2, 1.5)
    given = drawn(law, 20, 2.5 * np.random.default_rng(7).standard_normal((20, 2)))
    near, far = (
        laplace(given, start * np.ones((20, 2)), 1e4 * np.broadcast_to(np.eye(2), (20, 2, 2)))
        for start in (0, 4)
    )
    assert np.allclose(near.mean, far.mean, atol=0.04)


def test_nobody_given_leaves_the_prior():
    law = law_of(5, 2, 0.7)
    nobody = Given(
        np.zeros((3, 0)),
        np.zeros((3, 0)),
        np.zeros((3, 0)),
        ZigLaw(law.w_q[:0], law.w_theta[:0], law.kappa[:0]),
    )
    found = laplace(nobody, np.zeros((3, 2)), np.broadcast_to(np.eye(2), (3, 2, 2)))
    assert not found.mean.any()
    assert np.allclose(found.covariance, np.eye(2))


def gaussian_filter(y, precision, memory):
    """Mean and variance of a scalar AR(1) state seen with noise, by the joint Gaussian of all frames."""
    n = len(y)
    prior = memory ** np.abs(np.subtract.outer(np.arange(n), np.arange(n)))
    covariance = np.linalg.inv(np.linalg.inv(prior) + np.eye(n) * precision)
    return covariance @ (precision * y), np.diag(covariance)


def test_the_smoother_is_that_of_the_joint_gaussian_where_the_law_is_nearly_gaussian():
    """Many neurons, each weakly tied to the state: their log-likelihood is a parabola in z."""
    memory, n = 0.9, 4000
    rng = np.random.default_rng(8)
    law = ZigLaw(np.full((n, 1), 0.03), np.full((n, 1), 0.03), np.full(n, 0.5))
    z = rng.standard_normal((1, 8, 1))
    a = np.zeros((1, 8, n))
    q, theta = law.parameters(a, a, z)
    given = Given(law.draw(q, theta, rng), a, a, law)
    alone = [laplace(given.frame(t), np.zeros((1, 1)), 1e6 * np.ones((1, 1, 1))) for t in range(8)]
    seen = np.array([part.mean[0, 0] for part in alone])
    precision = np.mean([1 / part.covariance[0, 0, 0] for part in alone])
    mean, variance = gaussian_filter(seen, precision, memory)
    found = smoothed(filtered(given, memory), memory)
    assert np.allclose([part.mean[0, 0] for part in found], mean, atol=0.04)
    assert np.allclose([part.covariance[0, 0, 0] for part in found], variance, rtol=0.1)
    first, _ = gaussian_filter(seen[:1], precision, memory)
    assert filtered(given, memory)[0].mean[0, 0] == pytest.approx(first[0], abs=0.02)


def test_a_filter_without_memory_is_laplace_at_every_frame():
    law = law_of(30, 2, 0.7)
    flat = drawn(law, 12, np.random.default_rng(1).standard_normal((12, 2)))
    by_frame = filtered(flat.by_trial(4), 0.0)
    at_once = laplace(flat, np.zeros((12, 2)), np.broadcast_to(np.eye(2), (12, 2, 2)))
    assert np.allclose(
        np.stack([part.mean for part in by_frame], axis=1).reshape(12, 2), at_once.mean, atol=1e-5
    )
