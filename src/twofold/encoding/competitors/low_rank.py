r"""Gaussians whose covariance is a few factors and a noise per neuron, seen through any neurons at any time.

With loadings C, noise psi, the neurons seen at a time, and their residuals e,

.. math::

    M = I + \sum_i \frac{c_i c_i^\top}{\psi_i}, \quad h = \sum_i \frac{c_i e_i}{\psi_i}, \quad
    E[z] = M^{-1} h, \quad \operatorname{Cov}[z] = M^{-1},

    \log N(e; 0, C C^\top + \Psi) = -\tfrac12 \Big( \sum_i \frac{e_i^2}{\psi_i} - h^\top M^{-1} h
        + \log |M| + \sum_i \log 2 \pi \psi_i \Big),

all sums over those seen (Woodbury's identity and the determinant's lemma): a time costs N K^2, never N^3.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor

Loading = Float[Tensor, "neuron dimension"]
Noise = Float[Tensor, " neuron"]
Residual = Float[Tensor, "time neuron"]
Seen = Bool[Tensor, "time neuron"]


class Known(NamedTuple):
    """The factors once some neurons were seen: mean, covariance, and log density of what was seen (time,)."""

    mean: Float[Tensor, "time dimension"]
    covariance: Float[Tensor, "time dimension dimension"]
    log_density: Float[Tensor, " time"]


def known(loading: Loading, noise: Noise, residual: Residual, seen: Seen) -> Known:
    """What is known of the factors at each time.

    Parameters
    ----------
    loading, noise
        C and psi.
    residual
        e; anything where it is not seen.
    seen
        True for those that are.

    Examples
    --------
    >>> one = torch.ones(1, 1)
    >>> known(one, torch.ones(1), 3 * one, one.bool())[:2]
    (tensor([[1.5000]]), tensor([[[0.5000]]]))
    """
    k = loading.shape[1]
    weight = seen.to(loading) / noise
    e = torch.where(seen, residual, 0.0)
    products = (loading.unsqueeze(2) * loading.unsqueeze(1)).flatten(1)
    precision = (weight @ products).unflatten(1, (k, k)) + torch.eye(k, dtype=loading.dtype)
    root = torch.linalg.cholesky(precision)
    covariance = torch.cholesky_inverse(root)
    h = (e * weight) @ loading
    mean = (covariance @ h.unsqueeze(-1)).squeeze(-1)
    log_det = 2 * root.diagonal(dim1=1, dim2=2).log().sum(1)
    log_noise = torch.where(seen, (2 * math.pi * noise).log(), 0.0).sum(1)
    square = (e**2 * weight).sum(1) - (h * mean).sum(1)
    return Known(mean, covariance, -0.5 * (square + log_det + log_noise))
