"""Every expectation within 1e-3 nats or 1e-5 relative wherever s is 0.01 to 5 and |m| at most 6."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from twofold.likelihoods import GaussianLikelihood, PoissonLikelihood, ZigLikelihood
from twofold.likelihoods.quadrature import GaussianOutputs, expected_log_prob, expected_nll_of, integrated

from ...oracles import uncertain_outputs as brute

SEEDS = st.integers(0, 10**6)
PRECISIONS = [(torch.float64, 1e-5), (torch.float32, 1e-4)]


def of(case, family, dtype=torch.float64):
    """The likelihood with a neuron per entry, its outputs, and responses that it can explain."""
    mean, covariance, kappa, y = (
        torch.tensor(part, dtype=dtype) for part in (case.mean, case.covariance, case.kappa, case.y)
    )
    if family == "poisson":
        return PoissonLikelihood(), GaussianOutputs(mean[:, 1:], covariance[:, 1:, 1:]), y.round()
    if family == "gaussian":
        return GaussianLikelihood(), GaussianOutputs(mean, covariance), y - 1
    return ZigLikelihood(kappa), GaussianOutputs(mean, covariance), y


def reference(kind, case, family):
    if family == "zig":
        return getattr(brute, f"zig_{kind}")(case)
    y = of(case, family)[2].numpy()
    return getattr(brute, f"{family}_{kind}")(case, y)


def by_entry(likelihood, outputs, y):
    """E[log p] of each: one scored at a time."""
    ones = torch.eye(len(y), dtype=torch.bool)
    return np.array([-expected_nll_of(likelihood, outputs, y, scored).item() for scored in ones])


def assert_close(found, expected, relative):
    error, allowed = np.abs(found - expected), np.maximum(1e-3, relative * np.abs(expected))
    worst = (error / allowed).argmax()
    assert error[worst] <= allowed[worst], f"entry {worst}: {found[worst]} instead of {expected[worst]}"


@pytest.mark.parametrize("family", ["zig", "poisson", "gaussian"])
@pytest.mark.parametrize(("dtype", "relative"), PRECISIONS)
@given(seed=SEEDS)
@settings(max_examples=8)
def test_expected_loss(family, dtype, relative, seed):
    case = brute.Case.over_the_whole_range(seed)
    found = by_entry(*of(case, family, dtype))
    assert_close(found, reference("expected", case, family), relative)


@pytest.mark.parametrize("family", ["zig", "poisson", "gaussian"])
@pytest.mark.parametrize(("dtype", "relative"), PRECISIONS)
@given(seed=SEEDS)
@settings(max_examples=4)
def test_marginal(family, dtype, relative, seed):
    case = brute.Case.over_the_whole_range(seed)
    likelihood, outputs, y = of(case, family, dtype)
    found = integrated(likelihood, outputs).log_prob(y).numpy()
    assert_close(found, reference("log_marginal", case, family), relative)


@pytest.mark.parametrize("seed", [122, 126, 168, 291, 300])
def test_marginal_of_a_response_that_lies_hundreds_of_standard_deviations_away(seed):
    """In the last two, on either side: the other peak is as high, or hundreds of nats lower."""
    case = brute.Case.over_the_whole_range(seed)
    likelihood, outputs, y = of(case, "gaussian")
    found = integrated(likelihood, outputs).log_prob(y).numpy()
    assert found.min() < -1_000
    assert_close(found, brute.gaussian_log_marginal(case, y.numpy()), 1e-5)


@given(seed=SEEDS)
@settings(max_examples=5)
def test_mean_is_right_to_a_thousandth(seed):
    case = brute.Case.over_the_whole_range(seed)
    likelihood, outputs, _ = of(case, "zig")
    np.testing.assert_allclose(integrated(likelihood, outputs).mean.numpy(), brute.zig_mean(case), rtol=1e-3)


@pytest.mark.parametrize("family", ["zig", "poisson", "gaussian"])
@given(seed=SEEDS)
@settings(max_examples=3)
def test_plain_rule_over_all_outputs_is_right_where_it_is_used_as_a_reference(family, seed):
    case = brute.Case.over_the_whole_range(seed, n=10, largest_sd=1.5)
    found = expected_log_prob(*of(case, family)).numpy()
    assert_close(found, reference("expected", case, family), 1e-5)


@pytest.mark.parametrize("family", ["zig", "poisson", "gaussian"])
@given(seed=SEEDS)
@settings(max_examples=3)
def test_gradients_are_finite_differences_of_the_brute_force(family, seed):
    case, step = brute.Case.over_the_whole_range(seed, largest_sd=3.0), 1e-4
    likelihood, outputs, y = of(case, family)
    mean, covariance = outputs.mean.requires_grad_(), outputs.covariance.requires_grad_()
    expected_nll_of(likelihood, GaussianOutputs(mean, covariance), y).backward()

    def slope(up, down):
        return -(reference("expected", up, family) - reference("expected", down, family)) / (2 * step)

    by_mean = [slope(shifted(case, k, step), shifted(case, k, -step)) for k in range(2)]
    by_variance = [slope(wider(case, k, step), wider(case, k, -step)) for k in range(2)]
    for k in range(mean.shape[-1]):
        kept = k - mean.shape[-1]  # counts have the last output alone
        close(mean.grad[:, kept], by_mean[kept])
        close(covariance.grad[:, kept, kept], by_variance[kept] / (2 * case.sd[:, kept]))


def shifted(case, k, step):
    mean = case.mean.copy()
    mean[:, k] += step
    return replace(case, mean=mean)


def wider(case, k, step):
    """A larger standard deviation of one output; the covariance of both stays."""
    sd = case.sd.copy()
    sd[:, k] += step
    return replace(case, sd=sd, correlation=case.correlation * case.sd[:, k] / sd[:, k])


def close(found, expected):
    np.testing.assert_allclose(
        found.numpy(), expected, rtol=2e-3, atol=2e-3 * max(1, np.abs(expected).max() * 1e-3)
    )


def test_gradient_by_the_covariance_of_both_outputs():
    case, step = brute.Case.over_the_whole_range(3, largest_sd=2.0), 1e-4
    likelihood, outputs, y = of(case, "gaussian")
    covariance = outputs.covariance.requires_grad_()
    expected_nll_of(likelihood, GaussianOutputs(outputs.mean, covariance), y).backward()
    up, down = (
        brute.gaussian_expected(replace(case, correlation=case.correlation + sign * step), y.numpy())
        for sign in (1, -1)
    )
    expected = -(up - down) / (2 * step) / case.sd.prod(1)
    np.testing.assert_allclose(covariance.grad[:, 0, 1].numpy(), expected, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("family", ["zig", "poisson", "gaussian"])
def test_without_uncertainty_it_is_the_likelihood_itself(family):
    case = brute.Case.over_the_whole_range(1)
    likelihood, outputs, y = of(case, family)
    known = GaussianOutputs(outputs.mean, torch.zeros_like(outputs.covariance))
    p, q = integrated(likelihood, known), likelihood.distribution(outputs.mean)
    torch.testing.assert_close(p.log_prob(y), q.log_prob(y), rtol=1e-5, atol=1e-4)
    torch.testing.assert_close(
        expected_nll_of(likelihood, known, y), -q.log_prob(y).sum(), rtol=1e-5, atol=1e-4
    )
    torch.testing.assert_close(p.mean, q.mean, rtol=1e-6, atol=1e-9)
    torch.testing.assert_close(p.variance, q.variance, rtol=1e-5, atol=1e-9)
