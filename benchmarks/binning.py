"""Counting the spikes of many units in the bins of the stimulus, against numpy's histogram of all pooled.

Ours gives (bin, unit), the peer one count per bin, once with the same edges and once with even bins, which
numpy computes without a search. One case counts spikes on disk into a lazily read recording.

    python -m benchmarks.binning [--quick]
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np

from benchmarks import alternate, peak_mib, report
from twofold.readers.binning import Bins, SpikeCounts, count_spikes
from twofold.readers.nwb.hdf5_lazy import Hdf5Array
from twofold.readers.nwb.ragged import Ragged

N_UNITS, SECONDS, BINS_PER_S, TURNS = 2000, 600.0, 120, 9


def main() -> None:
    """Simulate the spikes, and count them three ways."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="1 instead of 20 million spikes, 500 units")
    quick = parser.parse_args().quick
    n_units, n_spikes = (500, 1_000_000) if quick else (N_UNITS, 20_000_000)
    rng = np.random.default_rng(0)
    trains = [np.sort(rng.uniform(0, SECONDS, n_spikes // n_units)) for _ in range(n_units)]
    pooled = np.concatenate(trains)
    n_bins = int(SECONDS * BINS_PER_S)
    even = np.linspace(0, SECONDS, n_bins + 1)
    shown = even.copy()  # what a display does: frames are early or late by up to a tenth of a bin
    shown[1:-1] += rng.uniform(-0.1, 0.1, n_bins - 1) / BINS_PER_S
    bins = Bins(shown[:-1], shown[1:])
    assert np.array_equal(count_spikes(trains, bins, np.uint8).sum(1), np.histogram(pooled, shown)[0])

    def ours(_: int) -> np.ndarray:
        return count_spikes(trains, bins, np.uint8)

    size = f"{n_spikes // 10**6}M-spikes-{n_units}-units-{n_bins}-bins"
    tell(f"{size}-same-edges", ours, lambda _: np.histogram(pooled, shown)[0])
    tell(f"{size}-peer-even-bins", ours, lambda _: np.histogram(pooled, n_bins, (0, SECONDS))[0])
    with tempfile.TemporaryDirectory() as folder:
        stored = on_disk(Path(folder) / "spikes.h5", trains)
        tell(
            f"{size}-from-disk",
            lambda _: SpikeCounts(stored, bins)[:],
            lambda _: np.histogram(pooled, shown)[0],
        )


def tell(case: str, ours: Callable[[int], object], peer: Callable[[int], object]) -> None:
    """Print one case; the memory of ours holds its result, a byte per bin and unit."""
    report(
        "binning",
        case,
        **alternate(ours, peer, range(TURNS)),
        unit="ms",
        memory_ours_mib=peak_mib(ours, 0),
        memory_peer_mib=peak_mib(peer, 0),
        peer_name=f"numpy {np.__version__} histogram of the pooled spikes",
    )


def on_disk(path: Path, trains: list[np.ndarray]) -> Ragged:
    """Spike times as an NWB file has them: one array, and where each unit ends."""
    with h5py.File(path, "w") as file:
        file["spike_times"] = np.concatenate(trains)
    return Ragged(Hdf5Array(path, "spike_times"), np.cumsum([len(spikes) for spikes in trains]))


if __name__ == "__main__":
    main()
