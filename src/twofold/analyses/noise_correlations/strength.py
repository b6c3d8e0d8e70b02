"""Whether neurons share noise at all: the mean noise correlation, beside repeats that are shuffled apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from twofold.analyses.chance import Chance
from twofold.analyses.noise_correlations.clip_bootstrap import ClipBootstrap
from twofold.analyses.noise_correlations.shared_noise import Clips, NoiseSums
from twofold.errors import OptionError
from twofold.metrics.intervals import Interval


@dataclass(frozen=True, eq=False)
class MeanNoiseCorrelation:
    """Mean over pairs of neurons.

    Parameters
    ----------
    mean
        With the span of the bootstrap over clips.
    chance
        The mean when each neuron's repeats of a clip are shuffled by themselves: as slow, and not shared.
    """

    mean: Interval
    chance: Chance

    @property
    def p(self) -> float:
        """Share of means, the observed one among them, that reach the observed one."""
        return self.chance.p(self.mean.value)


def mean_noise_correlation(
    clips: Clips,
    *,
    level: float = 0.95,
    n_bootstrap: int = 1000,
    n_permutations: int = 199,
    random_state: int | np.random.Generator = 0,
) -> MeanNoiseCorrelation:
    """Mean noise correlation over pairs, its span over clips, and its chance level.

    Parameters
    ----------
    clips
        As in `noise_correlations`, of some hundreds of neurons; each must vary over repeats.
    level, n_bootstrap
        Of the span, as in `ClipBootstrap`.
    n_permutations
        How many surrogates.
    random_state
        Seed or generator of both.

    Raises
    ------
    DataError
        As in `noise_correlations`, or if there are fewer than 2 neurons or one does not vary.
    OptionError
        If an option cannot work.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> clips = [rng.normal(size=(10, 50, 1)) + rng.normal(size=(10, 50, 4)) for _ in range(6)]
    >>> found = mean_noise_correlation(clips)
    >>> 0.5 in found.mean, abs(round(found.chance.mean, 2)), found.p
    (True, 0.0, 0.005)
    """
    bootstrap = ClipBootstrap(level, n_bootstrap)
    if n_permutations < 1:
        raise OptionError(f"n_permutations={n_permutations}: give 1 or more; a mean needs its chance level")
    sums, rng = NoiseSums.of_varying(clips), np.random.default_rng(random_state)
    mean = bootstrap.interval(lambda w: mean_of_finite(sums.correlations(w)), len(clips), rng)
    scale = np.sqrt(sums.square.sum(axis=0))
    # neurons first, so that a repeat of a neuron is moved in one piece
    noise = [((clip - clip.mean(axis=0, dtype=float)) / scale).transpose(2, 0, 1).copy() for clip in clips]
    return MeanNoiseCorrelation(
        mean, Chance(np.array([_shuffled_mean(noise, rng) for _ in range(n_permutations)]))
    )


def mean_of_finite(x: np.ndarray) -> float:
    """Mean of the pairs that have a correlation: in few clips, a neuron may not vary."""
    x = x[np.isfinite(x)]
    return float(x.mean()) if len(x) else 0.0


def _shuffled_mean(noise: Sequence[np.ndarray], rng: np.random.Generator) -> float:
    """Mean correlation of noise of unit norm: that of all pairs is |sum_i e_i|^2 less the n that are 1."""
    total, n = 0.0, len(noise[0])
    for e in noise:
        order = rng.permuted(np.tile(np.arange(e.shape[1]), (n, 1)), axis=1)
        total += float((e[np.arange(n)[:, None], order].sum(axis=0) ** 2).sum())
    return (total - n) / (n * (n - 1))
