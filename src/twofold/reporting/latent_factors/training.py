"""How the models were trained: the correlation that stopped them, epoch by epoch."""

from __future__ import annotations

import numpy as np
from matplotlib.ticker import MaxNLocator

from twofold.reporting.figures.labels import legend_below
from twofold.reporting.figures.picture import HALF, NothingToShow, Sketch, canvas, grid, named
from twofold.reporting.latent_factors.colours import colour_of
from twofold.reporting.numbers import number
from twofold.reporting.palette import FAINT
from twofold.studies.result import Result

HISTORY, MEASURE = "history/", "/correlation"
MAIN = ("video poisson", "video zig", "latent zig free", "latent zig free, not pretrained")


def training_curves(result: Result) -> Sketch:
    """Validation correlation of the models of table 1 and 10, all others faint behind them."""
    found = {
        name.removesuffix(MEASURE): values.astype(float)
        for name, values in named(result, HISTORY).items()
        if name.endswith(MEASURE) and values.ndim == 1 and len(values)
    }
    main = [name for name in MAIN if name in found]
    if not main:
        raise NothingToShow(f"the result has no array {HISTORY}{MAIN[0]}{MEASURE}")
    figure = canvas(HALF, 2.9)
    axes = figure.subplots()
    for name, values in found.items():
        if name not in main:
            axes.plot(np.arange(1, len(values) + 1), values, color=FAINT, linewidth=1.0, zorder=1)
    for name in main:
        epochs = np.arange(1, len(found[name]) + 1)
        axes.plot(epochs, found[name], "o-", color=colour_of(name), markersize=3, linewidth=1.6, label=name)
    axes.set(xlabel="epoch", ylabel="correlation on the tier oracle")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    grid(axes, "y")
    legend_below(figure, axes)
    caption = (
        "The correlation by which a training was stopped: of the video models from the video, of those with "
        "latents given half of the neurons. A model with latents begins where the video model ended, unless "
        "it starts from nothing. A curve that still rises at its end was cut short. Grey: all other models."
    )
    words = "; ".join(
        f"{name} {len(found[name])} epochs, from {number(found[name][0])} to {number(found[name][-1])}"
        for name in main
    )
    return Sketch(figure, caption, f"Curves of training: {words}.")
