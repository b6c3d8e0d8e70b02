from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import stats
from sklearn.metrics import mean_poisson_deviance

from twofold.likelihoods import (
    Gaussian,
    GaussianLikelihood,
    Poisson,
    PoissonLikelihood,
    ResponseStatistics,
)

RATES = torch.tensor([0.01, 0.7, 3.0, 40.0], dtype=torch.float64)


@pytest.mark.parametrize("count", [0, 1, 5, 37])
def test_poisson_agrees_with_scipy(count):
    ours, reference = Poisson.of(rate=RATES), stats.poisson(RATES.numpy())
    y = torch.full((4,), float(count), dtype=torch.float64)
    np.testing.assert_allclose(ours.log_prob(y), reference.logpmf(count), rtol=1e-10)
    np.testing.assert_allclose(ours.cdf(y), reference.cdf(count), rtol=1e-8)
    np.testing.assert_allclose(ours.cdf(y + 0.6), reference.cdf(count + 0.6), rtol=1e-8)
    expected = [mean_poisson_deviance([count], [rate]) for rate in RATES]
    np.testing.assert_allclose(ours.deviance(y), expected, rtol=1e-8, atol=1e-12)
    np.testing.assert_array_equal(ours.quantile(0.9), reference.ppf(0.9))


def test_poisson_probabilities_sum_to_one():
    total = sum(
        Poisson.of(rate=RATES).log_prob(torch.full((4,), float(k), dtype=torch.float64)).exp()
        for k in range(200)
    )
    np.testing.assert_allclose(total, 1, rtol=1e-12)


def test_the_rate_of_poisson_is_elu_plus_one_of_the_output():
    a = torch.tensor([-30.0, -1.0, 0.0, 2.5])
    rate = PoissonLikelihood().distribution(a[:, None]).mean
    torch.testing.assert_close(rate, torch.nn.functional.elu(a) + 1, rtol=1e-6, atol=1e-7)
    assert rate[0].item() == pytest.approx(np.exp(-30), rel=1e-5)  # ELU + 1 has lost it


def test_the_constant_poisson_has_the_mean_rate():
    y = np.random.default_rng(0).poisson([0.3, 4.0], size=(500, 2))
    likelihood = PoissonLikelihood()
    rate = likelihood.null(ResponseStatistics.of([y])).mean
    np.testing.assert_allclose(rate, y.mean(0), rtol=1e-5)


@pytest.mark.parametrize("y", [-30.0, -1.0, 0.0, 2.0])
def test_gaussian_agrees_with_scipy(y):
    mean, sd = torch.tensor([-1.0, 0.0, 5.0]).double(), torch.tensor([0.1, 1.0, 7.0]).double()
    ours, reference = Gaussian.of(mean=mean, sd=sd), stats.norm(mean.numpy(), sd.numpy())
    at = torch.full((3,), y, dtype=torch.float64)
    np.testing.assert_allclose(ours.log_prob(at), reference.logpdf(y), rtol=1e-10)
    np.testing.assert_allclose(ours.cdf(at), reference.cdf(y), rtol=1e-8, atol=1e-100)
    np.testing.assert_allclose(ours.quantile(0.01), reference.ppf(0.01), rtol=1e-10)
    np.testing.assert_allclose(ours.variance, reference.var())


def test_the_constant_gaussian_has_mean_and_sd_and_keeps_constant_neurons_apart_from_zero():
    y = np.random.default_rng(0).normal([1.0, -2.0, 7.0], [0.5, 3.0, 0.0], size=(500, 3))
    p = GaussianLikelihood().null(ResponseStatistics.of([y]))
    np.testing.assert_allclose(p.mean, y.mean(0), rtol=1e-4)
    np.testing.assert_allclose(p.variance[:2], y.var(0)[:2], rtol=1e-4)
    assert 0 < p.variance[2] < 1e-4
