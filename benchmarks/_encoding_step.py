"""One training step of the paper's model: a clip of 80 frames of 36 x 64 pixels, 8000 neurons, ZIG."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from itertools import pairwise

import torch
from torch import nn

from twofold.likelihoods import zig_nll
from twofold.nn import FactorizedCore3d, GaussianReadout

FRAMES, HEIGHT, WIDTH, NEURONS = 80, 36, 64, 8000
PARTS = ("core", "readout", "loss", "optimizer")


def training_step_cases(quick: bool = False) -> Iterator[dict[str, object]]:
    """Fields of the case in fp32 and, where the core's products are in bf16, of that."""
    for name, low in (("training-step", False), ("training-step-bf16-core", True)):
        step = TrainingStep(low)
        step(0)
        times = [step(key) for key in range(3 if quick else 7)]
        totals = [sum(parts) for parts in times]
        medians = (statistics.median(values) for values in zip(*times, strict=True))
        yield {
            "case": name,
            "ours": round(statistics.median(totals), 2),
            "ours_spread": [round(min(totals), 2), round(max(totals), 2)],
            "peer": None,
            "unit": "ms",
            "repeats": len(times),
            "breakdown_ms": {part: round(median, 2) for part, median in zip(PARTS, medians, strict=True)},
            "settings": "forward and backward of each part; 1 clip, AdamW, a position per clip",
        }


class TrainingStep:
    """Milliseconds of core, readout, loss and optimizer; each but the last forward and backward."""

    def __init__(self, bf16_core: bool) -> None:
        draw = torch.Generator().manual_seed(0)
        self.core, self.bf16_core = FactorizedCore3d(generator=draw), bf16_core
        self.readout = GaussianReadout(NEURONS, 128, n_parameters=2, generator=draw)
        self.video = torch.randn(1, 1, FRAMES, HEIGHT, WIDTH, generator=draw)
        silent, excess = torch.rand(2, 1, FRAMES - self.core.frames_lost, NEURONS, generator=draw)
        self.responses = torch.where(silent < 0.6, 0.0, 0.0051 + 3 * excess)
        self.kappa = 0.4 + 0.2 * torch.rand(NEURONS, generator=draw)
        parameters = nn.ModuleList([self.core, self.readout]).parameters()
        self.optimizer = torch.optim.AdamW(parameters, lr=5e-3)

    def __call__(self, key: int) -> list[float]:
        """One step; cut between the parts, where gradients are handed over."""
        self.optimizer.zero_grad()
        clock = [time.perf_counter()]

        def tick() -> None:
            clock.append(time.perf_counter())

        with torch.autocast("cpu", torch.bfloat16, enabled=self.bf16_core):
            features = self.core(self.video)
        leaf = features.detach().requires_grad_()
        tick()
        raw = self.readout(leaf, generator=[key])
        raw_leaf = raw.detach().requires_grad_()
        tick()
        (zig_nll(raw_leaf, self.responses, self.kappa) / self.responses.numel()).backward()
        tick()
        raw.backward(raw_leaf.grad)
        tick()
        self.core.regularizer().backward()
        features.backward(leaf.grad)
        tick()
        self.optimizer.step()
        tick()
        core_to, readout_to, loss, readout_back, core_back, update = (
            1000 * (after - before) for before, after in pairwise(clock)
        )
        return [core_to + core_back, readout_to + readout_back, loss, update]
