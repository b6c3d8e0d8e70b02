"""The core of a video model, made from its options."""

from __future__ import annotations

import torch

from twofold.encoding.video_options import VideoOptions
from twofold.nn import FactorizedCore3d


def core_of(options: VideoOptions, generator: torch.Generator) -> FactorizedCore3d:
    """The untrained core.

    Batch normalisation takes away whatever the biases of the convolutions before it add. Their gradient is
    rounding error, which AdamW would turn into steps of full size: they stay 0.
    """
    core = FactorizedCore3d(
        options.channels,
        options.spatial,
        options.temporal,
        in_channels=1 + len(options.behaviour),
        generator=generator,
    )
    for name, parameter in core.named_parameters():
        if name.endswith(("spatial.bias", "temporal.bias")):
            parameter.requires_grad_(False)
    return core
