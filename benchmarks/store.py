"""Reading windows of time from the store, against a numpy memory map of the same array.

Both are read once before, so the page cache is warm; ours compares every chunk with its crc32c.

    python -m benchmarks.store [--quick]
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks import alternate, peak_mib, report
from twofold.recordings.lazy import LazyArray
from twofold.recordings.recording import Neurons, Recording, Trials
from twofold.recordings.stimulus import Stimulus
from twofold.recordings.store import open_recording, save

N_NEURONS, WINDOW, REPEATS = 8000, 80, 300


def main() -> None:
    """Write an array both ways in a temporary folder, and time random windows of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="3,000 instead of 30,000 time points")
    n_time = 3_000 if parser.parse_args().quick else 30_000
    with tempfile.TemporaryDirectory() as folder:
        for dtype in ("float32", "uint8"):
            compare(Path(folder), n_time, np.dtype(dtype))


def compare(folder: Path, n_time: int, dtype: np.dtype) -> None:
    """Print one case: windows of a (time, neuron) array."""
    rng = np.random.default_rng(0)
    mapped = memory_map(folder / f"{dtype}.npy", n_time, dtype, rng)
    responses = open_recording(save(recording(mapped), folder / f"{dtype}.zarr")).responses

    def ours(start: int) -> np.ndarray:
        return responses[start : start + WINDOW]

    def peer(start: int) -> np.ndarray:
        return np.array(mapped[start : start + WINDOW])

    for start in range(0, n_time, WINDOW):
        assert np.array_equal(ours(start), peer(start))
    starts = rng.integers(0, n_time - WINDOW, REPEATS).tolist()
    report(
        "store",
        f"window-{WINDOW}x{N_NEURONS}-{dtype}",
        **alternate(ours, peer, starts),
        unit="ms/window",
        memory_ours_mib=peak_mib(ours, starts[0]),
        memory_peer_mib=peak_mib(peer, starts[0]),
        peer_name=f"numpy {np.__version__} memmap",
        n_time=n_time,
    )


def memory_map(path: Path, n_time: int, dtype: np.dtype, rng: np.random.Generator) -> np.ndarray:
    """A (time, neuron) array of counts on disk."""
    mapped = np.lib.format.open_memmap(path, "w+", dtype, (n_time, N_NEURONS))
    for start in range(0, n_time, 1000):
        mapped[start : start + 1000] = rng.poisson(2.0, mapped[start : start + 1000].shape)
    mapped.flush()
    return np.load(path, mmap_mode="r")


def recording(responses: np.ndarray) -> Recording:
    """The smallest recording around an array."""
    n_time, n_neurons = responses.shape
    trials = {
        "stimulus": ["movie"],
        "repeat": [0],
        "tier": ["all"],
        "start_s": [0.0],
        "stop_s": [n_time / 30],
    }
    return Recording(
        responses=LazyArray(responses),
        time_s=(np.arange(n_time) + 0.5) / 30,
        bin_s=1 / 30,
        neurons=Neurons(pd.DataFrame({"depth_um": np.zeros(n_neurons)})),
        trials=Trials(pd.DataFrame(trials)),
        stimuli={"movie": Stimulus(frame_ids=np.arange(n_time), rate_hz=30.0)},
    )


if __name__ == "__main__":
    main()
