"""The marginal likelihood of a clip under the prior, entry by entry: quadrature against 5000 samples."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from benchmarks import alternate, fresh_peak_mib
from benchmarks._latent_data import RHO, Batch, made_up
from twofold.likelihoods import ZigLikelihood
from twofold.likelihoods.monte_carlo import log_marginal_monte_carlo
from twofold.likelihoods.quadrature import GaussianOutputs, integrated

TIME, NEURONS, LATENTS, SAMPLES, TIMED = 300, 8000, 12, 5000, 250


def by_quadrature(batch: Batch) -> Tensor:
    """(time, neuron) log p(y)."""
    prior = GaussianOutputs.of(batch.raw, batch.weights, batch.latent_mean, batch.latent_sd**2)
    return integrated(batch.likelihood, prior).log_prob(batch.y)


def by_samples(batch: Batch, n_samples: int, key: int) -> Tensor:
    """The same, in constant memory."""
    draw = torch.Generator().manual_seed(key)
    return log_marginal_monte_carlo(batch.likelihood, *batch[:5], n_samples, draw)


def marginal_cases(quick: bool = False) -> Iterator[dict[str, object]]:
    """Fields of the case; the errors are mean absolute ones, in nats, on a part of it."""
    timed = TIMED // 5 if quick else TIMED
    batch, scale = made_up(TIME, NEURONS, LATENTS, prior=True), SAMPLES / timed
    times = alternate(
        lambda _: by_quadrature(batch), lambda key: by_samples(batch, timed, key), range(1 if quick else 3)
    )
    for name in ("peer", "ratio"):
        for clock in ("", "_cpu"):
            times[name + clock] = round(times[name + clock] * scale, 1)
            spread = times[name + clock + "_spread"]
            times[name + clock + "_spread"] = [round(end * scale, 1) for end in spread]
    small = made_up(20, 500, LATENTS, prior=True)
    kappa = small.likelihood.kappa.double()
    exact = by_quadrature(Batch(*(part.double() for part in small[:5]), ZigLikelihood(kappa, rho=RHO)))
    errors = [
        (found - exact).abs().mean().item() for found in (by_quadrature(small), by_samples(small, 5000, 0))
    ]
    yield {
        "case": "marginal",
        **times,
        "unit": "ms",
        "ours_error_nats": float(f"{errors[0]:.1e}"),
        "peer_error_nats": float(f"{errors[1]:.1e}"),
        "peer_name": f"our streaming Monte Carlo, {SAMPLES} samples; {timed} were timed, and scaled",
        "settings": f"{TIME} frames x {NEURONS} neurons, {LATENTS} latents, single precision",
    }


def memory_cases(quick: bool = False) -> Iterator[dict[str, object]]:
    """Peak memory of 1000 and of 100 000 samples, each in a process of its own."""
    for n_samples in (1000, 10_000 if quick else 100_000):
        yield {
            "case": f"marginal-memory-{n_samples}",
            "ours_peak_mib": fresh_peak_mib(_sampled, n_samples),
            "settings": "streaming Monte Carlo, 10 time points x 1000 neurons",
        }


def _sampled(n_samples: int) -> Callable[[], Tensor]:
    batch = made_up(10, 1000, LATENTS, prior=True)
    return lambda: by_samples(batch, n_samples, 0)
