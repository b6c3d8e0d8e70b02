"""Chains of Gaussian states and the prior with memory, against dense algebra over all times at once."""

from __future__ import annotations

import pytest
import torch
from torch.distributions import MultivariateNormal

from twofold.likelihoods.laplace import MarkovPrior
from twofold.likelihoods.laplace.chain import GaussianChain

LATENTS = 3
LENGTHS = [1, 2, 3, 4, 5, 8, 13, 31]
PHI = torch.tensor([0.9, 0.0, -0.6], dtype=torch.float64)


def dense(blocks, between):
    """The whole inverse covariance."""
    clips, n_time, k, _ = blocks.shape
    found = blocks.new_zeros(clips, n_time, k, n_time, k)
    for t in range(n_time):
        found[:, t, :, t] = blocks[:, t]
        if t + 1 < n_time:
            found[:, t, :, t + 1], found[:, t + 1, :, t] = between[:, t], between[:, t].mT
    return found.view(clips, n_time * k, n_time * k)


def some(n_time, clips=2):
    draw = torch.Generator().manual_seed(n_time)
    root = torch.randn(clips, n_time, LATENTS, LATENTS, generator=draw, dtype=torch.float64)
    between = torch.randn(clips, n_time - 1, LATENTS, LATENTS, generator=draw, dtype=torch.float64)
    return root @ root.mT + 8 * torch.eye(LATENTS), between


def covariance_of(phi, n_time):
    """phi^|t - t'| of each latent, over (time, latent)."""
    apart = (torch.arange(n_time)[:, None] - torch.arange(n_time)).abs()
    each = torch.stack([torch.where(apart == 0, 1.0, p**apart) for p in phi])
    return torch.einsum("kts,kl->tksl", each, torch.eye(len(phi), dtype=phi.dtype)).flatten(2).flatten(0, 1)


@pytest.mark.parametrize("n_time", LENGTHS)
def test_moments_and_determinant_are_those_of_the_dense_inverse(n_time):
    parts = some(n_time)
    chain, whole = GaussianChain.of(*parts), dense(*parts)
    expected = torch.linalg.inv(whole).view(2, n_time, LATENTS, n_time, LATENTS)
    h = torch.randn(2, n_time, LATENTS, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(chain.mean(h), torch.einsum("ctksl,csl->ctk", expected, h))
    torch.testing.assert_close(chain.log_det, torch.logdet(whole))
    at, with_next = chain.covariances()
    assert with_next.shape == (2, n_time - 1, LATENTS, LATENTS)
    for t in range(n_time):
        torch.testing.assert_close(at[:, t], expected[:, t, :, t])
        if t + 1 < n_time:
            torch.testing.assert_close(with_next[:, t], expected[:, t, :, t + 1])


@pytest.mark.parametrize("n_time", LENGTHS)
def test_paths_from_noise_have_the_covariance(n_time):
    """The path is linear in the noise, so that unit vectors of noise show its root."""
    parts = some(n_time)
    size = n_time * LATENTS
    units = torch.eye(size, dtype=torch.float64).view(size, 1, n_time, LATENTS).expand(-1, 2, -1, -1)
    root = GaussianChain.of(*parts).from_noise(units).flatten(2).permute(1, 2, 0)
    torch.testing.assert_close(root @ root.mT, torch.linalg.inv(dense(*parts)))


def test_gradients_are_those_of_finite_differences():
    blocks, between = (part.requires_grad_() for part in some(5, clips=1))
    h = torch.ones(1, 5, LATENTS, dtype=torch.float64, requires_grad=True)

    def all_of(blocks, between, h):
        chain = GaussianChain.of((blocks + blocks.mT) / 2, between)
        return chain.mean(h), chain.log_det, *chain.covariances()

    assert torch.autograd.gradcheck(all_of, (blocks, between, h))


def test_what_is_no_covariance_is_refused():
    blocks, between = some(4)
    with pytest.raises(torch.linalg.LinAlgError):
        GaussianChain.of(blocks, 20 * between)


@pytest.mark.parametrize("n_time", [1, 2, 7])
def test_the_prior_is_stationary_and_forgets_at_its_rate(n_time):
    prior, expected = MarkovPrior(PHI), covariance_of(PHI, n_time)
    at, with_next = prior.given(torch.zeros(n_time, LATENTS, LATENTS, dtype=torch.float64)).covariances()
    eye = torch.eye(LATENTS, dtype=torch.float64)
    torch.testing.assert_close(at, eye.expand(n_time, -1, -1))
    torch.testing.assert_close(with_next, torch.diag(PHI).expand(n_time - 1, -1, -1))
    torch.testing.assert_close(prior.log_det(n_time), -torch.logdet(expected))
    z = torch.randn(4, n_time, LATENTS, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    normal = MultivariateNormal(z.new_zeros(n_time * LATENTS), expected)
    log_prob = 0.5 * (prior.log_det(n_time) - prior.square(z))
    torch.testing.assert_close(
        log_prob - normal.log_prob(z.flatten(1)),
        torch.full((4,), 0.5 * n_time * LATENTS * 1.8378770664093453).double(),
    )
    torch.testing.assert_close(prior.slope(z).flatten(1), torch.linalg.solve(expected, z.flatten(1).T).T)


def test_the_expected_square_is_a_trace():
    n_time = 6
    prior, whole = MarkovPrior(PHI), torch.linalg.inv(covariance_of(PHI, n_time))
    blocks, between = some(n_time)
    chain, mean = GaussianChain.of(blocks, between), torch.ones(2, n_time, LATENTS, dtype=torch.float64)
    covariance = torch.linalg.inv(dense(blocks, between))
    flat = mean.flatten(1)
    expected = (whole @ covariance).diagonal(dim1=-2, dim2=-1).sum(-1) + ((flat @ whole) * flat).sum(-1)
    torch.testing.assert_close(prior.expected_square(mean, *chain.covariances()), expected)
