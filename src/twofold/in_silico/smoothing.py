"""Gaussian blur of gradients in space and time, so that no noise gathers in a video."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from twofold.in_silico.limits import Videos


@dataclass(frozen=True)
class Blur:
    """B x along height, width and time; B is symmetric and positive, so B times a gradient still leads up.

    Parameters
    ----------
    space_px, time_frames
        Standard deviations; 0 leaves an axis as it is.

    Examples
    --------
    >>> point = torch.zeros(1, 1, 5, 5)
    >>> point[0, 0, 2, 2] = 1.0
    >>> Blur(space_px=1.0)(point)[0, 0, 2].round(decimals=2)
    tensor([0.1400, 0.6100, 1.0000, 0.6100, 0.1400])
    """

    space_px: float = 0.0
    time_frames: float = 0.0

    def __call__(self, videos: Videos) -> Videos:
        """The same videos, blurred; sizes do not keep their unit."""
        for axis, sd in ((1, self.time_frames), (2, self.space_px), (3, self.space_px)):
            if sd > 0:
                weights = _gaussian(videos.shape[axis], sd).to(videos)
                videos = (videos.movedim(axis, -1) @ weights).movedim(-1, axis)
        return videos


def _gaussian(n: int, sd: float) -> Float[Tensor, "n n"]:
    place = torch.arange(n, dtype=torch.float64)
    return (-0.5 * ((place[:, None] - place) / sd) ** 2).exp()
