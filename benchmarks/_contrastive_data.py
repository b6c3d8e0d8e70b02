"""What `benchmarks.contrastive` fits: a movie of 900 frames, seen 10 times by 772 units; and a large file."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

FRAMES, REPEATS, UNITS, FEATURES = 900, 10, 772, 32


class Movie(NamedTuple):
    """Responses (time, unit), features of the frames shown (time, feature), both float32; repeat (time,)."""

    responses: np.ndarray
    features: np.ndarray
    repeat: np.ndarray

    def repeats(self, first: int, last: int) -> Movie:
        """Some repeats, as repeats 0, 1, ..."""
        rows = (self.repeat >= first) & (self.repeat <= last)
        return Movie(self.responses[rows], self.features[rows], self.repeat[rows] - first)

    def standardised(self, like: Movie) -> Movie:
        """Square roots of counts, with the mean and spread of another movie's taken out."""
        root = np.sqrt(like.responses)
        mean, sd = root.mean(axis=0), root.std(axis=0) + 1e-6
        return self._replace(responses=(np.sqrt(self.responses) - mean) / sd)


def simulate_movie(seed: int = 0) -> Movie:
    """Poisson counts of units tuned to smooth features, with a gain and a drift of each repeat."""
    rng = np.random.default_rng(seed)
    features = smooth(rng.normal(size=(FRAMES, FEATURES)), half_width=15)
    tuning = rng.normal(size=(FEATURES, UNITS)) * 0.6 / np.sqrt(FEATURES)
    repeat = np.repeat(np.arange(REPEATS), FRAMES)
    gain = 0.2 * rng.normal(size=REPEATS)[repeat, None]
    drift = 0.2 * rng.normal(size=(REPEATS, UNITS))[repeat]
    counts = rng.poisson(np.exp(np.tile(features @ tuning, (REPEATS, 1)) - 0.5 + gain + drift))
    return Movie(counts.astype(np.float32), np.tile(features, (REPEATS, 1)).astype(np.float32), repeat)


def smooth(noise: np.ndarray, half_width: int) -> np.ndarray:
    """Moving averages over time, of mean 0 and standard deviation 1."""
    window = np.hanning(2 * half_width + 1)
    averaged = np.stack([np.convolve(column, window, mode="same") for column in noise.T], axis=1)
    return (averaged - averaged.mean(axis=0)) / averaged.std(axis=0)


def large_movie(path: Path, n_time: int, n_units: int) -> Movie:
    """Random responses in a file, mapped for reading; the movie's features over and over."""
    if not path.exists():
        mapped = np.lib.format.open_memmap(path, "w+", np.float32, (n_time, n_units))
        rng = np.random.default_rng(0)
        for start in range(0, n_time, 10_000):
            block = mapped[start : start + 10_000]
            block[...] = rng.standard_normal(block.shape, np.float32)
        mapped.flush()
    features = simulate_movie().features[:FRAMES]
    frame = np.arange(n_time) % FRAMES
    return Movie(np.load(path, mmap_mode="r"), features[frame], np.arange(n_time) // FRAMES)
