"""Monotone maps, laws behind them, and Gaussians of few factors, against scipy and brute force."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch
from scipy.integrate import quad
from scipy.stats import multivariate_normal

from twofold.encoding.competitors.low_rank import known
from twofold.likelihoods.flow_map import Flow
from twofold.likelihoods.zero_inflated_flow import ZeroInflatedFlow


def doubles(*values):
    return torch.tensor(values, dtype=torch.float64)


@pytest.fixture
def flow():
    return Flow(doubles(0.5, 1.0, 2.0, 1.0), doubles(0.05, 0.5, 0.9, 0.7), doubles(0.5, 0.05, 0.95, 0.3))


def law(flow, border=0.005):
    q = doubles(0.3, 0.9, 0.5, 1.0 - 1e-9)
    center, sd = doubles(-0.5, 0.2, 1.0, -2.0), doubles(1.0, 0.7, 1.5, 2.0)
    return ZeroInflatedFlow(center, sd, flow, q.log(), torch.log1p(-q), border)


def test_the_inverse_undoes_the_map_wherever_it_goes(flow):
    u = torch.linspace(-12, 40, 200, dtype=torch.float64)[:, None].expand(200, 4)
    d = flow.inverse(u)
    assert (d.diff(dim=0) > 0).all()
    seen = d > 1e-200
    torch.testing.assert_close(flow.forward(d)[seen], u[seen], rtol=1e-8, atol=1e-8)


def test_the_slope_is_the_numeric_gradient(flow):
    d = torch.linspace(0.01, 20, 50, dtype=torch.float64)[:, None].expand(50, 4)
    slope = (flow.forward(d * (1 + 1e-6)) - flow.forward(d * (1 - 1e-6))) / (2e-6 * d)
    torch.testing.assert_close(flow.log_slope(d).exp(), slope, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("power", [0, 1, 2])
def test_density_mean_and_variance_are_those_that_scipy_integrates(flow, power):
    border = 0.005 if power else 0.0  # beside which the least responses would lose their digits
    found = law(flow, border)

    def integrand(x, k):  # in the logarithm of the excess
        y = torch.full((4,), border + np.exp(x), dtype=torch.float64)
        return y[k].item() ** power * found.log_prob(y)[k].exp().item() * np.exp(x)

    ends = (-250, -80, -30, -10, -4, -2, -1, 0, 1, 2, 4, 8, 16)
    pieces = [
        [quad(integrand, *each, args=(k,), epsabs=1e-8)[0] for each in pairwise(ends)] for k in range(4)
    ]
    above = np.sum(pieces, axis=1)
    silent = found.log_silent.exp().numpy() * border**power / (power + 1)
    whole = [np.ones(4), found.mean.numpy(), (found.variance + found.mean**2).numpy()][power]
    np.testing.assert_allclose(above + silent, whole, rtol=3e-4)


def test_quantiles_undo_the_cdf_and_samples_follow_it(flow):
    found = law(flow)
    for p in (0.05, 0.4, 0.8, 0.99):
        torch.testing.assert_close(found.cdf(found.quantile(p)), doubles(p, p, p, p), rtol=1e-6, atol=1e-8)
    drawn = found.sample(torch.Generator().manual_seed(0), 4000)
    assert drawn.shape == (4000, 4)
    for p in (0.25, 0.75):
        below = (drawn <= found.quantile(p)).double().mean(0)
        torch.testing.assert_close(below, doubles(p, p, p, p), rtol=0, atol=0.03)
    assert (found.deviance(drawn) >= 0).all()


def test_without_silence_the_law_is_a_density(flow):
    whole = law(flow, border=-0.005)
    certain = ZeroInflatedFlow(
        whole.center, whole.sd, flow, torch.zeros(4).double(), torch.full((4,), -torch.inf).double(), -0.005
    )
    drawn = certain.sample(torch.Generator().manual_seed(0), 20_000)
    torch.testing.assert_close(drawn.mean(0), certain.mean, rtol=0.1, atol=0.02)
    torch.testing.assert_close(certain.cdf(certain.quantile(0.3)), doubles(0.3, 0.3, 0.3, 0.3))


def test_factors_known_from_any_neurons_are_those_of_the_whole_gaussian():
    rng = np.random.default_rng(0)
    loading, noise = rng.normal(size=(6, 2)), rng.uniform(0.5, 2, 6)
    residual, seen = rng.normal(size=(5, 6)), rng.random((5, 6)) < 0.6
    seen[0], seen[1] = False, True
    found = known(*(torch.from_numpy(each) for each in (loading, noise, residual, seen)))
    for t in range(5):
        own = loading[seen[t]]
        full = own @ own.T + np.diag(noise[seen[t]])
        reading = np.linalg.solve(full, own).T if len(own) else np.zeros((2, 0))
        np.testing.assert_allclose(found.mean[t], reading @ residual[t, seen[t]], atol=1e-12)
        np.testing.assert_allclose(found.covariance[t], np.eye(2) - reading @ own, atol=1e-12)
        slow = multivariate_normal.logpdf(residual[t, seen[t]], np.zeros(len(own)), full) if len(own) else 0
        assert found.log_density[t].item() == pytest.approx(slow)
