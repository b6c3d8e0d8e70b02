"""The evidence lower bound: against definitions, against samples, and however a batch is divided."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.distributions import MultivariateNormal, kl_divergence

from twofold.encoding import LatentVideoModel
from twofold.encoding.latent.evidence import sites
from twofold.encoding.latent.masks import given_in_training
from twofold.encoding.latent.objective import negative_bound
from twofold.encoding.latent.options import LatentOptions
from twofold.encoding.latent.state import StateMoments
from twofold.likelihoods import GaussianLikelihood, PoissonLikelihood, ZigLikelihood
from twofold.sampling import ClipBatch, TrialClips

from .conftest import SMALL, with_weights


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def some_state(shape=(2, 5), k=3):
    root = torch.randn(*shape, k, k, generator=generator(1))
    covariance = root @ root.mT + 0.3 * torch.eye(k)
    return StateMoments(torch.randn(*shape, k, generator=generator(2)), covariance)


def batch_of(mouse, *trials):
    clips = TrialClips(mouse, "train")
    return ClipBatch.of(0, [clips.read(trial) for trial in trials], list(trials))


def model_of(fitted, **settings):
    """In evaluation, where receptive fields are not drawn."""
    return with_weights(LatentVideoModel(fitted[0], **SMALL | settings))


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("shared", [False, True])
def test_the_divergence_is_that_of_torch(reverse, shared):
    state = some_state()
    if shared:
        state = StateMoments(state.mean, state.covariance[0, 0])
    posterior = MultivariateNormal(state.mean, state.covariance.expand(2, 5, 3, 3))
    prior = MultivariateNormal(torch.zeros(3), torch.eye(3))
    expected = kl_divergence(prior, posterior) if reverse else kl_divergence(posterior, prior)
    torch.testing.assert_close(state.divergence(reverse), expected, rtol=1e-4, atol=1e-4)


def test_paths_have_the_moments_of_the_state():
    state = some_state((1, 2))
    paths = state.path(torch.randn(40000, 1, 2, 3, generator=generator()))
    torch.testing.assert_close(paths.mean(0), state.mean, atol=0.05, rtol=0)
    off = (paths - state.mean)[:, 0, 1]
    torch.testing.assert_close(off.mT @ off / 40000, state.covariance[0, 1], atol=0.1, rtol=0.03)


def test_moments_behind_a_linear_smoother_are_exact():
    state = some_state((4,))
    found = state.smoothed(torch.nn.Linear(3, 3, bias=False).requires_grad_(False))
    assert found.mean.shape == (4, 3)
    double = torch.nn.Linear(3, 3, bias=False).requires_grad_(False)
    double.weight.copy_(2 * torch.eye(3))
    found = state.smoothed(double)
    torch.testing.assert_close(found.mean, 2 * state.mean, atol=0.3, rtol=0)
    torch.testing.assert_close(found.covariance, 4 * state.covariance, atol=0.8, rtol=0.2)


@pytest.mark.parametrize("name", ["zig", "poisson", "gaussian"])
def test_information_is_the_variance_of_the_evidence(name):
    likelihood = {
        "zig": ZigLikelihood(torch.tensor([0.4, 0.6, 2.0])),
        "poisson": PoissonLikelihood(),
        "gaussian": GaussianLikelihood(),
    }[name]
    raw = torch.randn(3, likelihood.n_parameters, generator=generator(4))
    drawn = likelihood.distribution(raw).sample(generator(), 200_000)
    many = raw.expand(200_000, -1, -1).clone().requires_grad_()
    (slope,) = torch.autograd.grad(likelihood.total_nll(many, drawn), many)
    torch.testing.assert_close(slope.square().mean(0), likelihood.information(raw), rtol=0.05, atol=0.01)
    torch.testing.assert_close(slope.mean(0), torch.zeros_like(raw), rtol=0, atol=0.02)


def test_the_first_step_is_exact_where_everything_is_gaussian():
    """A linear Gaussian model has a posterior in closed form, from the other side (by conditioning on y)."""
    n, k, sd = 6, 2, 0.7
    w = torch.randn(n, k, generator=generator(1), dtype=torch.float64)
    raw = torch.stack([torch.randn(n, generator=generator(2)), torch.full((n,), np.log(sd))], 1).double()
    y = torch.randn(n, generator=generator(3), dtype=torch.float64)
    seen = torch.tensor([True, True, False, True, False, True])
    weights = torch.stack([w, torch.zeros_like(w)], dim=1)
    found = sites(
        GaussianLikelihood(), raw[None, None], weights.double(), y[None, None], seen[None, None]
    ).step()
    own = w[seen]
    gain = own.T @ torch.linalg.inv(own @ own.T + sd**2 * torch.eye(4))
    torch.testing.assert_close(found.mean[0, 0], gain @ (y - raw[:, 0])[seen])
    torch.testing.assert_close(found.covariance[0, 0], torch.eye(k) - gain @ own)


@pytest.mark.parametrize("settings", [{}, {"mask": "time", "reads": "responses", "first_step": False}])
def test_samples_come_to_the_same_as_quadrature(fitted, mouse, settings):
    batch = batch_of(mouse, 0, 1)
    exact, n = negative_bound(model_of(fitted, **settings), batch)
    drawn, same = negative_bound(
        model_of(fitted, integration="monte_carlo", n_samples=2000, **settings), batch
    )
    assert n == same
    assert drawn.item() / n == pytest.approx(exact.item() / n, abs=0.01)


@pytest.mark.parametrize(
    "settings", [{}, {"integration": "monte_carlo", "n_samples": 3}, {"smoother": "gru", "n_samples": 3}]
)
def test_the_loss_does_not_depend_on_how_a_batch_is_divided(fitted, mouse, settings):
    model = model_of(fitted, **settings)
    whole, n = negative_bound(model, batch_of(mouse, 3, 4, 5))
    parts = [negative_bound(model, batch_of(mouse, *trials)) for trials in ((3,), (4, 5))]
    assert n == sum(part[1] for part in parts)
    assert whole.item() == pytest.approx(sum(part[0].item() for part in parts), rel=1e-5)


def test_objectives_score_what_they_say(fitted, mouse):
    batch = batch_of(mouse, 0)
    frames = 30 - fitted[0].frames_lost
    counts = {
        name: negative_bound(model_of(fitted, objective=name, masked_share=0.25), batch)[1]
        for name in ("masked", "given", "full")
    }
    assert counts == {"masked": 3 * frames, "given": 9 * frames, "full": 12 * frames}


def test_the_masked_scale_weighs_the_divergence_by_scored_per_given(fitted, mouse):
    batch = batch_of(mouse, 0)

    def loss(**settings):
        return negative_bound(model_of(fitted, masked_share=0.75, **settings), batch)[0].item()

    without = loss(beta=0.0)
    assert loss(masked_scale="given") - without == pytest.approx(3 * (loss() - without), rel=1e-4)
    assert loss(beta=2.0) - without == pytest.approx(2 * (loss() - without), rel=1e-4)


def test_the_released_likelihood_is_another(fitted, mouse):
    batch = batch_of(mouse, 0)
    settings = {"integration": "monte_carlo", "n_samples": 5}
    right = negative_bound(model_of(fitted, **settings), batch)[0]
    released = negative_bound(model_of(fitted, released_likelihood=True, **settings), batch)[0]
    assert right.item() != released.item()
    assert LatentOptions.paper_code().released_likelihood


def test_masks_hide_their_share_and_follow_from_the_seed():
    seeds = torch.tensor([5, 6, 7])
    options = LatentOptions(masked_share=0.25)
    given = given_in_training(seeds, 9, 40, options)
    assert given.shape == (3, 1, 40)
    assert (given.sum(2) == 30).all()
    assert torch.equal(given[1:], given_in_training(seeds[1:], 9, 40, options))
    assert not torch.equal(given[0], given[1])
    over_time = given_in_training(seeds, 200, 40, LatentOptions(mask="time", masked_share=0.25))
    assert over_time.float().mean().item() == pytest.approx(0.75, abs=0.01)
    between = given_in_training(torch.arange(200), 1, 40, LatentOptions(masked_share=0.25, most_masked=0.9))
    shares = 1 - between.float().mean(2)
    assert shares.min() < 0.35 < 0.8 < shares.max() <= 0.9
    lonely = given_in_training(seeds, 1, 3, LatentOptions(masked_share=0.99))
    assert (lonely.sum(2) == 1).all()
