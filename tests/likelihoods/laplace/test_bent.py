"""A state behind a bend, against grids over what is bent, finite differences, autograd and scipy."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy.optimize import minimize

from twofold.likelihoods.laplace import joint_log_likelihood, laplace
from twofold.likelihoods.laplace.bent import BentTarget
from twofold.likelihoods.laplace.target import ResponsesTarget, Target
from twofold.likelihoods.quadrature.loadings import GainWeights, drive_of
from twofold.nn import PriorFlow

from .conftest import FAMILIES, TIME, drawn_parts

NEURONS, STEP = 12, 0.1


def flow_of(*shape: tuple[float, float]) -> PriorFlow:
    """With a skew and a log tail for each latent."""
    flow = PriorFlow(len(shape)).double()
    with torch.no_grad():
        flow.skew.copy_(torch.tensor([skew for skew, _ in shape]))
        flow.log_tail.copy_(torch.tensor([tail for _, tail in shape]))
    return flow.requires_grad_(False)


STRAIGHT, ONE, TWO = flow_of((0, 0), (0, 0)), flow_of((1.2, 0.5)), flow_of((0.8, 0.4), (-1.0, -0.4))


def simulated(family, flow, seed=0, neurons=NEURONS):
    """A likelihood, outputs, weights and responses of a true state behind a flow."""
    draw, latents = torch.Generator().manual_seed(seed), len(flow.skew)
    likelihood, raw, w = drawn_parts(family, neurons, latents, draw)
    z = flow(torch.randn(TIME, latents, generator=draw, dtype=torch.float64))
    return likelihood, raw, w, likelihood.distribution(raw, drive_of(w, raw, z)).sample(draw)


def on_a_grid(likelihood, raw, w, y, flow, counted):
    """log p(y, u) at grid points (point, time), and the points."""
    axis = torch.arange(-6, 6.01, STEP, dtype=torch.float64)
    points = torch.cartesian_prod(*[axis] * len(flow.skew)).reshape(-1, len(flow.skew))
    values = []
    for part in points.split(500):
        drive = drive_of(w, raw, flow(part)[:, None].expand(-1, len(raw), -1))
        log_prob = likelihood.distribution(raw, drive).log_prob(y)[..., counted].sum(-1)
        values.append(log_prob - part.square().sum(-1, keepdim=True) / 2)
    return torch.cat(values) - len(flow.skew) / 2 * math.log(2 * math.pi), points


def integral(*parts):
    values, points = on_a_grid(*parts)
    return values.logsumexp(0) + points.shape[1] * math.log(STEP)


def joint(likelihood, raw, w, y, n=1000, **how):
    return joint_log_likelihood(likelihood, raw, w, y, torch.Generator().manual_seed(1), n, **how)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_bend_that_is_straight_changes_nothing(family):
    parts = simulated(family, STRAIGHT, neurons=40)
    plain, bent = laplace(*parts), laplace(*parts, bend=STRAIGHT)
    torch.testing.assert_close(bent.mean, plain.mean)
    torch.testing.assert_close(bent.covariance, plain.covariance)
    one, other = joint(*parts), joint(*parts, bend=STRAIGHT)
    torch.testing.assert_close(other.laplace, one.laplace)
    assert ((other.importance - one.importance).abs() < 5 * other.standard_error + 1e-3).all()


@pytest.mark.parametrize("flow", [ONE, TWO], ids=["one", "two"])
@pytest.mark.parametrize("family", FAMILIES)
def test_the_joint_likelihood_agrees_with_a_grid(family, flow):
    parts = simulated(family, flow)
    everyone = torch.ones(NEURONS, dtype=torch.bool)
    exact = integral(*parts, flow, everyone)
    found = joint(*parts, bend=flow)
    assert found.effective_share.min() > 0.3
    assert ((found.importance - exact).abs() < 5 * found.standard_error + 1e-3).all()
    assert (found.laplace - exact).abs().max() < 0.5
    gaussian = integral(*parts, flow_of(*[(0, 0)] * len(flow.skew)), everyone)
    assert (gaussian - exact).abs().max() > 0.2  # so the shape matters


@pytest.mark.parametrize("family", FAMILIES)
def test_given_responses_make_a_difference_of_two_integrals(family):
    parts, given = simulated(family, TWO, neurons=30), torch.arange(30) < 16
    scored = torch.arange(30) > 18
    exact = integral(*parts, TWO, given | scored) - integral(*parts, TWO, given)
    found = joint(*parts, given=given, scored=scored, bend=TWO)
    assert ((found.importance - exact).abs() < 5 * found.standard_error + 1e-3).all()


@pytest.mark.parametrize("family", FAMILIES)
def test_the_mode_is_that_of_scipy(family):
    likelihood, raw, w, y = parts = simulated(family, TWO)
    found = laplace(*parts, bend=TWO)
    for t in range(TIME):

        def negative(u, t=t):
            z = TWO(torch.from_numpy(u)[None])
            log_prob = likelihood.distribution(raw[[t]], drive_of(w, raw[[t]], z)).log_prob(y[[t]])
            return 0.5 * u @ u - log_prob.sum().item()

        best = minimize(negative, np.zeros(2), method="Nelder-Mead", options={"xatol": 1e-7, "fatol": 1e-10})
        torch.testing.assert_close(found.mean[t], torch.from_numpy(best.x), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("has_gain", [False, True], ids=["additive", "gain"])
def test_slopes_are_finite_differences(family, has_gain):
    likelihood, raw, w, y = simulated(family, TWO)
    weights = GainWeights(w, 0.2 * w.flip(0)) if has_gain else w
    counted = torch.rand(y.shape, generator=torch.Generator().manual_seed(4)) > 0.3
    of_states = ResponsesTarget(likelihood, raw, weights, y, counted)
    target = Target(BentTarget(of_states, TWO), torch.eye(2, dtype=torch.float64))
    u = torch.randn(TIME, 2, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    gradient, curvature = target.slopes(u)
    for k, step in enumerate(1e-5 * torch.eye(2, dtype=torch.float64)):
        by_value = (target.value(u + step) - target.value(u - step)) / 2e-5
        by_slope = (target.slopes(u - step).gradient - target.slopes(u + step).gradient) / 2e-5
        torch.testing.assert_close(gradient[:, k], by_value, rtol=1e-5, atol=1e-6)
        torch.testing.assert_close(curvature[:, :, k], by_slope, rtol=1e-5, atol=1e-6)


def test_without_responses_the_state_is_its_prior():
    likelihood, raw, w, y = simulated("poisson", TWO)
    nobody = torch.zeros(NEURONS, dtype=torch.bool)
    found = laplace(likelihood, raw, w, y, nobody, start=torch.ones(2).double(), bend=TWO)
    torch.testing.assert_close(found.mean, torch.zeros(TIME, 2).double())
    torch.testing.assert_close(found.covariance, torch.eye(2).double().expand(TIME, 2, 2))
