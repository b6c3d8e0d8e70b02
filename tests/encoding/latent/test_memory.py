"""The posterior of a state with memory: dense algebra over whole paths, the white limit, and the bound."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.distributions import MultivariateNormal, kl_divergence

from twofold.encoding.latent.evidence import Sites, sites
from twofold.encoding.latent.memory import StateMemory
from twofold.encoding.latent.state import StateMoments
from twofold.errors import OptionError
from twofold.likelihoods import GaussianLikelihood
from twofold.likelihoods.laplace import MarkovPrior
from twofold.likelihoods.quadrature import GaussianOutputs, expected_nll_of

CLIPS, TIME, LATENTS = 2, 7, 3
SPREAD = torch.linspace(0.3, 1.3, CLIPS * TIME, dtype=torch.float64).view(CLIPS, TIME, 1)


def memory_of(phi):
    """Of these correlations."""
    memory = StateMemory(len(phi)).double()
    with torch.no_grad():
        memory.r.copy_(torch.atanh(torch.tensor(phi, dtype=torch.float64) / 0.999))
    return memory


def some_sites(clips=CLIPS):
    draw = torch.Generator().manual_seed(0)
    root = torch.randn(clips, TIME, LATENTS, LATENTS, generator=draw, dtype=torch.float64)
    h, mean = (torch.randn(clips, TIME, LATENTS, generator=draw, dtype=torch.float64) for _ in range(2))
    return Sites(h, root @ root.mT), mean


def dense_prior(phi, n_time=TIME):
    """Covariance phi^|t - t'| over (time, latent)."""
    apart = (torch.arange(n_time)[:, None] - torch.arange(n_time)).abs()
    each = torch.stack(
        [torch.where(apart == 0, 1.0, p**apart) for p in torch.tensor(phi, dtype=torch.float64)]
    )
    return torch.einsum("kts,kl->tksl", each, torch.eye(len(phi)).double()).flatten(2).flatten(0, 1)


@pytest.mark.parametrize("phi", [[0.9, 0.5, -0.3], [0.0, 0.99, 0.7]])
@pytest.mark.parametrize("is_shared", [True, False])
def test_moments_and_divergence_are_those_of_dense_algebra(phi, is_shared):
    (h, information), mean = some_sites()
    sd = torch.tensor(0.8).double() if is_shared else SPREAD
    found = memory_of(phi).posterior(Sites(h, information), mean, sd)
    prior, size = dense_prior(phi), TIME * LATENTS
    for clip in range(CLIPS):
        covariance = torch.linalg.inv(torch.linalg.inv(prior) + torch.block_diag(*information[clip]))
        centre = covariance @ (h + mean)[clip].flatten()
        s = (sd.expand(TIME, 1) if is_shared else sd[clip]).expand(TIME, LATENTS).flatten()
        covariance = s[:, None] * covariance * s
        q = MultivariateNormal(centre, (covariance + covariance.T) / 2)
        expected = kl_divergence(q, MultivariateNormal(torch.zeros(size).double(), prior))
        torch.testing.assert_close(found.mean[clip].flatten(), centre)
        for t in range(TIME):
            block = covariance.view(TIME, LATENTS, TIME, LATENTS)[t, :, t]
            torch.testing.assert_close(found.covariance[clip, t], block)
        torch.testing.assert_close(found.of_path[clip], expected)
    torch.testing.assert_close(found.divergence().sum(1), found.of_path)


def test_gradients_are_those_of_finite_differences():
    told, mean = some_sites(clips=1)
    memory, sd = memory_of([0.8, 0.2, -0.5]), torch.tensor(0.7, dtype=torch.float64, requires_grad=True)

    def all_of(h, information, mean, sd, r):
        with torch.no_grad():
            memory.r.copy_(r)
        symmetric = Sites(h, (information + information.mT) / 2)
        found = torch.func.functional_call(Posterior(memory), {"memory.r": r}, (symmetric, mean, sd))
        return found.mean, found.covariance, found.of_path

    inputs = [part.clone().requires_grad_() for part in (*told, mean)]
    assert torch.autograd.gradcheck(all_of, (*inputs, sd, memory.r.detach().clone().requires_grad_()))


class Posterior(torch.nn.Module):
    """A memory that is called."""

    def __init__(self, memory):
        super().__init__()
        self.memory = memory

    def forward(self, *told):
        return self.memory.posterior(*told)


def test_the_divergence_the_other_way_around_is_refused():
    sd = torch.tensor(1.0, dtype=torch.float64)
    found = memory_of([0.5] * LATENTS).posterior(*some_sites(), sd)
    with pytest.raises(OptionError, match="kl='posterior'"):
        found.divergence(reverse=True)


def test_without_memory_it_is_the_white_state():
    told, mean = some_sites()
    sd = SPREAD
    found = memory_of([0.0] * LATENTS).posterior(told, mean, sd)
    covariance = torch.linalg.inv(told.information + torch.eye(LATENTS))
    step = StateMoments((covariance @ told.evidence[..., None])[..., 0], covariance)
    white = StateMoments.isotropic(mean, sd).after(step)
    torch.testing.assert_close(found.mean, white.mean)
    torch.testing.assert_close(found.covariance, white.covariance)
    torch.testing.assert_close(found.of_path, white.divergence().sum(1))


def simulated(phi, n_neurons, clips, n_time):
    """Weights, outputs and Gaussian responses, whose spread does not depend on the state."""
    draw, k = torch.Generator().manual_seed(1), len(phi)
    weights = torch.randn(n_neurons, 2, k, generator=draw, dtype=torch.float64)
    weights[:, 1] = 0
    raw = torch.zeros(clips, n_time, n_neurons, 2, dtype=torch.float64)
    noise = torch.randn(clips, n_time, k, generator=draw, dtype=torch.float64)
    prior = MarkovPrior(torch.tensor(phi, dtype=torch.float64)).given(torch.zeros(n_time, k, k).double())
    drive = torch.einsum("ctk,npk->ctnp", prior.from_noise(noise), weights)
    return weights, raw, GaussianLikelihood().distribution(raw, drive).sample(draw)


def bound(memory, likelihood, weights, raw, y):
    """ELBO of each clip together, with the first step alone."""
    seen = torch.ones_like(y, dtype=torch.bool)
    k = weights.shape[2]
    zero = torch.zeros(*y.shape[:2], k, dtype=y.dtype)
    state = memory.posterior(sites(likelihood, raw, weights, y, seen), zero, torch.ones((), dtype=y.dtype))
    outputs = GaussianOutputs.of(raw, weights, state.mean, state.covariance)
    return -expected_nll_of(likelihood, outputs, y, seen) - state.divergence().sum()


def test_the_bound_is_the_likelihood_where_everything_is_gaussian():
    phi, n_time, n = [0.9, 0.4], 6, 4
    weights, raw, y = simulated(phi, n, clips=3, n_time=n_time)
    design = torch.einsum("nk,ts->tnsk", weights[:, 0], torch.eye(n_time).double()).flatten(2).flatten(0, 1)
    covariance = design @ dense_prior(phi, n_time) @ design.T + torch.eye(n_time * n).double()
    expected = MultivariateNormal(torch.zeros(n_time * n).double(), covariance).log_prob(y.flatten(1)).sum()
    found = bound(memory_of(phi), GaussianLikelihood(), weights, raw, y)
    torch.testing.assert_close(found, expected, rtol=1e-6, atol=1e-6)


def test_memory_is_found_again():
    true, likelihood = [0.95, 0.6, 0.0], GaussianLikelihood()
    told = simulated(true, 30, clips=10, n_time=80)
    memory = StateMemory(3).double()
    optimizer = torch.optim.Adam(memory.parameters(), lr=0.1)
    for _ in range(40):
        optimizer.zero_grad()
        (-bound(memory, likelihood, *told)).backward()
        optimizer.step()
    np.testing.assert_allclose(memory.phi.detach(), true, atol=0.06)
