"""How a contrastive fit went: the loss in nats and in bits, its temperature, and its reconstruction."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from twofold.errors import DataError
from twofold.reporting.figures.picture import WHOLE, Look, canvas, grid, style
from twofold.reporting.palette import HUES, MUTED

TRAINING, VALIDATION = HUES[0], HUES[1]
POINTS = 150  # of a smoothed curve
PANELS = {"temperature": "temperature", "reconstruction": "reconstruction error"}


def history_figure(
    history: Mapping[str, np.ndarray],
    *,
    chance_loss: float | None = None,
    validation: Mapping[str, np.ndarray] | None = None,
) -> Figure:
    """Draw the curves of a fit: faint, every step; strong, means over stretches of steps.

    Parameters
    ----------
    history
        (step,) `positive` and `negative`, whose sum is the InfoNCE in nats, or only `loss`; where there are,
        `temperature` and `reconstruction`. Such as `ContrastiveEmbedding.history_`.
    chance_loss
        InfoNCE of latents that know nothing, such as `chance_loss_`: a line, and a scale in bits above it.
    validation
        (check,) `step` and `loss`, the InfoNCE on held-out trials.

    Raises
    ------
    DataError
        If no step was taken, or validation is not a pair of arrays of one length.

    Examples
    --------
    >>> history = {"loss": np.geomspace(6, 4, 200), "temperature": np.ones(200)}
    >>> [axes.get_ylabel() for axes in history_figure(history, chance_loss=6.2).axes]
    ['InfoNCE, nats', '']
    """
    loss = history["positive"] + history["negative"] if "positive" in history else history.get("loss")
    if loss is None or not len(loss):
        raise DataError("history: no step was taken, so there is nothing to draw")
    if validation is not None and len(validation["step"]) != len(validation["loss"]):
        raise DataError(f"validation: {len(validation['step'])} steps and {len(validation['loss'])} losses")
    below = [name for name in PANELS if name in history]
    with style():
        figure = canvas(WHOLE, 2.7 + 1.25 * len(below))
        heights = [2.2] + [1.0] * len(below)
        panels = figure.subplots(len(heights), 1, sharex=True, squeeze=False, height_ratios=heights)[:, 0]
        _loss(panels[0], loss, chance_loss, validation)
        for panel, name in zip(panels[1:], below, strict=True):
            _curve(panel, history[name], MUTED)
            panel.set_title(PANELS[name])
            if np.ptp(history[name]) == 0:
                level = float(history[name][0])
                panel.set_ylim(0, 2 * level or 1)
        for panel in panels:
            grid(panel, "y")
            panel.margins(x=0.01)
        panels[-1].set_xlabel("step")
    return figure


def _loss(
    panel: Axes, loss: np.ndarray, chance_loss: float | None, validation: Mapping[str, np.ndarray] | None
) -> None:
    _curve(panel, loss, TRAINING, label="training")
    if validation is not None:
        look: Look = {"color": VALIDATION, "marker": "o", "markersize": 3.5, "linewidth": 1.4}
        panel.plot(validation["step"], validation["loss"], label="validation", zorder=3, **look)
    panel.set_ylabel("InfoNCE, nats")
    panel.legend(loc="upper right", ncols=3, fontsize=8.5, bbox_to_anchor=(1.0, 1.16), borderpad=0)
    if chance_loss is None:
        return
    panel.axhline(chance_loss, color=MUTED, linewidth=0.9, linestyle=(0, (3, 2)), zorder=0.5)
    words: Look = {"xytext": (-3, 3), "textcoords": "offset points", "fontsize": 8, "color": MUTED}
    panel.annotate("chance", (1, chance_loss), xycoords=("axes fraction", "data"), ha="right", **words)

    def to_bits(nats: ArrayLike) -> np.ndarray:
        return (chance_loss - np.asarray(nats)) / np.log(2)

    def to_nats(bits: ArrayLike) -> np.ndarray:
        return chance_loss - np.asarray(bits) * np.log(2)

    bits = panel.secondary_yaxis("right", functions=(to_bits, to_nats))
    bits.set_ylabel("goodness of fit, bits")
    bits.spines["right"].set_visible(True)


def _curve(panel: Axes, values: np.ndarray, colour: str, label: str | None = None) -> None:
    step = np.arange(1, len(values) + 1)
    if len(values) >= 2 * POINTS:
        panel.plot(step, values, color=colour, linewidth=0.6, alpha=0.25, rasterized=True)
    panel.plot(*smoothed(step, values), color=colour, linewidth=1.8, label=label)


def smoothed(step: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Means over stretches of steps, at their middles; of few steps, all.

    Examples
    --------
    >>> step, mean = smoothed(np.arange(1, 1001), np.ones(1000))
    >>> len(step), float(step[0])
    (166, 3.5)
    """
    width = max(1, len(values) // POINTS)
    whole = len(values) // width * width
    middle, mean = (each[:whole].reshape(-1, width).mean(axis=1) for each in (step, values))
    return middle, mean
