"""What latents say about the animal: its signals, against nulls that are as slow as they are.

Repeats are permuted freely, some staying in their place: only then is the real order one of those that chance
could have drawn. With 3 repeats there are 2 orders in which none stays, and a score that is the best of these
3 would be called a finding in a third of all recordings.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from twofold.analyses.alignment import Regressor
from twofold.metrics.responses import r2
from twofold.shapes import Num


@dataclass(frozen=True)
class SignalScore:
    """How well latents predict a signal, and how well they predict it when it is moved in time.

    `folds` are R2 per fold, without folds in which the signal is constant; each null has the mean over
    folds for every surrogate, NaN where it is constant in all of them; `predicted` (repeat, frame) is the
    signal as the fold that left a repeat out tells it, NaN where none did.
    """

    folds: np.ndarray
    circular_shifts: np.ndarray
    trial_swaps: np.ndarray
    predicted: np.ndarray

    @property
    def value(self) -> float:
        """Mean R2 over folds, NaN where there is none."""
        return float(self.folds.mean()) if len(self.folds) else float("nan")

    def p(self, null: np.ndarray) -> float:
        """Share of surrogates that do as well, the real one counted in."""
        # "Not worse" where there is nothing to compare: what has no R2 must not look like a finding.
        return float((1 + (~(null < self.value)).sum()) / (1 + len(null)))


def surrogate_signals(
    signal: Num[np.ndarray, "repeat frame"], n: int, random_state: np.random.Generator
) -> tuple[Num[np.ndarray, "repeat frame shift"], Num[np.ndarray, "repeat frame swap"]]:
    """Signals that never belonged to these responses but are as slow as the real one.

    Parameters
    ----------
    signal
        (repeat, frame) in order of time.
    n
        How many of each kind.
    random_state
        Source of randomness.

    Returns
    -------
    (repeat, frame, n) circular shifts within the recording by at least half a repeat, and
    (repeat, frame, n) whole repeats in random order, some of which may stay in their place.
    """
    n_repeats, n_frames = signal.shape
    flat = signal.reshape(-1)
    low = max(1, n_frames // 2)
    shifts = random_state.integers(low, max(low + 1, len(flat) - low + 1), size=n)
    shifted = np.stack([np.roll(flat, shift).reshape(signal.shape) for shift in shifts], axis=-1)
    swapped = np.stack([signal[random_state.permutation(n_repeats)] for _ in range(n)], axis=-1)
    return shifted, swapped


def score_signals(
    latents: Sequence[tuple[np.ndarray, np.ndarray]],
    repeats: Sequence[tuple[np.ndarray, np.ndarray]],
    signals: Sequence[Num[np.ndarray, "repeat frame"]],
    *,
    decoder: Regressor,
    n_surrogates: int,
    random_state: np.random.Generator,
) -> list[SignalScore]:
    """R2 of each signal from latents of repeats that were used in no fit, with its nulls.

    Parameters
    ----------
    latents
        Per fold, latents of its training and its test repeats, each (repeat * frame, dimension).
    repeats
        Per fold, which repeats these are.
    signals
        Each (repeat, frame), finite.
    decoder
        Fitted once per fold on the training repeats, for all signals and all their surrogates.
    n_surrogates
        Surrogates of each kind; 100 or more for a p of 0.01.
    random_state
        Source of randomness.
    """
    each = [
        np.concatenate([signal[..., None], *surrogate_signals(signal, n_surrogates, random_state)], axis=-1)
        for signal in signals
    ]
    stacked = np.concatenate(each, axis=-1)
    told = np.full(stacked.shape, np.nan)
    folds = []
    for (latents_train, latents_test), (train, test) in zip(latents, repeats, strict=True):
        target_train = stacked[train].reshape(-1, stacked.shape[-1])
        target_test = stacked[test].reshape(-1, stacked.shape[-1])
        groups = np.repeat(train, stacked.shape[1])
        predicted = decoder.fit(latents_train, target_train, groups).predict(latents_test)
        folds.append(r2(target_test, predicted, average=None))
        told[test] = predicted.reshape(len(test), *stacked.shape[1:])
    scores = np.split(np.stack(folds), len(each), axis=1)
    return [
        SignalScore(
            folds=found[np.isfinite(found[:, 0]), 0],
            circular_shifts=_mean_of_finite(found[:, 1 : 1 + n_surrogates]),
            trial_swaps=_mean_of_finite(found[:, 1 + n_surrogates :]),
            predicted=predicted[..., 0],
        )
        for found, predicted in zip(scores, np.split(told, len(each), axis=-1), strict=True)
    ]


def _mean_of_finite(scores: Num[np.ndarray, "fold surrogate"]) -> Num[np.ndarray, " surrogate"]:
    """Mean over the folds in which a surrogate is not constant; NaN where there is none."""
    there = np.isfinite(scores)
    n = there.sum(axis=0)
    return np.where(n > 0, np.where(there, scores, 0.0).sum(axis=0) / np.maximum(n, 1), np.nan)


def within_repeats(signal: Num[np.ndarray, "repeat frame"]) -> Num[np.ndarray, "repeat frame"]:
    """The signal without its slow trend: each repeat's mean is taken away.

    Much of a pupil's variance lies between repeats, where any drifting latent predicts it.
    """
    return signal - signal.mean(axis=1, keepdims=True)
