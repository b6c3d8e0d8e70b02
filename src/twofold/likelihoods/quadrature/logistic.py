r"""Expectations of the softplus and of its two derivatives over t ~ N(m, s^2).

.. math::

    E[\operatorname{softplus}(t)] = -E[\log n], \quad
    E[\operatorname{sigmoid}(t)] = 1 - E[n], \quad
    E[\operatorname{sigmoid}'(t)] = E[n] - E[n^2], \quad n = \operatorname{sigmoid}(-t)
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from twofold.likelihoods.quadrature.rules import Rule

AnyShape = Float[Tensor, "..."]


class Logistic(NamedTuple):
    """Expectations of log(1 + e^t), and of its first and second derivative.

    Parameters
    ----------
    softplus, slope, curvature
        Of one shape.
    """

    softplus: AnyShape
    slope: AnyShape
    curvature: AnyShape


def logistic(m: AnyShape, s: AnyShape, rule: Rule) -> Logistic:
    """Expectations over t ~ N(m, s^2).

    Parameters
    ----------
    m, s
        Mean and standard deviation, s of a shape that broadcasts to that of m.
    rule
        For a smooth function; see `rule_for_logistic`.

    Examples
    --------
    >>> from twofold.likelihoods.quadrature.rules import hermite
    >>> logistic(torch.zeros(1), torch.zeros(1), hermite(1)).slope
    tensor([0.5000])
    """
    softplus, n_1, n_2 = (torch.zeros_like(m) for _ in range(3))
    for x, weight in zip(*rule, strict=True):
        t = torch.add(m, s, alpha=x)
        softplus.add_(functional.softplus(t), alpha=weight)
        n = t.neg_().sigmoid_()
        n_1.add_(n, alpha=weight)
        n_2.addcmul_(n, n, value=weight)
    return Logistic(softplus, 1 - n_1, n_1 - n_2)


def expected_sigmoid(m: AnyShape, s: AnyShape, rule: Rule) -> AnyShape:
    """E[sigmoid(t)], t ~ N(m, s^2).

    Parameters
    ----------
    m, s, rule
        As in `logistic`.

    Examples
    --------
    >>> from twofold.likelihoods.quadrature.rules import hermite
    >>> expected_sigmoid(torch.zeros(1), torch.ones(1), hermite(8))
    tensor([0.5000])
    """
    total = torch.zeros_like(m)
    for x, weight in zip(*rule, strict=True):
        total.add_(torch.add(m, s, alpha=x).sigmoid_(), alpha=weight)
    return total
