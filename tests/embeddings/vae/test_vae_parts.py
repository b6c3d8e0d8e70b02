"""Parts of the variational autoencoders against closed forms, numerical integrals and other libraries."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from torch.distributions import Independent, Normal, kl_divergence

from twofold.embeddings.vae.annealing import annealed
from twofold.embeddings.vae.batches import Epochs, in_order, join, pieces, spread_out
from twofold.embeddings.vae.gaussian import DiagonalGaussian
from twofold.embeddings.vae.likelihoods import (
    GaussianResponses,
    MeanSquaredError,
    PoissonCounts,
    ZeroInflatedGammaResponses,
)
from twofold.likelihoods.statistics import RHO

LENGTHS = st.lists(st.integers(1, 250), min_size=1, max_size=6)


def gaussian(seed, shape=(6, 3)):
    generator = torch.Generator().manual_seed(seed)
    return DiagonalGaussian(*(torch.randn(shape, generator=generator) for _ in range(2)))


def normal(law):
    return Normal(law.mean, (law.log_variance / 2).exp())


def test_kl_is_that_of_torch():
    q, p = gaussian(0), gaussian(1)
    torch.testing.assert_close(q.kl(p), kl_divergence(normal(q), normal(p)))
    standard = Normal(torch.zeros(6, 3), torch.ones(6, 3))
    torch.testing.assert_close(q.kl(), kl_divergence(normal(q), standard))


def test_the_product_of_two_laws_is_their_product_on_a_grid():
    q, p = gaussian(0, (1, 1)), gaussian(1, (1, 1))
    z = torch.linspace(-30, 30, 200_001)[:, None].double()
    log_product = (normal(q).log_prob(z) + normal(p).log_prob(z))[:, 0]
    weight = torch.softmax(log_product, 0)
    mean = (weight * z[:, 0]).sum()
    variance = (weight * (z[:, 0] - mean) ** 2).sum()
    product = q.times(p)
    assert product.mean.item() == pytest.approx(mean.item(), abs=1e-5)
    assert product.log_variance.exp().item() == pytest.approx(variance.item(), rel=1e-4)
    precisions = [(-law.log_variance).exp().item() for law in (q, p)]
    assert q.share_of(p).item() == pytest.approx(precisions[1] / sum(precisions))


def test_draws_have_the_mean_and_the_spread_of_their_law():
    law = gaussian(0, (1, 2))
    noise = torch.randn(100_000, 2, generator=torch.Generator().manual_seed(0))
    draws = law.draw(noise)
    torch.testing.assert_close(draws.mean(0), law.mean[0], atol=0.03, rtol=0)
    torch.testing.assert_close(draws.var(0).log(), law.log_variance[0], atol=0.03, rtol=0)
    assert Independent(normal(law), 1).log_prob(draws).mean() == pytest.approx(
        -Independent(normal(law), 1).entropy().item(), abs=0.02
    )


@given(st.sampled_from(["linear", "cyclical", "none"]), st.floats(0.05, 1), st.floats(0, 0.999))
def test_annealing_rises_from_nothing_to_all(anneal, share, progress):
    now, later = (annealed(anneal, share, at) for at in (progress, min(progress + 1e-3, 0.9999)))
    assert 0 <= now <= 1
    if anneal == "none":
        assert now == 1
    elif anneal == "linear":
        assert later >= now
        assert annealed(anneal, share, share) == 1
        assert annealed(anneal, share, 0) == 0
    else:
        assert now == pytest.approx(annealed(anneal, share, progress % 0.25), abs=1e-9)
        assert annealed(anneal, share, 0.25) == annealed(anneal, share, 0.75) == 0


def test_poisson_misfit_is_that_of_scipy():
    x, a = torch.arange(6.0).repeat(2, 1), torch.linspace(-2, 2, 12).reshape(2, 6)
    expected = -stats.poisson.logpmf(x, a.exp())
    np.testing.assert_allclose(PoissonCounts().misfit(a[..., None], x), expected, rtol=1e-5)
    np.testing.assert_allclose(PoissonCounts().mean(a[..., None]), a.exp())


def test_gaussian_misfit_is_that_of_scipy():
    law = GaussianResponses(3)
    x, m = torch.randn(5, 3), torch.randn(5, 3)
    law.start(2 * torch.randn(50, 3))
    expected = -stats.norm.logpdf(x, m, law.log_sd.detach().exp())
    np.testing.assert_allclose(law.misfit(m[..., None], x).detach(), expected, rtol=1e-5)


def test_zero_inflated_gamma_integrates_to_one_and_its_mean_is_right():
    law = ZeroInflatedGammaResponses(1)
    law.log_kappa.data.fill_(0.7)
    output = torch.tensor([[[0.4, -0.3]]]).double()
    edges = torch.cat([torch.linspace(0, RHO, 2001), RHO + torch.logspace(-7, 1.7, 40_001)]).double()
    x, width = (edges[1:] + edges[:-1]) / 2, edges.diff()
    p = (-law.misfit(output.expand(len(x), 1, 2), x[:, None])).exp().flatten().detach()
    assert (p * width).sum().item() == pytest.approx(1, abs=1e-4)
    assert (p * width * x).sum().item() == pytest.approx(law.mean(output).item(), abs=1e-4)


@pytest.mark.parametrize(
    "law", [MeanSquaredError(), GaussianResponses(2), PoissonCounts(), ZeroInflatedGammaResponses(2)]
)
def test_a_decoder_starts_at_the_mean_response(law):
    rng = np.random.default_rng(0)
    responses = torch.from_numpy(rng.gamma(2.0, 1.5, (4000, 2)) * (rng.random((4000, 2)) < 0.6)).float()
    told = law.mean(law.start(responses)[None])[0]
    torch.testing.assert_close(told, responses.mean(0), rtol=0.01, atol=0.01)


@given(LENGTHS, st.integers(1, 120))
def test_pieces_are_all_rows_once_and_cross_no_trial(lengths, longest):
    trial = torch.arange(len(lengths)).repeat_interleave(torch.tensor(lengths))
    found = pieces(trial, longest)
    assert found[:, 1].max() <= longest
    rows, sizes = join(found)
    assert torch.equal(rows, torch.arange(len(trial)))
    assert all(len(set(part.tolist())) == 1 for part in trial[rows].split(sizes.tolist()))


@given(LENGTHS, st.integers(1, 300), st.booleans())
def test_an_epoch_has_each_row_once(lengths, batch_size, whole):
    trial = torch.arange(len(lengths)).repeat_interleave(torch.tensor(lengths))
    epochs = Epochs(trial, batch_size, whole, torch.Generator().manual_seed(0))
    batches = [some for some, _ in zip(epochs, range(epochs.n_batches), strict=False)]
    assert torch.equal(torch.cat([some.rows for some in batches]).sort().values, torch.arange(len(trial)))
    for some in batches:
        assert (some.lengths is not None) == whole
        if some.lengths is not None:
            assert some.lengths.sum() == len(some.rows)


@given(LENGTHS, st.integers(1, 300), st.booleans())
def test_in_order_gives_all_rows_and_whole_trials(lengths, at_once, whole):
    trial = torch.arange(len(lengths)).repeat_interleave(torch.tensor(lengths))
    parts = list(in_order(trial, at_once, whole))
    assert torch.equal(torch.cat([part.rows for part in parts]), torch.arange(len(trial)))
    if whole:
        assert torch.cat([part.lengths for part in parts]).tolist() == lengths


def test_what_is_measured_is_spread_over_all_trials():
    trial = torch.arange(10).repeat_interleave(400)
    rows, lengths = spread_out(trial, 1000)
    assert len(rows) == lengths.sum() == 1000
    assert set(trial[rows].tolist()) >= {0, 9}
    assert len(set(trial[rows].tolist())) >= 8
