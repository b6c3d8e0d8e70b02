"""Whether the pairs of neurons that share noise in a model are those that share it in the data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from twofold.analyses.chance import Chance
from twofold.analyses.noise_correlations.clip_bootstrap import ClipBootstrap
from twofold.analyses.noise_correlations.shared_noise import Clips, NoiseSums
from twofold.analyses.noise_correlations.strength import mean_of_finite
from twofold.errors import DataError, OptionError
from twofold.metrics.intervals import Interval

Pairs = Float[np.ndarray, " pair"]


@dataclass(frozen=True, eq=False)
class NoiseAgreement:
    """Noise correlations of a model beside those of the data; spans are of the bootstrap over clips.

    Parameters
    ----------
    correlation
        Correlation of both over pairs of neurons.
    chance
        The same when the neurons of the model change places (Mantel's test).
    reliability
        Correlation of the data's own noise correlations, halves of the repeats against each other, corrected
        for their length (Spearman & Brown); NaN where a clip has fewer than 4 repeats.
    data, model
        Mean over pairs.
    data_pairs, model_pairs
        (pair,) noise correlations, pairs as in `numpy.triu_indices(n_neurons, 1)`.
    """

    correlation: Interval
    chance: Chance
    reliability: float
    data: Interval
    model: Interval
    data_pairs: Pairs
    model_pairs: Pairs

    @property
    def p(self) -> float:
        """Share of correlations, the observed one among them, that reach the observed one."""
        return self.chance.p(self.correlation.value)

    @property
    def ceiling(self) -> float:
        """What the true noise correlations would reach: the root of the reliability, NaN without one."""
        return float(np.sqrt(self.reliability)) if self.reliability > 0 else float("nan")


def compare_noise_correlations(
    data: Clips,
    model: Clips,
    *,
    level: float = 0.95,
    n_bootstrap: int = 1000,
    n_permutations: int = 999,
    random_state: int | np.random.Generator = 0,
) -> NoiseAgreement:
    """How well a model tells which neurons share noise, and how much of it.

    Parameters
    ----------
    data
        Per clip, recorded responses (repeat, frame, neuron), of some hundreds of neurons.
    model
        Per clip, responses drawn from the model, (draw, frame, neuron); there may be more draws than repeats.
        Draws of a model that was given these very responses would copy their noise.
    level, n_bootstrap
        Of the spans, as in `ClipBootstrap`; data and model share the drawn clips.
    n_permutations
        How many orders of the model's neurons.
    random_state
        Seed or generator of all.

    Raises
    ------
    DataError
        As in `mean_noise_correlation`, or if clips or neurons differ between both, or there are fewer than 3
        neurons.
    OptionError
        If an option cannot work.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> def draw():
    ...     return rng.normal(size=(20, 50, 1)) * np.arange(6) / 3 + rng.normal(size=(20, 50, 6))
    >>> found = compare_noise_correlations([draw(), draw()], [draw(), draw()])
    >>> bool(found.correlation.value > 0.9), found.p < 0.05
    (True, True)
    """
    bootstrap = ClipBootstrap(level, n_bootstrap)
    if n_permutations < 1:
        raise OptionError(
            f"n_permutations={n_permutations}: give 1 or more; agreement needs its chance level"
        )
    observed, told = NoiseSums.of_varying(data, "data"), NoiseSums.of_varying(model, "model")
    n_clips, n = observed.square.shape
    if told.square.shape != (n_clips, n) or n < 3:
        raise DataError(
            f"data have {n_clips} clips of {n} neurons, model {len(told.square)} of {told.square.shape[1]}; "
            "give the same ones, and at least 3 neurons"
        )
    rng = np.random.default_rng(random_state)

    def span(number: Callable[[Float[np.ndarray, " clip"]], float]) -> Interval:
        return bootstrap.interval(number, n_clips, rng)

    return NoiseAgreement(
        correlation=span(lambda w: _correlation(observed.correlations(w), told.correlations(w))),
        chance=_mantel(observed.correlations(), told.correlations(), n, n_permutations, rng),
        reliability=_reliability(data),
        data=span(lambda w: mean_of_finite(observed.correlations(w))),
        model=span(lambda w: mean_of_finite(told.correlations(w))),
        data_pairs=observed.correlations(),
        model_pairs=told.correlations(),
    )


def _mantel(data: Pairs, model: Pairs, n: int, n_permutations: int, rng: np.random.Generator) -> Chance:
    above = np.triu_indices(n, 1)
    table = np.zeros((n, n))
    table[above] = model
    table += table.T
    orders = (rng.permutation(n) for _ in range(n_permutations))
    return Chance(np.array([_correlation(data, table[np.ix_(order, order)][above]) for order in orders]))


def _reliability(clips: Clips) -> float:
    """2 r / (1 + r), r the correlation of even with odd repeats."""
    if min(len(clip) for clip in clips) < 4:
        return float("nan")
    even, odd = (NoiseSums.of([clip[part::2] for clip in clips]).correlations() for part in (0, 1))
    r = _correlation(even, odd)
    return 2 * r / (1 + r) if r > -1 else -1.0


def _correlation(x: np.ndarray, y: np.ndarray) -> float:
    """Pearson's, over pairs that have both; 0 where one of them never changes."""
    both = np.isfinite(x) & np.isfinite(y)
    if not both.any():
        return 0.0
    x, y = x[both] - x[both].mean(), y[both] - y[both].mean()
    norm = float(np.sqrt((x @ x) * (y @ y)))
    return float(x @ y) / norm if norm > 0 else 0.0
