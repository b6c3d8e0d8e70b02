"""Laplace's method over the path of a state with memory: dense algebra, closed forms, and grids."""

from __future__ import annotations

import math

import pytest
import torch
from torch.distributions import MultivariateNormal

from twofold.errors import OptionError
from twofold.likelihoods.laplace import (
    MarkovPrior,
    joint_log_likelihood,
    joint_path_log_likelihood,
    laplace,
    laplace_path,
)

from .test_chain import covariance_of
from .test_laplace import FAMILIES, LATENTS, NEURONS, TIME, ZigLikelihood, simulated

PHI = torch.tensor([0.9, 0.3], dtype=torch.float64)


def joint(likelihood, raw, w, y, phi=PHI, n=400, **how):
    return joint_path_log_likelihood(likelihood, raw, w, y, phi, torch.Generator().manual_seed(1), n, **how)


def log_joint(parts, flat, phi=PHI):
    """log p(y, z) from its definition."""
    likelihood, raw, w, y = parts
    z = flat.unflatten(-1, (len(raw), len(phi)))
    log_prob = likelihood.distribution(raw, torch.einsum("...tk,npk->...tnp", z, w)).log_prob(y).sum((-2, -1))
    return log_prob + MultivariateNormal(torch.zeros_like(flat), covariance_of(phi, len(raw))).log_prob(flat)


@pytest.mark.parametrize("family", FAMILIES)
def test_mode_curvature_and_value_are_those_of_all_times_at_once(family):
    parts = simulated(family)
    found = laplace_path(*parts, PHI)
    flat = found.mean.flatten()
    slope = torch.autograd.functional.jacobian(lambda z: log_joint(parts, z), flat)
    hessian = torch.autograd.functional.hessian(lambda z: log_joint(parts, z), flat)
    assert slope.abs().max() < 1e-2
    covariance = torch.linalg.inv(-hessian).view(TIME, LATENTS, TIME, LATENTS)
    for t in range(TIME):
        torch.testing.assert_close(found.covariance[t], covariance[t, :, t], rtol=1e-4, atol=1e-6)
    value = log_joint(parts, flat) - 0.5 * torch.logdet(-hessian / (2 * math.pi))
    torch.testing.assert_close(found.log_marginal, value, rtol=1e-9, atol=1e-6)


def test_linear_gaussian_responses_have_a_closed_form():
    likelihood, raw, w, y = simulated("gaussian", neurons=6)
    w[:, 1] = 0
    given = torch.tensor([True, True, False, False, True, False])
    design = (
        torch.einsum("nk,ts->tnsk", w[:, 0], torch.eye(TIME, dtype=torch.float64)).flatten(2).flatten(0, 1)
    )
    noise = likelihood.distribution(raw).variance.flatten()
    covariance = design @ covariance_of(PHI, TIME) @ design.T + torch.diag(noise)
    mean, at = raw[..., 0].flatten(), y.flatten()
    known = given.repeat(TIME)
    whole = MultivariateNormal(mean, covariance).log_prob(at)
    first = MultivariateNormal(mean[known], covariance[known][:, known]).log_prob(at[known])
    everyone, others = joint(likelihood, raw, w, y, n=20), joint(likelihood, raw, w, y, n=20, given=given)
    for name in ("laplace", "importance"):
        torch.testing.assert_close(getattr(everyone, name)[0], whole)
        torch.testing.assert_close(getattr(others, name)[0], whole - first)


@pytest.mark.parametrize("family", FAMILIES)
def test_samples_agree_with_a_grid_over_two_times(family):
    likelihood, raw, w, y = simulated(family)
    raw, w, y, phi = raw[:2], w[..., :1], y[:2], PHI[:1]
    axis = torch.arange(-5, 5.01, 0.1, dtype=torch.float64)
    values = log_joint((likelihood, raw, w, y), torch.cartesian_prod(axis, axis), phi)
    exact = values.logsumexp(0) + 2 * math.log(0.1)
    found = joint(likelihood, raw, w, y, phi)
    assert (found.importance - exact).abs().item() < 5 * found.standard_error.item() + 1e-3
    assert (found.laplace - exact).abs().item() < 0.2
    assert found.effective_share.item() > 0.7
    assert found.importance.shape == (1,)


@pytest.mark.parametrize("family", FAMILIES)
def test_without_memory_it_is_the_sum_over_times(family):
    likelihood, raw, w, y = simulated(family)
    found, each = laplace_path(likelihood, raw, w, y, 0 * PHI), laplace(likelihood, raw, w, y)
    torch.testing.assert_close(found.mean, each.mean, rtol=0, atol=1e-3)
    torch.testing.assert_close(found.covariance, each.covariance, rtol=1e-3, atol=1e-4)
    torch.testing.assert_close(found.log_marginal, each.log_marginal.sum(), rtol=1e-6, atol=1e-4)
    given = torch.arange(NEURONS) % 3 == 0
    whole = joint(likelihood, raw, w, y, 0 * PHI, given=given)
    white = joint_log_likelihood(likelihood, raw, w, y, torch.Generator().manual_seed(2), given=given)
    assert (whole.importance - white.importance.sum()).abs().item() < 6 * whole.standard_error.item() + 0.02


def test_the_likeliest_memory_is_the_true_one():
    draw, n_time, true = torch.Generator().manual_seed(3), 300, torch.tensor([0.9]).double()
    likelihood = ZigLikelihood(torch.linspace(0.4, 1.5, NEURONS).double())
    raw = torch.randn(n_time, NEURONS, 2, generator=draw, dtype=torch.float64)
    w = 0.4 * torch.randn(NEURONS, 2, 1, generator=draw, dtype=torch.float64)
    prior = MarkovPrior(true).given(torch.zeros(n_time, 1, 1, dtype=torch.float64))
    z = prior.from_noise(torch.randn(n_time, 1, generator=draw, dtype=torch.float64))
    y = likelihood.distribution(raw, torch.einsum("tk,npk->tnp", z, w)).sample(draw)
    tried = torch.tensor([0.0, 0.5, 0.7, 0.8, 0.85, 0.9, 0.95, 0.98, 0.995]).double()
    values = torch.stack([laplace_path(likelihood, raw, w, y, phi[None]).log_marginal for phi in tried])
    assert abs(tried[values.argmax()] - true) < 0.06
    assert values.max() > values[0] + 30


def test_responses_that_are_not_given_leave_no_trace():
    likelihood, raw, w, y = simulated("zig")
    given = torch.arange(NEURONS) % 2 == 0
    blind = laplace_path(likelihood, raw, w, torch.where(given, y, torch.nan), PHI, given)
    seen = laplace_path(likelihood, raw, w, y, PHI, given)
    torch.testing.assert_close(blind.mean, seen.mean, rtol=0, atol=0)
    nothing = laplace_path(likelihood, raw, w, y, PHI, torch.zeros(NEURONS, dtype=torch.bool))
    assert nothing.mean.abs().max() == 0
    assert nothing.log_marginal.abs() < 1e-9
    torch.testing.assert_close(nothing.covariance, torch.eye(LATENTS).double().expand(TIME, -1, -1))


def test_a_start_far_away_finds_the_mode():
    parts = simulated("zig")
    far = laplace_path(*parts, PHI, start=torch.full((TIME, LATENTS), 4.0))
    torch.testing.assert_close(far.mean, laplace_path(*parts, PHI).mean, rtol=0, atol=1e-3)


def test_a_proposal_that_misses_is_refused_with_the_reason():
    likelihood = ZigLikelihood(torch.ones(3, dtype=torch.float64))
    raw = torch.zeros(1, 3, 2, dtype=torch.float64)
    w = torch.stack([300 * torch.eye(3), torch.zeros(3, 3)], dim=1).double()
    found = joint(likelihood, raw, w, torch.zeros(1, 3, dtype=torch.float64), torch.zeros(3).double(), 1000)
    assert found.importance.isnan().all()
    assert found.reason.startswith("1 of 1 paths have no importance-weighted value")


def test_a_neuron_cannot_be_given_and_scored():
    parts = simulated("poisson")
    with pytest.raises(OptionError, match="neuron 39 is both given and scored"):
        joint(*parts, given=torch.arange(NEURONS) > 38, scored=torch.arange(NEURONS) > 30)
    with pytest.raises(OptionError, match="n_samples=0"):
        joint(*parts, n=0)
