"""Spikes and labelled intervals of time in an experanto folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from twofold.errors import DataError
from twofold.readers.experanto.meta import Meta, inside, memory_map, read_npy

BLOCK = 2**22


class SpikeCounts:
    """Spikes of each neuron counted in bins, when indexed.

    Parameters
    ----------
    spikes_s
        (spike,) times in seconds, neuron by neuron, increasing within each.
    borders
        (neuron + 1,) where each neuron's spikes start and end.
    edges_s
        (bin + 1,) edges of the bins; a spike on an edge belongs to the later bin.
    """

    dtype = np.dtype(np.int32)

    def __init__(self, spikes_s: np.ndarray, borders: np.ndarray, edges_s: np.ndarray) -> None:
        self._spikes_s, self._borders, self._edges_s = spikes_s, borders, edges_s

    @property
    def shape(self) -> tuple[int, int]:
        """(bin, neuron)."""
        return len(self._edges_s) - 1, len(self._borders) - 1

    def __getitem__(self, rows: Any) -> np.ndarray:
        wanted = np.atleast_1d(np.arange(self.shape[0])[rows])
        counts = np.empty((len(wanted), self.shape[1]), self.dtype)
        for neuron, (start, stop) in enumerate(zip(self._borders[:-1], self._borders[1:], strict=True)):
            own = self._spikes_s[start:stop]
            low, high = (np.searchsorted(own, self._edges_s[wanted + late]) for late in (0, 1))
            counts[:, neuron] = high - low
        return counts


def open_spikes(folder: Path, meta: Meta) -> tuple[np.ndarray, np.ndarray]:
    """Open `spikes.npy` or `spikes.mem`, raw times or a npy file, and where each neuron's spikes lie.

    Raises
    ------
    DataError
        If files are missing or damaged, or the spikes of a neuron are not in order.
    """
    path = folder / "meta.yml"
    borders = np.asarray(meta.get("spike_indices") or [])
    if borders.ndim != 1 or borders.dtype.kind != "i" or len(borders) < 2 or borders[0] != 0:
        raise DataError(
            f"{path}: spike_indices must be whole numbers that start with 0, one more than neurons"
        )
    if (np.diff(borders) < 0).any():
        raise DataError(f"{path}: spike_indices must not fall; they say where each neuron's spikes end")
    file = folder / ("spikes.mem" if meta.get("is_mem_mapped") else "spikes.npy")
    if file.is_file() and _is_npy(file):
        spikes_s = read_npy(file, lazily=True)
    else:
        spikes_s = memory_map(file, {"dtype": "float64", **meta}, (int(borders[-1]), 1), path)[:, 0]
    if spikes_s.shape != (borders[-1],) or spikes_s.dtype.kind != "f":
        raise DataError(f"{file}: {borders[-1]} times of spikes are needed, found {spikes_s.shape}")
    for start in range(0, len(spikes_s), BLOCK):
        back = start + 1 + np.flatnonzero(~(np.diff(spikes_s[start : start + BLOCK + 1]) >= 0))
        wrong = np.setdiff1d(back, borders)
        if wrong.size:
            neuron = int(np.searchsorted(borders, wrong[0], side="right")) - 1
            raise DataError(f"{file}: the spikes of neuron {neuron} are not in order (spike {wrong[0]})")
    return spikes_s, borders


def _is_npy(file: Path) -> bool:
    with file.open("rb") as content:
        return content.read(6) == b"\x93NUMPY"


def read_intervals(folder: Path, meta: Meta) -> Iterator[tuple[str, np.ndarray]]:
    """Each label with its half-open intervals (interval, 2) in seconds.

    Raises
    ------
    DataError
        If a file is missing or holds anything else.
    """
    path = folder / "meta.yml"
    labels = meta.get("labels")
    if not isinstance(labels, dict):
        raise DataError(f"{path}: labels must name a file for each label")
    for label, file in labels.items():
        spans = read_npy(inside(folder, file, path))
        if spans.size == 0:
            spans = np.empty((0, 2))
        if spans.ndim != 2 or spans.shape[1] != 2 or spans.dtype.kind not in "iuf":
            raise DataError(
                f"{folder / file}: shape {spans.shape}; one start and one stop per interval are needed"
            )
        if not (spans[:, 0] <= spans[:, 1]).all():
            raise DataError(f"{folder / file}: an interval stops before it starts; write start, stop")
        yield str(label), spans.astype(float)
