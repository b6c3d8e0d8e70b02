"""Whether intervals hold as many responses as they promise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Num

from twofold.analyses.hierarchical_bootstrap import hierarchical_bootstrap, mean_by_clip
from twofold.errors import DataError, OptionError
from twofold.metrics.intervals import Interval
from twofold.shapes import PerTime

Values = Num[np.ndarray, "_ _"]


@dataclass(frozen=True, eq=False)
class Coverage:
    """Share of the responses inside their intervals, each clip counted the same.

    Parameters
    ----------
    promised
        What it would be for a calibrated model.
    per_neuron
        (neuron,) what it is.
    mean
        Over neurons, with the span of the bootstrap over clips and neurons.
    """

    promised: float
    per_neuron: Float[np.ndarray, " neuron"]
    mean: Interval


def interval_coverage(
    observed: Values,
    low: Values,
    high: Values,
    clip: PerTime,
    *,
    level: float,
    silent_below: float = 0.0,
    random_state: int = 0,
) -> Coverage:
    """Share of the responses inside intervals, both ends included.

    Silence is one outcome and cannot be cut: an interval that ends in it holds all of it, and more than it
    promised. `pit_coverage` has no such excess.

    Parameters
    ----------
    observed, low, high
        (time, neuron) responses, and ends of their intervals.
    clip
        (time,) video of each row; repeats of a video are one clip.
    level
        What the intervals promise.
    silent_below
        Responses and ends up to here are silence: rho.
    random_state
        Seed of the bootstrap.

    Raises
    ------
    DataError
        If shapes do not fit, or a low end is above a high one.
    OptionError
        If the level is not between 0 and 1.

    Examples
    --------
    >>> y = np.random.default_rng(0).normal(size=(500, 4))
    >>> ends = np.full(y.shape, 1.645)
    >>> found = interval_coverage(y, -ends, ends, np.repeat(np.arange(5), 100), level=0.9, silent_below=-9)
    >>> found.promised, round(found.mean.value, 2), found.promised in found.mean
    (0.9, 0.9, True)
    """
    _check_level(level)
    if not observed.shape == low.shape == high.shape:
        raise DataError(f"observed {observed.shape}, low {low.shape}, high {high.shape}: give the same shape")
    wrong = ~(low <= high)
    if wrong.any():
        t, neuron = np.argwhere(wrong)[0]
        raise DataError(
            f"row {t}, neuron {neuron}: the interval goes from {low[t, neuron]:g} to {high[t, neuron]:g}"
        )
    y, low, high = (np.maximum(part, silent_below) for part in (observed, low, high))
    return _covered((low <= y) & (y <= high), clip, level, random_state)


def pit_coverage(pit: Values, clip: PerTime, *, level: float, random_state: int = 0) -> Coverage:
    """Share of the responses inside central intervals, silence cut by chance: |u - 1/2| <= level / 2.

    Parameters
    ----------
    pit
        (time, neuron) u of `randomised_pit` or `pit_of_samples`.
    clip, level, random_state
        As in `interval_coverage`.

    Raises
    ------
    OptionError
        If the level is not between 0 and 1.

    Examples
    --------
    >>> u = np.random.default_rng(0).random((500, 4))
    >>> 0.8 in pit_coverage(u, np.repeat(np.arange(5), 100), level=0.8).mean
    True
    """
    _check_level(level)
    return _covered(np.abs(pit - 0.5) <= level / 2, clip, level, random_state)


def _covered(inside: Bool[np.ndarray, "_ _"], clip: PerTime, level: float, random_state: int) -> Coverage:
    table = mean_by_clip(inside, clip)
    return Coverage(level, table.mean(axis=0), hierarchical_bootstrap([table], random_state=random_state))


def _check_level(level: float) -> None:
    if not 0 < level < 1:
        raise OptionError(f"level={level}: give a share between 0 and 1, such as 0.9")
