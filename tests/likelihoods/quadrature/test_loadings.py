"""A gain beside additive weights: at each time the same as plain weights w + a v."""

from __future__ import annotations

import pytest
import torch

from twofold.encoding.latent.evidence import sites
from twofold.likelihoods import GaussianLikelihood, PoissonLikelihood, ZigLikelihood
from twofold.likelihoods.laplace import joint_log_likelihood, laplace
from twofold.likelihoods.monte_carlo import sampled_nll
from twofold.likelihoods.quadrature import GainWeights, GaussianOutputs, expected_nll_of
from twofold.likelihoods.quadrature.loadings import drive_of

TIME, NEURONS, LATENTS = 4, 15, 3
KAPPA = torch.linspace(0.4, 1.5, NEURONS, dtype=torch.float64)
FAMILIES = pytest.mark.parametrize(
    "likelihood",
    [ZigLikelihood(KAPPA), PoissonLikelihood(), GaussianLikelihood()],
    ids=["zig", "poisson", "gaussian"],
)


def simulated(likelihood):
    """Outputs, weights with a gain, states, and responses to them."""
    draw = torch.Generator().manual_seed(0)

    def normal(*shape):
        return torch.randn(shape, generator=draw, dtype=torch.float64)

    raw = normal(TIME, NEURONS, likelihood.n_parameters)
    size = NEURONS, likelihood.n_parameters, LATENTS
    weights = GainWeights(0.3 * normal(*size), 0.3 * normal(*size))
    z = normal(TIME, LATENTS)
    return raw, weights, z, likelihood.distribution(raw, drive_of(weights, raw, z)).sample(draw)


def plain(weights, raw, t):
    """What the weights are at one time."""
    return weights.additive + raw[t, :, :, None] * weights.gain


def some_covariance():
    root = torch.randn(TIME, LATENTS, LATENTS, generator=torch.Generator().manual_seed(1)).double()
    return root @ root.mT + 0.2 * torch.eye(LATENTS, dtype=torch.float64)


@FAMILIES
@pytest.mark.parametrize("kind", ["each", "shared", "isotropic"])
def test_outputs_have_the_moments_of_the_weights_of_each_time(likelihood, kind):
    raw, weights, z, _ = simulated(likelihood)
    covariance = {"each": some_covariance(), "shared": some_covariance()[0]}.get(kind, torch.tensor(0.7))
    found = GaussianOutputs.of(raw, weights, z, covariance.double())
    for t in range(TIME):
        here = covariance[t] if kind == "each" else covariance
        expected = GaussianOutputs.of(raw[t], plain(weights, raw, t), z[t], here.double())
        torch.testing.assert_close(found.mean[t], expected.mean)
        torch.testing.assert_close(found.covariance[t], expected.covariance)


@FAMILIES
def test_the_first_step_and_laplace_are_those_of_the_weights_of_each_time(likelihood):
    raw, weights, _, y = simulated(likelihood)
    seen = torch.rand(1, TIME, NEURONS, generator=torch.Generator().manual_seed(2)) < 0.6
    step = sites(likelihood, raw[None], weights, y[None], seen).step()
    exact = laplace(likelihood, raw, weights, y, seen[0])
    for t in range(TIME):
        at, w = slice(t, t + 1), plain(weights, raw, t)
        one = sites(likelihood, raw[None, at], w, y[None, at], seen[:, at]).step()
        torch.testing.assert_close(step.mean[:, at], one.mean)
        torch.testing.assert_close(step.covariance[:, at], one.covariance)
        other = laplace(likelihood, raw[at], w, y[at], seen[0, at])
        torch.testing.assert_close(exact.mean[at], other.mean, rtol=1e-5, atol=1e-5)
        torch.testing.assert_close(exact.covariance[at], other.covariance, rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(exact.log_marginal[at], other.log_marginal, rtol=1e-6, atol=1e-5)


@FAMILIES
def test_the_joint_likelihood_is_that_of_many_states(likelihood):
    raw, weights, _, y = simulated(likelihood)
    found = joint_log_likelihood(likelihood, raw, weights, y, torch.Generator().manual_seed(3), 400)
    z = torch.randn(40_000, 1, LATENTS, generator=torch.Generator().manual_seed(4), dtype=torch.float64)
    first = raw[:1]
    log_prob = likelihood.distribution(first, drive_of(weights, first, z)).log_prob(y[:1]).sum(-1)
    expected = log_prob.logsumexp(0) - torch.tensor(40_000.0).log()
    torch.testing.assert_close(found.importance[:1], expected, rtol=0, atol=0.25)


@FAMILIES
def test_the_sampled_loss_is_that_of_the_states_drawn_with_its_gradients(likelihood):
    raw, weights, z, y = simulated(likelihood)
    leaves = [part.clone().requires_grad_() for part in (raw, weights.additive, weights.gain, z)]
    own = GainWeights(*leaves[1:3])
    draws = torch.stack([leaves[3], 0.5 * leaves[3]])
    loss = sampled_nll(likelihood, leaves[0], own, draws, y)
    reference = torch.stack(
        [likelihood.total_nll(leaves[0] + drive_of(own, leaves[0], one), y) for one in draws]
    ).mean()
    torch.testing.assert_close(loss, reference)
    for one, other in zip(
        torch.autograd.grad(loss, leaves, retain_graph=True),
        torch.autograd.grad(reference, leaves),
        strict=True,
    ):
        torch.testing.assert_close(one, other)


@FAMILIES
def test_the_expected_loss_is_the_sum_of_those_of_each_time_with_its_gradients(likelihood):
    raw, weights, z, y = simulated(likelihood)
    leaves = [part.clone().requires_grad_() for part in (raw, weights.additive, weights.gain, z)]
    own, covariance = GainWeights(*leaves[1:3]), 0.3 * some_covariance()
    loss = expected_nll_of(likelihood, GaussianOutputs.of(leaves[0], own, leaves[3], covariance), y)
    parts = [
        GaussianOutputs.of(
            leaves[0][t : t + 1], plain(own, leaves[0], t), leaves[3][t : t + 1], covariance[t]
        )
        for t in range(TIME)
    ]
    apart = sum(expected_nll_of(likelihood, part, y[t : t + 1]) for t, part in enumerate(parts))
    torch.testing.assert_close(loss, apart, rtol=1e-4, atol=1e-4)  # rules are as fine as each batch needs
    slopes, expected = (torch.autograd.grad(each, leaves) for each in (loss, apart))
    for one, other in zip(slopes, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-3)
        assert (one != 0).any()
