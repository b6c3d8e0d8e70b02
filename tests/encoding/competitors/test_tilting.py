"""Laws moved to another mean: the mean is the one wanted, and nothing else moves without need."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.integrate import quad

from twofold.encoding.competitors.tilting import tilted
from twofold.likelihoods import Gaussian, Poisson, ZeroInflatedGamma

FACTORS = torch.tensor([0.5, 0.8, 1.0, 1.7, 3.5], dtype=torch.float64)


def zig(spike="mass"):
    values = {"q": [0.1, 0.4, 0.5, 0.9, 0.3], "theta": [0.2, 1.0, 3.0, 0.5, 2.0]}
    parts = {name: torch.tensor(each, dtype=torch.float64) for name, each in values.items()}
    kappa = torch.tensor([0.4, 0.5, 0.6, 2.0, 1.0], dtype=torch.float64)
    return ZeroInflatedGamma.of(**parts, kappa=kappa, spike=spike)


def of_each_family():
    poisson = Poisson.of(rate=torch.linspace(0.1, 3, 5, dtype=torch.float64))
    ones = torch.ones(5, dtype=torch.float64)
    return [zig(), zig("density"), poisson, Gaussian.of(mean=ones, sd=2 * ones)]


@pytest.mark.parametrize("law", of_each_family(), ids=lambda law: type(law).__name__)
def test_the_mean_is_the_one_wanted(law):
    wanted = law.mean * FACTORS
    torch.testing.assert_close(tilted(law, wanted).mean, wanted, rtol=1e-9, atol=1e-12)
    for name in ("mean", "variance"):
        torch.testing.assert_close(getattr(tilted(law, law.mean), name), getattr(law, name))


def test_the_log_density_changes_by_a_line_in_the_excess():
    law = zig()
    found = tilted(law, law.mean * 1.7)
    y = torch.tensor([0.0, 0.305, 1.105, 2.705], dtype=torch.float64)[:, None].expand(4, 5)
    change = found.log_prob(y) - law.log_prob(y)
    excess = (y - 0.005).clamp(min=0)
    slope = (change[3] - change[1]) / (excess[3] - excess[1])
    torch.testing.assert_close(change, change[0] + slope * excess, rtol=1e-7, atol=1e-9)


def test_no_other_law_of_that_mean_is_nearer():
    """The divergence against that of two other ways to move the mean: by scale alone, and by q alone."""
    law = zig()
    wanted = law.mean * torch.tensor([0.6, 1.3, 1.5, 1.05, 1.6], dtype=torch.float64)
    rho, silent = law.rho, 1 - law.q
    by_scale = (wanted - silent * rho / 2 - law.q * rho) / (law.q * law.kappa)
    by_q = (wanted - rho / 2) / (law.kappa * law.theta + rho / 2)
    others = [
        ZeroInflatedGamma.of(q=law.q, theta=by_scale, kappa=law.kappa),
        ZeroInflatedGamma.of(q=by_q, theta=law.theta, kappa=law.kappa),
    ]
    found = divergence(tilted(law, wanted), law)
    for other in others:
        torch.testing.assert_close(other.mean, wanted)
        assert (found <= divergence(other, law) + 1e-5).all()


def divergence(p, law):
    """KL(p || law) of each entry, integrated by scipy in the square root of the excess."""

    def integrand(root, k):
        y = torch.full((5,), p.rho + root**2, dtype=torch.float64)
        ours, theirs = p.log_prob(y)[k].item(), law.log_prob(y)[k].item()
        return 2 * root * np.exp(ours) * (ours - theirs)

    zero = torch.zeros(5, dtype=torch.float64)
    atom = p.log_prob(zero).exp() * (p.log_prob(zero) - law.log_prob(zero))
    above = [quad(integrand, 1e-6, 15, args=(k,), limit=60, epsabs=1e-6, epsrel=1e-6)[0] for k in range(5)]
    return atom + torch.tensor(above, dtype=torch.float64)


def test_a_mean_that_no_rate_has_gives_a_law_all_the_same():
    law = zig()
    low = tilted(law, torch.full((5,), -1.0, dtype=torch.float64))
    assert (low.mean > 0).all()
    assert (low.mean < law.mean).all()
    assert torch.isfinite(low.log_prob(torch.full((5,), 3.0, dtype=torch.float64))).all()
