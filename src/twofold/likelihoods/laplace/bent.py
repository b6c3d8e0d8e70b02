r"""Responses as a function of what lies behind the state, where the state is a bent copy of it.

.. math:: z = g(u), \quad u \sim N(0, I), \qquad
          \log p(y_t, u_t) = \sum_i \log p(y_{ti} | a_{ti} + w_i g(u_t)) - \tfrac12 u_t^\top u_t + \ldots

latent by latent. With D = diag g'(u), and the gradient b and curvature K of log p(y_t | z_t) by z, the slopes
by u are D b and D K D - diag(b g''(u)). A prior of z that is no Gaussian is one of u that is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch

from twofold.likelihoods.laplace.target import PerTime, ResponsesTarget, Slopes, States
from twofold.likelihoods.quadrature.loadings import Latent


@runtime_checkable
class StateBend(Protocol):
    """A smooth function g of each latent by itself."""

    def forward(self, u: Latent) -> Latent:
        """States z."""

    def slopes(self, u: Latent) -> tuple[Latent, Latent]:
        """Derivatives g' and g''."""


@dataclass(frozen=True, eq=False)
class BentTarget:
    """log p(y_t | g(u_t)) at every time point, without a prior.

    Parameters
    ----------
    of_states
        log p(y_t | z_t).
    bend
        g.
    """

    of_states: ResponsesTarget
    bend: StateBend

    def value(self, u: States) -> PerTime:
        """In nats."""
        return self.of_states.value(self.bend.forward(u))

    def slopes(self, u: States) -> Slopes:
        """By the chain rule."""
        first, second = self.bend.slopes(u)
        gradient, curvature = self.of_states.slopes(self.bend.forward(u))
        curvature = first.unsqueeze(-1) * curvature * first.unsqueeze(-2)
        return Slopes(first * gradient, curvature - torch.diag_embed(second * gradient))
