r"""The joint density of responses and latent state at one time point, as a function of the state.

.. math::

    \log p(y_t, z_t) = \sum_i \log p(y_{ti} | a_{ti} + w_i z_t) - \tfrac12 z_t^T \Lambda z_t
    + \tfrac12 \log |\Lambda / 2 \pi|

Its slopes by z_t come from those by the outputs: with g and H (parameter x parameter) the first and second
derivatives of an entry's log p(y), they are sum_i w_i^T g_i - Lambda z and sum_i w_i^T H_i w_i - Lambda.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple, Protocol, runtime_checkable

import torch
from jaxtyping import Bool, Float, Num
from torch import Tensor

from twofold.likelihoods.likelihood import Likelihood
from twofold.likelihoods.quadrature.loadings import Loadings, drive_of, pulled_back, summed

PerTime = Float[Tensor, " time"]
States = Float[Tensor, "time latent"]
Matrices = Float[Tensor, "time latent latent"]


class Slopes(NamedTuple):
    """Slopes of log p(y_t, z_t) by z_t.

    Parameters
    ----------
    gradient
        (time, latent).
    curvature
        (time, latent, latent) minus the second derivatives.
    """

    gradient: States
    curvature: Matrices


@runtime_checkable
class Sloped(Protocol):
    """A function of the state at every time point, with its slopes."""

    def value(self, z: States) -> PerTime:
        """In nats."""

    def slopes(self, z: States) -> Slopes:
        """Gradient and curvature."""


@dataclass(frozen=True, eq=False)
class ResponsesTarget:
    """log p(y_t | z_t) at every time point, without a prior.

    Parameters
    ----------
    likelihood
        Of all neurons.
    raw
        Outputs a of the readout.
    weights
        (neuron, parameter, latent) w, or `GainWeights`.
    y
        Responses, finite where they do not count, too.
    counted
        True where a response counts.
    """

    likelihood: Likelihood
    raw: Float[Tensor, "time neuron parameter"]
    weights: Loadings
    y: Num[Tensor, "time neuron"]
    counted: Bool[Tensor, "time neuron"]

    def value(self, z: States) -> PerTime:
        """In nats."""
        return self._log_prob(self.raw + drive_of(self.weights, self.raw, z)).sum(-1)

    def slopes(self, z: States) -> Slopes:
        """By differentiating every entry twice."""
        outputs = (self.raw + drive_of(self.weights, self.raw, z)).detach().requires_grad_()
        with torch.enable_grad():
            (g,) = torch.autograd.grad(self._log_prob(outputs).sum(), outputs, create_graph=True)
            h = [torch.autograd.grad(part.sum(), outputs, retain_graph=True)[0] for part in g.unbind(-1)]
        gradient = pulled_back(self.weights, self.raw, g.detach())
        return Slopes(gradient, -summed(self.weights, self.raw, torch.stack(h, dim=-1)))

    def _log_prob(self, outputs: Tensor) -> Tensor:
        return torch.where(self.counted, self.likelihood.distribution(outputs).log_prob(self.y), 0)


@dataclass(frozen=True, eq=False)
class Target:
    """log p(y_t, z_t) at every time point.

    Parameters
    ----------
    of_responses
        log p(y_t | z_t).
    precision
        Lambda of the prior.
    """

    of_responses: Sloped
    precision: Float[Tensor, "latent latent"]

    def value(self, z: States) -> PerTime:
        """In nats."""
        log_det = torch.linalg.slogdet(self.precision).logabsdet
        squares = ((z @ self.precision) * z).sum(-1)
        log_prior = 0.5 * (log_det - squares - z.shape[-1] * math.log(2 * math.pi))
        return self.of_responses.value(z) + log_prior

    def slopes(self, z: States) -> Slopes:
        """Of both together."""
        gradient, curvature = self.of_responses.slopes(z)
        return Slopes(gradient - z @ self.precision, self.precision + curvature)
