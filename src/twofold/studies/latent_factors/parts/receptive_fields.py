"""Where the neurons of one mouse look, as a fitted video model found it."""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Float

from twofold.encoding import LatentVideoModel


@torch.no_grad()
def centres_px(model: LatentVideoModel, number: int) -> Float[np.ndarray, "neuron 2"]:
    """Row and column of the centre of each receptive field, in pixels of the video.

    The readout's map is smaller than the video by what the core's kernels lose, half of it on each side.
    """
    centre = model.video.population(number).readout.mean().cpu().double().numpy()[:, ::-1]
    height, width = model.frame_shape
    size = np.array(model.options.map_shape(height, width))
    margin = (np.array([height, width]) - size) / 2
    return np.ascontiguousarray(margin + (np.clip(centre, -1, 1) + 1) / 2 * (size - 1))
