"""How many nodes are enough, against many."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.special import expit

from twofold.likelihoods.quadrature.elu_moments import above, exponential_below, linear_below
from twofold.likelihoods.quadrature.logistic import logistic
from twofold.likelihoods.quadrature.rules import rounded_up, rule_above_kink, rule_for_logistic

from ...oracles import uncertain_outputs as brute

SPREADS = (0.01, 0.3, 1.0, 2.0, 3.0, 5.0)
MEANS = np.linspace(-6, 6, 37)


@pytest.mark.parametrize("sd", SPREADS)
def test_softplus_and_its_slopes_are_right(sd):
    m, s = torch.tensor(MEANS), torch.full((len(MEANS),), sd, dtype=torch.float64)
    found = logistic(m, s, rule_for_logistic(rounded_up(s)))
    functions = (lambda t: np.logaddexp(0, t), expit, lambda t: expit(t) * expit(-t))
    for part, function in zip(found, functions, strict=True):
        exact = brute.expectation(function, MEANS, s.numpy())
        np.testing.assert_allclose(part.numpy(), exact, rtol=0, atol=5e-4)


@pytest.mark.parametrize("sd", SPREADS)
def test_parts_of_the_elu_are_right(sd):
    m, s = torch.tensor(MEANS), torch.full((len(MEANS),), sd, dtype=torch.float64)
    over = above(m, s, powers=3)
    references = [np.log1p, *(lambda u, k=k: (1 + u) ** -k for k in (1.0, 2.0, 3.0))]
    for part, function in zip([over.log, *over.r], references, strict=True):
        exact = brute.expectation(
            lambda u, f=function: np.where(u > 0, f(np.maximum(u, 0)), 0), MEANS, s.numpy()
        )
        np.testing.assert_allclose(part.numpy(), exact, rtol=0, atol=2e-4)
    for part, function in (
        (linear_below(m, s), lambda u: u),
        (exponential_below(-1, m, s), lambda u: np.exp(-u)),
        (exponential_below(1, m, s), np.exp),
    ):
        exact = brute.expectation(
            lambda u, f=function: np.where(u < 0, f(np.minimum(u, 0)), 0), MEANS, s.numpy()
        )
        np.testing.assert_allclose(part.numpy(), exact, rtol=1e-6, atol=1e-9)


def test_more_nodes_are_taken_where_more_are_needed():
    counts = [len(rule_for_logistic(sd).x) for sd in (0.25, 1.0, 4.0)]
    assert counts == sorted(set(counts))
    assert len(rule_above_kink(1.0, 1e-7).x) > len(rule_above_kink(1.0, 1e-3).x)


def test_spreads_are_rounded_up_so_that_few_rules_are_made():
    largest = [rounded_up(torch.tensor([0.1, sd])) for sd in np.linspace(0.01, 5, 200)]
    assert len(set(largest)) < 12
    assert all(up >= sd for up, sd in zip(largest, np.linspace(0.01, 5, 200), strict=True))
    assert rounded_up(torch.tensor([float("nan")])) == 0.25
    assert rounded_up(torch.tensor([])) == 0.25
