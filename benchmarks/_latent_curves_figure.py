"""Four panels of what other neurons tell."""

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
MODEL, TRUTH, VIDEO = HUES[0], INK, MUTED
TRUE_DIMENSION, ALLOWED = 3, -0.005
DASHED = (0, (4, 2))


def draw(rows: Sequence[Row], path: Path) -> None:
    """Write the figure; panels whose rows are missing stay empty."""
    with style():
        figure = Figure(figsize=(10, 7), layout="constrained")
        panels = {"share": of_shares, "dimension": of_dimensions, "repeats": of_repeats, "prior": of_priors}
        for axes, (case, panel) in zip(figure.subplots(2, 2).flat, panels.items(), strict=True):
            grid(axes, "y")
            chosen = [row for row in rows if row["case"] == case]
            if chosen:
                panel(axes, chosen)
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, dpi=90)


def of_shares(axes: Axes, rows: Sequence[Row]) -> None:
    """Correlation by share of neurons given, mean over mice."""
    lines = {
        "truth": ("reader who knows the law", TRUTH, DASHED),
        "laplace": ("model, Laplace posterior", HUES[2], "-"),
        "encoder": ("model, encoder", MODEL, "-"),
        "video_model": ("video model", VIDEO, ":"),
    }
    for key, (label, colour, dashes) in lines.items():
        shares, values = by_mouse(rows, "given", key)
        marker = "" if key == "video_model" else "o"
        look = {"color": colour, "linestyle": dashes, "marker": marker, "markersize": 4}
        axes.plot(100 * shares, values.mean(axis=0), **look, label=label)
    axes.set(xlabel="neurons given, % of all", ylabel=f"correlation, {rows[0]['n_neurons']} other neurons")
    axes.set_title(f"More neurons tell more ({mice(rows)}, mean)")
    axes.legend(loc="center right", bbox_to_anchor=(1, 0.36), fontsize=8.5)


def of_dimensions(axes: Axes, rows: Sequence[Row]) -> None:
    """Correlation by number of latents."""
    dimensions, values = by_mouse(rows, "dimension", "conditioned")
    places = np.arange(len(dimensions))
    axes.axvline(
        places[dimensions == TRUE_DIMENSION][0], color=MUTED, linewidth=6, alpha=0.25, label="true number"
    )
    for key, label, dashes in (
        ("truth", "reader who knows the law", DASHED),
        ("video_model", "video model, trained as long", ":"),
    ):
        level = by_mouse(rows, "dimension", key)[1].mean()
        axes.axhline(level, color=TRUTH if key == "truth" else VIDEO, linestyle=dashes, label=label)
    axes.plot(places, values.T, color=MODEL, linewidth=0.6, alpha=0.5)
    axes.plot(places, values.mean(axis=0), "o-", color=MODEL, label="model, encoder")
    axes.set_xticks(places, [f"{k:g}" for k in dimensions])
    axes.set(xlabel="latents of the model", ylabel=f"correlation, {rows[0]['n_neurons']} other neurons")
    axes.set_title(f"Half are given: no more than the true latents help ({mice(rows)})")
    axes.legend(loc="center right", bbox_to_anchor=(1, 0.42), fontsize=8.5)


def of_repeats(axes: Axes, rows: Sequence[Row]) -> None:
    """The same repeat, another repeat, and video only."""
    kinds = {"same": "the same", "mixed": "another", "video_only": "none\n(video only)"}
    for reader, colour, marker, shift in (("truth", TRUTH, "D", 0.08), ("model", MODEL, "o", -0.08)):
        chosen = [row for row in rows if row["reader"] == reader]
        values = np.array([[row[kind] for kind in kinds] for row in chosen])
        places = np.arange(len(kinds)) + shift
        axes.plot(places, values.T, marker=marker, markersize=4, color=colour, linewidth=0.6, alpha=0.6)
        axes.plot(
            places,
            values.mean(axis=0),
            marker + ("-" if reader == "model" else "--"),
            color=colour,
            label="model, encoder; at the right the video model"
            if reader == "model"
            else "reader who knows the law",
        )
    axes.set_xticks(range(len(kinds)), list(kinds.values()))
    axes.set(
        xlabel="repeat in which half of the neurons are given",
        ylabel=f"correlation, {rows[0]['n_neurons']} other neurons",
    )
    axes.set_title(f"A state of another repeat misleads ({mice(rows)})")
    axes.set_ylim(top=axes.get_ylim()[1] + 0.035)
    axes.legend(fontsize=8.5)


def of_priors(axes: Axes, rows: Sequence[Row]) -> None:
    """Loss of correlation where nobody is given, against models of the video alone."""
    fits = sorted({(row["epochs"], row["dimension"]) for row in rows})
    for number, (key, label, colour, marker) in enumerate(
        (
            ("video_model", "against the video model it began from", MODEL, "o"),
            ("video_model_longer", "against that model, trained as much longer", HUES[1], "s"),
        )
    ):
        for place, fit in enumerate(fits):
            values = [row["prior"] - row[key] for row in rows if (row["epochs"], row["dimension"]) == fit]
            places = np.full(len(values), place + 0.16 * (number - 0.5))
            axes.plot(
                places,
                values,
                marker,
                color=colour,
                markersize=5,
                alpha=0.8,
                label=label if place == 0 else None,
            )
    axes.axhline(0, color=VIDEO, linestyle=":")
    axes.axhline(ALLOWED, color=HUES[5], linestyle=DASHED, label="allowed")
    axes.set_xticks(range(len(fits)), [f"{k}\n{epochs} ep." for epochs, k in fits])
    axes.set(xlabel="latents of the model, epochs", ylabel="difference of correlation, all neurons")
    axes.set_title("Nobody is given: the state costs nothing (a point is a mouse)")
    axes.set_ylim(min(axes.get_ylim()[0], 2 * ALLOWED), max(axes.get_ylim()[1], -2 * ALLOWED))
    axes.legend(loc="upper left", fontsize=8.5)


def by_mouse(rows: Sequence[Row], along: str, key: str) -> tuple[np.ndarray, np.ndarray]:
    """Places, and (mouse, place) values."""
    places = sorted({row[along] for row in rows})
    found = {(row["seed"], row[along]): row[key] for row in rows}
    seeds = sorted({row["seed"] for row in rows})
    return np.array(places), np.array([[found[seed, place] for place in places] for seed in seeds])


def mice(rows: Sequence[Row]) -> str:
    """How many, in words."""
    n = len({row["seed"] for row in rows})
    return "1 mouse" if n == 1 else f"{n} mice"
