"""A movie of moving 1/f textures with cuts."""

from __future__ import annotations

import numpy as np
from scipy.fft import fft2, ifft2

from twofold.shapes import Frames, Ids

GREY, CONTRAST = 128.0, 42.0
HELD_FRAMES = 3
SPEED_PX = (0.75, 2.0)


def textured_movie(
    n_frames: int, height: int, width: int, cuts: int, random_state: int | np.random.Generator = 0
) -> Frames:
    """Scenes of two transparent 1/f textures, each drifting at its own constant velocity.

    A texture has amplitude 1/|k| at spatial frequency k and random phase. It moves by v pixels per frame
    when its Fourier coefficients turn by exp(-2 pi i k.v) per frame, so that sub-pixel steps are exact.

    Parameters
    ----------
    n_frames, height, width
        Size of the movie.
    cuts
        Number of cuts; the scenes between them are of similar, random length.
    random_state
        Seed or generator.

    Returns
    -------
    np.ndarray
        (frame, height, width) uint8, grey level 128 on average.

    Examples
    --------
    >>> movie = textured_movie(12, height=8, width=16, cuts=2)
    >>> movie.shape, movie.dtype
    ((12, 8, 16), dtype('uint8'))
    """
    rng = np.random.default_rng(random_state)
    lengths = rng.multinomial(n_frames - (cuts + 1), rng.dirichlet(np.full(cuts + 1, 20.0))) + 1
    movie = np.concatenate([moving_scene(int(length), height, width, rng) for length in lengths])
    return np.clip(np.rint(GREY + CONTRAST * movie), 0, 255).astype(np.uint8)


def hold_frames(frames: Frames, runs: int, random_state: int | np.random.Generator = 0) -> tuple[Frames, Ids]:
    """Make short runs of frames identical to the frame before them.

    Parameters
    ----------
    frames
        (frame, height, width).
    runs
        How many runs of 3 frames are held; they never touch each other.
    random_state
        Seed or generator.

    Returns
    -------
    frames, ids
        The changed frames, and (frame,) ids that identical frames share.

    Examples
    --------
    >>> frames, ids = hold_frames(np.arange(6).reshape(6, 1, 1), runs=1)
    >>> np.array_equal(frames[:, 0, 0], ids), len(np.unique(ids))
    (True, 3)
    """
    rng = np.random.default_rng(random_state)
    slots = (len(frames) - 1) // (HELD_FRAMES + 1)
    first = 1 + (HELD_FRAMES + 1) * rng.choice(slots, size=runs, replace=False)
    ids = np.arange(len(frames))
    ids[first[:, None] + np.arange(HELD_FRAMES)] = first[:, None] - 1
    return frames[ids], ids


def moving_scene(
    n_frames: int,
    height: int,
    width: int,
    rng: np.random.Generator,
    speed_px: tuple[float, float] = SPEED_PX,
    textures: int = 2,
) -> np.ndarray:
    """(frame, height, width) one scene, of mean 0 and variance 1 over the scene.

    Parameters
    ----------
    n_frames, height, width
        Size of the scene.
    rng
        Generator.
    speed_px
        Range of the speeds of the textures, in pixels per frame.
    textures
        Transparent textures that lie over one another.

    Examples
    --------
    >>> moving_scene(3, height=8, width=16, rng=np.random.default_rng(0)).shape
    (3, 8, 16)
    """
    # twice the frame, so that what leaves on one side does not at once come back on the other
    k_y, k_x = np.meshgrid(np.fft.fftfreq(2 * height), np.fft.fftfreq(2 * width), indexing="ij")
    amplitude = 1 / np.hypot(np.hypot(k_y, k_x), 1 / (2 * width))
    time = np.arange(n_frames)[:, None, None]
    scene = np.zeros((n_frames, height, width), dtype=np.float32)
    for _ in range(textures):
        speed, direction = rng.uniform(*speed_px), rng.uniform(0, 2 * np.pi)
        texture = amplitude * fft2(rng.standard_normal(amplitude.shape))
        turn = np.exp(-2j * np.pi * speed * time * (k_x * np.cos(direction) + k_y * np.sin(direction)))
        scene += ifft2(texture * turn, axes=(1, 2)).real[:, :height, :width]
    return (scene - scene.mean()) / scene.std()
