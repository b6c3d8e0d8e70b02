"""The zero-inflated flow: against scipy, plain rules and samples, and that its maps are learned."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch
from scipy.integrate import quad

from twofold.errors import DataError, OptionError
from twofold.likelihoods import FlowLikelihood, ResponseStatistics, ZigLikelihood
from twofold.likelihoods.flow import beginning
from twofold.likelihoods.quadrature import (
    GaussianOutputs,
    IntegratedFlow,
    expected_log_prob,
    expected_nll_of,
    integrated,
)

N = 3


def doubles(*values):
    return torch.tensor(values, dtype=torch.float64)


@pytest.fixture
def likelihood():
    parts = doubles(0.3, 1.0, 2.0), doubles(1.5, 0.0, -1.0), doubles(0.4, 0.0, -0.3)
    return FlowLikelihood(*parts)


@pytest.fixture
def outputs():
    """(time, neuron) uncertain outputs, correlated."""
    draw = torch.Generator().manual_seed(0)
    root = 0.7 * torch.randn(4, N, 2, 2, generator=draw, dtype=torch.float64)
    mean = torch.randn(4, N, 2, generator=draw, dtype=torch.float64)
    return GaussianOutputs(mean, root @ root.mT + 0.05 * torch.eye(2, dtype=torch.float64))


def some_responses(likelihood, outputs):
    law = likelihood.distribution(outputs.mean.detach())
    return law.sample(torch.Generator().manual_seed(3)).detach()


@pytest.mark.parametrize("known", [True, False])
def test_the_law_integrates_to_one_with_its_mean_and_variance(likelihood, outputs, known):
    """In log(y - rho); of the outputs as they are, and integrated over them."""
    parts = {"mean": outputs.mean[0], "covariance": outputs.covariance[0]}
    law = (
        likelihood.distribution(parts["mean"]) if known else integrated(likelihood, GaussianOutputs(**parts))
    )
    rho = likelihood.rho

    def integrand(x, k, power):
        y = torch.full((N,), rho + np.exp(x), dtype=torch.float64)
        return y[k].item() ** power * law.log_prob(y)[k].exp().item() * np.exp(x)

    silent = law.log_prob(torch.zeros(N, dtype=torch.float64)).exp()
    ends = (-24, -3, 2, 9)
    expected = (torch.ones(N), law.mean, law.variance + law.mean**2)
    for power, right in enumerate(expected):
        for k in range(N):
            pieces = [quad(integrand, *each, args=(k, power), epsabs=1e-7)[0] for each in pairwise(ends)]
            below = silent[k].item() * rho**power / (power + 1)
            assert sum(pieces) + below == pytest.approx(right[k].item(), rel=2e-3)


def test_the_integrated_law_is_that_of_many_outputs(likelihood, outputs):
    found = integrated(likelihood, outputs)
    assert isinstance(found, IntegratedFlow)
    noise = torch.randn(6_000, 1, 1, 2, 1, generator=torch.Generator().manual_seed(1)).double()
    raw = outputs.mean + (torch.linalg.cholesky(outputs.covariance) @ noise).squeeze(-1)
    laws, y = likelihood.distribution(raw), some_responses(likelihood, outputs)
    expected = laws.log_prob(y).exp().mean(0)
    torch.testing.assert_close(found.log_prob(y).exp(), expected, rtol=0.08, atol=2e-3)
    torch.testing.assert_close(found.cdf(y), laws.cdf(y).mean(0), rtol=0.05, atol=0.02)
    for p in (0.1, 0.6, 0.97):
        at = found.quantile(p)
        torch.testing.assert_close(found.cdf(at), torch.full_like(at, p), rtol=1e-5, atol=1e-5)
    drawn = found.sample(torch.Generator().manual_seed(2), n=5_000)
    for at in (0.0, 0.3, 2.0):
        here = torch.full_like(y, at)
        share = (drawn <= here).double().mean(0)
        border = here.clamp(min=likelihood.rho if at else 0.0)
        torch.testing.assert_close(share, found.cdf(border), rtol=0, atol=0.03)
    with pytest.raises(OptionError, match="no deviance"):
        found.deviance(y)


def test_without_uncertainty_the_integrated_law_is_the_law(likelihood, outputs):
    certain = integrated(likelihood, GaussianOutputs(outputs.mean, 0 * outputs.covariance))
    law, y = likelihood.distribution(outputs.mean), some_responses(likelihood, outputs)
    for one, other in (
        (certain.mean, law.mean),
        (certain.variance, law.variance),
        (certain.log_prob(y), law.log_prob(y)),
        (certain.cdf(y), law.cdf(y)),
        (certain.quantile(0.9), law.quantile(0.9)),
    ):
        torch.testing.assert_close(one, other.detach(), rtol=1e-4, atol=1e-5, check_dtype=False)


def test_the_expected_loss_and_its_gradients_are_those_of_a_plain_rule(likelihood, outputs):
    y = some_responses(likelihood, outputs)
    scored = torch.rand(y.shape, generator=torch.Generator().manual_seed(4)) < 0.7
    mean, covariance = outputs.mean.requires_grad_(), outputs.covariance.requires_grad_()
    leaves = [mean, covariance, likelihood.bend, likelihood.log_sd]
    loss = expected_nll_of(likelihood, outputs, torch.where(scored, y, torch.nan), scored)
    plain = expected_log_prob(likelihood, outputs, y, nodes=16)
    plain = -torch.where(scored, plain, 0).sum()
    torch.testing.assert_close(loss, plain, rtol=1e-4, atol=1e-4)
    slopes, expected = (torch.autograd.grad(each, leaves) for each in (loss, plain))
    for one, other in zip(slopes, expected, strict=True):
        one, other = ((part + part.mT) if part.ndim == 4 else part for part in (one, other))
        torch.testing.assert_close(one, other, rtol=3e-3, atol=2e-3)


def test_the_information_is_the_mean_square_of_the_evidence(likelihood):
    raw = torch.randn(N, 2, generator=torch.Generator().manual_seed(5), dtype=torch.float64)
    many = raw.expand(60_000, N, 2).clone().requires_grad_()
    y = likelihood.distribution(many.detach()).sample(torch.Generator().manual_seed(6))
    (slope,) = torch.autograd.grad(likelihood.distribution(many).log_prob(y).sum(), many)
    torch.testing.assert_close((slope**2).mean(0), likelihood.information(raw), rtol=0.03, atol=0.005)


def test_maps_begin_where_the_responses_are_likeliest():
    rng = np.random.default_rng(0)
    d = rng.gamma([0.4, 0.8, 2.0], 1.0, (20_000, 3))
    y = np.where(rng.random(d.shape) < 0.4, 0.005 + d, 0).astype(np.float32)
    made = FlowLikelihood.for_responses(iter([y[:5000], y[5000:]]))
    statistics, seen = ResponseStatistics.of([y]), torch.from_numpy(y)
    raw = made.constant(statistics).expand(*y.shape, 2)

    def bits(bend=0.0, log_sd=0.0):
        parts = made.scale, made.bend.detach() + bend, made.log_sd.detach() + log_sd
        own = FlowLikelihood(*parts).requires_grad_(False)
        return own.distribution(own.constant(statistics)).log_prob(seen).double().mean(0)

    for change in ({"bend": 0.7}, {"bend": -0.7}, {"log_sd": 0.2}, {"log_sd": -0.2}):
        assert (bits(**change) < bits() + 1e-5).all()
    zig = ZigLikelihood.for_responses([y]).null(statistics).log_prob(seen).double().mean(0)
    assert (bits() > zig - 2e-3).all()  # a gamma is nearly one of these laws
    assert raw.isfinite().all()
    torch.testing.assert_close(made.null(statistics).log_prob(seen).double().mean(0), zig)


def test_maps_are_learned_with_the_outputs():
    truth = FlowLikelihood(torch.ones(2), torch.tensor([1.0, -1.0]), torch.tensor([-0.7, -0.3]))
    truth = truth.requires_grad_(False)
    u = torch.randn(6000, 2, generator=torch.Generator().manual_seed(0))
    drive = torch.stack([torch.zeros_like(u), 1.5 * u], dim=-1)
    y = truth.distribution(drive).sample(torch.Generator().manual_seed(1))
    made = FlowLikelihood.for_responses([y.numpy()])
    slope, start = torch.ones(2, requires_grad=True), torch.zeros(2, requires_grad=True)
    optimizer = torch.optim.Adam([*made.parameters(), slope, start], lr=0.03)
    for _ in range(250):
        raw = torch.stack([torch.zeros_like(u), start + slope * u], dim=-1)
        loss = made.nll(raw, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    best = truth.nll(drive, y).item()
    assert loss.item() < best + 2e-3
    unlearned = FlowLikelihood.for_responses([y.numpy()]).requires_grad_(False)
    assert (slope.detach() - 1.5).abs().max() < 0.1
    assert unlearned.log_sd.min() > made.log_sd.detach().max() - 0.2  # it first takes all spread for noise


def test_neurons_without_enough_responses_have_the_median_of_the_others():
    y = np.zeros((100, 3), dtype=np.float32)
    y[:50, 0], y[:50, 1] = np.linspace(0.1, 2, 50), np.linspace(0.2, 4, 50)
    y[0, 2] = 7.0
    found = beginning([y])
    assert found.scale[2] == pytest.approx(np.median(found.scale[:2]))
    made = FlowLikelihood.for_responses([y])
    assert made.distribution(made.constant(ResponseStatistics.of([y]))).mean.isfinite().all()
    with pytest.raises(DataError, match="no neuron has 20 responses above rho, at most 1"):
        beginning([y[:1]])


def test_parts_that_cannot_work_are_refused():
    one = torch.ones(2)
    with pytest.raises(OptionError, match="scale of neuron 1 is 0"):
        FlowLikelihood(torch.tensor([1.0, 0.0]), one, one)
    with pytest.raises(OptionError, match="rho=0"):
        FlowLikelihood(one, one, one, rho=0)
    made = FlowLikelihood(one, one, one)
    with pytest.raises(DataError, match="statistics of 3 neurons"):
        made.constant(ResponseStatistics.of([np.ones((5, 3))]))
    assert made.of_neurons(np.array([1])).scale.shape == (1,)
    assert made.of_neurons(np.array([True, False])).scale.shape == (1,)
