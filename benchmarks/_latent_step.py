"""A whole training step: core, readout, encoder, loss, backward, optimizer; the loss in both ways.

A clip of 80 frames of 36 x 64 pixels, half of the neurons given and the other half scored.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn

from benchmarks import alternate, fresh_peak_mib
from benchmarks._latent_data import Batch, made_up, sampled_by_formula
from twofold.likelihoods.quadrature import expected_nll
from twofold.nn import FactorizedCore3d, GaussianReadout
from twofold.nn.latent_encoder import GruLayer, LatentEncoder

FRAMES, HEIGHT, WIDTH, NEURONS, LATENTS, SAMPLES = 80, 36, 64, 2000, 12, 150
HIDDEN, UNITS = 42, 20
WAYS = ("quadrature", "samples")


def step_cases(quick: bool = False) -> Iterator[dict[str, object]]:
    """Fields of the case; memory is measured in processes of their own."""
    ours, peer = (TrainingStep(way) for way in WAYS)
    ours(0), peer(0)
    memory, peer_memory = (fresh_peak_mib(_first_step, way) for way in WAYS)
    yield {
        "case": "elbo-step",
        **alternate(ours, peer, range(3 if quick else 7)),
        "unit": "ms",
        "ours_peak_mib": memory,
        "peer_peak_mib": peer_memory,
        "memory_ratio": round(peer_memory / memory, 1),
        "peer_name": f"the same step, its loss from {SAMPLES} samples at once by autograd",
        "settings": f"1 clip x {FRAMES} frames, {NEURONS} neurons, {LATENTS} latents, paper's core, AdamW",
    }


class TrainingStep(nn.Module):
    """One optimizer step of a latent video model, fp32."""

    def __init__(self, way: str) -> None:
        super().__init__()
        draw = torch.Generator().manual_seed(0)
        self.way, self.core = way, FactorizedCore3d(generator=draw)
        self.readout = GaussianReadout(NEURONS, 128, n_parameters=2, generator=draw)
        self.reading = nn.utils.skip_init(nn.Linear, NEURONS, HIDDEN)
        nn.init.uniform_(self.reading.weight, -(NEURONS**-0.5), NEURONS**-0.5, generator=draw)
        nn.init.zeros_(self.reading.bias)
        layers = GruLayer(HIDDEN, UNITS, draw)
        self.encoder = LatentEncoder(layers, hidden=HIDDEN, width=UNITS, dimension=LATENTS, generator=draw)
        batch = made_up(FRAMES - self.core.frames_lost, NEURONS, LATENTS)
        self.y, self.likelihood = batch.y, batch.likelihood
        self.weights = nn.Parameter(batch.weights.detach())
        self.video = torch.randn(1, 1, FRAMES, HEIGHT, WIDTH, generator=draw)
        self.given = torch.rand(NEURONS, generator=draw) < 0.5
        self.optimizer = torch.optim.AdamW(self.parameters(), lr=1e-3)

    def forward(self, key: int) -> None:
        """One step."""
        self.optimizer.zero_grad()
        raw = self.readout(self.core(self.video), generator=[key])[0]
        state = self.encoder(self.reading(self.y * self.given)[None])
        parts = raw, self.weights, state.mean[0], state.sd
        divergence = 0.5 * (state.sd**2 + state.mean**2 - 1 - 2 * state.sd.log()).sum()
        (self.loss(parts, key) + divergence).backward()
        self.optimizer.step()

    def loss(self, parts: tuple[Tensor, Tensor, Tensor, Tensor], key: int) -> Tensor:
        """-E[log p] of the neurons that were not given."""
        scored = ~self.given
        if self.way == "quadrature":
            return expected_nll(self.likelihood, *parts, self.y, scored)
        batch = Batch(*parts, self.y, self.likelihood)
        return sampled_by_formula(batch, SAMPLES, torch.Generator().manual_seed(key), scored)


def _first_step(way: str) -> Callable[[], None]:
    step = TrainingStep(way)
    return lambda: step(0)
