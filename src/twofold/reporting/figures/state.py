"""The state of the animal: what was measured, and what the latents say of it."""

from __future__ import annotations

import numpy as np

from twofold.reporting.figures.picture import PANELS, NothingToShow, Sketch, array, canvas
from twofold.reporting.palette import HUES, MUTED
from twofold.studies.result import Result

MOST_SAMPLES = 2000


def traces(result: Result) -> Sketch:
    """Observed and predicted signals over time, one panel each."""
    signals = [
        key.removeprefix("state/").removesuffix("/observed")
        for key in result.arrays
        if key.startswith("state/") and key.endswith("/observed")
    ]
    if not signals:
        raise NothingToShow("the result has no array state/<signal>/observed")
    figure = canvas(PANELS, 0.6 + 1.35 * len(signals))
    panels = figure.subplots(len(signals), 1, squeeze=False, sharex=True)[:, 0]
    words = []
    for axes, signal in zip(panels, signals, strict=True):
        observed = array(result, f"state/{signal}/observed", 1)[:MOST_SAMPLES].astype(float)
        predicted = array(result, f"state/{signal}/predicted", 1)[:MOST_SAMPLES].astype(float)
        axes.plot(observed, color=MUTED, linewidth=1.1)
        axes.plot(predicted, color=HUES[0], linewidth=1.1)
        axes.set_title(signal.replace("_", " "))
        axes.margins(x=0)
        agreement = (
            float(np.corrcoef(observed, predicted)[0, 1]) if observed.std() and predicted.std() else 0.0
        )
        words.append(f"{signal.replace('_', ' ')}: correlation {agreement:.2f}")
    top = panels[0]
    for shift, (label, colour) in enumerate((("predicted", HUES[0]), ("observed", MUTED))):
        top.text(1 - 0.16 * shift, 1.06, label, transform=top.transAxes, ha="right", color=colour, fontsize=9)
    panels[-1].set_xlabel("time bin")
    caption = (
        "Signals of the animal, less their mean in each repeat, and their prediction from the latents of the "
        "embedding that tells them best, in repeats that were held out."
    )
    alt = f"Traces of {len(signals)} signals, observed and predicted. {'; '.join(words)}."
    return Sketch(figure, caption, alt)
