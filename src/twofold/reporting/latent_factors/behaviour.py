"""Figure 10: what the state says of the animal's behaviour, and the correlations that chance would give."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from twofold.reporting.figures.picture import HALF, WHOLE, Look, NothingToShow, Sketch, array, canvas
from twofold.reporting.latent_factors.colours import CONDITIONED, OBSERVED
from twofold.reporting.latent_factors.mice import mice_of
from twofold.reporting.names import kind_of
from twofold.reporting.numbers import number
from twofold.reporting.palette import FAINT, MUTED
from twofold.studies.result import Result, Row

FIGURE, TABLE = "figure-10", "table-12"
MOST_SECONDS, MOST_PANELS = 40.0, 6
DRAWS = 24  # bars of a histogram


def behaviour_traces(result: Result) -> Sketch:
    """Signals and what the latents say of them in held-out clips, one panel per mouse and signal."""
    mice = mice_of(result)
    shown = [
        (m, signal) for m in range(len(mice)) for signal in _signals(result, f"{FIGURE}/{m}/", "/observed")
    ]
    if not shown:
        raise NothingToShow(f"the result has no array {FIGURE}/0/<signal>/observed")
    shown = shown[:MOST_PANELS]
    figure = canvas(WHOLE, 0.6 + 0.85 * len(shown))
    panels = figure.subplots(len(shown), 1, squeeze=False, sharex=True)[:, 0]
    words = []
    for axes, (m, signal) in zip(panels, shown, strict=True):
        agreement = _trace(axes, result, f"{FIGURE}/{m}/{signal}")
        name = f"{signal.replace('_', ' ')}, {mice[m]}"
        axes.set_title(f"{name}   correlation {number(agreement, 2)}", fontsize=8.5)
        words.append(f"{name}: {number(agreement, 2)}")
    panels[-1].set_xlabel("seconds, clips one after the other")
    look: Look = {"transform": panels[0].transAxes, "ha": "right", "va": "bottom", "fontsize": 8.5}
    panels[0].text(1.0, 1.04, "told from the latents", color=CONDITIONED, **look)
    panels[0].text(0.72, 1.04, "measured", color=OBSERVED, **look)
    caption = (
        "Behaviour as measured and as the state of all neurons tells it, by a canonical correlation that was "
        "fitted on other videos; both in standard deviations. Vertical lines: borders of clips. Slow "
        "agreement within seconds is what the state carries; a faster wiggle of the blue line is noise. The "
        "paper shows pupil and treadmill so."
    )
    return Sketch(figure, caption, f"Traces of behaviour, measured and told: {'; '.join(words)}.")


def against_chance(result: Result) -> Sketch:
    """Correlations with behaviour, beside the histogram of those that surrogates give."""
    signals = [s for s in _signals(result, f"{TABLE}/", "/null") if "/" not in s]
    if not signals:
        raise NothingToShow(f"the result has no array {TABLE}/<signal>/null")
    figure = canvas(HALF, 0.5 + 1.5 * len(signals))
    panels = figure.subplots(len(signals), 1, squeeze=False, sharex=True)[:, 0]
    words = []
    for axes, signal in zip(panels, signals, strict=True):
        draws = array(result, f"{TABLE}/{signal}/null", 1)
        found = _row_of(result, signal)
        counts, edges = np.histogram(draws, bins=DRAWS)
        axes.stairs(counts, edges, fill=True, color=FAINT)
        axes.axvline(float(np.quantile(draws, 0.95)), color=MUTED, linewidth=1.0, linestyle=(0, (1, 1)))
        if found is not None and found.value is not None:
            axes.axvline(found.value, color=CONDITIONED, linewidth=2.2)
            words.append(
                f"{signal.replace('_', ' ')} {number(found.value, 2)} against {number(draws.mean(), 2)}"
            )
        axes.set_title(signal.replace("_", " "), fontsize=8.5)
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
    panels[-1].set_xlabel("canonical correlation, mean over mice")
    caption = (
        "Blue: correlation of state and behaviour on held-out videos. Grey: the same where the behaviour was "
        "turned in a circle within the session, or belongs to other clips, so that only chance and slowness "
        "are left; dotted: its 95 % quantile. Blue inside the grey is nothing found."
    )
    return Sketch(figure, caption, f"Correlations beside those of surrogates: {'; '.join(words)}.")


def _signals(result: Result, start: str, end: str) -> list[str]:
    return [
        key.removeprefix(start).removesuffix(end)
        for key in result.arrays
        if key.startswith(start) and key.endswith(end)
    ]


def _row_of(result: Result, signal: str) -> Row | None:
    """The honest row of a signal, mean over mice: the first that names it."""
    rows = result.tables().get(TABLE, [])
    able = (row for row in rows if row.row.endswith(f"-> {signal}") and kind_of(row.row) == "honest")
    return next(able, None)


def _trace(axes: Axes, result: Result, name: str) -> float:
    """Draw both signals, broken where one clip ends; their correlation."""
    observed = array(result, f"{name}/observed", 1).astype(float)
    predicted = array(result, f"{name}/predicted", 1).astype(float)
    time = array(result, f"{name}/time_s", 1).astype(float)
    if not len(observed) == len(predicted) == len(time):
        raise NothingToShow(f"the arrays {name}/… differ in length")
    agreement = float(np.corrcoef(observed, predicted)[0, 1]) if observed.std() and predicted.std() else 0.0
    step = float(np.median(np.diff(time))) if len(time) > 1 else 1.0
    trial = result.arrays.get(f"{name}/trial", np.zeros(len(time)))
    breaks = (np.diff(trial) != 0) | (np.abs(np.diff(time)) > 2 * step)
    seconds = step * np.arange(len(time))
    kept = seconds <= MOST_SECONDS
    borders = np.flatnonzero(breaks & kept[1:]) + 1
    for part in np.split(np.arange(int(kept.sum())), borders):
        axes.plot(seconds[part], observed[part], color=OBSERVED, linewidth=1.3)
        axes.plot(seconds[part], predicted[part], color=CONDITIONED, linewidth=1.1, alpha=0.85)
    for border in borders:
        axes.axvline(seconds[border], color=FAINT, linewidth=0.8, zorder=0.5)
    axes.margins(x=0)
    return agreement
