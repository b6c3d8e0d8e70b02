"""How long each side of `benchmarks.contrastive` trains until held-out repeats are fitted equally well."""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np
import torch

from benchmarks._contrastive_data import Movie, simulate_movie
from benchmarks._contrastive_sides import BATCH, fit_peer, ours
from twofold.metrics.goodness_of_fit import goodness_of_fit
from twofold.sampling import ContinuousPositives, Ties, TripletSampler

BATCHES, STEPS_BETWEEN, MOST_STEPS = 50, 10, 5000


def held_out_repeats() -> tuple[Movie, Movie]:
    """Repeats to train on, and two more, standardised like the first."""
    movie = simulate_movie()
    train, test = movie.repeats(0, 7), movie.repeats(8, 9)
    return train.standardised(train), test.standardised(train)


class HeldOutFit:
    """Goodness of fit in bits of anyone's latents of a movie: the same positives and negatives for all."""

    def __init__(self, movie: Movie) -> None:
        distinct, label = np.unique(movie.features, axis=0, return_inverse=True)
        ties = Ties(torch.from_numpy(label), torch.from_numpy(movie.repeat), other_trial=False)
        positives = ContinuousPositives(torch.from_numpy(distinct).double(), ties, time_offset=1)
        sampler = TripletSampler(positives, len(label), BATCH, torch.Generator().manual_seed(0))
        drawn = [sampler.draw() for _ in range(BATCHES)]
        self._rows = [np.stack([draw[part].numpy() for draw in drawn]) for part in range(3)]

    def __call__(self, latents: np.ndarray) -> float:
        """Bits above chance."""
        return goodness_of_fit(latents, *self._rows).value


def time_of_peer(train: Movie, test: Movie, steps: int) -> tuple[float, float]:
    """Seconds of its training, and what it fits of the held-out repeats at the end."""
    begin = time.perf_counter()
    peer = fit_peer(train, 1, steps)
    seconds = time.perf_counter() - begin
    return seconds, HeldOutFit(test)(peer.transform(test.responses))


def time_of_ours(
    train: Movie, test: Movie, bits: float, learning_rate: float, precision: str
) -> tuple[float, int]:
    """Seconds and steps of our training until it fits the held-out repeats as well; nan if it never does."""
    fit_of_latents = HeldOutFit(test)
    seconds = 0.0
    for steps, more, latents in _training(train, test, learning_rate, precision):
        seconds += more
        if fit_of_latents(latents) >= bits:
            return seconds, steps
    return float("nan"), MOST_STEPS


def _training(
    train: Movie, test: Movie, learning_rate: float, precision: str
) -> Iterator[tuple[int, float, np.ndarray]]:
    """Some steps at a time: steps so far, seconds of these, and latents of the held-out repeats."""
    embedding = ours(1, precision, learning_rate, max_steps=STEPS_BETWEEN)
    for steps in range(STEPS_BETWEEN, MOST_STEPS + 1, STEPS_BETWEEN):
        begin = time.perf_counter()
        embedding.partial_fit(train.responses, train.features, trials=train.repeat)
        seconds = time.perf_counter() - begin
        yield steps, seconds, embedding.transform(test.responses, trials=test.repeat)
