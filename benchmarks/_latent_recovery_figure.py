"""What is recovered of a simulated mouse, drawn beside what the true law reaches."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

Lines = Sequence[dict[str, Any]]
TARGETS = {"gain": 0.85, "marginal": 0.85, "joint": 0.75, "latents": 0.95, "maps": 0.8}
LABELS = (
    "gain from half\nof the neurons",
    "marginal\nlikelihood",
    "joint likelihood,\nabove marginals",
    "latents\n(CCA)",
    "maps of weights\n(R²)",
)
COLOURS = {"matched": "#0072B2", "mismatched": "#D55E00"}
READER, INK = "#7b8794", "#1f2933"


def draw(lines: Lines, path: Path) -> None:
    """Correlations on the left; on the right, shares of the truth, with the targets."""
    figure = Figure(figsize=(10.5, 4.2), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(1, 1.35))
    _draw_correlations(left, [line for line in lines if line["case"] == "gain"])
    _draw_shares(right, [line for line in lines if "share" in line])
    figure.savefig(path, dpi=110)


def _draw_correlations(axes: Axes, lines: Lines) -> None:
    labelled: set[str] = set()
    for line in lines:
        colour, reader = COLOURS[line["world"]], "knows" if line["world"] == "matched" else "believes in"
        for prefix, style, who in (("truth_", "_:", f"reader who {reader} the law"), ("", "o-", "model")):
            r, label = (
                [line[prefix + name] for name in ("nothing_given", "half_given")],
                f"{who}, {line['world']}",
            )
            size = 5 if style == "o-" else 14
            axes.plot((0, 1), r, style, ms=size, color=colour, label=None if label in labelled else label)
            labelled.add(label)
    axes.set(xticks=(0, 1), xticklabels=("video alone", "half of the\nneurons, too"), xlim=(-0.3, 1.3))
    axes.set(ylabel="single-trial correlation, mean of the others", title="Predicting the other half")
    axes.set_ylim(0, 1.35 * axes.get_ylim()[1])
    axes.legend(frameon=False, loc="upper left", fontsize=8)


def _draw_shares(axes: Axes, lines: Lines) -> None:
    axes.axhline(1, color=READER, lw=1)
    axes.text(4.45, 1.005, "truth", ha="right", va="bottom", color=READER, fontsize=8)
    for place, target in enumerate(TARGETS.values()):
        label = "target, matched" if place == 0 else None
        axes.plot((place - 0.35, place + 0.35), (target, target), color=INK, lw=2, label=label)
    for world, colour in COLOURS.items():
        places, y = [], []
        for place, name in enumerate(TARGETS):
            own = [line["share"] for line in lines if line["case"] == name and line["world"] == world]
            places += list(
                place + (0.15 if world == "mismatched" else -0.15) + np.linspace(-0.08, 0.08, len(own))
            )
            y += own
        if y:
            axes.plot(places, y, "o", ms=5, color=colour, label=f"{world}, a dot per seed")
    axes.set(
        xticks=range(len(LABELS)), xlim=(-0.5, 4.5), ylabel="share of what the reader reaches; R² of maps"
    )
    axes.set_xticklabels(LABELS, fontsize=8)
    axes.set_title("Recovered, of what the true law reaches")
    axes.set_ylim(min(0.6, *(line["share"] - 0.05 for line in lines)), 1.06)
    axes.legend(frameon=False, loc="lower left", fontsize=8)
