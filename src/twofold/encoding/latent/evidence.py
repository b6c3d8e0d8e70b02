r"""What responses say about the state, by the first step of Newton's method with the model's own weights.

With the evidence :math:`e_i = \partial \log p(y_i \mid a_i) / \partial a_i` of each neuron, its expected
information F_i, and weights w_i, the posterior of a weak state has

.. math::

    C = (I + \sum_i w_i^\top F_i w_i)^{-1}, \quad m = C \sum_i w_i^\top e_i ,

both sums over the neurons given: the more of them, the narrower. (Fisher scoring from z = 0.) These sums, J_t
and h_t, are all that a time says of the state there, whatever the prior.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from twofold.encoding.latent.state import StateMoments
from twofold.likelihoods import Likelihood
from twofold.likelihoods.quadrature.loadings import Loadings, pulled_back, summed_diagonal

Raw = Float[Tensor, "clip valid neuron parameter"]
Seen = Bool[Tensor, "clip valid neuron"]
FARTHEST = 3.0  # standard deviations of the prior, in each of its directions


class Sites(NamedTuple):
    """What the responses of each time say of the state: log p(y_t | z) = h_t z - z' J_t z / 2 + ...

    Parameters
    ----------
    evidence
        (clip, valid, dimension) h.
    information
        (clip, valid, dimension, dimension) J.
    """

    evidence: Float[Tensor, "clip valid dimension"]
    information: Float[Tensor, "clip valid dimension dimension"]

    def around(self, center: Float[Tensor, " dimension"]) -> Sites:
        """The same said of a state of which they know z - center."""
        return Sites(self.evidence + self.information @ center, self.information)

    def bounded(self) -> Sites:
        """The same, where no time says by itself that a white state is farther away than states ever are.

        Where weights grow with the drive, one step from z = 0 can land hundreds of standard deviations away.
        """
        farthest = FARTHEST * math.sqrt(self.evidence.shape[-1])
        length = self.step().mean.norm(dim=-1, keepdim=True)
        return Sites(self.evidence * (farthest / length.clamp(min=farthest)), self.information)

    def step(self) -> StateMoments:
        """Mean m and covariance C of a white state."""
        precision = self.information + torch.eye(self.evidence.shape[-1], device=self.evidence.device)
        covariance = torch.cholesky_inverse(torch.linalg.cholesky(precision))
        return StateMoments((covariance @ self.evidence.unsqueeze(-1)).squeeze(-1), covariance)


def evidence(
    likelihood: Likelihood, raw: Raw, responses: Float[Tensor, "clip valid neuron"], seen: Seen
) -> Raw:
    """The evidence e of the neurons seen; 0, its expectation under the model, of the others."""
    with torch.enable_grad():
        at = raw.detach().requires_grad_()
        total = likelihood.total_nll(at, responses, scored=seen)
        return -torch.autograd.grad(total, at)[0]


def sites(
    likelihood: Likelihood,
    raw: Raw,
    weights: Loadings,
    responses: Float[Tensor, "clip valid neuron"],
    seen: Seen,
) -> Sites:
    """The sums h and J of the neurons seen; gradients flow to the weights alone.

    Parameters
    ----------
    likelihood, raw
        What gives the responses where the state is 0.
    weights
        On the state.
    responses, seen
        Responses, and True for those given; others may be anything.
    """
    raw = raw.detach()
    e = evidence(likelihood, raw, responses, seen)
    information = likelihood.information(raw) * seen.unsqueeze(-1)
    return Sites(pulled_back(weights, raw, e), summed_diagonal(weights, raw, information))
