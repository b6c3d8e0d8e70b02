"""The integrated distribution: its parts agree with each other and with samples."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from twofold.errors import OptionError
from twofold.likelihoods import GaussianLikelihood, PoissonLikelihood, ZigLikelihood
from twofold.likelihoods.quadrature import GaussianOutputs, expected_nll, integrated

NEURONS = 6
KAPPA = torch.linspace(0.3, 1.5, NEURONS, dtype=torch.float64)
LIKELIHOODS = [ZigLikelihood(KAPPA), PoissonLikelihood(), GaussianLikelihood()]
FAMILIES = pytest.mark.parametrize("likelihood", LIKELIHOODS, ids=lambda part: part.name)


def made_up(likelihood, spread=0.5):
    """Time 3, latents 4."""
    draw, double = torch.Generator().manual_seed(0), torch.float64
    raw = torch.randn(3, NEURONS, likelihood.n_parameters, generator=draw, dtype=double)
    w = spread * torch.randn(NEURONS, likelihood.n_parameters, 4, generator=draw, dtype=double)
    mu = torch.randn(3, 4, generator=draw, dtype=double)
    return raw, w, mu


def of(likelihood, **how):
    raw, w, mu = made_up(likelihood, **how)
    return integrated(likelihood, GaussianOutputs.of(raw, w, mu, torch.tensor(0.5, dtype=torch.float64)))


@FAMILIES
def test_samples_agree_with_mean_variance_and_cdf(likelihood):
    p, n = of(likelihood), 40_000
    y = p.sample(torch.Generator().manual_seed(1), n)
    assert y.shape == (n, 3, NEURONS)
    assert ((y.mean(0) - p.mean).abs() < 5 * (p.variance / n).sqrt()).all()
    at = p.mean
    share = (y <= at).double().mean(0)
    assert (share - p.cdf(at)).abs().max() < 5 * 0.5 / np.sqrt(n)
    low, high = p.interval(0.9)
    inside = ((y >= low) & (y <= high)).double().mean(0)
    assert (inside > 0.89).all()
    if likelihood.measure != "counts":  # an interval of counts holds more
        assert (inside < 0.91).all()


@FAMILIES
def test_quantiles_invert_the_cdf(likelihood):
    p = of(likelihood)
    for level in (0.01, 0.3, 0.9, 0.999):
        y = p.quantile(level)
        assert (p.cdf(y) >= level - 2e-3).all()
        if likelihood.measure == "counts":
            assert torch.equal(y, y.round())
            assert (p.cdf(y - 1) < level).all()
        else:
            assert (p.cdf(y) - level).abs().max() < 2e-3


def test_counts_have_a_probability_of_one_in_sum():
    p = of(PoissonLikelihood(), spread=0.2)
    total = sum(p.log_prob(torch.full((3, NEURONS), float(y))).exp() for y in range(60))
    torch.testing.assert_close(total, torch.ones_like(total), rtol=0, atol=1e-4)


def test_density_is_the_slope_of_the_cdf():
    p, step = of(ZigLikelihood(KAPPA)), 1e-3
    for y in (0.02, 0.5, 3.0):
        at = torch.full((3, NEURONS), y, dtype=torch.float64)
        slope = (p.cdf(at + step) - p.cdf(at - step)) / (2 * step)
        torch.testing.assert_close(p.log_prob(at).exp(), slope, rtol=5e-3, atol=1e-4)


def test_spikes_may_be_densities_and_the_constants_those_of_the_released_code():
    mass, density = (ZigLikelihood(KAPPA, spike=spike) for spike in ("mass", "density"))
    silent = torch.zeros(3, NEURONS, dtype=torch.float64)
    torch.testing.assert_close(of(density).log_prob(silent), of(mass).log_prob(silent) - np.log(0.005))
    released = ZigLikelihood(KAPPA, paper_code=True)
    torch.testing.assert_close(of(released).mean, of(mass).mean, rtol=1e-4, atol=1e-5)
    raw, w, mu = made_up(released)
    with pytest.raises(OptionError, match="use samples"):
        expected_nll(released, raw, w, mu, torch.tensor(1.0, dtype=torch.float64), silent)


def test_a_covariance_per_time_point_and_one_for_all_agree():
    likelihood = LIKELIHOODS[0]
    raw, w, mu = made_up(likelihood)
    scalar = GaussianOutputs.of(raw, w, mu, torch.tensor(0.5, dtype=torch.float64))
    full = GaussianOutputs.of(raw, w, mu, 0.5 * torch.eye(4, dtype=torch.float64).expand(3, 4, 4))
    y = torch.ones(3, NEURONS, dtype=torch.float64)
    one, other = (integrated(likelihood, outputs) for outputs in (scalar, full))
    torch.testing.assert_close(one.log_prob(y), other.log_prob(y))
    torch.testing.assert_close(one.mean, other.mean)


def test_there_is_no_deviance():
    with pytest.raises(OptionError, match="compare log_prob"):
        of(PoissonLikelihood()).deviance(torch.zeros(3, NEURONS))
