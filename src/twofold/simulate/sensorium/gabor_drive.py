"""What video drives neurons: a few Gabor channels everywhere, read at each neuron's receptive field.

    r_c(t, y, x) = sum_l k_c(l) sum_dy,dx G_c(dy, dx) video(t - l, y + dy, x + dx)
    drive_n(t) = sum_c f_nc ELU(2 r_c(t, y_n, x_n)), between pixels by bilinear interpolation

This is what a core of factorised convolutions followed by a readout at one position can compute.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy.ndimage import convolve1d
from scipy.sparse import csr_array

from twofold.shapes import Frames
from twofold.simulate.sensorium.video_classes import PIXEL_MEAN, PIXEL_SD

ORIENTATIONS, PHASES = 4, 2
LAGS = 7
GAIN = 2.0
FIELD_Y, FIELD_X = 0.135, 0.28  # receptive fields lie this share of the frame around its centre


@dataclass(frozen=True, eq=False)
class GaborBank:
    """Channels of four orientations and two phases, and where in the frame they are computed.

    Parameters
    ----------
    spatial
        (channel, size, size) filters.
    temporal
        (channel, lag) kernels; lag 0 is the frame itself, and none looks ahead.
    rows, columns
        Consecutive pixels at which the channels are known.
    is_complex
        Whether the channels are energies, of the two phases together, divided by the energy around: cells
        that a core of a few channels does not find.

    Examples
    --------
    >>> bank = GaborBank.for_frames(18, 32)
    >>> bank.maps(np.zeros((5, 18, 32), np.uint8)).shape    # (frame, row * column * channel)
    (5, 960)
    """

    spatial: np.ndarray
    temporal: np.ndarray
    rows: np.ndarray
    columns: np.ndarray
    is_complex: bool = False
    scale: float = 1.0

    @classmethod
    def for_frames(cls, height: int, width: int, is_complex: bool = False) -> GaborBank:
        """Filters of a width of 4 in 18 pixels, where receptive fields may lie."""
        half = round(height / 6)
        dy, dx = np.mgrid[-half : half + 1, -half : half + 1]
        angle = (np.arange(ORIENTATIONS) * np.pi / ORIENTATIONS)[:, None, None, None]
        phase = (np.arange(PHASES) * np.pi / PHASES)[:, None, None]
        along = dx * np.cos(angle) + dy * np.sin(angle)
        envelope = np.exp(-(dx**2 + dy**2) / (2 * (height / 12) ** 2))
        gabor = (envelope * np.cos(2 * np.pi * along / (height / 4) + phase)).reshape(-1, *dy.shape)
        gabor -= envelope * (gabor.sum(axis=(1, 2)) / envelope.sum())[:, None, None]  # blind to luminance
        lag = np.arange(LAGS)
        temporal = lag * np.exp(-lag / 1.5) * np.cos(2 * np.pi * (lag - 1) / 10)
        return cls(
            spatial=gabor.astype(np.float32),
            temporal=np.tile(temporal.astype(np.float32), (len(gabor), 1)),
            rows=_pixels(height, FIELD_Y),
            columns=_pixels(width, FIELD_X),
            is_complex=is_complex,
        )

    def scaled_to(self, frames: Frames) -> GaborBank:
        """The same channels with a response of standard deviation 1 to a video."""
        return replace(self, scale=self.scale / float(self._linear(frames).std()))

    def maps(self, frames: Frames) -> np.ndarray:
        """(frame, row * column * channel) channels of a clip; before its first frame the screen is grey."""
        linear = self.scale * self._linear(frames)
        if not self.is_complex:
            r = GAIN * linear
            return np.where(r > 0, r, np.expm1(np.minimum(r, 0))).reshape(len(frames), -1)
        pairs = linear.reshape(*linear.shape[:3], ORIENTATIONS, PHASES)
        energy = np.sqrt((pairs**2).sum(axis=-1))
        around = energy.mean(axis=(1, 2, 3), keepdims=True)
        return np.repeat(energy / (0.5 + around), PHASES, axis=-1).reshape(len(frames), -1)

    def readout(self, position_px: np.ndarray, weights: np.ndarray) -> csr_array:
        """(row * column * channel, neuron) what takes maps to drive.

        Parameters
        ----------
        position_px
            (neuron, 2) row and column of each receptive field, inside the pixels of the bank.
        weights
            (neuron, channel) feature weights.
        """
        n, channels = weights.shape
        y, x = position_px[:, 0] - self.rows[0], position_px[:, 1] - self.columns[0]
        top = np.clip(np.floor(y), 0, len(self.rows) - 2).astype(int)
        left = np.clip(np.floor(x), 0, len(self.columns) - 2).astype(int)
        entries, where = [], []
        for down in (0, 1):
            for right in (0, 1):
                share = np.abs(1 - down - (y - top)) * np.abs(1 - right - (x - left))
                pixel = (top + down) * len(self.columns) + left + right
                entries.append(share[:, None] * weights)
                where.append(pixel[:, None] * channels + np.arange(channels))
        columns = np.broadcast_to(np.arange(n)[:, None], (n, channels))
        shape = (len(self.rows) * len(self.columns) * channels, n)
        cells = (np.ravel(where), np.tile(columns.ravel(), 4))
        return csr_array((np.ravel(entries).astype(np.float32), cells), shape=shape)

    def _linear(self, frames: Frames) -> np.ndarray:
        """(frame, row, column, channel) responses of the filters."""
        size = self.spatial.shape[1]
        picture = (frames.astype(np.float32) - PIXEL_MEAN) / PIXEL_SD
        half = size // 2
        picture = picture[
            :,
            self.rows[0] - half : self.rows[-1] + half + 1,
            self.columns[0] - half : self.columns[-1] + half + 1,
        ]
        patches = sliding_window_view(picture, (size, size), axis=(1, 2))
        spatial = np.tensordot(patches, self.spatial, axes=((3, 4), (1, 2)))
        response = np.zeros_like(spatial)
        for lag in range(min(LAGS, len(frames))):
            response[lag:] += self.temporal[:, lag] * spatial[: len(frames) - lag]
        return response


def shifted(frames: Frames, eye_px: np.ndarray) -> Frames:
    """What the retina sees of a clip: frames moved by whole pixels, the border repeated.

    Parameters
    ----------
    frames
        (frame, height, width).
    eye_px
        (frame, 2) down and right, rounded.

    Examples
    --------
    >>> shifted(np.arange(4).reshape(1, 1, 4), np.array([[0.0, 1.0]]))
    array([[[1, 2, 3, 3]]])
    """
    n_frames, height, width = frames.shape
    down, right = np.rint(eye_px).astype(int).T
    y = np.clip(np.arange(height) + down[:, None], 0, height - 1)
    x = np.clip(np.arange(width) + right[:, None], 0, width - 1)
    return frames[np.arange(n_frames)[:, None, None], y[:, :, None], x[:, None, :]]


def late_luminance(frames: Frames, position_px: np.ndarray, lag: int = 24) -> np.ndarray:
    """(frame, neuron) blurred luminance at each receptive field, too long ago for a core of 18 frames.

    Parameters
    ----------
    frames
        (frame, height, width).
    position_px
        (neuron, 2) row and column.
    lag
        In frames; before the clip the screen is grey.
    """
    width = 0.2 * frames.shape[2]
    taps = np.exp(-(np.arange(-round(2 * width), round(2 * width) + 1) ** 2) / (2 * width**2))
    picture = (frames.astype(np.float32) - PIXEL_MEAN) / PIXEL_SD
    for axis in (1, 2):
        picture = convolve1d(picture, taps / taps.sum(), axis=axis, mode="nearest")
    row, column = np.rint(position_px).astype(int).T
    late = np.zeros((len(frames), len(position_px)), dtype=np.float32)
    late[lag:] = picture[: max(0, len(frames) - lag), row, column]
    return late


def field_px(height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Centre and half width, (row, column), of the part of the frame where receptive fields lie."""
    centre = np.array([(height - 1) / 2, (width - 1) / 2])
    return centre, np.array([FIELD_Y * height, FIELD_X * width])


def _pixels(length: int, share: float) -> np.ndarray:
    centre = (length - 1) / 2
    return np.arange(np.floor(centre - share * length), np.ceil(centre + share * length) + 1).astype(int)
