r"""A prior of the state that is not Gaussian: a monotone map of a standard normal one, latent by latent.

.. math:: z = \frac{S(u) - E[S]}{\operatorname{sd}[S]}, \quad
          S(u) = \sinh(t \operatorname{asinh}(u) + \epsilon), \quad u \sim N(0, 1)

with a learned skew :math:`\epsilon` and tail t, long above 1 and short below. z keeps mean 0 and variance 1,
whatever its shape, so that weights mean what they mean under the Gaussian prior, which is where it begins.
Source: Jones & Pewsey 2009 (Biometrika 96, sinh-arcsinh distributions).

A scale of each latent, a prior that is Gaussian but not isotropic, would be no other model: weights are
linear, and w with prior N(0, diag(s^2)) says the same as w s with N(0, I).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

MOST_TAIL = 3.0  # and 1/3 at least
STEEPEST_SKEW = 2.0
NODES = np.polynomial.hermite_e.hermegauss(48)
States = Float[Tensor, "... dimension"]
PerLatent = Float[Tensor, " dimension"]


class Bend(NamedTuple):
    """The map near z = 0, where :math:`z = g'(u) (u - u_0)`.

    Parameters
    ----------
    center
        (dimension,) u_0.
    slope
        (dimension,) g'(u_0).
    """

    center: PerLatent
    slope: PerLatent


class PriorFlow(nn.Module):
    """States z from standard normal u.

    Parameters
    ----------
    dimension
        Latents.

    Examples
    --------
    >>> PriorFlow(2)(torch.tensor([[-1.0, 3.0]])).round(decimals=4)
    tensor([[-1.,  3.]], grad_fn=<RoundBackward1>)
    """

    def __init__(self, dimension: int) -> None:
        super().__init__()
        self.skew = nn.Parameter(torch.zeros(dimension))
        self.log_tail = nn.Parameter(torch.zeros(dimension))

    @property
    def tail(self) -> PerLatent:
        """t, between 1/3 and 3."""
        most = math.log(MOST_TAIL)
        return (most * torch.tanh(self.log_tail / most)).exp()

    def forward(self, u: States) -> States:
        """States z."""
        mean, sd = self._moments()
        return (self._bent(u) - mean) / sd

    def slopes(self, u: States) -> tuple[States, States]:
        r"""Derivatives g' and g''.

        With :math:`v = t \operatorname{asinh}(u) + \epsilon` those of S are :math:`v' \cosh v` and
        :math:`v'' \cosh v + v'^2 \sinh v`.

        Examples
        --------
        >>> [slope.round(decimals=4).tolist() for slope in PriorFlow(1).slopes(torch.zeros(1))]
        [[1.0], [0.0]]
        """
        v, root = self._before(u), (1 + u**2).sqrt()
        first, second = self.tail / root, -self.tail * u / root**3
        _, sd = self._moments()
        return first * v.cosh() / sd, (second * v.cosh() + first**2 * v.sinh()) / sd

    def near_zero(self) -> Bend:
        """Where z is 0, and the slope there."""
        mean, sd = self._moments()
        at = torch.asinh(mean)
        center = torch.sinh((at - self._epsilon) / self.tail)
        return Bend(center, self.tail * torch.cosh(at) / (1 + center**2).sqrt() / sd)

    @property
    def _epsilon(self) -> PerLatent:
        return STEEPEST_SKEW * torch.tanh(self.skew / STEEPEST_SKEW)

    def _bent(self, u: Tensor) -> Tensor:
        return torch.sinh(self._before(u))

    def _before(self, u: Tensor) -> Tensor:
        """Of S the inverse sinh, t asinh(u) + epsilon."""
        return self.tail * torch.asinh(u) + self._epsilon

    def _moments(self) -> tuple[PerLatent, PerLatent]:
        """E[S] and sd[S]."""
        x, w = (torch.from_numpy(part).to(self.skew).unsqueeze(1) for part in NODES)
        bent, w = self._bent(x), w / w.sum()
        mean = (w * bent).sum(0)
        return mean, (w * (bent - mean) ** 2).sum(0).sqrt()
