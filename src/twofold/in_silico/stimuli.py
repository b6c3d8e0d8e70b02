r"""Drifting gratings, whole or behind a Gaussian window (Gabor patches).

.. math::

    s(t, y, x) = g + c A\, W(y, x)
    \cos\big(2\pi (k\,[(x - x_0)\cos\phi - (y - y_0)\sin\phi] - f t) + \psi\big)

with g the grey of the screen, A the largest amplitude around it, c the contrast, k and f the spatial and the
temporal frequency, psi the phase. Rows y grow downwards: the grating moves towards phi, counted
counter-clockwise as one sees it, 0 to the right and 90 degrees upwards. W = 1, or
exp(-((x - x_0)^2 + (y - y_0)^2) / 2 sd^2).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from twofold.errors import OptionError
from twofold.in_silico.screen import Screen
from twofold.shapes import Frames


@dataclass(frozen=True)
class Grating:
    """A drifting grating.

    Parameters
    ----------
    direction_deg
        Of its motion; its bars are orthogonal to it.
    cycles_per_pixel
        Spatial frequency k.
    temporal_hz
        Temporal frequency f.
    contrast
        From 0 to 1, of the largest that the screen can show around its grey; where darkness is 0 and the grey
        no lighter than half of the range, the Michelson contrast.
    row, column
        Centre (y_0, x_0) in pixels; by default that of the screen.
    sd_px
        Of the window; None shows the whole grating.
    phase_deg
        At the centre, at the time of the first response.

    Raises
    ------
    OptionError
        If a frequency is not positive, or a contrast is not from 0 to 1.
    """

    direction_deg: float
    cycles_per_pixel: float
    temporal_hz: float
    contrast: float = 1.0
    row: float | None = None
    column: float | None = None
    sd_px: float | None = None
    phase_deg: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.contrast <= 1:
            raise OptionError(f"contrast={self.contrast:g}: give a share from 0 to 1")
        if min(self.cycles_per_pixel, self.temporal_hz) <= 0:
            raise OptionError(
                f"cycles_per_pixel={self.cycles_per_pixel:g}, temporal_hz={self.temporal_hz:g}: give "
                "positive frequencies"
            )
        if self.sd_px is not None and self.sd_px <= 0:
            raise OptionError(f"sd_px={self.sd_px:g}: give a positive size, or None for a whole grating")

    def shown(self, screen: Screen, n_frames: int) -> Frames:
        """The video, (frame, height, width) grey values; time is 0 at the first frame with a response.

        Raises
        ------
        OptionError
            If pixels or frames are too coarse for its frequencies.

        Examples
        --------
        >>> screen = Screen(18, 32, frames_lost=0, grey=100.0, sd=50.0)
        >>> video = Grating(0.0, cycles_per_pixel=0.125, temporal_hz=7.5, contrast=0.5).shown(screen, 4)
        >>> video.shape, video.dtype
        ((4, 18, 32), dtype('float32'))
        >>> bool(np.allclose(video[1, :, 2:], video[0, :, :-2], atol=1e-4))   # 2 pixels to the right
        True
        """
        self._refuse_aliases(screen)
        y, x = self._off_centre(screen)
        angle = np.deg2rad(self.direction_deg)
        along = self.cycles_per_pixel * (x * np.cos(angle) - y * np.sin(angle))
        time_s = (np.arange(n_frames) - screen.frames_lost) / screen.rate_hz
        phase = 2 * np.pi * (along - (self.temporal_hz * time_s)[:, None, None]) + np.deg2rad(self.phase_deg)
        wave = self.contrast * screen.amplitude * np.cos(phase)
        if self.sd_px is not None:
            wave *= np.exp(-(x**2 + y**2) / (2 * self.sd_px**2))
        return (screen.grey + wave).astype(np.float32)

    def _off_centre(
        self, screen: Screen
    ) -> tuple[Float[np.ndarray, "height 1"], Float[np.ndarray, "1 width"]]:
        row = (screen.height - 1) / 2 if self.row is None else self.row
        column = (screen.width - 1) / 2 if self.column is None else self.column
        return np.arange(float(screen.height))[:, None] - row, np.arange(float(screen.width))[
            None, :
        ] - column

    def _refuse_aliases(self, screen: Screen) -> None:
        if self.cycles_per_pixel > 0.5:
            raise OptionError(f"cycles_per_pixel={self.cycles_per_pixel:g}: pixels show at most 0.5")
        if self.temporal_hz >= screen.rate_hz / 2:
            raise OptionError(
                f"temporal_hz={self.temporal_hz:g}: {screen.rate_hz:g} frames per second show which way a "
                f"grating moves only below {screen.rate_hz / 2:g} Hz"
            )
