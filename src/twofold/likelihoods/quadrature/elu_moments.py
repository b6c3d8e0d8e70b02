r"""Expectations of theta(u), e^u below 0 and u + 1 above, for u ~ N(m, s^2).

Below 0, in closed form:

.. math::

    E[u; u<0] = m \Phi(-m/s) - s \varphi(m/s), \qquad
    E[e^{ku}; u<0] = e^{km + k^2 s^2 / 2}\, \Phi(-(m + k s^2)/s)

Above 0, log(1 + u) and powers of r = 1 / (1 + u), by Gauss-Legendre on [x_0, c], x_0 = -m / s, times the
normal density. Since theta has a continuous slope, all derivatives with respect to m and s^2 follow from
these alone: d/dm E[f(u)] = E[f'(u)], d/ds^2 E[f(u)] = E[f''(u)] / 2 (Price 1958).
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from twofold.likelihoods.quadrature.rules import REACH, SQRT_2_PI, rounded_up, rule_above_kink

AnyShape = Float[Tensor, "..."]
LARGEST_EXPONENT = 80.0  # e^80 is finite in single precision


def probability_below(m: AnyShape, s: AnyShape) -> AnyShape:
    """P(u < 0)."""
    return torch.special.ndtr(-m / s)


def linear_below(m: AnyShape, s: AnyShape) -> AnyShape:
    """E[u; u < 0].

    Examples
    --------
    >>> linear_below(torch.tensor([-9.0]), torch.tensor([0.1]))
    tensor([-9.])
    """
    density = (-0.5 * (m / s) ** 2).exp() / SQRT_2_PI
    return m * torch.special.ndtr(-m / s) - s * density


def exponential_below(k: int, m: AnyShape, s: AnyShape) -> AnyShape:
    """E[e^(k u); u < 0]."""
    log_probability = torch.special.log_ndtr(-m / s - k * s)
    return (k * m + 0.5 * (k * s) ** 2 + log_probability).clamp(max=LARGEST_EXPONENT).exp()


class Above(NamedTuple):
    """Expectations over u > 0.

    Parameters
    ----------
    log
        E[log(1 + u)].
    r
        E[r], E[r^2], ... of r = 1 / (1 + u).
    """

    log: AnyShape
    r: list[AnyShape]


def above(m: AnyShape, s: AnyShape, powers: int) -> Above:
    """Expectations over u > 0 with as many powers of r as asked for.

    Parameters
    ----------
    m, s
        Mean and standard deviation of u, of one shape.
    powers
        How many.

    Examples
    --------
    >>> above(torch.tensor([3.0]), torch.tensor([0.01]), powers=2).r
    [tensor([0.2500]), tensor([0.0625])]
    """
    x_0 = (-m / s).clamp(-REACH, REACH)
    half = 0.5 * (REACH - x_0)
    middle = REACH - half
    least, most = (m + s * x_0).clamp(min=0), (m + s * REACH).clamp(min=0)
    half_theta, middle_theta = 0.5 * (most - least), 0.5 * (most + least) + 1
    sums = [torch.zeros_like(m) for _ in range(1 + powers)]
    for node, weight in zip(*rule_above_kink(rounded_up(s)), strict=True):
        # every line writes over what is no longer needed: memory is what takes the time
        x = torch.add(middle, half, alpha=node)
        density = x.square_().mul_(-0.5).exp_()
        theta = torch.add(middle_theta, half_theta, alpha=node)
        sums[0].addcmul_(density, theta.log(), value=weight)
        r = theta.reciprocal_()
        for power in sums[1:]:
            power.add_(density.mul_(r), alpha=weight)
    log, *r_powers = (total.mul_(half).div_(SQRT_2_PI) for total in sums)
    return Above(log, r_powers)
