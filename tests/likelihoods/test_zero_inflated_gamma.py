from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy import integrate, stats

from twofold.errors import DataError, OptionError
from twofold.likelihoods import ResponseStatistics, ZeroInflatedGamma, ZigLikelihood
from twofold.likelihoods.zero_inflated_gamma import excess

RHO = 0.005
CASES = [(0.4, 2.0, 0.5), (0.05, 0.3, 1.0), (0.9, 1.0, 3.0)]


def one(q, theta, kappa, **how):
    """One neuron in double precision."""
    q, theta, kappa = (torch.tensor([value], dtype=torch.float64) for value in (q, theta, kappa))
    return ZeroInflatedGamma.of(q=q, theta=theta, kappa=kappa, **how)


def at(y):
    return torch.tensor([y], dtype=torch.float64)


@pytest.mark.parametrize(("q", "theta", "kappa"), CASES)
def test_log_prob_and_cdf_agree_with_scipy(q, theta, kappa):
    p, gamma = one(q, theta, kappa), stats.gamma(kappa, loc=RHO, scale=theta)
    for y in (0.0051, 0.1, 1.0, 7.0):
        assert p.log_prob(at(y)).item() == pytest.approx(math.log(q) + gamma.logpdf(y), rel=1e-9)
        assert p.cdf(at(y)).item() == pytest.approx(1 - q + q * gamma.cdf(y), rel=1e-9)
    for y in (0.0, 0.002, RHO):
        assert p.log_prob(at(y)).item() == pytest.approx(math.log(1 - q))
        assert p.cdf(at(y)).item() == pytest.approx((1 - q) * y / RHO)


@pytest.mark.parametrize(("q", "theta", "kappa"), CASES)
def test_density_and_atom_integrate_to_one(q, theta, kappa):
    """Over x, y = rho + x^power, in which the density has no pole."""
    power = max(1, 1 / kappa)

    def density(x, p):
        return p.log_prob(at(RHO + x**power)).exp().item() * power * x ** (power - 1)

    ends = (0, (40 * theta * max(1, kappa)) ** (1 / power))
    for spike in ("mass", "density"):
        p = one(q, theta, kappa, spike=spike)
        above = integrate.quad(density, *ends, args=(p,), limit=400)[0]
        silence = p.log_prob(at(0.0)).exp().item()
        if spike == "density":
            silence = integrate.quad(lambda y, p=p: p.log_prob(at(y)).exp().item(), 0, RHO)[0]
        assert silence + above == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize(("q", "theta", "kappa"), CASES)
def test_mean_and_variance_agree_with_scipy(q, theta, kappa):
    p, gamma, silence = one(q, theta, kappa), stats.gamma(kappa, RHO, theta), stats.uniform(0, RHO)
    first, second = (q * gamma.moment(k) + (1 - q) * silence.moment(k) for k in (1, 2))
    assert p.mean.item() == pytest.approx(first)
    assert p.variance.item() == pytest.approx(second - first**2)


@pytest.mark.parametrize(("q", "theta", "kappa"), CASES)
def test_quantile_inverts_the_cdf(q, theta, kappa):
    p = one(q, theta, kappa)
    for share in (1e-4, 0.05, 0.3, 0.59, 0.61, 0.96, 0.999):
        assert p.cdf(p.quantile(share)).item() == pytest.approx(share, rel=1e-6)


def test_samples_follow_the_gamma_above_rho_and_are_even_below():
    n = 20_000
    y = one(0.4, 2.0, 0.5).sample(torch.Generator().manual_seed(0), n).numpy().ravel()
    active = y > RHO
    assert abs(active.mean() - 0.4) < 4 * math.sqrt(0.24 / n)
    assert stats.kstest(y[active], stats.gamma(0.5, RHO, 2.0).cdf).pvalue > 1e-3
    assert stats.kstest(y[~active], stats.uniform(0, RHO).cdf).pvalue > 1e-3


def test_samples_too_small_for_single_precision_are_no_silence():
    p = ZeroInflatedGamma.of(q=torch.ones(1), theta=torch.ones(1), kappa=torch.tensor([0.05]))
    y = p.sample(torch.Generator().manual_seed(0), 2000)
    assert (y > RHO).all()
    assert p.log_prob(y).isfinite().all()


def test_the_deviance_agrees_with_that_of_a_gamma_regression():
    kappa, theta, y = 0.7, 1.3, 2.0
    mean, d = kappa * theta, y - RHO
    gamma = 2 * (math.log(mean / d) + d / mean - 1)  # McCullagh & Nelder 1989, unit deviance
    expected = kappa * gamma - 2 * math.log(0.6)
    assert one(0.6, theta, kappa).deviance(at(y)).item() == pytest.approx(expected)
    assert one(0.6, theta, kappa).deviance(at(0.0)).item() == pytest.approx(-2 * math.log(0.4))


def test_parts_put_together_are_the_log_prob():
    p, y = one(0.4, 2.0, 0.5), at(1.0)
    parts, known = p.parts(y), excess(y, p.kappa)
    assert (parts.log_q + parts.gamma).item() == pytest.approx(p.log_prob(y).item())
    by_hand = known.constant - known.d / p.theta - p.kappa * p.theta.log()
    assert parts.gamma.item() == pytest.approx(by_hand.item())
    silent = p.parts(at(0.0))
    assert (silent.active.item(), silent.gamma.item()) == (False, 0.0)
    assert silent.log_silent.item() == pytest.approx(p.log_prob(at(0.0)).item())


def test_the_two_conventions_differ_by_log_rho_on_silence_only():
    mass, density = one(0.4, 2.0, 0.5), one(0.4, 2.0, 0.5, spike="density")
    assert (density.log_prob(at(0.0)) - mass.log_prob(at(0.0))).item() == pytest.approx(-math.log(RHO))
    assert density.log_prob(at(1.0)).item() == mass.log_prob(at(1.0)).item()


def test_the_released_form_adds_its_forgotten_terms_to_silence():
    """Paper B, section 1.4: at kappa 0.5, -1.3 bits at theta 2, 1.3 at 0.05, about 0 at 0.3."""
    for theta, bits in ((2.0, -1.3), (0.3, 0.0), (0.05, 1.3)):
        p = one(0.4, theta, 0.5)
        extra = (p.log_prob_as_released(at(0.0)) - p.log_prob(at(0.0))).item() / math.log(2)
        assert extra == pytest.approx(bits, abs=0.06)
        assert p.log_prob_as_released(at(1.0)).item() == p.log_prob(at(1.0)).item()


@pytest.mark.parametrize("a", [-60.0, -15.0, 15.0, 60.0])
@pytest.mark.parametrize("b", [-40.0, -12.0, 0.0, 3.0])
@pytest.mark.parametrize("y", [0.0, 0.005 * (1 + 1e-5), 0.00501, 1.0])
def test_single_precision_keeps_its_digits_for_tiny_q_tiny_theta_and_y_near_rho(a, b, y):
    """Against double precision on the same single-precision numbers."""
    raw, response = torch.tensor([[a, b]]), torch.tensor([y])
    kappa = torch.tensor([0.45])
    single = ZigLikelihood(kappa)
    d = max(response.sub(RHO).double().item(), 0)
    log_theta = b if b < 0 else math.log1p(b)
    if d:
        gamma = (0.45 - 1) * math.log(d) - d / math.exp(log_theta) - 0.45 * log_theta - math.lgamma(0.45)
        expected = -math.log1p(math.exp(-a)) + gamma
    else:
        expected = -a - math.log1p(math.exp(-a)) if a > 0 else -math.log1p(math.exp(a))
    assert single.distribution(raw).log_prob(response).item() == pytest.approx(expected, rel=2e-6, abs=1e-30)
    assert -single.nll(raw, response).item() == pytest.approx(expected, rel=2e-6, abs=1e-30)


def test_the_border_belongs_to_silence_in_single_and_double_precision():
    for dtype in (torch.float32, torch.float64):
        border = torch.tensor([RHO], dtype=dtype)
        above = torch.nextafter(border, torch.ones(1, dtype=dtype))
        raw = torch.zeros(1, 2, dtype=dtype)
        zig = ZigLikelihood(torch.full((1,), 0.5, dtype=dtype))
        assert zig.nll(raw, border).item() == pytest.approx(math.log(2))
        assert zig.distribution(raw).log_prob(border).item() == pytest.approx(-math.log(2))
        assert zig.nll(raw, above).item() == pytest.approx(-zig.distribution(raw).log_prob(above).item())
        assert zig.nll(raw, above).item() != pytest.approx(math.log(2), rel=0.1)


def test_paper_code_keeps_its_offsets():
    raw = torch.tensor([[-100.0, -100.0], [100.0, -100.0]])
    p = ZigLikelihood(torch.ones(2), paper_code=True).distribution(raw)
    torch.testing.assert_close(p.q, torch.tensor([1e-6, 0.99999 + 1e-6]))
    torch.testing.assert_close(p.theta, torch.full((2,), 1e-6))


def test_options_that_cannot_work_are_refused():
    with pytest.raises(OptionError, match="kappa of neuron 1 is 0"):
        ZigLikelihood(torch.tensor([1.0, 0.0]))
    with pytest.raises(OptionError, match="kappa of neuron 0 is nan"):
        ZigLikelihood(torch.tensor([torch.nan]))
    with pytest.raises(OptionError, match="rho=0"):
        ZigLikelihood(torch.ones(1), rho=0.0)
    with pytest.raises(OptionError, match="spike='dense': did you mean 'density'"):
        ZigLikelihood(torch.ones(1), spike="dense")


def test_statistics_of_another_population_or_border_are_refused():
    zig = ZigLikelihood(torch.ones(2))
    y = np.ones((5, 3))
    with pytest.raises(DataError, match=r"of 3 neurons at rho 0.005 do not fit a likelihood of 2 at"):
        zig.constant(ResponseStatistics.of([y]))
    with pytest.raises(DataError, match=r"at rho 0.1 do not fit"):
        zig.null(ResponseStatistics.of([y[:, :2]], rho=0.1))


def test_the_estimate_of_kappa_is_kept_with_the_likelihood():
    y = np.zeros((200, 2))
    y[:, 0] = 0.005 + np.random.default_rng(0).gamma(0.5, size=200)
    zig = ZigLikelihood.for_responses([y])
    assert zig.estimate.borrowed.tolist() == [False, True]
    assert "1 with too few different responses" in str(zig.estimate)
    zig.set_kappa(torch.tensor([1.0, 2.0]))
    torch.testing.assert_close(zig.log_gamma_kappa, torch.zeros(2))


def test_a_constant_zig_starts_where_it_was_simulated():
    truth = ZigLikelihood(torch.tensor([0.5, 1.5]))
    raw = torch.tensor([[-0.5, -0.7], [1.0, 0.6]])
    y = truth.distribution(raw).sample(torch.Generator().manual_seed(0), 40_000).numpy()
    np.testing.assert_allclose(truth.constant(ResponseStatistics.of([y])), raw, atol=0.05)
