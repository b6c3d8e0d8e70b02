"""True frames in the first line, and under them the frames that each row decodes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from twofold.reporting.figures.picture import WHOLE, NothingToShow, Sketch, array, bare, canvas
from twofold.reporting.palette import FAINT, INK, WRONG
from twofold.studies.result import Result

COLUMNS = 8


def gallery(result: Result, true: np.ndarray, predicted: Mapping[str, np.ndarray]) -> Sketch:
    """Pictures of evenly chosen frames and what is decoded for them; wrong ones are framed."""
    pictures = array(result, "frames/pictures", 3)
    top = int(max(true.max(), *(found.max() for found in predicted.values())))
    if top >= len(pictures):
        raise NothingToShow(f"frames/pictures has {len(pictures)} pictures, but frame {top} was shown")
    bins = np.unique(np.linspace(0, len(true) - 1, COLUMNS).round().astype(int))
    lines = {"shown": true, **predicted}
    height, width = pictures.shape[1:]
    thumb = (WHOLE - 0.2) / COLUMNS * min(height / width, 1.2)
    figure = canvas(WHOLE, len(lines) * (thumb + 0.29))
    figure.set_layout_engine("none")
    for line, (name, positions) in enumerate(lines.items()):
        top_edge = 1 - (line + 0.02) / len(lines)
        share = 0.29 / (thumb + 0.29)
        right = int(np.sum(positions[bins] == true[bins]))
        count = "" if line == 0 else f"   {right} of {len(bins)} right"
        figure.text(
            0.012, top_edge - 0.62 * share / len(lines), f"{name}{count}", va="center", fontsize=9, color=INK
        )
        bottom = top_edge - 1 / len(lines)
        box = (bottom + 0.06 / len(lines), (1 - share) / len(lines))
        _line_of_pictures(figure, pictures, positions[bins], true[bins], box)
    caption = (
        f"Frames decoded from one held-out repeat at {len(bins)} evenly chosen times. "
        "Orange border: not the frame that was shown."
    )
    words = (f"{name} {int(np.sum(found[bins] == true[bins]))} right" for name, found in predicted.items())
    alt = (
        f"Pictures of the frames {', '.join(map(str, true[bins]))} above the ones decoded for them; "
        f"of {len(bins)}: {'; '.join(words)}."
    )
    return Sketch(figure, caption, alt, photographic=True)


def _line_of_pictures(
    figure: Figure,
    pictures: np.ndarray,
    positions: np.ndarray,
    true: np.ndarray,
    box: tuple[float, float],
) -> None:
    bottom, height = box
    for column, (position, shown) in enumerate(zip(positions, true, strict=True)):
        axes = figure.add_axes((0.012 + column * 0.976 / COLUMNS, bottom, 0.976 / COLUMNS - 0.008, height))
        axes.imshow(
            pictures[position], cmap="gray", vmin=0, vmax=255, aspect="auto", interpolation="bilinear"
        )
        bare(axes)
        wrong = position != shown
        for spine in axes.spines.values():
            spine.set(visible=True, color=WRONG if wrong else FAINT, linewidth=2.4 if wrong else 0.6)
