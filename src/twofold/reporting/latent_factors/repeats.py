"""Mixed repeats: whether what other neurons add belongs to the same presentation, or to the video."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from twofold.reporting.figures.picture import WHOLE, NothingToShow, Sketch, canvas, grid
from twofold.reporting.latent_factors.colours import CONDITIONED, MIXED
from twofold.reporting.latent_factors.mice import counted, of_each_mouse
from twofold.reporting.numbers import number
from twofold.reporting.palette import INK, MUTED
from twofold.studies.result import Result

WAYS = {"same": ("the same presentation", CONDITIONED), "mixed": ("another repeat", MIXED)}


def mixed_repeats(result: Result) -> Sketch:
    """Every neuron: correlation given other neurons over that from the video alone, per way and mouse."""
    video = of_each_mouse(result, "mixed", "video", 1)
    given = {way: of_each_mouse(result, "mixed", way, 1) for way in WAYS}
    limits = _limits([*video.values(), *(each for way in given.values() for each in way.values())])
    figure = canvas(WHOLE, 3.0)
    panels = figure.subplots(1, len(WAYS), sharex=True, sharey=True)
    panels[0].set(xlim=limits, ylim=limits, ylabel="correlation, given other neurons")
    words = []
    for axes, (way, (name, colour)) in zip(panels, WAYS.items(), strict=True):
        found = given[way]
        if {mouse: len(x) for mouse, x in found.items()} != {mouse: len(x) for mouse, x in video.items()}:
            raise NothingToShow(f"mixed/…/{way} and mixed/…/video are not of the same neurons")
        gain = _neurons(axes, video, found, colour)
        axes.set_title(f"others of {name}", fontsize=8.5)
        words.append(f"{name}: {number(gain)} above the video alone")
    figure.supxlabel("correlation, from the video alone", fontsize=9.5, color=INK)
    caption = (
        f"Each faint point is a neuron of {counted(len(video))}, each ring the mean of a mouse; on the "
        "dashed line other neurons add nothing. Left, the others were recorded in the same presentation; "
        "right, in another repeat of the same video. What is gained left and lost right is the state; "
        "what stays right follows the video. The paper: 0.20, 0.16 and 0.15 for same, mixed, video alone."
    )
    return Sketch(figure, caption, f"Scatter of neurons: {'; '.join(words)}.")


def _limits(values: list[np.ndarray]) -> tuple[float, float]:
    """Ends of both axes, so that the line of no gain is a diagonal."""
    low, high = float(np.nanmin(np.concatenate(values))), float(np.nanmax(np.concatenate(values)))
    edge = 0.05 * (high - low) or 0.1
    return low - edge, high + edge


def _neurons(axes: Axes, video: dict[str, np.ndarray], found: dict[str, np.ndarray], colour: str) -> float:
    """Draw the neurons and the mean of each mouse; the mean gain over mice."""
    gains = []
    for mouse, across in video.items():
        up = found[mouse]
        axes.plot(
            across, up, "o", color=colour, markersize=2.4, alpha=0.3, markeredgewidth=0, rasterized=True
        )
        gains.append(float(np.nanmean(up - across)))
    for mouse, across in video.items():
        at = (float(np.nanmean(across)), float(np.nanmean(found[mouse])))
        axes.plot(*at, "o", color=INK, markerfacecolor=colour, markersize=7, markeredgewidth=1.3, zorder=3)
    axes.axline((0, 0), slope=1, color=MUTED, linewidth=0.9, linestyle=(0, (3, 2)), zorder=0.5)
    axes.set_box_aspect(1)
    grid(axes)
    return float(np.mean(gains))
