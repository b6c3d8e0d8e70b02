"""The shape of a state's prior: against scipy, and where it is linear."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.stats import norm

from twofold.nn import PriorFlow

SHAPES = {"none": (0.0, 0.0), "skewed": (0.8, 0.0), "long": (0.3, 0.5), "short": (-0.5, -0.8)}


def flow_of(skew: float, log_tail: float) -> PriorFlow:
    flow = PriorFlow(2).double()
    with torch.no_grad():
        flow.skew.copy_(torch.tensor([skew, 0.0]))
        flow.log_tail.copy_(torch.tensor([log_tail, 0.0]))
    return flow.requires_grad_(False)


@pytest.fixture(params=SHAPES)
def flow(request) -> PriorFlow:
    return flow_of(*SHAPES[request.param])


def test_states_have_mean_0_and_variance_1_whatever_the_shape(flow):
    u = torch.from_numpy(norm.ppf((np.arange(200_000) + 0.5) / 200_000))[:, None].expand(-1, 2)
    z = flow(u)
    torch.testing.assert_close(z.mean(0), torch.zeros(2).double(), rtol=0, atol=2e-3)
    torch.testing.assert_close(z.var(0), torch.ones(2).double(), rtol=0, atol=1e-2)
    assert (z.diff(dim=0) > 0).all()


def test_it_begins_as_the_gaussian_prior():
    u = torch.linspace(-5, 5, 11)[:, None].expand(-1, 3)
    torch.testing.assert_close(PriorFlow(3)(u).detach(), u, rtol=1e-5, atol=1e-5)


def test_near_zero_it_is_a_line(flow):
    center, slope = flow.near_zero()
    torch.testing.assert_close(flow(center), torch.zeros(2).double(), rtol=0, atol=1e-9)
    step = 1e-5
    torch.testing.assert_close((flow(center + step) - flow(center - step)) / (2 * step), slope)


def test_slopes_are_finite_differences(flow):
    u, step = torch.linspace(-6, 6, 50, dtype=torch.float64)[:, None].expand(-1, 2), 1e-4
    first, second = flow.slopes(u)
    above, at, below = flow(u + step), flow(u), flow(u - step)
    torch.testing.assert_close(first, (above - below) / (2 * step), rtol=1e-6, atol=1e-7)
    torch.testing.assert_close(second, (above - 2 * at + below) / step**2, rtol=1e-4, atol=1e-5)
    center, slope = flow.near_zero()
    torch.testing.assert_close(flow.slopes(center)[0], slope)


def test_skew_and_tail_are_what_they_say():
    u = torch.randn(200_000, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    skewed, long, short = (flow_of(*SHAPES[name])(u)[:, 0] for name in ("skewed", "long", "short"))
    assert (skewed**3).mean() > 0.5
    assert (long**4).mean() > 4 > 3 > 2.7 > (flow_of(0.0, -0.8)(u)[:, 0] ** 4).mean()
    assert (short**3).mean() < 0
