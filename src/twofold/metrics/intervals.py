"""How sure a number is: over folds or repeats, and between two methods on the same folds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from twofold.errors import DataError, OptionError


@dataclass(frozen=True)
class Interval:
    """A number and the span around it.

    Parameters
    ----------
    value
        The number itself.
    low, high
        Ends of the span, both included; None where one value alone tells no spread.
    n
        How many values (folds, repeats, samples) stand behind it.

    Examples
    --------
    >>> 0.4 in Interval(0.5, 0.3, 0.7, n=10)
    True
    """

    value: float
    low: float | None
    high: float | None
    n: int

    def __contains__(self, number: float) -> bool:
        if self.low is None or self.high is None:
            raise DataError(f"one value ({self.value:g}) has no spread, so no number is inside or outside")
        return bool(self.low <= number <= self.high)


@dataclass(frozen=True)
class PairedDifference:
    """Mean of a - b over the folds that both were scored on, and how easily chance gives as much.

    Parameters
    ----------
    difference
        Mean difference, one s.e.m. to either side.
    p
        Two-sided sign-flip permutation p value.
    """

    difference: Interval
    p: float


def mean_and_sem(values: Sequence[float] | np.ndarray) -> Interval:
    r"""Mean and one standard error of the mean to either side.

    .. math:: \mathrm{s.e.m.} = s / \sqrt{n}, \quad s^2 = \textstyle\sum_i (x_i - \bar x)^2 / (n - 1)

    Folds share training data, so this s.e.m. is over folds that are not independent.

    Parameters
    ----------
    values
        (fold,) one number per fold, repeat, seed or mouse.

    Raises
    ------
    DataError
        If there is no value, or one is not finite.

    Examples
    --------
    >>> mean_and_sem([0.25, 0.5, 0.75]).value
    0.5
    """
    x = _finite(values, "values")
    mean, n = float(x.mean()), len(x)
    if n == 1:
        return Interval(mean, None, None, n)
    sem = float(x.std(ddof=1) / np.sqrt(n))
    return Interval(mean, mean - sem, mean + sem, n)


def paired_difference(
    a: Sequence[float] | np.ndarray,
    b: Sequence[float] | np.ndarray,
    *,
    n_permutations: int = 10_000,
    random_state: int = 0,
) -> PairedDifference:
    """Mean of a - b over folds, its s.e.m., and a sign-flip permutation p.

    If the methods do not differ, each fold's difference is as likely to have either sign: p is the share
    of sign choices whose mean is at least as far from 0. All 2^n are taken where they are no more than
    `n_permutations`; else as many random ones, and p counts the observed one among them.

    Parameters
    ----------
    a, b
        (fold,) scores of two methods on the same folds, in the same order.
    n_permutations
        How many sign choices at most.
    random_state
        Seed of the random sign choices.

    Raises
    ------
    DataError
        If the folds differ in number, or a score is not finite.
    OptionError
        If `n_permutations` is below 1.

    Examples
    --------
    >>> paired_difference([0.5, 0.6, 0.7], [0.4, 0.4, 0.4]).p
    0.25
    """
    if n_permutations < 1:
        raise OptionError(f"n_permutations={n_permutations}: at least 1 is needed")
    a, b = _finite(a, "a"), _finite(b, "b")
    if len(a) != len(b):
        raise DataError(f"paired scores need the same folds, got {len(a)} of a and {len(b)} of b")
    d, n = a - b, len(a)
    exhaustive = n < 63 and 2**n <= n_permutations
    if exhaustive:
        signs = 1 - 2 * (np.arange(2**n)[:, None] >> np.arange(n) & 1)
    else:
        signs = 2 * np.random.default_rng(random_state).integers(0, 2, size=(n_permutations, n)) - 1
    # equal means may differ in their last bits, because the order of the additions differs
    as_far = np.abs(signs @ d) >= np.abs(d.sum()) - 1e-12 * np.abs(d).sum()
    p = as_far.mean() if exhaustive else (as_far.sum() + 1) / (n_permutations + 1)
    return PairedDifference(difference=mean_and_sem(d), p=float(p))


def _finite(values: Sequence[float] | np.ndarray, name: str) -> np.ndarray:
    x = np.asarray(values, dtype=float)
    if x.ndim != 1 or not len(x):
        raise DataError(f"{name}: one number per fold is needed, got an array of shape {x.shape}")
    if not np.isfinite(x).all():
        raise DataError(f"{name}: the score of fold {np.flatnonzero(~np.isfinite(x))[0]} is not finite")
    return x
