r"""Responses with the last output u integrated out, as a mixture over nodes.

.. math:: p(y) = \int p(y | u)\, N(u; m, s^2)\, du \approx \sum_j W_j\, p(y | u_j)
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from twofold.likelihoods.likelihood import Likelihood, Observed, PerEntry, ResponseDistribution
from twofold.likelihoods.quadrature.conditional import responses_given
from twofold.likelihoods.quadrature.outputs import GaussianOutputs
from twofold.likelihoods.quadrature.rules import SQRT_2_PI, legendre

NODES, REACH = 24, 6.5  # on each side of the kink; standard deviations
NODES_OF_QUANTILES = 16  # it takes many turns, and need not be finer
TURNS, CLOSE, CLOSER = 100, 1e-4, 1e-6  # in probability; or, where that jumps, in standard deviations


@dataclass(frozen=True, eq=False)
class Mixture:
    """One distribution per node.

    Parameters
    ----------
    weights
        (node, ..., neuron), 1 in sum.
    parts
        Distributions of shape (node, ..., neuron).
    """

    weights: Float[Tensor, "node ... neuron"]
    parts: ResponseDistribution

    @property
    def mean(self) -> PerEntry:
        """E[y]."""
        return (self.weights * self.parts.mean).sum(0)

    @property
    def variance(self) -> PerEntry:
        """Var[y] = E[Var[y | u]] + Var[E[y | u]]."""
        between = (self.parts.mean - self.mean) ** 2
        return (self.weights * (self.parts.variance + between)).sum(0)

    def cdf(self, y: Observed) -> PerEntry:
        """P(Y <= y)."""
        return (self.weights * self.parts.cdf(y.expand_as(self.weights))).sum(0)

    def quantile(self, p: float, first: tuple[float, ...] = ()) -> PerEntry:
        """The y where the cdf reaches p, between bounds that hold for every distribution (Cantelli).

        By false position, the residual of an end that stays twice being halved (the Illinois method); where
        the cdf has corners, `first`, the search looks there first.
        """
        mean, sd = self.mean, self.variance.sqrt()
        low, high = mean - 1.001 * sd * ((1 - p) / p) ** 0.5, mean + 1.001 * sd * (p / (1 - p)) ** 0.5
        low_left, high_left = self.cdf(low) - p, self.cdf(high) - p
        reached, was_below = high_left, torch.zeros_like(mean, dtype=torch.bool)
        for turn in range(TURNS):
            if ((reached <= CLOSE) | (high - low <= CLOSER * sd)).all():
                break
            share = (low_left / (low_left - high_left)).clamp(0.01, 0.99)
            at = low + (high - low) * share
            if turn < len(first):
                at = torch.minimum(torch.maximum(torch.full_like(at, first[turn]), low), high)
            left = self.cdf(at) - p
            below = left < 0
            reached = torch.where(below, reached, left)
            low, high = torch.where(below, at, low), torch.where(below, high, at)
            again = (below == was_below) & (turn > len(first))
            low_left, high_left = (
                torch.where(below, left, torch.where(again, low_left / 2, low_left)),
                torch.where(below, torch.where(again, high_left / 2, high_left), left),
            )
            was_below = below
        return high


def mixture(likelihood: Likelihood, outputs: GaussianOutputs, nodes: int = NODES) -> Mixture:
    """Nodes on both sides of the kink of theta(u).

    Parameters
    ----------
    likelihood
        Poisson, Gaussian or zero-inflated gamma.
    outputs
        Means and covariances.
    nodes
        On each side.

    Examples
    --------
    >>> from twofold.likelihoods import PoissonLikelihood
    >>> outputs = GaussianOutputs(torch.ones(2, 1), torch.zeros(2, 1, 1))
    >>> mixture(PoissonLikelihood(), outputs).mean
    tensor([2., 2.])
    """
    m = outputs.mean[..., -1]
    s = outputs.sd(-1).expand(m.shape)
    x, weights = split_nodes(m, s, torch.full_like(m, -REACH), torch.full_like(m, REACH), nodes)
    weights = weights * (-0.5 * x**2).exp() / SQRT_2_PI
    return Mixture(weights / weights.sum(0), responses_given(likelihood, outputs, m + s * x))


def split_nodes(
    m: PerEntry, s: PerEntry, low: PerEntry, high: PerEntry, nodes: int
) -> tuple[Float[Tensor, "node ... neuron"], Float[Tensor, "node ... neuron"]]:
    """Gauss-Legendre nodes x and weights on [low, x_0] and [x_0, high], where m + s x_0 = 0.

    Parameters
    ----------
    m, s
        (..., neuron) mean and standard deviation of u = m + s x.
    low, high
        (..., neuron) ends, in standard deviations.
    nodes
        On each side.
    """
    x_0 = torch.minimum(torch.maximum(-m / s, low), high)
    rule = torch.tensor(legendre(nodes), dtype=m.dtype, device=m.device).reshape(2, -1, *[1] * m.ndim)
    sides = [((end + start) / 2, (end - start) / 2) for start, end in ((low, x_0), (x_0, high))]
    x = [middle + half * rule[0] for middle, half in sides]
    return torch.cat(x), torch.cat([half * rule[1] for _, half in sides])
