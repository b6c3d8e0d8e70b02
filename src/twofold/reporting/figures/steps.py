"""How contrastive embeddings were trained: loss and temperature by step."""

from __future__ import annotations

import numpy as np

from twofold.reporting.figures.curves import smoothed
from twofold.reporting.figures.labels import legend_below
from twofold.reporting.figures.picture import PANELS, NothingToShow, Sketch, canvas, grid, named
from twofold.reporting.numbers import number
from twofold.reporting.palette import MUTED, Palette
from twofold.studies.result import Result

LOWEST = -2.0  # bits


def contrastive_curves(result: Result, palette: Palette) -> Sketch:
    """InfoNCE below its chance level, in bits, by step; and the temperature, where it is learnt."""
    found = named(result, "steps/")
    methods = [key.removesuffix("/loss") for key in found if key.endswith("/loss")]
    if not methods:
        raise NothingToShow("the result has no array steps/<method>/loss")
    learnt = [m for m in methods if f"{m}/temperature" in found and np.ptp(found[f"{m}/temperature"]) > 0]
    figure = canvas(PANELS, 2.6)
    panels = figure.subplots(1, 2 if learnt else 1, squeeze=False)[0]
    words = []
    for method in methods:
        loss = found[f"{method}/loss"]
        step = found.get(f"{method}/step", np.arange(1, len(loss) + 1))
        chance = found.get(f"{method}/chance_loss")
        bits = (float(chance) - loss) / np.log(2) if chance is not None else -loss / np.log(2)
        panels[0].plot(*smoothed(step, bits), color=palette[method], linewidth=1.7, label=method)
        told = f"{method} ends at {number(float(smoothed(step, bits)[1][-1]), 2)} bits"
        if f"{method}/validation" in found and chance is not None:
            held_out = (float(chance) - found[f"{method}/validation"]) / np.log(2)
            at = found.get(f"{method}/validation_step", np.linspace(1, step[-1], len(held_out)))
            panels[0].plot(at, held_out, "o", color=palette[method], markersize=4)
            told += f", {number(float(held_out[-1]), 2)} on held-out repeats"
        words.append(told)
    for method in learnt:
        loss, temperature = found[f"{method}/loss"], found[f"{method}/temperature"]
        step = found.get(f"{method}/step", np.arange(1, len(loss) + 1))
        panels[1].plot(*smoothed(step, temperature), color=palette[method], linewidth=1.7)
        panels[1].set_title("temperature")
    panels[0].set_title("above chance, bits")
    panels[0].axhline(0, color=MUTED, linewidth=0.9, linestyle=(0, (3, 2)), zorder=0.5)
    # Latents of free length start far below chance, and how far says nothing.
    panels[0].set_ylim(bottom=max(panels[0].get_ylim()[0], LOWEST))
    for axes in panels:
        axes.set_xlabel("step")
        axes.margins(x=0.02)
        grid(axes, "y")
    legend_below(figure, panels[0])
    seen = any(key.endswith("/validation") for key in found)
    caption = (
        "How well a sample is told from others of the batch, above chance (dashed)"
        + ("; dots: on held-out repeats. " if seen else ", on the training repeats. ")
        + ("" if learnt else "The temperature is fixed, chosen on training repeats.")
    )
    return Sketch(figure, caption.strip(), f"Curves of the contrastive fit by step: {'; '.join(words)}.")
