"""The loss in blocks: masks, axes, gradients to the latent state."""

from __future__ import annotations

import pytest
import torch

from twofold.likelihoods import GaussianLikelihood, PoissonLikelihood, ZigLikelihood
from twofold.likelihoods.quadrature import fused
from twofold.likelihoods.quadrature.expected import expected_log_prob
from twofold.likelihoods.quadrature.outputs import GaussianOutputs

TIME, NEURONS, LATENTS = 7, 5, 3
KAPPA = torch.linspace(0.3, 1.5, NEURONS, dtype=torch.float64)
LIKELIHOODS = [
    ZigLikelihood(KAPPA),
    ZigLikelihood(KAPPA, spike="density"),
    PoissonLikelihood(),
    GaussianLikelihood(),
]
FAMILIES = pytest.mark.parametrize(
    "likelihood", LIKELIHOODS, ids=["zig", "zig-density", "poisson", "gaussian"]
)


def made_up(likelihood, dtype=torch.float64):
    draw = torch.Generator().manual_seed(0)

    def normal(*shape):
        return torch.randn(shape, generator=draw, dtype=torch.float64)

    raw, w = (
        normal(TIME, NEURONS, likelihood.n_parameters),
        0.4 * normal(NEURONS, likelihood.n_parameters, LATENTS),
    )
    y = torch.where(normal(TIME, NEURONS) < 0, 0.0, normal(TIME, NEURONS).abs() + 0.1)
    leaves = [part.to(dtype).requires_grad_() for part in (raw, w, normal(TIME, LATENTS), torch.tensor(0.7))]
    return leaves, y.to(dtype)


def gradients(loss, leaves):
    return torch.autograd.grad(loss, leaves)


@FAMILIES
@pytest.mark.parametrize("scored", ["all", "neurons", "entries"])
def test_value_and_gradients_equal_autograd_of_the_plain_rule(likelihood, scored):
    leaves, y = made_up(likelihood)
    entries = torch.rand(TIME, NEURONS, generator=torch.Generator().manual_seed(1)) < 0.5
    mask = {"all": None, "neurons": entries[0], "entries": entries}[scored]
    raw, w, mu, sd = leaves
    plain = expected_log_prob(likelihood, GaussianOutputs.of(raw, w, mu, sd**2), y, nodes=24)
    plain = -(plain if mask is None else torch.where(mask, plain, 0)).sum()
    responses = y if mask is None else torch.where(mask, y, torch.nan)
    loss = fused.expected_nll(likelihood, *leaves, responses, mask)
    torch.testing.assert_close(loss, plain, rtol=1e-4, atol=1e-4)
    for ours, reference in zip(gradients(loss, leaves), gradients(plain, leaves), strict=True):
        torch.testing.assert_close(ours, reference, rtol=3e-3, atol=1e-3)


@FAMILIES
def test_blocks_and_axes_change_nothing(likelihood, monkeypatch):
    leaves, y = made_up(likelihood)
    raw, w, mu, sd = leaves
    whole = fused.expected_nll(likelihood, *leaves, y)
    slopes = gradients(whole, leaves)
    monkeypatch.setitem(fused.ENTRIES_AT_ONCE, "cpu", 2 * NEURONS)
    folded = fused.expected_nll(likelihood, raw[:, None], w, mu[:, None], sd, y[:, None])
    torch.testing.assert_close(folded, whole)
    for one, other in zip(gradients(folded, leaves), slopes, strict=True):
        torch.testing.assert_close(one, other)


@FAMILIES
def test_a_covariance_per_time_point_gets_its_gradient(likelihood):
    leaves, y = made_up(likelihood)
    raw, w, mu, _ = leaves
    covariance = 0.5 * torch.eye(LATENTS, dtype=torch.float64).expand(TIME, -1, -1).clone()
    covariance.requires_grad_()
    scale = torch.tensor(0.5**0.5, dtype=torch.float64, requires_grad=True)
    full = fused.expected_nll_of(likelihood, GaussianOutputs.of(raw, w, mu, covariance), y)
    shared = fused.expected_nll(likelihood, raw, w, mu, scale, y)
    torch.testing.assert_close(full, shared)
    (by_covariance,), (by_scale,) = gradients(full, [covariance]), gradients(shared, [scale])
    trace = by_covariance.diagonal(dim1=-2, dim2=-1).sum()
    torch.testing.assert_close(2 * scale.detach() * trace, by_scale)


def test_weights_of_zero_are_left_with_a_gradient_and_no_uncertainty():
    likelihood = LIKELIHOODS[0]
    (raw, w, mu, sd), y = made_up(likelihood)
    w = torch.zeros_like(w).requires_grad_()
    loss = fused.expected_nll(likelihood, raw, w, mu, sd, y)
    torch.testing.assert_close(loss, likelihood.total_nll(raw, y), rtol=1e-5, atol=1e-5)
    slope = gradients(loss, [w])[0]
    assert slope.isfinite().all()
    assert slope.abs().max() > 0.1


@FAMILIES
def test_single_precision_stays_near_double(likelihood):
    (exact, y), (leaves, y_single) = made_up(likelihood), made_up(likelihood, torch.float32)
    if isinstance(likelihood, ZigLikelihood):
        single = ZigLikelihood(KAPPA.float(), spike=likelihood.spike)
    else:
        single = likelihood
    loss, reference = fused.expected_nll(single, *leaves, y_single), fused.expected_nll(likelihood, *exact, y)
    assert loss.dtype == torch.float32
    torch.testing.assert_close(loss.double(), reference, rtol=1e-5, atol=1e-4)
    for ours, other in zip(gradients(loss, leaves), gradients(reference, exact), strict=True):
        torch.testing.assert_close(ours.double(), other, rtol=3e-3, atol=1e-3)


def test_an_absurd_uncertainty_gives_a_finite_loss_that_calls_it_back():
    likelihood = ZigLikelihood(torch.ones(1))
    raw, mu = torch.zeros(1, 1, 2), torch.zeros(1, 1)
    sd = torch.tensor(30.0, requires_grad=True)
    loss = fused.expected_nll(likelihood, raw, torch.ones(1, 2, 1), mu, sd, torch.ones(1, 1))
    assert loss.isfinite()
    assert gradients(loss, [sd])[0] > 0
