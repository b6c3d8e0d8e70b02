"""Everything after the readout in a training step: the loss by quadrature against 150 samples."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from benchmarks import alternate, fresh_peak_mib
from benchmarks._latent_data import Batch, made_up, sampled_by_formula
from twofold.likelihoods.monte_carlo import expected_nll_monte_carlo
from twofold.likelihoods.quadrature import expected_nll

TIME, NEURONS, LATENTS, SAMPLES = 62, 2000, 12, 150


def by_quadrature(batch: Batch, _: int) -> Tensor:
    """Ours."""
    return expected_nll(batch.likelihood, *batch[:5])


def by_formula(batch: Batch, key: int) -> Tensor:
    """All samples at once."""
    return sampled_by_formula(batch, SAMPLES, torch.Generator().manual_seed(key))


def by_one_after_the_other(batch: Batch, key: int) -> Tensor:
    """Our Monte Carlo, in constant memory."""
    draw = torch.Generator().manual_seed(key)
    return expected_nll_monte_carlo(batch.likelihood, *batch[:5], SAMPLES, draw)


def loss_cases(quick: bool = False) -> Iterator[dict[str, object]]:
    """Fields of a case for each way of sampling; memory is measured in processes of their own."""
    ours, memory = step(by_quadrature), fresh_peak_mib(_one_step, "by_quadrature")
    for case, way, words in (
        ("elbo-likelihood", by_formula, "one expression over all samples, autograd"),
        ("elbo-likelihood-streamed", by_one_after_the_other, "ours, one sample after the other"),
    ):
        peer, peer_memory = step(way), fresh_peak_mib(_one_step, way.__name__)
        ours(0), peer(0)
        yield {
            "case": case,
            **alternate(ours, peer, range(3 if quick else 7)),
            "unit": "ms, forward and backward",
            "ours_peak_mib": memory,
            "peer_peak_mib": peer_memory,
            "memory_ratio": round(peer_memory / memory, 1),
            "peer_name": f"Monte Carlo, {SAMPLES} samples: {words}",
            "settings": f"{TIME} time points x {NEURONS} neurons, {LATENTS} latents, single precision",
        }


def step(way: Callable[[Batch, int], Tensor]) -> Callable[[int], None]:
    """Forward and backward of one batch."""
    batch = made_up(TIME, NEURONS, LATENTS)

    def run(key: int) -> None:
        for leaf in batch[:4]:
            leaf.grad = None
        way(batch, key).backward()

    return run


def _one_step(name: str) -> Callable[[], None]:
    run = step({way.__name__: way for way in (by_quadrature, by_formula, by_one_after_the_other)}[name])
    return lambda: run(0)
