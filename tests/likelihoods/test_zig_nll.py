"""The fused loss against slow references: a double loop in plain Python, and autograd of one expression."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from twofold.likelihoods import ZigLikelihood, zig_nll
from twofold.likelihoods.zero_inflated_gamma import RHO

N = 7
KAPPA = torch.linspace(0.3, 3.0, N, dtype=torch.float64)


def batch(*shape, dtype=torch.float64, seed=0):
    """Outputs of a readout on both sides of the kink, and responses of which six in ten are silent."""
    generator = torch.Generator().manual_seed(seed)
    raw = 2 * torch.randn(*shape, N, 2, generator=generator, dtype=torch.float64)
    uniform = torch.rand(2, *shape, N, generator=generator, dtype=torch.float64)
    y = torch.where(uniform[0] < 0.6, RHO * uniform[1], RHO + 4 * uniform[1])
    return raw.to(dtype).requires_grad_(), y.to(dtype)


def expression(raw, y, kappa=KAPPA, rho=RHO):
    a, b = raw.unbind(-1)
    q, theta = torch.sigmoid(a), torch.nn.functional.elu(b) + 1
    active = y > rho
    d = torch.where(active, y - rho, 1.0)
    gamma = (kappa - 1) * d.log() - d / theta - kappa * theta.log() - torch.lgamma(kappa)
    return -torch.where(active, q.log() + gamma, torch.log1p(-q))


def loop(raw, y, kappa):
    total = 0.0
    for outputs, responses in zip(raw.tolist(), y.tolist(), strict=True):
        for (a, b), response, k in zip(outputs, responses, kappa.tolist(), strict=True):
            q, theta, d = 1 / (1 + math.exp(-a)), math.exp(b) if b < 0 else b + 1, response - RHO
            if d <= 0:
                total -= math.log(1 - q)
            else:
                total -= math.log(q) + (k - 1) * math.log(d) - d / theta - k * math.log(theta)
                total += math.lgamma(k)
    return total


def gradient(loss, raw):
    return torch.autograd.grad(loss, raw)[0]


def test_value_equals_a_double_loop():
    raw, y = batch(20)
    assert zig_nll(raw, y, KAPPA).item() == pytest.approx(loop(raw, y, KAPPA), rel=1e-12)


@given(seed=st.integers(0, 10**6), time=st.integers(1, 9), log_rho=st.floats(-9, 1))
def test_value_and_gradient_equal_autograd_of_one_expression(seed, time, log_rho):
    raw, y = batch(2, time, seed=seed)
    rho = math.exp(log_rho)
    ours, reference = zig_nll(raw, y, KAPPA, rho=rho), expression(raw, y, rho=rho).sum()
    torch.testing.assert_close(ours, reference, rtol=1e-11, atol=1e-11)
    torch.testing.assert_close(gradient(ours, raw), gradient(reference, raw), rtol=1e-10, atol=1e-12)


def test_single_precision_is_right_to_one_in_a_million():
    raw, y = batch(600, dtype=torch.float32)
    ours = zig_nll(raw, y, KAPPA.float())
    exact_raw = raw.detach().double().requires_grad_()
    exact = expression(exact_raw, y.double()).sum()
    assert ours.item() == pytest.approx(exact.item(), rel=1e-6)
    torch.testing.assert_close(gradient(ours, raw).double(), gradient(exact, exact_raw), rtol=2e-5, atol=1e-6)


@pytest.mark.parametrize("spike", ["mass", "density"])
def test_entries_out_of_the_mask_count_nothing(spike):
    raw, y = batch(3, 5)
    scored = torch.rand(3, 5, N, generator=torch.Generator().manual_seed(1)) < 0.5
    per_entry = expression(raw, y) + (math.log(RHO) * (y <= RHO) if spike == "density" else 0)
    ours = zig_nll(raw, y, KAPPA, spike=spike, scored=scored)
    torch.testing.assert_close(ours, per_entry[scored].sum())
    torch.testing.assert_close(gradient(ours, raw), gradient(per_entry[scored].sum(), raw))
    neurons = scored[0, 0]
    torch.testing.assert_close(
        zig_nll(raw, y, KAPPA, spike=spike, scored=neurons), per_entry[..., neurons].sum()
    )


def test_responses_are_shared_by_samples_of_the_outputs():
    raw, y = batch(4, 6)
    shared = y[0]
    ours, reference = zig_nll(raw, shared, KAPPA), expression(raw, shared).sum()
    torch.testing.assert_close(ours, reference)
    torch.testing.assert_close(gradient(ours, raw), gradient(reference, raw))


def test_the_layout_in_memory_does_not_matter():
    raw, y = batch(4, 6)
    apart = raw.detach().movedim(-1, 0).contiguous().movedim(0, -1).requires_grad_()
    ours, other = zig_nll(raw, y, KAPPA), zig_nll(apart, y.mT.contiguous().mT, KAPPA)
    assert ours.item() == pytest.approx(other.item(), rel=1e-14)
    torch.testing.assert_close(gradient(other, apart), gradient(ours, raw), rtol=1e-14, atol=0)


def test_the_gradient_follows_what_comes_from_above_and_may_be_asked_for_twice():
    raw, y = batch(4)
    loss = zig_nll(raw, y, KAPPA)
    (once,) = torch.autograd.grad(loss, raw, retain_graph=True)
    (half,) = torch.autograd.grad(0.5 * loss, raw, retain_graph=True)
    assert torch.equal(half, 0.5 * once)
    assert torch.equal(torch.autograd.grad(loss, raw)[0], once)


def test_inputs_are_left_as_they_are():
    raw, y = batch(4)
    before = raw.detach().clone(), y.clone(), KAPPA.clone()
    zig_nll(raw, y, KAPPA).backward()
    for now, then in zip((raw.detach(), y, KAPPA), before, strict=True):
        assert torch.equal(now, then)


def test_the_kink_of_theta_has_the_gradient_of_elu():
    raw, y = torch.zeros(1, 2, dtype=torch.float64, requires_grad=True), torch.tensor([2.0]).double()
    kappa = torch.tensor([0.5]).double()
    expected = gradient(expression(raw, y, kappa).sum(), raw)
    torch.testing.assert_close(gradient(zig_nll(raw, y, kappa), raw), expected)
    p = ZigLikelihood(kappa).distribution(raw)
    torch.testing.assert_close(gradient(-p.log_prob(y).sum(), raw), expected)


def test_a_scale_that_has_collapsed_comes_back():
    raw = torch.tensor([[0.0, -100.0]], requires_grad=True)
    loss = zig_nll(raw, torch.ones(1), torch.ones(1))
    assert loss.isfinite()
    assert gradient(loss, raw)[0, 1] < 0
