"""Errors of quadrature and of samples against the standard deviation s of an output, mean absolute, in nats.

The truth: 60 nodes on each side of 0 in both outputs for the expected log-likelihood, 400 of the last output
for the marginal.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch
from torch import Tensor

from twofold.likelihoods import ZigLikelihood
from twofold.likelihoods.quadrature import GaussianOutputs, expected_log_prob, expected_nll_of, integrated
from twofold.likelihoods.quadrature.mixture import mixture

SPREADS = (0.05, 0.25, 0.5, 1.0, 2.0, 3.0, 5.0)
SAMPLES = (150, 1000, 5000)
NEURONS, LATENTS = 300, 12


def error_cases(quick: bool = False) -> Iterator[dict[str, object]]:
    """Fields of a case for each s = sigma |w|."""
    for s in SPREADS[1::3] if quick else SPREADS:
        raw, weights, likelihood = population(s)
        z_0, one = torch.zeros(LATENTS, dtype=torch.float64), torch.ones((), dtype=torch.float64)
        outputs = GaussianOutputs.of(raw, weights, z_0, one)
        draw = torch.Generator().manual_seed(1)
        y = integrated(likelihood, outputs).sample(draw)
        truth = expected_log_prob(likelihood, outputs, y, nodes=60), by_many_nodes(likelihood, outputs, y)
        ways = {"quadrature": by_quadrature(likelihood, outputs, y)}
        single = GaussianOutputs(outputs.mean.float(), outputs.covariance.float())
        ways["quadrature_single"] = by_quadrature(ZigLikelihood(likelihood.kappa.float()), single, y.float())
        for n in SAMPLES:
            z = torch.randn(n, LATENTS, generator=draw, dtype=torch.float64)
            log_prob = likelihood.distribution(raw, torch.einsum("sk,npk->snp", z, weights)).log_prob(y)
            ways[f"samples_{n}"] = log_prob.mean(0), torch.logsumexp(log_prob, 0) - math.log(n)
        yield {
            "case": "error",
            "sd_of_output": s,
            "expected_nats": {way: error(found[0], truth[0]) for way, found in ways.items()},
            "marginal_nats": {way: error(found[1], truth[1]) for way, found in ways.items()},
        }


def population(s: float) -> tuple[Tensor, Tensor, ZigLikelihood]:
    """Outputs (neuron, parameter), weights of length s, and the likelihood."""
    draw = torch.Generator().manual_seed(0)
    raw = torch.randn(NEURONS, 2, generator=draw, dtype=torch.float64)
    weights = torch.randn(NEURONS, 2, LATENTS, generator=draw, dtype=torch.float64)
    kappa = 0.4 + 0.2 * torch.rand(NEURONS, generator=draw, dtype=torch.float64)
    return raw, s * weights / weights.norm(dim=-1, keepdim=True), ZigLikelihood(kappa)


def by_quadrature(likelihood: ZigLikelihood, outputs: GaussianOutputs, y: Tensor) -> tuple[Tensor, Tensor]:
    """(neuron,) expected log-likelihood, one neuron scored at a time, and marginal."""
    each = torch.eye(len(y), dtype=torch.bool)
    expected = torch.stack([-expected_nll_of(likelihood, outputs, y, scored) for scored in each])
    return expected, integrated(likelihood, outputs).log_prob(y)


def by_many_nodes(likelihood: ZigLikelihood, outputs: GaussianOutputs, y: Tensor) -> Tensor:
    """(neuron,) marginal by one fixed rule."""
    fine = mixture(likelihood, outputs, 400)
    return torch.logsumexp(fine.weights.log() + fine.parts.log_prob(y), dim=0)


def error(found: Tensor, truth: Tensor) -> float:
    """Mean absolute difference, two digits."""
    return float(f"{(found - truth).abs().mean().item():.1e}")
