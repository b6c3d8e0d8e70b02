"""Samples of the latent state, streamed, against all of them at once."""

from __future__ import annotations

import math

import pytest
import torch

from twofold.errors import OptionError
from twofold.likelihoods import GaussianLikelihood, PoissonLikelihood, ZigLikelihood
from twofold.likelihoods.monte_carlo import (
    expected_nll_monte_carlo,
    latent_samples,
    log_marginal_monte_carlo,
    sampled_nll,
)
from twofold.likelihoods.monte_carlo_released_mean import mean_as_released
from twofold.likelihoods.quadrature import GaussianOutputs, expected_nll, integrated

TIME, NEURONS, LATENTS = 4, 6, 3
KAPPA = torch.linspace(0.3, 1.5, NEURONS, dtype=torch.float64)


def parts(n_parameters=2, spread=0.4):
    """raw, weights, mean and standard deviation of the state, and responses of which half are silent."""
    draw = torch.Generator().manual_seed(0)

    def normal(*shape):
        return torch.randn(shape, generator=draw, dtype=torch.float64)

    raw, w, mu = (
        normal(TIME, NEURONS, n_parameters),
        spread * normal(NEURONS, n_parameters, LATENTS),
        normal(TIME, LATENTS),
    )
    y = torch.where(normal(TIME, NEURONS) < 0, 0.0, 0.006 + 2 * normal(TIME, NEURONS).abs())
    leaves = [part.requires_grad_() for part in (raw, w, mu, torch.tensor(0.6, dtype=torch.float64))]
    return *leaves, y


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("scored", [None, torch.arange(NEURONS) < 3])
@pytest.mark.parametrize(
    "likelihood",
    [ZigLikelihood(KAPPA), PoissonLikelihood(), GaussianLikelihood()],
    ids=lambda part: part.name,
)
def test_streamed_loss_and_gradients_equal_one_expression(likelihood, scored):
    *leaves, y = parts(likelihood.n_parameters)
    raw, w, mu, sd = leaves
    z = latent_samples(mu, sd, 20, seeded())
    log_prob = likelihood.distribution(raw, torch.einsum("stk,npk->stnp", z, w)).log_prob(y)
    log_prob = log_prob if scored is None else log_prob[..., scored]
    streamed = expected_nll_monte_carlo(likelihood, *leaves, y, 20, seeded(), scored)
    expected = -log_prob.mean(0).sum()
    torch.testing.assert_close(streamed, expected)
    for ours, reference in zip(
        torch.autograd.grad(streamed, leaves), torch.autograd.grad(expected, leaves), strict=True
    ):
        torch.testing.assert_close(ours, reference)


def test_samples_of_a_smoother_get_their_gradient():
    raw, w, mu, _, y = parts()
    likelihood, smoother = ZigLikelihood(KAPPA), torch.nn.Linear(LATENTS, LATENTS, dtype=torch.float64)
    z = smoother(latent_samples(mu.detach(), torch.tensor(1.0, dtype=torch.float64), 5, seeded()))
    drive = torch.einsum("stk,npk->stnp", z, w)
    expected = -likelihood.distribution(raw, drive).log_prob(y).mean(0).sum()
    streamed = sampled_nll(likelihood, raw, w, z, y)
    torch.testing.assert_close(
        torch.autograd.grad(streamed, smoother.weight, retain_graph=True),
        torch.autograd.grad(expected, smoother.weight),
    )


def test_many_samples_come_near_quadrature():
    *leaves, y = parts()
    exact, n = expected_nll(ZigLikelihood(KAPPA), *leaves, y), 4000
    singles = [
        expected_nll_monte_carlo(ZigLikelihood(KAPPA), *leaves, y, n // 20, seeded(k)) for k in range(20)
    ]
    values = torch.stack(singles)
    assert (values.mean() - exact).abs() < 4 * values.std() / math.sqrt(20)


def test_streamed_marginal_equals_the_logarithm_of_the_mean():
    raw, w, mu, sd, y = parts()
    likelihood, draw = ZigLikelihood(KAPPA), seeded()
    z = torch.stack([latent_samples(mu, sd, 1, draw)[0] for _ in range(50)])
    direct = likelihood.distribution(raw, torch.einsum("stk,npk->stnp", z, w)).log_prob(y)
    streamed = log_marginal_monte_carlo(likelihood, raw, w, mu, sd, y, 50, seeded())
    torch.testing.assert_close(streamed, torch.logsumexp(direct, 0) - math.log(50), rtol=1e-6, atol=1e-6)


def test_many_samples_of_the_marginal_come_near_quadrature():
    raw, w, mu, sd, y = parts()
    likelihood = ZigLikelihood(KAPPA)
    exact = integrated(likelihood, GaussianOutputs.of(raw, w, mu, sd**2)).log_prob(y)
    found = log_marginal_monte_carlo(likelihood, raw, w, mu, sd, y, 4000, seeded())
    assert (found - exact).abs().mean() < 0.02


def test_as_released_silence_pays_for_a_large_latent_state_and_the_likelihood_does_not():
    raw, w, mu, sd, y = parts()
    likelihood, y = ZigLikelihood(KAPPA), torch.zeros_like(y)
    raw = raw.detach() - torch.tensor([2.0, 2.0], dtype=torch.float64)

    def both(scale):
        common = likelihood, raw, scale * w.detach(), torch.zeros_like(mu), torch.ones_like(sd), y, 2000
        return [log_marginal_monte_carlo(*common, seeded(), as_released=how).mean() for how in (False, True)]

    (right, released), (right_large, released_large) = both(0.5), both(4.0)
    assert right_large < right
    assert released_large > released + 1


def test_as_released_loss_adds_what_was_forgotten_on_silence_alone():
    raw, w, mu, sd, y = parts()
    likelihood = ZigLikelihood(KAPPA)
    common = likelihood, raw, w, mu, sd, y, 30
    right = expected_nll_monte_carlo(*common, seeded())
    released = expected_nll_monte_carlo(*common, seeded(), as_released=True)
    z = latent_samples(mu, sd, 30, seeded())
    log_theta = likelihood.distribution(raw, torch.einsum("stk,npk->stnp", z, w)).log_theta.mean(0)
    forgotten = torch.where(y <= 0.005, KAPPA * log_theta + torch.lgamma(KAPPA), 0).sum()
    torch.testing.assert_close(released, right + forgotten)


def test_options_that_make_no_sense_are_refused():
    raw, w, mu, sd, y = parts(1)
    with pytest.raises(OptionError, match="n_samples=0"):
        expected_nll_monte_carlo(PoissonLikelihood(), raw, w, mu, sd, y, 0, seeded())
    with pytest.raises(OptionError, match="zero-inflated gamma responses only"):
        expected_nll_monte_carlo(PoissonLikelihood(), raw, w, mu, sd, y, 1, seeded(), as_released=True)


def test_the_released_mean_misses_what_q_and_theta_share():
    """Moving together, they make the mean of the products larger than the product of the means."""
    raw, w, mu, _, _ = (part.detach() for part in parts())
    together = w[:, :1].expand(-1, 2, -1)
    likelihood, one = ZigLikelihood(KAPPA), torch.ones((), dtype=torch.float64)
    found = mean_as_released(likelihood, raw, together, mu, one, 4000, seeded())
    p = integrated(likelihood, GaussianOutputs.of(raw, together, mu, one))
    z = latent_samples(mu, one, 4000, seeded(1))
    samples = likelihood.distribution(raw, torch.einsum("stk,npk->stnp", z, together))
    q, theta = samples.q.mean(0), samples.theta.mean(0)
    expected = (1 - q) * 0.0025 + q * (KAPPA * theta + 0.005)
    torch.testing.assert_close(found, expected, rtol=0.1, atol=0.01)
    assert (p.mean > found).all()
    assert (p.mean / found).median() > 1.05
