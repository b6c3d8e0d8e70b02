"""The part of a video model that all animals share: three factorised convolutions over time and space."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from twofold.errors import OptionError
from twofold.nn.batch_norm import GlobalBatchNorm
from twofold.nn.initial import convolution, seeded

LAPLACE_IN_SPACE = ((0.0, -1.0, 0.0), (-1.0, 4.0, -1.0), (0.0, -1.0, 0.0))
LAPLACE_IN_TIME = (-1.0, 4.0, -1.0)  # so in the published model; not -1, 2, -1

# Everywhere here, channels lie last in memory: an image (batch, channel, time, pixel) is one of
# (batch, time, channel) and vice versa without a copy, and convolutions in this order are the fastest.


class FactorizedBlock(nn.Module):
    """Convolution over space, then over time, batch normalisation, ELU; no padding.

    Parameters
    ----------
    n_in, n_out
        Channels.
    spatial, temporal
        Kernels, in pixels (square) and frames.
    generator
        Where the weights come from.
    """

    def __init__(
        self, n_in: int, n_out: int, spatial: int, temporal: int, generator: torch.Generator
    ) -> None:
        super().__init__()
        self.spatial = convolution(n_in, n_out, (spatial, spatial), generator)
        self.temporal = convolution(n_out, n_out, (temporal, 1), generator)
        self.norm = GlobalBatchNorm(n_out, momentum=0.7)

    def forward(
        self, video: Float[Tensor, "batch time height width n_in"]
    ) -> Float[Tensor, "batch valid map_height map_width n_out"]:
        """Shorten each axis by its kernel - 1."""
        clips, frames = video.shape[:2]
        images = self.spatial(video.flatten(0, 1).permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
        height, width = images.shape[1:3]
        in_time = images.reshape(clips, frames, height * width, -1).permute(0, 3, 1, 2)
        active = functional.elu(self.norm(self.temporal(in_time)), inplace=True)
        return active.permute(0, 2, 3, 1).unflatten(2, (height, width))


class FactorizedCore3d(nn.Module):
    """Video to a map of features: blocks of a spatial and a temporal convolution.

    By default it has the sizes of the latent-factor model (arXiv 2410.16136, Table 7).

    The core is causal: row t of its output depends on frames t to t + frames_lost and belongs to the last of
    them. A prediction of n rows is therefore compared with the last n frames of the responses.

    Parameters
    ----------
    channels
        Width of each block.
    spatial, temporal
        Kernels of each block, in pixels (square) and frames.
    in_channels
        1 for grey video; more where behaviour comes as further channels.
    generator
        Where the weights come from; without one they are always the same.

    Raises
    ------
    OptionError
        If the blocks are not equally many, or a size is not positive.

    Examples
    --------
    >>> core = FactorizedCore3d(channels=(4, 8), spatial=(5, 3), temporal=(3, 2))
    >>> core.frames_lost, core.map_shape(16, 20)
    (3, (10, 14))
    >>> core(torch.zeros(2, 1, 9, 16, 20)).shape
    torch.Size([2, 8, 6, 10, 14])
    """

    def __init__(
        self,
        channels: Sequence[int] = (32, 64, 128),
        spatial: Sequence[int] = (11, 5, 5),
        temporal: Sequence[int] = (11, 5, 5),
        in_channels: int = 1,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        _refuse_sizes(channels, spatial, temporal, in_channels)
        generator = seeded(generator)
        self.in_channels, widths = in_channels, (in_channels, *channels)
        self.frames_lost = sum(temporal) - len(temporal)
        self.pixels_lost = sum(spatial) - len(spatial)
        self.blocks = nn.Sequential(
            *(
                FactorizedBlock(*sizes, generator=generator)
                for sizes in zip(widths, channels, spatial, temporal, strict=False)
            )
        )

    def forward(
        self, video: Float[Tensor, "batch channel time height width"]
    ) -> Float[Tensor, "batch feature valid map_height map_width"]:
        """Features of each clip; valid = time - frames_lost.

        Channels lie last in the memory of what is returned, which is how the readout reads it.

        Raises
        ------
        OptionError
            If a clip is shorter, or a frame smaller, than the kernels together, or its channels are others.
        """
        if video.shape[1] != self.in_channels:
            raise OptionError(f"video of {video.shape[1]} channels: this core takes {self.in_channels}")
        self.map_shape(*video.shape[3:])
        if video.shape[2] <= self.frames_lost:
            raise OptionError(
                f"a clip of {video.shape[2]} frames is too short: this core needs at least "
                f"{self.frames_lost + 1}; take longer clips or smaller temporal kernels"
            )
        return self.blocks(video.permute(0, 2, 3, 4, 1)).permute(0, 4, 1, 2, 3)

    def map_shape(self, height: int, width: int) -> tuple[int, int]:
        """Height and width of the map that frames of this size give.

        Raises
        ------
        OptionError
            If the frame is smaller than the kernels together.
        """
        if min(height, width) <= self.pixels_lost:
            raise OptionError(
                f"frames of {height} x {width} pixels are too small: this core needs at least "
                f"{self.pixels_lost + 1} in each direction; take larger frames or smaller spatial kernels"
            )
        return height - self.pixels_lost, width - self.pixels_lost

    def regularizer(self, gamma_space: float = 10.0, gamma_time: float = 0.01) -> Float[Tensor, ""]:
        """Roughness of the first block's kernels, gamma_s |L_s * W_s|^2 / |W_s|^2 + the same over time.

        L is a Laplace filter, of 4 neighbours in space and of 2 in time, with zeros around the kernel.
        """
        first = self.blocks[0]
        assert isinstance(first, FactorizedBlock)
        in_space, in_time = first.spatial.weight, first.temporal.weight
        laplace_s = in_space.new_tensor(LAPLACE_IN_SPACE)
        laplace_t = in_time.new_tensor(LAPLACE_IN_TIME)[:, None]
        return gamma_space * _roughness(in_space, laplace_s) + gamma_time * _roughness(in_time, laplace_t)


def _roughness(
    kernels: Float[Tensor, "n_out n_in height width"], laplace: Float[Tensor, "taps_h taps_w"]
) -> Float[Tensor, ""]:
    each = kernels.flatten(0, 1).unsqueeze(1)
    filtered = functional.conv2d(
        each, laplace[None, None], padding=(len(laplace) // 2, laplace.shape[1] // 2)
    )
    return filtered.square().sum() / kernels.square().sum()


def _refuse_sizes(
    channels: Sequence[int], spatial: Sequence[int], temporal: Sequence[int], in_channels: int
) -> None:
    lengths = [len(channels), len(spatial), len(temporal)]
    if len(set(lengths)) > 1 or not channels:
        raise OptionError(
            f"FactorizedCore3d: channels, spatial, temporal have {lengths} entries: give one each per block"
        )
    if min(*channels, *spatial, *temporal, in_channels) < 1:
        raise OptionError("FactorizedCore3d: channels and kernels must be at least 1")
