r"""The mean response as the paper's code predicts it without a state: a mean of means that is not one.

.. math::

    (1 - \bar q) \rho / 2 + \bar q (\kappa \bar\theta + \rho), \quad
    \bar q = \frac1S \sum_s q_s, \ \bar\theta = \frac1S \sum_s \theta_s

q and theta are averaged apart, though the state moves both: the mean is that of the products, which
`integrated` gives exactly. For comparison with published numbers only (paper B, section 1.6).
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from twofold.likelihoods.likelihood import PerEntry, Raw
from twofold.likelihoods.monte_carlo import latent_samples
from twofold.likelihoods.quadrature.loadings import Latent, Weights, latent_drive
from twofold.likelihoods.zig import ZigLikelihood


@torch.no_grad()
def mean_as_released(
    likelihood: ZigLikelihood,
    raw: Raw,
    weights: Weights,
    latent_mean: Latent,
    latent_sd: Float[Tensor, ""],
    n_samples: int,
    generator: torch.Generator,
) -> PerEntry:
    """Mean responses from parameters that are averaged one by one.

    Parameters
    ----------
    likelihood, raw, weights, latent_mean, latent_sd, n_samples, generator
        As in `expected_nll_monte_carlo`; the paper's code takes 1000 samples.

    Examples
    --------
    >>> raw, w, draw = torch.zeros(1, 1, 2), torch.zeros(1, 2, 3), torch.Generator().manual_seed(0)
    >>> zig = ZigLikelihood(torch.tensor([0.5]), rho=0.2)
    >>> mean_as_released(zig, raw, w, torch.zeros(1, 3), torch.tensor(1.0), 10, draw)
    tensor([[0.4000]])
    """
    q, theta = torch.zeros_like(raw[..., 0]), torch.zeros_like(raw[..., 0])
    for _ in range(n_samples):
        (state,) = latent_samples(latent_mean, latent_sd, 1, generator)
        p = likelihood.distribution(raw, latent_drive(weights, state))
        q, theta = q + p.q / n_samples, theta + p.theta / n_samples
    return (1 - q) * likelihood.rho / 2 + q * (likelihood.kappa * theta + likelihood.rho)
