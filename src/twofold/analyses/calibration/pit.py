r"""The probability integral transform: where responses fall in the distributions predicted for them.

.. math:: u = F(y^-) + v \, (F(y) - F(y^-)), \quad v \sim \mathrm{Uniform}(0, 1)

u is uniform if the predictions are right. F jumps where single values have a probability of their own, as
silence has; there u is drawn from the jump, without which a histogram would be uneven for right predictions.

Source: Smith 1985 (Journal of Forecasting 4:283); Czado, Gneiting & Held 2009 (Biometrics 65:1254).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Num

from twofold.analyses.hierarchical_bootstrap import hierarchical_bootstrap, mean_by_clip
from twofold.errors import DataError, OptionError
from twofold.shapes import PerTime

Probability = Num[np.ndarray, "_ _"]


@dataclass(frozen=True, eq=False)
class PitHistogram:
    """How often responses fall in each part of their distributions.

    Parameters
    ----------
    edges
        (bin + 1,) from 0 to 1.
    density
        (bin,) 1 everywhere if calibrated; high at both ends if predictions are too narrow, in the middle if
        they are too wide.
    low, high
        (bin,) span of the bootstrap over clips and neurons.
    distance
        Largest distance of the cumulated histogram from that of a calibrated model.
    """

    edges: Float[np.ndarray, " edge"]
    density: Float[np.ndarray, " bin"]
    low: Float[np.ndarray, " bin"]
    high: Float[np.ndarray, " bin"]
    distance: float


def randomised_pit(
    below: Probability, at: Probability, random_state: np.random.Generator
) -> Float[np.ndarray, "_ _"]:
    """The transform u of responses, (time, neuron).

    Parameters
    ----------
    below
        (time, neuron) P(Y < y): 0 for a silent response, P(Y <= y) where single values have no probability.
    at
        (time, neuron) P(Y <= y): for a silent response the probability of silence, P(Y <= rho).
    random_state
        Source of v.

    Raises
    ------
    DataError
        If these are no such probabilities.

    Examples
    --------
    >>> y, silence = np.array([[0.0, 2.0]]), 0.5
    >>> cdf = silence + (1 - silence) * -np.expm1(-y)
    >>> u = randomised_pit(np.where(y > 0, cdf, 0.0), cdf, np.random.default_rng(0))
    >>> u.round(3), bool(u[0, 0] <= silence)
    (array([[0.318, 0.932]]), True)
    """
    if below.shape != at.shape:
        raise DataError(f"below is {below.shape}, at {at.shape}; give both (time, neuron)")
    wrong = ~((below >= 0) & (below <= at) & (at <= 1 + 1e-6))
    if wrong.any():
        t, neuron = np.argwhere(wrong)[0]
        raise DataError(
            f"row {t}, neuron {neuron}: P(Y < y) = {below[t, neuron]:g} and P(Y <= y) = {at[t, neuron]:g}; "
            "these go from 0 to 1 and the first is no larger"
        )
    u = below + random_state.random(at.shape) * (at - below)
    return np.minimum(u.astype(float), 1.0)


def pit_of_samples(
    samples: Num[np.ndarray, "_ _ _"],
    observed: Num[np.ndarray, "_ _"],
    random_state: np.random.Generator,
    *,
    silent_below: float = 0.0,
) -> Float[np.ndarray, "_ _"]:
    """The transform u of responses, from responses drawn from the predictions.

    u = (#below + v (#equal + 1)) / (n + 1): exactly uniform where a response is like the n draws.

    Parameters
    ----------
    samples
        (sample, time, neuron).
    observed
        (time, neuron).
    random_state
        Source of v.
    silent_below
        Responses and draws up to here count as equal: rho.

    Raises
    ------
    DataError
        If shapes do not fit.

    Examples
    --------
    >>> samples = np.array([0.0, 0.001, 0.004, 3.0]).reshape(4, 1, 1)
    >>> u = pit_of_samples(samples, np.array([[0.0]]), np.random.default_rng(0), silent_below=0.005)
    >>> bool(0 <= u[0, 0] <= 0.8)
    True
    """
    if samples.shape[1:] != observed.shape or not len(samples):
        raise DataError(
            f"samples are {samples.shape}, observed {observed.shape}; give (sample, time, neuron) and (time, "
            "neuron), and at least one sample"
        )
    y, drawn = np.maximum(observed, silent_below), np.maximum(samples, silent_below)
    below, equal = (drawn < y).sum(axis=0), (drawn == y).sum(axis=0)
    return (below + random_state.random(y.shape) * (equal + 1)) / (len(samples) + 1)


def pit_histogram(
    pit: Probability,
    clip: PerTime,
    *,
    bins: int = 10,
    level: float = 0.95,
    n_bootstrap: int = 1000,
    random_state: int = 0,
) -> PitHistogram:
    """Histogram of u over neurons and time, each clip counted the same.

    Parameters
    ----------
    pit
        (time, neuron) u.
    clip
        (time,) video of each row; repeats of a video are one clip. Frames of a clip are not independent, so
        that spans are over clips and neurons.
    bins
        How many.
    level, n_bootstrap, random_state
        Of the span, as in `hierarchical_bootstrap`.

    Raises
    ------
    DataError
        If rows do not fit each other, or u is not between 0 and 1.
    OptionError
        If there is no bin.

    Examples
    --------
    >>> u = np.random.default_rng(0).random((600, 8))
    >>> found = pit_histogram(u, np.repeat(np.arange(6), 100), bins=4)
    >>> found.density.round(1), bool((found.low < 1).all() and (found.high > 1).all()), found.distance < 0.02
    (array([1., 1., 1., 1.]), True, True)
    """
    if bins < 1:
        raise OptionError(f"bins={bins}: give 1 or more, such as 10")
    if not ((pit >= 0) & (pit <= 1)).all():
        raise DataError("pit: give numbers between 0 and 1, as `randomised_pit` does")
    number = np.minimum((pit * bins).astype(int), bins - 1)
    spans = [
        hierarchical_bootstrap(
            [bins * mean_by_clip(number == place, clip)],
            level=level,
            n_bootstrap=n_bootstrap,
            random_state=random_state,
        )
        for place in range(bins)
    ]
    edges = np.linspace(0, 1, bins + 1)
    density = np.array([span.value for span in spans])
    return PitHistogram(
        edges,
        density,
        low=np.array([span.low for span in spans]),
        high=np.array([span.high for span in spans]),
        distance=float(np.abs(density.cumsum() / bins - edges[1:]).max()),
    )
