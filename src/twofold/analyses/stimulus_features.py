r"""Contrast, luminance and motion energy of a video, over the whole picture or around receptive fields.

With x(t) the picture, dt the time between frames and <.> a weighted mean over pixels, at each frame

.. math::

    \mathrm{contrast} = \sqrt{\langle x^2 \rangle - \langle x \rangle^2}, \quad
    \mathrm{luminance} = \langle x \rangle, \quad
    \mathrm{motion} = \sqrt{\langle (x(t) - x(t - dt))^2 \rangle} / dt
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from jaxtyping import Float, Num
from scipy.ndimage import gaussian_filter, map_coordinates, uniform_filter

from twofold.errors import DataError, OptionError
from twofold.shapes import Frames

FEATURES = ("contrast", "luminance", "motion")
CORE_KERNELS = (11, 5, 5)  # of the paper's core, in frames and in pixels
Positions = Num[np.ndarray, "position 2"]


def global_features(frames: Frames, rate_hz: float) -> Float[np.ndarray, "frame feature"]:
    """Contrast, luminance and motion energy of whole pictures.

    Parameters
    ----------
    frames
        (frame, height, width).
    rate_hz
        Frames per second.

    Returns
    -------
    np.ndarray
        (frame, 3) in grey levels, and grey levels per second; the first frame moves as the second does.

    Raises
    ------
    DataError
        If a clip is not one of pictures, shorter than 2 frames, or not finite.
    OptionError
        If the rate is not above 0.

    Examples
    --------
    >>> flicker = np.zeros((3, 2, 2)) + np.array([0.0, 1.0, 0.0])[:, None, None]
    >>> global_features(flicker, rate_hz=30.0)
    array([[ 0.,  0., 30.],
           [ 0.,  1., 30.],
           [ 0.,  0., 30.]])
    """
    return np.stack(_statistics(frames, rate_hz, lambda x: x.mean(axis=(1, 2))), axis=-1)


def local_features(
    frames: Frames, positions_px: Positions, rate_hz: float, *, sd_px: float = 4.0
) -> Float[np.ndarray, "frame position feature"]:
    """Contrast, luminance and motion energy in a Gaussian window around each position.

    Parameters
    ----------
    frames
        (frame, height, width).
    positions_px
        (position, 2) row and column of receptive fields, in pixels; the first pixel's centre is (0, 0).
    rate_hz
        Frames per second.
    sd_px
        Standard deviation of the window.

    Returns
    -------
    np.ndarray
        (frame, position, 3), in the units of `global_features`.

    Raises
    ------
    DataError
        As in `global_features`, or if a position lies outside the picture.
    OptionError
        If the rate or the window is not above 0.

    Examples
    --------
    >>> half = np.zeros((2, 9, 30)) + np.where(np.arange(30) < 15, 0.0, 8.0)
    >>> local_features(half, np.array([[4.0, 2.0], [4.0, 14.5]]), 30.0, sd_px=2.0)[0].round(1)
    array([[0., 0., 0.],
           [4., 4., 0.]])
    """
    if not sd_px > 0:
        raise OptionError(f"sd_px={sd_px}: give a window of more than 0 pixels")
    coordinates = _inside(positions_px, frames.shape[1:])

    def around(x: np.ndarray) -> np.ndarray:
        blurred = gaussian_filter(x, sd_px, axes=(1, 2), mode="nearest")
        return np.stack([map_coordinates(one, coordinates, order=1) for one in blurred])

    return np.stack(_statistics(frames, rate_hz, around), axis=-1)


def with_lags(
    features: Num[np.ndarray, "frame feature"], rate_hz: float, *, up_to_s: float = 1.0, step_s: float = 0.1
) -> Float[np.ndarray, "frame lagged"]:
    """Features of each frame, and those that were there up to a second before.

    Parameters
    ----------
    features
        (frame, feature) of one clip.
    rate_hz
        Frames per second.
    up_to_s, step_s
        Largest lag and step from lag to lag, in seconds; a step below a frame is one frame.

    Returns
    -------
    np.ndarray
        (frame, lag * feature), lag 0 first. Before the clip, its first frame is taken to stand still.

    Raises
    ------
    OptionError
        If the rate or the step is not above 0, or the largest lag is negative.

    Examples
    --------
    >>> with_lags(np.arange(4.0)[:, None], rate_hz=2.0, up_to_s=1.0, step_s=0.5)
    array([[0., 0., 0.],
           [1., 0., 0.],
           [2., 1., 0.],
           [3., 2., 1.]])
    """
    if not (rate_hz > 0 and step_s > 0 and up_to_s >= 0):
        raise OptionError(
            f"rate_hz={rate_hz}, step_s={step_s}, up_to_s={up_to_s}: give a rate and a step above 0, and no "
            "negative lag"
        )
    steps = np.arange(int(np.floor(up_to_s / step_s + 1e-9)) + 1)
    lags = np.unique(np.round(steps * step_s * rate_hz).astype(int))
    earlier = np.maximum(np.arange(len(features))[:, None] - lags, 0)
    return np.asarray(features, dtype=float)[earlier].reshape(len(features), -1)


def core_contrast(frames: Frames, positions_px: Positions) -> Float[np.ndarray, "response position"]:
    """The paper's contrast: variance of pixels in the core's receptive field, of 19 frames and pixels.

    Source: paper B, section 5.5 and its code; three mean poolings of 11, 5 and 5, without borders, of x^2 and
    of x, read at the position of the readout.

    Parameters
    ----------
    frames
        (frame, height, width).
    positions_px
        (position, 2) row and column, in pixels; those nearer to the edge than 9 pixels are moved inwards.

    Returns
    -------
    np.ndarray
        (frame - 18, position) squared grey levels; row t is of frames t to t + 18.

    Raises
    ------
    DataError
        If the pictures or the clip are smaller than the receptive field, or a position lies outside.

    Examples
    --------
    >>> checks = np.indices((20, 24, 24)).sum(axis=0) % 2
    >>> core_contrast(checks, np.array([[12.0, 12.0]])).shape
    (2, 1)
    """
    margin = sum(size // 2 for size in CORE_KERNELS)
    if min(frames.shape) < 2 * margin + 1:
        raise DataError(f"frames {frames.shape}: the core's receptive field is {2 * margin + 1} in each axis")
    coordinates = _inside(positions_px, frames.shape[1:])
    coordinates = np.clip(coordinates - margin, 0, np.array(frames.shape[1:])[:, None] - 2 * margin - 1)
    x = np.asarray(frames, dtype=float)
    mean, square = (_pooled(part)[(slice(margin, -margin),) * 3] for part in (x, x**2))
    return np.stack([map_coordinates(one, coordinates, order=1) for one in square - mean**2])


def _pooled(x: np.ndarray) -> np.ndarray:
    for size in CORE_KERNELS:
        x = uniform_filter(x, size)
    return x


def _statistics(
    frames: Frames, rate_hz: float, mean: Callable[[np.ndarray], np.ndarray]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    if not rate_hz > 0:
        raise OptionError(f"rate_hz={rate_hz}: give frames per second, above 0")
    x = np.asarray(frames, dtype=float)
    if len(x) < 2 or not x.size:
        raise DataError(f"frames {x.shape}: motion needs 2 pictures at least")
    if not np.isfinite(x).all():
        raise DataError(
            f"frames: not finite in frame {np.argwhere(~np.isfinite(x))[0, 0]}; cut the clip before"
        )
    x = x - x.mean()  # small numbers, so that <x^2> - <x>^2 keeps its digits
    luminance = mean(x)
    contrast = np.sqrt(np.maximum(mean(x**2) - luminance**2, 0.0))
    motion = np.sqrt(np.maximum(mean(np.diff(x, axis=0) ** 2), 0.0)) * rate_hz
    offset = np.asarray(frames, dtype=float).mean()
    return contrast, luminance + offset, np.concatenate([motion[:1], motion])


def _inside(positions_px: Positions, shape: tuple[int, ...]) -> Float[np.ndarray, "2 position"]:
    positions = np.asarray(positions_px, dtype=float)
    outside = ~((positions >= 0) & (positions <= np.array(shape) - 1)).all(axis=1)
    if outside.any():
        which = np.flatnonzero(outside)[0]
        row, column = positions[which]
        raise DataError(
            f"position {which}: row {row:g}, column {column:g} lies outside a picture of {shape[0]} x "
            f"{shape[1]} pixels; rows come first"
        )
    return positions.T
