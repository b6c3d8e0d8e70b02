"""The statistics that a SENSORIUM folder carries: over trials, per frame of the clip."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from twofold.readers.sensorium.folder import file_of

BLOCK_BYTES = 2**26
AVERAGES: dict[str, Callable[..., np.ndarray]] = {
    "mean": np.nanmean,
    "std": np.nanstd,
    "median": np.nanmedian,
    "min": np.nanmin,
    "max": np.nanmax,
}


def write_statistics(folder: Path, modalities: Sequence[str], numbers: Sequence[int]) -> None:
    """Write `meta/statistics/MODALITY/{all,stimulus_frame}/{mean,std,median,min,max}.npy`.

    Each has the shape of a file of its modality; frames that no clip reaches are NaN.

    Parameters
    ----------
    folder
        Holds the files of `data`, which are read a few rows at a time.
    modalities
        Folders of `data`.
    numbers
        The trials that the statistics are of.
    """
    for modality in modalities:
        files = [np.load(folder / file_of(modality, number), mmap_mode="r") for number in numbers]
        found = {name: np.full(files[0].shape, np.nan, np.float32) for name in AVERAGES}
        row_bytes = len(files) * files[0][0].size * 8
        step = max(1, BLOCK_BYTES // row_bytes)
        for start in range(0, len(files[0]), step):
            rows = slice(start, start + step)
            block = np.stack([file[rows] for file in files]).astype(np.float64)
            known = ~np.isnan(block).all(axis=tuple(range(block.ndim - 1)))
            for name, average in AVERAGES.items():
                found[name][rows][..., known] = average(block[..., known], axis=0)
        for part in ("all", "stimulus_frame"):
            target = folder / "meta/statistics" / modality / part
            target.mkdir(parents=True)
            for name, values in found.items():
                np.save(target / f"{name}.npy", values, allow_pickle=False)
