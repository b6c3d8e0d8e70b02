"""Laplace's posterior and the joint likelihood against grids over the latent state, and closed forms."""

from __future__ import annotations

import math

import pytest
import torch

from twofold.errors import OptionError
from twofold.likelihoods import ZigLikelihood
from twofold.likelihoods.laplace import joint_log_likelihood, laplace

from .conftest import FAMILIES, TIME, drawn_parts

NEURONS, LATENTS, STEP = 40, 2, 0.12


def simulated(family, neurons=NEURONS, seed=0):
    """A likelihood, outputs, weights and responses with a true latent state."""
    draw = torch.Generator().manual_seed(seed)
    likelihood, raw, w = drawn_parts(family, neurons, LATENTS, draw)
    z = torch.randn(TIME, LATENTS, generator=draw, dtype=torch.float64)
    y = likelihood.distribution(raw, torch.einsum("tk,npk->tnp", z, w)).sample(draw)
    return likelihood, raw, w, y


def on_a_grid(likelihood, raw, w, y, counted=None):
    """log p(y, z) at grid points (point, time), and the points."""
    axis = torch.arange(-4.5, 4.51, STEP, dtype=torch.float64)
    points = torch.cartesian_prod(axis, axis)
    counted = torch.ones(raw.shape[1], dtype=torch.bool) if counted is None else counted
    values = []
    for z in points:
        log_prob = likelihood.distribution(raw, (w @ z).expand_as(raw)).log_prob(y)
        values.append(log_prob[:, counted].sum(-1) - z.square().sum() / 2 - math.log(2 * math.pi))
    return torch.stack(values), points


def joint(likelihood, raw, w, y, n=400, **how):
    return joint_log_likelihood(likelihood, raw, w, y, torch.Generator().manual_seed(1), n, **how)


@pytest.mark.parametrize("family", FAMILIES)
def test_mode_and_joint_likelihood_agree_with_a_grid(family):
    parts = simulated(family)
    values, points = on_a_grid(*parts)
    found, likelihood = laplace(*parts), joint(*parts)
    assert (found.mean - points[values.argmax(0)]).abs().max() < STEP
    assert (found.log_joint >= values.amax(0) - 1e-9).all()
    exact = torch.logsumexp(values, 0) + 2 * math.log(STEP)
    assert (likelihood.importance - exact).abs().max() < 5 * likelihood.standard_error.max() + 1e-3
    assert (likelihood.laplace - exact).abs().max() < 0.15
    assert likelihood.effective_share.min() > 0.7
    assert likelihood.reason is None


@pytest.mark.parametrize("family", FAMILIES)
def test_at_the_mode_the_slope_is_zero_and_the_covariance_its_inverse_curvature(family):
    likelihood, raw, w, y = simulated(family)
    found = laplace(likelihood, raw, w, y)

    def log_joint(z, t):
        log_prob = likelihood.distribution(raw[t : t + 1], (w @ z)[None]).log_prob(y[t : t + 1])
        return log_prob.sum() - z.square().sum() / 2

    for t in range(3):
        slope = torch.autograd.functional.jacobian(lambda z, t=t: log_joint(z, t), found.mean[t])
        curvature = torch.autograd.functional.hessian(lambda z, t=t: log_joint(z, t), found.mean[t])
        assert slope.abs().max() < 1e-3
        torch.testing.assert_close(found.covariance[t], torch.linalg.inv(-curvature))


def test_linear_gaussian_responses_have_a_closed_form():
    likelihood, raw, w, y = simulated("gaussian")
    w[:, 1] = 0
    sd = likelihood.distribution(raw).variance.sqrt()
    found, values = laplace(likelihood, raw, w, y), joint(likelihood, raw, w, y, 50)
    for t in range(TIME):
        covariance = w[:, 0] @ w[:, 0].T + torch.diag(sd[t] ** 2)
        normal = torch.distributions.MultivariateNormal(raw[t, :, 0], covariance)
        posterior = w[:, 0].T @ torch.linalg.solve(covariance, y[t] - raw[t, :, 0])
        torch.testing.assert_close(found.mean[t], posterior)
        torch.testing.assert_close(values.laplace[t], normal.log_prob(y[t]))
        torch.testing.assert_close(values.importance[t], normal.log_prob(y[t]))


def test_given_responses_make_a_difference_of_two_joint_likelihoods():
    likelihood, raw, w, y = simulated("zig")
    given = torch.arange(NEURONS) < NEURONS // 2
    both, first = on_a_grid(likelihood, raw, w, y)[0], on_a_grid(likelihood, raw, w, y, given)[0]
    exact = torch.logsumexp(both, 0) - torch.logsumexp(first, 0)
    found = joint(likelihood, raw, w, y, given=given)
    assert (found.importance - exact).abs().max() < 5 * found.standard_error.max() + 1e-3


def test_responses_that_are_not_given_leave_no_trace():
    likelihood, raw, w, y = simulated("zig")
    given = torch.arange(NEURONS) % 2 == 0
    corrupted = torch.where(given, y, torch.nan)
    torch.testing.assert_close(
        laplace(likelihood, raw, w, corrupted, given).mean,
        laplace(likelihood, raw, w, y, given).mean,
        rtol=0,
        atol=0,
    )
    nothing = laplace(likelihood, raw, w, y, torch.zeros(NEURONS, dtype=torch.bool))
    torch.testing.assert_close(nothing.mean, torch.zeros(TIME, LATENTS, dtype=torch.float64))
    torch.testing.assert_close(
        nothing.covariance, torch.eye(LATENTS, dtype=torch.float64).expand(TIME, -1, -1)
    )


def test_another_prior_and_start_find_their_mode():
    likelihood, raw, w, y = simulated("poisson")
    tight = laplace(likelihood, raw, w, y, prior_precision=1e6 * torch.eye(LATENTS, dtype=torch.float64))
    assert tight.mean.abs().max() < 1e-2
    far = laplace(likelihood, raw, w, y, start=torch.full((LATENTS,), 4.0, dtype=torch.float64))
    torch.testing.assert_close(far.mean, laplace(likelihood, raw, w, y).mean, rtol=0, atol=1e-4)


def test_time_points_may_have_any_axes():
    likelihood, raw, w, y = simulated("zig")
    whole = laplace(likelihood, raw, w, y)
    folded = laplace(likelihood, raw.unflatten(0, (2, 4)), w, y.unflatten(0, (2, 4)))
    torch.testing.assert_close(folded.mean.flatten(0, 1), whole.mean)
    assert folded.log_marginal.shape == (2, 4)


def test_a_proposal_that_misses_is_refused_with_the_reason():
    """Three silent neurons cut the state in half: the posterior is steep at the mode, and reaches far."""
    likelihood = ZigLikelihood(torch.ones(3, dtype=torch.float64))
    raw = torch.zeros(1, 3, 2, dtype=torch.float64)
    w = torch.stack([300 * torch.eye(3), torch.zeros(3, 3)], dim=1).double()
    found = joint(likelihood, raw, w, torch.zeros(1, 3, dtype=torch.float64), 1000)
    assert found.effective_share < 0.05
    assert found.importance.isnan().all()
    assert "1 of 1 time points" in found.reason


def test_same_seed_same_bits():
    parts = simulated("zig")
    assert torch.equal(joint(*parts, 20).importance, joint(*parts, 20).importance)


def test_a_neuron_cannot_be_given_and_scored():
    likelihood, raw, w, y = simulated("poisson")
    with pytest.raises(OptionError, match="neuron 39 is both given and scored"):
        joint(likelihood, raw, w, y, given=torch.arange(NEURONS) > 38, scored=torch.arange(NEURONS) > 30)
    with pytest.raises(OptionError, match="n_samples=0"):
        joint(likelihood, raw, w, y, 0)
