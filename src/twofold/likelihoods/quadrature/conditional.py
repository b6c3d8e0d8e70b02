"""Responses where the last output is known, and the first, if there are two, is not."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from twofold.errors import OptionError
from twofold.likelihoods.gaussian import LOWEST_LOG_SD, Gaussian, GaussianLikelihood
from twofold.likelihoods.likelihood import Likelihood, PerEntry, ResponseDistribution
from twofold.likelihoods.links import log_elu_plus_one
from twofold.likelihoods.poisson import Poisson, PoissonLikelihood
from twofold.likelihoods.quadrature.logistic import expected_sigmoid
from twofold.likelihoods.quadrature.outputs import GaussianOutputs
from twofold.likelihoods.quadrature.rules import Rule, rounded_up, rule_for_logistic
from twofold.likelihoods.zero_inflated_gamma import ZeroInflatedGamma
from twofold.likelihoods.zig import ZigLikelihood


def responses_given(
    likelihood: Likelihood, outputs: GaussianOutputs, u: PerEntry, rule: Rule | None = None
) -> ResponseDistribution:
    """The distribution of responses where the last output is u, again of the likelihood's family.

    Poisson: of rate theta(u). Gaussian, where a | b ~ N(m, v): N(m, v + theta(b)^2). Zero-inflated gamma: of
    scale theta(u) and the expected q, in which p(y) is linear.

    Parameters
    ----------
    likelihood
        Poisson, Gaussian or zero-inflated gamma.
    outputs
        Their means and covariances.
    u
        (..., neuron) the last output.
    rule
        For the expectation of q; one that is fine enough by default.

    Raises
    ------
    OptionError
        If the likelihood is another.

    Examples
    --------
    >>> outputs = GaussianOutputs(torch.zeros(1, 2), torch.tensor([[[3.0, 0.0], [0.0, 1.0]]]))
    >>> responses_given(GaussianLikelihood(), outputs, torch.zeros(1)).variance
    tensor([4.])
    """
    match likelihood:
        case PoissonLikelihood():
            return Poisson(log_elu_plus_one(u))
        case GaussianLikelihood():
            mean, sd = outputs.first_given_last(u)
            return Gaussian(mean, torch.logaddexp(2 * sd.log(), 2 * log_elu_plus_one(u, LOWEST_LOG_SD)) / 2)
        case ZigLikelihood():
            mean, sd = outputs.first_given_last(u)
            q, silent = expected_q(likelihood, mean, sd, rule)
            log_theta = log_elu_plus_one(u)
            if likelihood.paper_code:
                log_theta = torch.logaddexp(log_theta, torch.full_like(u, math.log(1e-6)))
            parts = likelihood.kappa, likelihood.rho, likelihood.spike
            return ZeroInflatedGamma(q.log(), silent.log(), log_theta, *parts)
    raise OptionError(f"no quadrature is known for the likelihood {likelihood.name!r}; use samples instead")


def expected_q(
    likelihood: ZigLikelihood, m: Tensor, s: Tensor, rule: Rule | None = None
) -> tuple[Tensor, Tensor]:
    """E[q] and E[1 - q] for v ~ N(m, s^2), each to its own last digit."""
    rule = rule_for_logistic(rounded_up(s)) if rule is None else rule
    q, silent = expected_sigmoid(m, s, rule), expected_sigmoid(-m, s, rule)
    return (0.99999 * q + 1e-6, 0.99999 * silent + 9e-6) if likelihood.paper_code else (q, silent)
