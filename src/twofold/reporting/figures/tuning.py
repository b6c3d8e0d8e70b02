"""All trials of the searches that chose options, best and worst."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from twofold.reporting.figures.panels import small_multiples
from twofold.reporting.figures.picture import PANELS, NothingToShow, Sketch, array, grid, named
from twofold.reporting.numbers import number
from twofold.reporting.palette import HUES, INK, MUTED
from twofold.studies.result import Result

MOST_SEARCHES = 6
MOST_OPTIONS = 4


def trials(result: Result) -> Sketch:
    """Value of each trial in its order, and the best so far, a panel per search."""
    searches = [key.removesuffix("/value") for key in named(result, "tuning/") if key.endswith("/value")][
        :MOST_SEARCHES
    ]
    if not searches:
        raise NothingToShow("the result has no array tuning/<search>/value")
    figure, panels = small_multiples(searches, width=PANELS, across=3, ratio=0.7, share=False)
    words = []
    for axes, search in zip(panels, searches, strict=True):
        value = array(result, f"tuning/{search}/value", 1)
        if not np.isfinite(value).any():
            raise NothingToShow(f"no trial of tuning/{search} came to an end")
        best = int(np.nanargmax(value))
        _panel(axes, value, best)
        chosen = _options(result, search, best)
        said = f"{search}: best {number(float(value[best]))} in trial {best + 1} of {len(value)}"
        words.append(f"{said} ({chosen})" if chosen else said)
    figure.supxlabel("trial", fontsize=9.5)
    figure.supylabel("validation", fontsize=9.5)
    caption = (
        f"Every trial of the searches, on training repeats only. Line: the best so far. {'; '.join(words)}. "
        "Where many trials are as good as the best, its options say little."
    )
    return Sketch(figure, caption, f"Dots of all trials of the searches: {'; '.join(words)}.")


def _panel(axes: Axes, value: np.ndarray, best: int) -> None:
    trial = np.arange(1, len(value) + 1)
    axes.plot(trial, value, "o", color=MUTED, markersize=3.5, alpha=0.8)
    axes.step(trial, np.fmax.accumulate(value), where="post", color=HUES[0], linewidth=1.4)
    axes.plot(best + 1, value[best], "o", color=HUES[0], markeredgecolor=INK, markersize=5.5)
    spread = np.nanpercentile(value, [10, 100])
    margin = 0.15 * max(float(np.ptp(spread)), 1e-6)
    axes.set_ylim(spread[0] - margin, spread[1] + margin)  # a few failures must not flatten the rest
    axes.margins(x=0.04)
    grid(axes, "y")


def _options(result: Result, search: str, best: int) -> str:
    texts = result.arrays.get(f"tuning/{search}/options")
    if texts is None or best >= len(texts):
        return ""
    options = json.loads(str(texts[best]))
    if not isinstance(options, dict):
        return ""
    return ", ".join(f"{name} {_plain(value)}" for name, value in list(options.items())[:MOST_OPTIONS])


def _plain(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
