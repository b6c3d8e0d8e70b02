"""Videos of many neurons at a glance: a contact sheet, and all of them moving side by side."""

from __future__ import annotations

import io
from collections.abc import Sequence
from math import ceil

import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure
from PIL import Image

from twofold.errors import DataError
from twofold.reporting.figures.picture import Look, bare, canvas, style

Videos = Float[np.ndarray, "neuron frame height width"]
MOST_FRAMES = 10
FRAME_WIDTH = 0.72  # inches
TILE_PX = 96  # least width of a tile in the moving picture
GAP_PX = 4


def contact_sheet(
    videos: Videos,
    labels: Sequence[str],
    *,
    rate_hz: float = 30.0,
    low: float = 0.0,
    high: float = 255.0,
    title: str = "",
) -> Figure:
    """Draw a line per neuron: its video's last frames, or as many evenly chosen ones as fit.

    Parameters
    ----------
    videos
        Grey values.
    labels
        Of the lines.
    rate_hz
        Frames per second; times are counted from the last frame.
    low, high
        Black and white.
    title
        Above all.

    Raises
    ------
    DataError
        If there is no video, or not one label for each.

    Examples
    --------
    >>> figure = contact_sheet(np.full((2, 3, 4, 6), 80.0), ["neuron 0", "neuron 5"])
    >>> len(figure.axes), figure.axes[0].get_title()
    (6, '-67 ms')
    """
    _check(videos, labels)
    n_neurons, n_frames, height, width = videos.shape
    shown = np.unique(np.linspace(0, n_frames - 1, min(n_frames, MOST_FRAMES)).round().astype(int))
    look: Look = {"cmap": "gray", "vmin": low, "vmax": high, "interpolation": "nearest"}
    with style():
        line = FRAME_WIDTH * height / width + 0.06
        figure = canvas(FRAME_WIDTH * len(shown) + 1.0, line * n_neurons + (0.6 if title else 0.35))
        panels = figure.subplots(n_neurons, len(shown), squeeze=False)
        for neuron, (row, label) in enumerate(zip(panels, labels, strict=True)):
            for axes, frame in zip(row, shown, strict=True):
                axes.imshow(videos[neuron, frame], **look)
                bare(axes)
            row[0].set_ylabel(label, rotation=0, ha="right", va="center", fontsize=8)
        for axes, frame in zip(panels[0], shown, strict=True):
            axes.set_title(f"{1000 * (frame - n_frames + 1) / rate_hz:.0f} ms", fontsize=8, loc="center")
        if title:
            figure.suptitle(title, fontsize=10)
    return figure


def moving_sheet(
    videos: Videos, *, frames_per_second: float = 10.0, low: float = 0.0, high: float = 255.0
) -> bytes:
    """Make a GIF of all videos side by side, that goes round and round; the same bits every time.

    Parameters
    ----------
    videos
        Grey values.
    frames_per_second
        At which they are shown; slower than they were made for, so that one sees something.
    low, high
        Black and white.

    Raises
    ------
    DataError
        If there is no video.

    Examples
    --------
    >>> moving_sheet(np.full((3, 5, 4, 6), 80.0))[:6]
    b'GIF89a'
    """
    _check(videos, range(len(videos)))
    n_neurons, n_frames, height, width = videos.shape
    scale = ceil(TILE_PX / width)
    across = ceil(np.sqrt(n_neurons * height / width))
    down = ceil(n_neurons / across)
    grey = np.clip(np.rint(255 * (videos - low) / (high - low)), 0, 255).astype(np.uint8)
    tiles = grey.repeat(scale, axis=2).repeat(scale, axis=3)
    step_y, step_x = scale * height + GAP_PX, scale * width + GAP_PX
    sheet = np.full((n_frames, down * step_y - GAP_PX, across * step_x - GAP_PX), 255, dtype=np.uint8)
    for number, tile in enumerate(tiles):
        y, x = number // across * step_y, number % across * step_x
        sheet[:, y : y + scale * height, x : x + scale * width] = tile
    first, *others = [Image.fromarray(frame) for frame in sheet]
    file = io.BytesIO()
    first.save(
        file,
        format="gif",
        save_all=True,
        append_images=others,
        duration=round(1000 / frames_per_second),
        loop=0,
    )
    return file.getvalue()


def _check(videos: Videos, labels: Sequence[object]) -> None:
    if not len(videos) or len(labels) != len(videos):
        raise DataError(
            f"{len(labels)} labels for {len(videos)} videos; give at least one, and one label each"
        )
