"""Gaussian readouts, ours and that of neuralpredictors, of one clip: 62 frames, 8000 neurons, 128 features.

Each side reads the map as its own core leaves it in memory, channels last or channels first, but for
`readout-eval-channels-first`, where ours has to copy it. Training is forward and backward, down to the map.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib.util import find_spec
from typing import Any

import torch
from torch import Tensor, nn

from benchmarks import alternate
from twofold.nn import GaussianReadout

TIME, NEURONS, CHANNELS, HEIGHT, WIDTH = 62, 8000, 128, 18, 46
CASES = {
    # name: (training, ours draws per, the peer draws per frame, channels last)
    "readout-eval": (False, "clip", True, True),
    "readout-eval-channels-first": (False, "clip", True, False),
    "readout-train": (True, "clip", True, True),
    "readout-train-per-clip": (True, "clip", False, True),
    "readout-train-per-frame": (True, "frame", True, True),
}


def readout_cases(quick: bool = False) -> Iterator[dict[str, object]]:
    """Fields of each case."""
    for case, settings in CASES.items():
        if find_spec("neuralpredictors") is None:
            yield {"case": case, "skipped": "neuralpredictors is not installed in this environment"}
        else:
            yield {"case": case, **compare(*settings, turns=3 if quick else 7)}


def compare(training: bool, draw: str, per_frame: bool, channels_last: bool, turns: int) -> dict[str, object]:
    """Milliseconds of both sides in turn."""
    ours = GaussianReadout(NEURONS, CHANNELS, draw=draw).train(training)
    nn.init.normal_(ours.vectors, 0, CHANNELS**-0.5, generator=torch.Generator().manual_seed(0))
    peer = peer_like(ours, per_frame).train(training)
    maps = torch.randn(1, TIME, HEIGHT, WIDTH, CHANNELS, generator=torch.Generator().manual_seed(1))
    last = maps.permute(0, 4, 1, 2, 3)
    features = last if channels_last else last.contiguous()
    images = last[0].transpose(0, 1).contiguous()
    difference = (ours.eval()(last)[0, :, :, 0] - peer.eval()(images)).abs().max().item()
    assert difference < 1e-4, f"the sides differ by {difference}"
    ours.train(training)
    peer.train(training)
    run = train if training else evaluate
    sides = (
        run(lambda x, key: ours(x, generator=[key])[0, :, :, 0], features, ours),
        run(lambda x, _: peer(x), images, peer),
    )
    for side in sides:
        side(0)
    every = "frame" if per_frame else "clip"
    return {
        **alternate(*sides, range(turns)),
        "unit": "ms, forward and backward" if training else "ms",
        "largest_difference": float(f"{difference:.1e}"),
        "peer_name": f"neuralpredictors 0.3.0 FullGaussian2d, batch_sample={per_frame}",
        "settings": f"ours: a position per {draw}; peer: per {every}"
        if training
        else "positions at their means",
    }


def peer_like(ours: GaussianReadout, per_frame: bool) -> Any:
    """The peer's readout with our weights."""
    from neuralpredictors.layers.readouts.gaussian import FullGaussian2d

    shape = (CHANNELS, HEIGHT, WIDTH)
    peer = FullGaussian2d(shape, NEURONS, bias=False, init_mu_range=0.2, batch_sample=per_frame)
    with torch.no_grad():
        peer._mu.copy_(ours.mean()[None, :, None])
        peer.sigma.copy_(ours.sigma[None])
        peer._features.copy_(ours.vectors[0].T[None, :, None])
    return peer


def evaluate(read: Callable[[Tensor, int], Tensor], maps: Tensor, _: nn.Module) -> Callable[[int], object]:
    """A forward pass without gradients."""

    def run(key: int) -> Tensor:
        with torch.no_grad():
            return read(maps, key)

    return run


def train(read: Callable[[Tensor, int], Tensor], maps: Tensor, module: nn.Module) -> Callable[[int], object]:
    """Forward and backward, to the parameters and the map."""
    slope = torch.randn(TIME, NEURONS, generator=torch.Generator().manual_seed(2))
    leaf = maps.detach().requires_grad_()

    def run(key: int) -> None:
        leaf.grad = None
        module.zero_grad()
        read(leaf, key).backward(slope)

    return run
