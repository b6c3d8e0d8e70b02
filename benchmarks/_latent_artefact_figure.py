"""Two panels: likelihood, right and as released, against the size of the state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from twofold.reporting.figures.picture import grid, style
from twofold.reporting.palette import HUES, INK, MUTED

Row = Mapping[str, Any]
SCORES = {"bits_right": ("right likelihood", HUES[0]), "bits_released": ("as released", HUES[5])}
TRUE_DIMENSION = 3


def draw(rows: Sequence[Row], path: Path) -> None:
    """Write the figure."""
    with style():
        figure = Figure(figsize=(10, 4.6), layout="constrained")
        left, right = figure.subplots(1, 2)
        by_norm(left, [row for row in rows if row["case"] == "norm"])
        by_dimension(right, [row for row in rows if row["case"] in ("dimension", "whole")])
        for axes in (left, right):
            grid(axes, "y")
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, dpi=100)


def by_norm(axes: Axes, rows: Sequence[Row]) -> None:
    """True weights, multiplied; a thin line is a mouse."""
    scales = sorted({row["scale"] for row in rows})
    axes.axvline(1, color=MUTED, linewidth=6, alpha=0.25, label="truth")
    for key, (label, colour) in SCORES.items():
        values = np.array([[row[key] for row in rows if row["scale"] == scale] for scale in scales])
        axes.plot(scales, values, color=colour, linewidth=0.6, alpha=0.5)
        axes.plot(scales, values.mean(axis=1), "o-", color=colour, markersize=4, label=label)
    norm = np.mean([row["norm_theta"] for row in rows if row["scale"] == 1])
    axes.set(xlabel=f"weights on the state / true weights (of length {norm:.2f})")
    axes.set_ylabel("marginal likelihood, bits per response")
    axes.set_title(f"The law of the simulation ({mice(rows)})")
    axes.legend()


def by_dimension(axes: Axes, rows: Sequence[Row]) -> None:
    """Models trained for either likelihood, scored by both."""
    dimensions = sorted({row["dimension"] for row in rows if row["dimension"]})
    axes.axvline(dimensions.index(TRUE_DIMENSION), color=MUTED, linewidth=6, alpha=0.25, label="true latents")
    axes.axhline(0, color=MUTED, linestyle=":")
    ways = {
        ("dimension", "right"): ("trained for the right one", "-", "o"),
        ("dimension", "released"): ("trained for the released one", "--", "s"),
        ("whole", "released"): ("the same, video model trained too", ":", "^"),
    }
    lengths = []
    for (case, trained_for), (way, dashes, marker) in ways.items():
        chosen = [row for row in rows if row["case"] == case and row.get("trained_for") == trained_for]
        if not chosen:
            continue
        look: dict[str, Any] = {"linestyle": dashes, "marker": marker, "markersize": 4}
        for key, (_, colour) in SCORES.items():
            values = np.array([gains(rows, chosen, key, k) for k in dimensions])
            axes.plot(values.mean(axis=1), color=colour, **look)
            axes.plot(values, marker, color=colour, markersize=2.5, alpha=0.4)
        axes.plot([], [], color=INK, label=f"{way} ({mice(chosen)})", **look)
        each = [[row["norm_theta"] for row in chosen if row["dimension"] == k] for k in dimensions]
        lengths.append([f"{np.mean(values):.2f}" for values in each])
    labels = ["\n".join([str(k), *own]) for k, *own in zip(dimensions, *lengths, strict=True)]
    axes.set_xticks(range(len(dimensions)), labels)
    axes.set_xlabel("latents; below them |weights on θ|, in the legend's order")
    axes.set_ylabel("bits per response above the video model")
    axes.set_title("Fitted models")
    axes.set_ylim(top=1.5 * axes.get_ylim()[1])
    axes.legend(fontsize=8.5, loc="upper right")


def gains(rows: Sequence[Row], chosen: Sequence[Row], key: str, dimension: int) -> list[float]:
    """Of each mouse, over the model without a state."""
    without = {row["seed"]: row[key] for row in rows if row.get("dimension") == 0}
    return [row[key] - without[row["seed"]] for row in chosen if row["dimension"] == dimension]


def mice(rows: Sequence[Row]) -> str:
    """How many, in words."""
    n = len({row["seed"] for row in rows})
    return "1 mouse" if n == 1 else f"{n} mice"
