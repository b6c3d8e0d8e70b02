"""Moments that grow batch by batch, exact in double precision whatever the batches are.

Two parts of data, a and b, have together

    n = n_a + n_b,   mean = mean_a + delta n_b / n,   S = S_a + S_b + delta delta' n_a n_b / n

with delta = mean_b - mean_a and S the sum of products of deviations. Nothing is ever subtracted from a large
sum of squares, and parts may be joined in any order: those of batches, or those of processes.

Source: Chan, Golub & LeVeque 1983 (The American Statistician 37:242).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Num

from twofold.errors import DataError

Rows = Num[np.ndarray, "_ _"]
Counted = Bool[np.ndarray, "_ _"]
PerUnit = Float[np.ndarray, "neuron"]


class PairMoments(NamedTuple):
    """Moments of pairs (x, y) of every neuron, each (neuron,); `n` differs where entries are left out."""

    n: PerUnit
    mean_x: PerUnit
    mean_y: PerUnit
    square_x: PerUnit
    square_y: PerUnit
    product: PerUnit
    least_x: PerUnit
    most_x: PerUnit
    least_y: PerUnit
    most_y: PerUnit

    @classmethod
    def of(cls, x: Rows, y: Rows, counted: Counted | None = None) -> PairMoments:
        """Moments of (time, neuron) rows; entries that are not counted may be NaN.

        Raises
        ------
        DataError
            If shapes differ, or a counted entry is not finite.

        Examples
        --------
        >>> x = np.array([[0.0], [1.0], [2.0], [9.0]])
        >>> joined = PairMoments.of(x[:1], 2 * x[:1]).merged(PairMoments.of(x[1:], 2 * x[1:]))
        >>> joined.n, joined.mean_y, joined.product
        (array([4.]), array([6.]), array([100.]))
        """
        keep = np.ones(x.shape, dtype=bool) if counted is None else counted
        x, y = checked_pair(x, y, keep)
        n = keep.sum(axis=0).astype(float)
        share = 1 / np.maximum(n, 1)
        mean_x, mean_y = x.sum(axis=0) * share, y.sum(axis=0) * share
        off_x, off_y = np.where(keep, x - mean_x, 0), np.where(keep, y - mean_y, 0)
        extremes = (
            end(values, axis=0, initial=start, where=keep)
            for values in (x, y)
            for end, start in ((np.min, np.inf), (np.max, -np.inf))
        )
        return cls(
            n,
            mean_x,
            mean_y,
            (off_x * off_x).sum(axis=0),
            (off_y * off_y).sum(axis=0),
            (off_x * off_y).sum(axis=0),
            *extremes,
        )

    def merged(self, other: PairMoments) -> PairMoments:
        """Moments of the rows of both."""
        n = self.n + other.n
        share = other.n / np.maximum(n, 1)
        weight = self.n * share
        x, y = other.mean_x - self.mean_x, other.mean_y - self.mean_y
        return PairMoments(
            n=n,
            mean_x=self.mean_x + x * share,
            mean_y=self.mean_y + y * share,
            square_x=self.square_x + other.square_x + x * x * weight,
            square_y=self.square_y + other.square_y + y * y * weight,
            product=self.product + other.product + x * y * weight,
            least_x=np.minimum(self.least_x, other.least_x),
            most_x=np.maximum(self.most_x, other.most_x),
            least_y=np.minimum(self.least_y, other.least_y),
            most_y=np.maximum(self.most_y, other.most_y),
        )

    def correlation(self) -> PerUnit:
        """Pearson correlation of x and y, (neuron,); NaN where x is constant, 0 where only y is."""
        varies = self.most_x > self.least_x
        told = varies & (self.most_y > self.least_y)
        norm = np.sqrt(self.square_x) * np.sqrt(self.square_y)
        r = np.divide(self.product, norm, out=np.zeros(len(norm)), where=told & (norm > 0))
        return np.where(varies, np.clip(r, -1, 1), np.nan)


class RepeatMoments(NamedTuple):
    """Mean over the repeats of one video, and the sum of squares around it, each (time, neuron)."""

    n: int
    mean: Float[np.ndarray, "time neuron"]
    square: Float[np.ndarray, "time neuron"]

    @classmethod
    def of(cls, responses: Rows) -> RepeatMoments:
        """Moments of one repeat, (time, neuron).

        Examples
        --------
        >>> one, two = RepeatMoments.of(np.zeros((1, 1))), RepeatMoments.of(np.full((1, 1), 2.0))
        >>> one.merged(two)
        RepeatMoments(n=2, mean=array([[1.]]), square=array([[2.]]))
        """
        mean = np.array(responses, dtype=float)
        return cls(1, mean, np.zeros_like(mean))

    def merged(self, other: RepeatMoments) -> RepeatMoments:
        """Moments of the repeats of both; where their lengths differ, of the time that all have."""
        time = min(len(self.mean), len(other.mean))
        n, delta = self.n + other.n, other.mean[:time] - self.mean[:time]
        return RepeatMoments(
            n,
            self.mean[:time] + delta * (other.n / n),
            self.square[:time] + other.square[:time] + delta**2 * (self.n * other.n / n),
        )


def spread_of_means(videos: Sequence[RepeatMoments]) -> PerUnit:
    """Sum over frames and repeats of (m - M)^2, (neuron,): m a frame's mean, M that of all."""
    origin = videos[0].mean[0]  # taken off beforehand, so that a constant neuron has exactly 0
    means = [video.mean - origin for video in videos]
    total = sum(video.n * len(video.mean) for video in videos)
    grand_mean = sum(video.n * m.sum(axis=0) for video, m in zip(videos, means, strict=True)) / total
    squares = [video.n * ((m - grand_mean) ** 2).sum(axis=0) for video, m in zip(videos, means, strict=True)]
    return np.sum(squares, axis=0)


def checked_pair(
    true: np.ndarray, predicted: np.ndarray, counted: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Both in double precision and 0 where not counted, after one look at whether they can be scored."""
    if true.shape != predicted.shape or counted.shape != true.shape:
        raise DataError(
            f"true is {true.shape}, predicted {predicted.shape}, counted {counted.shape}, (time, neuron); "
            "all three must be alike"
        )
    pair = []
    for name, values in (("true", true), ("predicted", predicted)):
        x = np.where(counted, values, 0.0)
        if not np.isfinite(x).all():
            row, neuron = np.argwhere(~np.isfinite(x))[0]
            raise DataError(f"{name}: not finite at row {row}, neuron {neuron}; leave it out of what counts")
        pair.append(x)
    return pair[0], pair[1]
