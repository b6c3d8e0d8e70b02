"""A population with a latent state, made up; and the Monte Carlo way, as the published formulas have it."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from twofold.likelihoods import ZigLikelihood

RHO = 0.005


class Batch(NamedTuple):
    """What is left after the readout; the first four get gradients."""

    raw: Tensor
    weights: Tensor
    latent_mean: Tensor
    latent_sd: Tensor
    y: Tensor
    likelihood: ZigLikelihood

    def of(self, neurons: Tensor) -> Batch:
        """Some neurons."""
        likelihood = ZigLikelihood(self.likelihood.kappa[neurons], rho=RHO)
        shared = self.latent_mean, self.latent_sd
        return Batch(self.raw[:, neurons], self.weights[neurons], *shared, self.y[:, neurons], likelihood)


def made_up(time: int, neurons: int, latents: int, spread: float = 0.7, prior: bool = False) -> Batch:
    """Single precision; w.z has a standard deviation of `spread` under the prior, six in ten are silent."""
    draw = torch.Generator().manual_seed(0)
    raw = torch.randn(2, time, neurons, generator=draw) * 0.5 - torch.tensor([0.6, 0.0])[:, None, None]
    weights = torch.randn(neurons, 2, latents, generator=draw) * spread / math.sqrt(latents)
    state = torch.randn(time, latents, generator=draw)
    likelihood = ZigLikelihood(0.4 + 0.2 * torch.rand(neurons, generator=draw), rho=RHO)
    outputs = raw.movedim(0, -1)
    y = likelihood.distribution(outputs, torch.einsum("tk,npk->tnp", state, weights)).sample(draw)
    mean, sd = (torch.zeros_like(state), 1.0) if prior else (0.7 * state, 0.5)
    parts = (outputs, weights, mean, torch.tensor(sd))
    return Batch(*(part.requires_grad_(not prior) for part in parts), y, likelihood)


def sampled_by_formula(
    batch: Batch, n_samples: int, draw: torch.Generator, scored: Tensor | None = None
) -> Tensor:
    """-E[log p] with all samples at once, one expression, gradients by autograd; `scored` is by neuron."""
    if scored is not None:
        batch = batch.of(scored)
    noise = torch.randn(n_samples, *batch.latent_mean.shape, generator=draw)
    z = batch.latent_mean + batch.latent_sd * noise
    a, b = (batch.raw[..., p] + z @ batch.weights[:, p].T for p in range(2))
    log_q, log_silent = functional.logsigmoid(a), functional.logsigmoid(-a)
    theta = functional.elu(b) + 1
    active, kappa = batch.y > RHO, batch.likelihood.kappa
    d = torch.where(active, batch.y - RHO, 1.0)
    gamma = (kappa - 1) * d.log() - torch.lgamma(kappa) - d / theta - kappa * theta.log()
    return -torch.where(active, log_q + gamma, log_silent).mean(0).sum()
