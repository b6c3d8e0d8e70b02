"""The expected log probability by a plain rule over all outputs: slow, with gradients, for any likelihood."""

from __future__ import annotations

import torch
from torch import Tensor

from twofold.likelihoods.likelihood import Likelihood, Observed, PerEntry
from twofold.likelihoods.quadrature.mixture import split_nodes
from twofold.likelihoods.quadrature.outputs import GaussianOutputs
from twofold.likelihoods.quadrature.rules import SQRT_2_PI

NODES, REACH = 40, 12.0


def expected_log_prob(
    likelihood: Likelihood, outputs: GaussianOutputs, y: Observed, nodes: int = NODES
) -> PerEntry:
    """E[log p(y)] of every entry in nats, by Gauss-Legendre on both sides of 0 in every output.

    Training takes `expected_nll`, of which this is the reference.

    Parameters
    ----------
    likelihood
        Any of one or two outputs.
    outputs
        Their means and covariances.
    y
        (..., neuron) responses.
    nodes
        On each side of 0, for each output.

    Examples
    --------
    >>> from twofold.likelihoods import PoissonLikelihood
    >>> known = GaussianOutputs(torch.ones(1, 1), torch.zeros(1, 1, 1))
    >>> expected_log_prob(PoissonLikelihood(), known, torch.zeros(1))
    tensor([-2.])
    """
    m, s = outputs.mean[..., -1], outputs.sd(-1)
    total = torch.zeros_like(m)
    for x, weight in zip(*_nodes(m, s, nodes), strict=True):
        u = m + s * x
        if outputs.mean.shape[-1] == 1:
            total = total + weight * likelihood.distribution(u[..., None]).log_prob(y)
            continue
        m_v, s_v = outputs.first_given_last(u)
        for x_v, weight_v in zip(*_nodes(m_v, s_v, nodes), strict=True):
            raw = torch.stack([m_v + s_v * x_v, u], dim=-1)
            total = total + weight * weight_v * likelihood.distribution(raw).log_prob(y)
    return total


def _nodes(m: Tensor, s: Tensor, nodes: int) -> tuple[Tensor, Tensor]:
    """Nodes and weights of the normal density; they stay where they are when m and s change."""
    m, s = m.detach(), s.detach().expand(m.shape)
    end = torch.full_like(m, REACH)
    x, weights = split_nodes(m, s, -end, end, nodes)
    return x, weights * (-0.5 * x**2).exp() / SQRT_2_PI
