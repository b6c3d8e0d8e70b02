"""Videos in SENSORIUM's classes: natural-like clips, and five that a model has not been trained on."""

from __future__ import annotations

from typing import Literal

import numpy as np

from twofold.shapes import Frames
from twofold.simulate.movie import moving_scene

VideoClass = Literal["natural", "pink_noise", "gabor", "dots", "rdk", "image"]

PIXEL_MEAN, PIXEL_SD = 80.0, 57.0
SCENE_FRAMES = 40
SPEED = (0.008, 0.045)  # of the height, per frame
LOG_CONTRAST_SD, LUMINANCE_SD = 0.35, 0.25


def video(
    kind: VideoClass, n_frames: int, height: int, width: int, random_state: int | np.random.Generator = 0
) -> Frames:
    """One clip of a class, of mean 80 and standard deviation 57 grey levels on average.

    Parameters
    ----------
    kind
        "natural": moving 1/f textures with cuts, each scene of its own contrast and luminance;
        "pink_noise": one texture that drifts, without cuts; "gabor": a grating that drifts behind a Gaussian
        window; "dots": Gaussian dots that light up and fade; "rdk": random dots that move together; "image":
        textures that stand still.
    n_frames, height, width
        Size of the clip.
    random_state
        Seed or generator.

    Returns
    -------
    np.ndarray
        (frame, height, width) uint8.

    Examples
    --------
    >>> clip = video("gabor", 10, height=18, width=32)
    >>> clip.shape, clip.dtype
    ((10, 18, 32), dtype('uint8'))
    """
    rng = np.random.default_rng(random_state)
    makers = {
        "natural": _natural,
        "pink_noise": _pink_noise,
        "gabor": _gabor,
        "dots": _dots,
        "rdk": _rdk,
        "image": _image,
    }
    return _grey(makers[kind](n_frames, height, width, rng))


def _grey(relative: np.ndarray) -> Frames:
    return np.clip(np.rint(PIXEL_MEAN + PIXEL_SD * relative), 0, 255).astype(np.uint8)


def _natural(n_frames: int, height: int, width: int, rng: np.random.Generator) -> np.ndarray:
    scenes, speed = max(1, round(n_frames / SCENE_FRAMES)), (SPEED[0] * height, SPEED[1] * height)
    lengths = rng.multinomial(n_frames - scenes, rng.dirichlet(np.full(scenes, 8.0))) + 1
    clip = []
    for length in lengths.tolist():
        contrast = np.exp(LOG_CONTRAST_SD * rng.standard_normal())
        luminance = LUMINANCE_SD * rng.standard_normal()
        clip.append(contrast * moving_scene(length, height, width, rng, speed) + luminance)
    return np.concatenate(clip)


def _pink_noise(n_frames: int, height: int, width: int, rng: np.random.Generator) -> np.ndarray:
    return moving_scene(n_frames, height, width, rng, (SPEED[1] * height, 2 * SPEED[1] * height), textures=1)


def _gabor(n_frames: int, height: int, width: int, rng: np.random.Generator) -> np.ndarray:
    """A new direction and wavelength every second or so."""
    y, x = _pixels(height, width)
    window = np.exp(-((x - (width - 1) / 2) ** 2 + (y - (height - 1) / 2) ** 2) / (2 * (0.35 * height) ** 2))
    clip = np.empty((n_frames, height, width))
    for start in range(0, n_frames, SCENE_FRAMES):
        direction, wavelength = rng.uniform(0, 2 * np.pi), height * rng.uniform(0.2, 0.5)
        along = x * np.cos(direction) + y * np.sin(direction)
        time = np.arange(start, min(start + SCENE_FRAMES, n_frames))[:, None, None]
        clip[time.ravel()] = np.sin(2 * np.pi * (along / wavelength - time / 15))
    return 1.8 * window * clip


def _dots(n_frames: int, height: int, width: int, rng: np.random.Generator) -> np.ndarray:
    """White and black dots, one of each eight frames long at a time."""
    y, x = _pixels(height, width)
    clip = np.zeros((n_frames, height, width))
    for start in range(0, n_frames, 4):
        for sign in (-1, 1):
            at_y, at_x = rng.uniform(0, height - 1), rng.uniform(0, width - 1)
            dot = np.exp(-((x - at_x) ** 2 + (y - at_y) ** 2) / (2 * (0.12 * height) ** 2))
            clip[start : start + 8] += sign * dot
    return clip / clip.std()


def _rdk(n_frames: int, height: int, width: int, rng: np.random.Generator) -> np.ndarray:
    """A field of dots that moves one way for a second or so, then another."""
    clip = np.empty((n_frames, height, width))
    dots = np.where(rng.random((height, width)) < 0.15, 1.0, 0.0)
    where = np.zeros(2)
    for frame in range(n_frames):
        if frame % SCENE_FRAMES == 0:
            direction = rng.uniform(0, 2 * np.pi)
        where += SPEED[1] * height * np.array([np.sin(direction), np.cos(direction)])
        clip[frame] = np.roll(dots, tuple(np.rint(where).astype(int)), axis=(0, 1))
    return (clip - clip.mean()) / clip.std()


def _image(n_frames: int, height: int, width: int, rng: np.random.Generator) -> np.ndarray:
    n_images = -(-n_frames // 15)
    images = [moving_scene(1, height, width, rng, (0.0, 0.0)) for _ in range(n_images)]
    return np.repeat(np.concatenate(images), 15, axis=0)[:n_frames]


def _pixels(height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    y, x = np.mgrid[:height, :width].astype(float)
    return y, x
