r"""What responses say about the state, by the first step of Newton's method with the model's own weights.

With the evidence :math:`e_i = \partial \log p(y_i \mid a_i) / \partial a_i` of each neuron, its expected
information F_i, and weights w_i, the posterior of a weak state has

.. math::

    C = (I + \sum_i w_i^\top F_i w_i)^{-1}, \quad m = C \sum_i w_i^\top e_i ,

both sums over the neurons given: the more of them, the narrower. (Fisher scoring from z = 0.)
"""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from twofold.encoding.latent.state import StateMoments
from twofold.likelihoods import Likelihood

Raw = Float[Tensor, "clip valid neuron parameter"]
Seen = Bool[Tensor, "clip valid neuron"]


def evidence(
    likelihood: Likelihood, raw: Raw, responses: Float[Tensor, "clip valid neuron"], seen: Seen
) -> Raw:
    """The evidence e of the neurons seen; 0, its expectation under the model, of the others."""
    with torch.enable_grad():
        at = raw.detach().requires_grad_()
        total = likelihood.total_nll(at, responses, scored=seen)
        return -torch.autograd.grad(total, at)[0]


def first_step(
    likelihood: Likelihood,
    raw: Raw,
    weights: Float[Tensor, "neuron parameter dimension"],
    responses: Float[Tensor, "clip valid neuron"],
    seen: Seen,
) -> StateMoments:
    """Mean m and covariance C; gradients flow to the weights alone.

    Parameters
    ----------
    likelihood, raw
        What gives the responses where the state is 0.
    weights
        On the state.
    responses, seen
        Responses, and True for those given; others may be anything.
    """
    k, e = weights.shape[2], evidence(likelihood, raw, responses, seen)
    information = (likelihood.information(raw.detach()) * seen.unsqueeze(-1)).flatten(2)
    flat = weights.flatten(0, 1)
    products = (flat.unsqueeze(2) * flat.unsqueeze(1)).flatten(1)
    precision = (information @ products).unflatten(2, (k, k)) + torch.eye(k, device=raw.device)
    root = torch.linalg.cholesky(precision)
    covariance = torch.cholesky_inverse(root)
    mean = (covariance @ (e.flatten(2) @ flat).unsqueeze(-1)).squeeze(-1)
    return StateMoments(mean, covariance)
