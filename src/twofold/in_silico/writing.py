"""The experiments as files: tables as csv, curves and videos as npz."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from twofold.files import written_whole
from twofold.in_silico.probe import Probed

TUNING, OVER_SEEDS, AGREEMENT = "tuning.csv", "tuning_over_seeds.csv", "reproducibility.csv"
CURVES, VIDEOS = "tuning_curves.npz", "most_exciting.npz"


def write(probed: Probed, folder: Path) -> list[Path]:
    """Write all there is into a folder that exists.

    `tuning.csv` has a row per model and neuron, `tuning_over_seeds.csv` one per kind, neuron and measure, and
    `reproducibility.csv`, of several models, one per measure and pair of kinds.

    `tuning_curves.npz`: `gratings`, `gratings_modulation` and `gabors` (model, ..., neuron), the values of
    their other axes in `gratings/NAME` and `gabors/NAME` in this order; `grey` (model, neuron); `contrast`
    (model, contrast, neuron). `most_exciting.npz`: `video` (model, neuron, frame, height, width) grey values;
    `response` and `similarity` (model, neuron, start); `receptive_field` (model, neuron, lag, height, width);
    `neuron`. Both hold the names in `model`.

    Returns
    -------
    list
        Paths of what was written.
    """
    tables = {TUNING: probed.tuning, OVER_SEEDS: probed.over_seeds, AGREEMENT: probed.agreed}
    written = [_table(table, folder / name) for name, table in tables.items() if len(table)]
    names = np.array([subject.name for subject in probed.subjects])
    first = probed.tuned[0]
    curves = {
        "model": names,
        "gratings": np.stack([own.gratings.mean for own in probed.tuned]),
        "gratings_modulation": np.stack([own.gratings.modulation for own in probed.tuned]),
        "gabors": np.stack([own.gabors.mean for own in probed.tuned]),
        "grey": np.stack([own.gratings.grey for own in probed.tuned]),
        "contrast": np.stack([own.contrast for own in probed.tuned]),
    }
    curves |= {f"gratings/{name}": values for name, values in first.gratings.axes.items()}
    curves |= {f"gabors/{name}": values for name, values in first.gabors.axes.items()}
    written.append(_arrays(curves, folder / CURVES))
    if probed.sought:
        videos = {
            "model": names,
            "neuron": probed.neurons,
            "video": np.stack([own.exciting.video for own in probed.sought]),
            "response": np.stack([own.exciting.response for own in probed.sought]),
            "similarity": np.stack([own.exciting.similarity for own in probed.sought]),
            "receptive_field": np.stack([own.fields for own in probed.sought]),
        }
        written.append(_arrays(videos, folder / VIDEOS))
    return written


def _table(table: pd.DataFrame, path: Path) -> Path:
    with written_whole(path) as temporary:
        table.to_csv(temporary, index=False)
    return path


def _arrays(arrays: Mapping[str, Any], path: Path) -> Path:
    with written_whole(path) as temporary:
        np.savez_compressed(temporary, **arrays)
    return path
