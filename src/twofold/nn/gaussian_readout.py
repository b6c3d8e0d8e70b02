"""The part of a video model that each recording has of its own: where and what each neuron reads."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float, Int64
from numpy.typing import ArrayLike
from torch import Tensor, nn

from twofold.errors import OptionError
from twofold.nn.initial import seeded
from twofold.nn.receptive_fields import CorticalPositions, FreePositions
from twofold.nn.sparse_readout import corners, sample_products
from twofold.nn.temporal_readout import TemporalReadout

Source = torch.Generator | Sequence[int] | Int64[Tensor, " batch"] | None
Features = Float[Tensor, "batch channel time height width"]


class GaussianReadout(nn.Module):
    """a_i(t) = <f_i, m(t, mu_i + Sigma_i e)> + b_i: features at one point of the map (Lurz et al. 2021).

    In training the point is drawn around the mean mu_i, e ~ N(0, I), so that the gradient finds the way to a
    distant receptive field; in evaluation it is the mean.

    Parameters
    ----------
    n_neurons, channels
        Sizes of the recording, and of the core's output.
    n_parameters
        Feature vectors per neuron: one for each parameter of the response distribution.
    positions
        (neuron, 2 or 3) in cortex, in micrometres, to predict mu from; None leaves mu free.
    bias
        Whether there is b. It starts at zero: set it by `start_bias`.
    draw
        "clip" for one point per clip, or "frame" for a new one in each frame.
    init_sigma
        The entries of Sigma, a root of the covariance, start uniform on ±init_sigma.
    convolution
        A further convolution over time and features; off in the paper.
    generator
        Where the parameters come from; without one they are always the same.

    Raises
    ------
    OptionError
        If `draw` is unknown, or the positions or the convolution are for other neurons or parameters.

    Examples
    --------
    >>> readout = GaussianReadout(n_neurons=5, channels=3, n_parameters=2)
    >>> readout(torch.zeros(4, 3, 7, 6, 8), generator=torch.Generator().manual_seed(0)).shape
    torch.Size([4, 7, 5, 2])
    """

    def __init__(
        self,
        n_neurons: int,
        channels: int,
        n_parameters: int = 1,
        positions: ArrayLike | Tensor | None = None,
        bias: bool = False,
        draw: str = "clip",
        init_sigma: float = 1.0,
        convolution: TemporalReadout | None = None,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        _refuse(n_neurons, n_parameters, positions, draw, convolution)
        generator, self.draw, self.convolution = seeded(generator), draw, convolution
        self.mean = (
            FreePositions(n_neurons, generator)
            if positions is None
            else CorticalPositions(positions, generator=generator)
        )
        self.sigma = nn.Parameter(torch.empty(n_neurons, 2, 2))
        nn.init.uniform_(self.sigma, -init_sigma, init_sigma, generator=generator)
        self.vectors = nn.Parameter(torch.full((n_parameters, n_neurons, channels), 1 / channels))
        self.bias = nn.Parameter(torch.zeros(n_neurons, n_parameters)) if bias else None

    def forward(
        self,
        features: Features,
        shift: Float[Tensor, "batch 2"] | Float[Tensor, "batch time 2"] | None = None,
        generator: Source = None,
    ) -> Float[Tensor, "batch time neuron parameter"]:
        """What each neuron reads at each time; needs no copy where channels lie last in memory.

        Parameters
        ----------
        features
            The core's output.
        shift
            By how much all receptive fields move, (x, y), in each clip or in each frame.
        generator
            In training, where the points come from: a generator, or one integer per clip, which then
            determines that clip's points wherever it is in the batch.

        Raises
        ------
        OptionError
            If there is no generator in training, or not one key per clip.
        """
        batch, _, time = features.shape[:3]
        with torch.autocast(features.device.type, enabled=False):  # a position needs its digits
            maps = features.permute(0, 2, 3, 4, 1).to(self.vectors.dtype).contiguous()
            read = self._read(maps, self._points(batch, time, shift, generator))
            return read if self.bias is None else read + self.bias

    def _read(
        self,
        maps: Float[Tensor, "batch time height width channel"],
        points: Float[Tensor, "clip frame neuron 2"],
    ) -> Float[Tensor, "batch time neuron parameter"]:
        for axis in (2, 3):  # there is nothing between the pixels of a single row
            maps = torch.cat([maps, maps], axis) if maps.shape[axis] == 1 else maps
        at = corners(points, *maps.shape[2:4])
        if self.convolution is None:
            return sample_products(maps, self.vectors, at)
        if points.shape[1] == 1:  # receptive fields stand still
            each = zip(self.convolution.of_map(maps), self.vectors.split(1), strict=True)
            return torch.cat([sample_products(*own, at) for own in each], dim=3)
        taps = sample_products(maps, self.convolution.taps(self.vectors), at)
        return self.convolution.combine(taps, self.vectors)

    def start_bias(self, responses: Float[Tensor, " neuron"]) -> None:
        """Begin at the mean response of a batch, as the baseline of the Sensorium competition does."""
        if self.bias is None:
            raise OptionError("this readout has no bias; make it with bias=True")
        with torch.no_grad():
            self.bias.copy_(responses[:, None])

    def regularizer(self, gamma: float = 0.0) -> Float[Tensor, ""]:
        """Sum of absolute feature weights, gamma |f|; 0 in the paper."""
        return gamma * self.vectors.abs().sum()

    def _points(
        self,
        batch: int,
        time: int,
        shift: Tensor | None,
        generator: Source,
    ) -> Float[Tensor, "clip frame neuron 2"]:
        """Points in the map; an axis is 1 where they are all the same."""
        points = self.mean()[None, None]
        if shift is not None:
            points = points + (shift[:, None, None] if shift.ndim == 2 else shift[:, :, None])
        if self.training:
            shape = (time if self.draw == "frame" else 1, len(self.sigma), 2)
            noise = _normal(batch, shape, generator).to(self.sigma)
            points = points + (self.sigma @ noise.unsqueeze(-1)).squeeze(-1)
        return points.clamp(-1, 1)


def _normal(batch: int, shape: tuple[int, ...], generator: Source) -> Float[Tensor, "batch ..."]:
    if generator is None:
        raise OptionError(
            "in training a Gaussian readout draws receptive fields: give generator=torch.Generator(), "
            "or one integer per clip"
        )
    if isinstance(generator, torch.Generator):
        return torch.randn(batch, *shape, generator=generator, device=generator.device)
    if len(generator) != batch:
        raise OptionError(f"{len(generator)} keys for {batch} clips: give one integer per clip")
    return torch.stack(
        [torch.randn(shape, generator=torch.Generator().manual_seed(int(k))) for k in generator]
    )


def _refuse(
    n_neurons: int,
    n_parameters: int,
    positions: ArrayLike | Tensor | None,
    draw: str,
    convolution: TemporalReadout | None,
) -> None:
    if draw not in ("clip", "frame"):
        raise OptionError(f"GaussianReadout: draw={draw!r}: give 'clip' or 'frame'")
    n_positions = n_neurons if positions is None else len(torch.as_tensor(positions))
    if n_positions != n_neurons:
        raise OptionError(f"GaussianReadout: {n_positions} positions for {n_neurons} neurons")
    if convolution is not None and len(convolution.weight) != n_parameters:
        raise OptionError(
            f"GaussianReadout: its convolution has {len(convolution.weight)} parameters of {n_parameters}"
        )
