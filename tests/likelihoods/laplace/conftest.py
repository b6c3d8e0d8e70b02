"""A likelihood of each family, with outputs and weights that are drawn."""

from __future__ import annotations

import torch

from twofold.likelihoods import GaussianLikelihood, PoissonLikelihood, ZigLikelihood

TIME = 8
FAMILIES = ["zig", "poisson", "gaussian"]


def drawn_parts(family: str, neurons: int, latents: int, draw: torch.Generator):
    """A likelihood, outputs a of its readout, and weights w on the state."""
    kappa = torch.linspace(0.4, 1.5, neurons, dtype=torch.float64)
    likelihood = {
        "zig": ZigLikelihood(kappa),
        "poisson": PoissonLikelihood(),
        "gaussian": GaussianLikelihood(),
    }[family]
    raw = torch.randn(TIME, neurons, likelihood.n_parameters, generator=draw, dtype=torch.float64)
    w = 0.4 * torch.randn(neurons, likelihood.n_parameters, latents, generator=draw, dtype=torch.float64)
    return likelihood, raw, w
