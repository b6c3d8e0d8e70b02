"""Whether neurons are as often silent as was predicted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int, Num

from twofold.analyses.hierarchical_bootstrap import hierarchical_bootstrap, mean_by_clip
from twofold.errors import DataError, OptionError
from twofold.metrics.intervals import Interval
from twofold.shapes import PerTime


@dataclass(frozen=True, eq=False)
class SilentFraction:
    """Predicted and observed silence.

    Parameters
    ----------
    predicted, observed
        (neuron,) share of the frames, each clip counted the same.
    excess
        Observed less predicted, mean over neurons, with the span of the bootstrap over clips and neurons; 0
        if calibrated.
    told, seen
        (bin,) mean predicted probability, and share of silent responses, among all responses whose predicted
        probability lies in a bin; equal if calibrated. Bins without responses are left out.
    n
        (bin,) how many responses.
    """

    predicted: Float[np.ndarray, " neuron"]
    observed: Float[np.ndarray, " neuron"]
    excess: Interval
    told: Float[np.ndarray, " bin"]
    seen: Float[np.ndarray, " bin"]
    n: Int[np.ndarray, " bin"]


def silent_fraction(
    probability: Num[np.ndarray, "_ _"],
    silent: Bool[np.ndarray, "_ _"],
    clip: PerTime,
    *,
    bins: int = 10,
    random_state: int = 0,
) -> SilentFraction:
    """Predicted probabilities of silence beside what was silent.

    Parameters
    ----------
    probability
        (time, neuron) of silence: P(Y <= rho).
    silent
        (time, neuron) whether the response was.
    clip
        (time,) video of each row; repeats of a video are one clip.
    bins
        Bins of the probability, between 0 and 1.
    random_state
        Seed of the bootstrap.

    Raises
    ------
    DataError
        If shapes do not fit, or these are no probabilities.
    OptionError
        If there is no bin.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> p = rng.random((600, 5))
    >>> found = silent_fraction(p, rng.random(p.shape) < p, np.repeat(np.arange(6), 100), bins=4)
    >>> found.told.round(1), found.seen.round(1), 0.0 in found.excess
    (array([0.1, 0.4, 0.6, 0.9]), array([0.1, 0.4, 0.6, 0.9]), True)
    """
    if bins < 1:
        raise OptionError(f"bins={bins}: give 1 or more, such as 10")
    if probability.shape != silent.shape:
        raise DataError(
            f"probability is {probability.shape}, silent {silent.shape}; give both (time, neuron)"
        )
    wrong = ~((probability >= 0) & (probability <= 1 + 1e-6))
    if wrong.any():
        t, neuron = np.argwhere(wrong)[0]
        raise DataError(f"row {t}, neuron {neuron}: {probability[t, neuron]:g} is no probability")
    predicted, observed = mean_by_clip(probability, clip), mean_by_clip(silent, clip)
    number = np.minimum((probability * bins).astype(int), bins - 1).ravel()
    n, told, seen = (
        np.bincount(number, weights, minlength=bins)
        for weights in (None, probability.ravel(), silent.ravel())
    )
    there = n > 0
    return SilentFraction(
        predicted.mean(axis=0),
        observed.mean(axis=0),
        hierarchical_bootstrap([observed - predicted], random_state=random_state),
        told[there] / n[there],
        seen[there] / n[there],
        n[there],
    )
