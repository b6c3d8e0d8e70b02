r"""Videos of a given contrast inside the box of what pixels can show.

The video that is closest to y among those with :math:`|x| = r` and :math:`l \le x \le h` is

.. math:: x = \min(\max(s y, l), h), \quad s \text{ such that } |x| = r,

as the Lagrangian of max <x, y> says (deviations from grey, so l < 0 < h). The equation for s is solved
exactly: with those pixels fixed that are at a limit, s follows from the others; it grows until no more come.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from twofold.errors import OptionError

Videos = Float[Tensor, "video frame height width"]
MOST_TURNS = 100


@dataclass(frozen=True)
class Limits:
    """What a video may be, in deviations from grey.

    Parameters
    ----------
    contrast
        Root mean square over all pixels and frames.
    low, high
        Least and largest of a pixel.

    Raises
    ------
    OptionError
        If not even a video of extremes has this contrast.

    Examples
    --------
    >>> held = Limits(contrast=1.0, low=-1.2, high=3.0).hold(torch.tensor([[[[-9.0, 3.0, 4.0]]]]))
    >>> held.min().item(), round(held.square().mean().sqrt().item(), 6)
    (-1.2000000476837158, 1.0)
    """

    contrast: float
    low: float
    high: float

    def __post_init__(self) -> None:
        if not self.low < 0 < self.high:
            raise OptionError(f"limits {self.low:g} to {self.high:g}: grey, 0, has to lie between them")
        if not 0 < self.contrast < min(-self.low, self.high):
            raise OptionError(
                f"contrast={self.contrast:g}: give a positive one below {min(-self.low, self.high):.3g}, "
                "which pixels can show around their grey"
            )

    def hold(self, video: Videos) -> Videos:
        """The closest videos inside the limits; of one without any deviation, itself.

        Where pixels that deviate are too few for the contrast, all of these are at the limits, and the
        contrast stays below.
        """
        y = video.flatten(1).double()
        square = self.contrast**2 * y.shape[1]
        edge = torch.where(y > 0, self.high, self.low).to(y)
        scale = (square / y.square().sum(1, keepdim=True).clamp(min=1e-300)).sqrt()
        for _ in range(MOST_TURNS):
            at_edge = (scale * y).abs() >= edge.abs()
            fixed = torch.where(at_edge, edge.square(), 0).sum(1, keepdim=True)
            free = torch.where(at_edge, 0, y.square()).sum(1, keepdim=True)
            larger = ((square - fixed).clamp(min=0) / free.clamp(min=1e-300)).sqrt()
            larger = torch.where(free > 0, torch.maximum(scale, larger), scale)
            if torch.equal(larger, scale):
                break
            scale = larger
        return (scale * y).clamp(self.low, self.high).to(video.dtype).reshape(video.shape)
