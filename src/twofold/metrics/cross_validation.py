"""How well one embedding tells another on rows that were left out, from sums over folds.

Ridge regression and canonical correlation need no more of the rows than their sums of products. These are
taken once per fold; after that no step depends on the number of rows.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Bool, Float, Int, Num

# Penalties as shares of the source's mean variance; the last predicts the mean and nothing else.
PENALTIES = np.array([1e-6, 1e-4, 1e-3, 1e-2, 1e-1, 1.0, 10.0, np.inf])
ROUNDING = 1e-13  # variance below this share of the sum of squares is none
SHRINKAGE = 1e-3  # of covariances before they are inverted, as a share of their mean variance


@runtime_checkable
class Held(Protocol):
    """A source embedding, ready to be compared with many targets on held-out rows."""

    def score(self, y: Num[np.ndarray, "row target"]) -> float:
        """How well the source tells the target, 0 by chance and 1 at best."""
        ...


class FoldSums(NamedTuple):
    """Sums of x, y and x y^T over the rows of each fold."""

    n: Float[np.ndarray, " fold"]
    x: Float[np.ndarray, "fold source"]
    y: Float[np.ndarray, "fold target"]
    xy: Float[np.ndarray, "fold source target"]

    @classmethod
    def of(
        cls,
        x: Num[np.ndarray, "row source"],
        y: Num[np.ndarray, "row target"],
        fold: Int[np.ndarray, " row"],
    ) -> FoldSums:
        """Sum over the rows; folds are numbered 0, 1, ..."""
        n = np.bincount(fold).astype(float)
        parts = [(x[fold == f], y[fold == f]) for f in range(len(n))]
        return cls(
            n,
            np.stack([a.sum(axis=0) for a, _ in parts]),
            np.stack([b.sum(axis=0) for _, b in parts]),
            np.stack([a.T @ b for a, b in parts]),
        )

    def means(self, folds: Bool[np.ndarray, " fold"]) -> tuple[np.ndarray, np.ndarray]:
        """Means of x and y over some folds."""
        n = self.n[folds].sum()
        return self.x[folds].sum(axis=0) / n, self.y[folds].sum(axis=0) / n

    def about(
        self, folds: Bool[np.ndarray, " fold"], mx: np.ndarray, my: np.ndarray
    ) -> Float[np.ndarray, "source target"]:
        """Sum of (x - mx) (y - my)^T over some folds."""
        n, x, y, xy = (part[folds].sum(axis=0) for part in self)
        return xy - np.outer(x, my) - np.outer(mx, y) + n * np.outer(mx, my)


class LinearMap:
    r"""R2 of a target told from the source by ridge regression, on folds that were left out.

    .. math:: R^2 = 1 - \sum_f \|Y_f - \hat Y_f\|^2 / \sum_f \|Y_f - \bar Y_{\mathrm{train}}\|^2

    Each fold is left out once. The penalty is chosen on the next fold, also left out, and the map is then
    fitted to all but the scored fold. Variance-weighted: the axes of the target do not matter.

    Parameters
    ----------
    x
        (row, source).
    fold
        (row,) numbers 0, 1, ... of at least 3 folds.

    Examples
    --------
    >>> x = np.random.default_rng(0).normal(size=(60, 2))
    >>> round(LinearMap(x, np.arange(60) // 12).score(x @ np.array([[0.0, 2.0], [1.0, 1.0]])), 3)
    1.0
    """

    def __init__(self, x: Num[np.ndarray, "row source"], fold: Int[np.ndarray, " row"]) -> None:
        self.x, self.fold = x, fold
        self.xx = FoldSums.of(x, x, fold)
        number = np.arange(len(self.xx.n))
        self._turns = []
        for f in number:
            scored, choosing = number == f, number == (f + 1) % len(number)
            choice = _Ridge(self.xx, ~(scored | choosing), choosing)
            self._turns.append((choice, _Ridge(self.xx, ~scored, scored)))

    def score(self, y: Num[np.ndarray, "row target"]) -> float:
        """R2, at most 1; about 0 where there is nothing to tell."""
        xy = FoldSums.of(self.x, y, self.fold)
        square = FoldSums.of(y, y, self.fold)
        error = total = 0.0
        for choice, final in self._turns:
            best = choice.errors(xy, square)[0].argmin()
            errors, around_mean = final.errors(xy, square)
            error, total = error + errors[best], total + around_mean
        return float(1 - error / total) if total > 0 else 0.0


class _Ridge:
    """Squared errors, on other folds, of ridge regression fitted to some folds, for all penalties at once.

    With V, s the eigenvectors and -values of the training covariance, C = V^T Xtr^T Ytr, T = V^T Xte^T Yte,
    S = V^T Xte^T Xte V and h = 1 / (s + a): |Yte - Xte W|^2 = |Yte|^2 - 2 h.(C T^T)_kk + h^T (S * C C^T) h.
    """

    def __init__(self, xx: FoldSums, train: np.ndarray, test: np.ndarray) -> None:
        self.train, self.test = train, test
        self.mx, _ = xx.means(train)
        s, self.V = np.linalg.eigh(xx.about(train, self.mx, self.mx))
        floor = ROUNDING * np.trace(xx.xy[train].sum(axis=0)) + np.finfo(float).tiny
        s = np.maximum(s, floor)
        self.h = np.where(s > floor, 1 / (s + PENALTIES[:, None] * s.mean()), 0.0)
        self.S = self.V.T @ xx.about(test, self.mx, self.mx) @ self.V

    def errors(self, xy: FoldSums, yy: FoldSums) -> tuple[np.ndarray, float]:
        """(penalty,) squared errors, and the one of the training mean."""
        _, my = xy.means(self.train)
        C = self.V.T @ xy.about(self.train, self.mx, my)
        T = self.V.T @ xy.about(self.test, self.mx, my)
        around_mean = float(np.trace(yy.about(self.test, my, my)))
        explained = 2 * self.h @ (C * T).sum(axis=1)
        added = ((self.h @ (self.S * (C @ C.T))) * self.h).sum(axis=1)
        return around_mean - explained + added, around_mean


class SharedSubspace:
    """Mean squared canonical correlation of source and target, on folds that were left out.

    Canonical directions are found on all folds but one and correlated on that one; sums over folds are pooled
    by rank. A negative correlation counts as a negative square, so that chance is 0. The mean is over as many
    directions as the smaller embedding has dimensions.

    Parameters
    ----------
    x
        (row, source).
    fold
        (row,) numbers 0, 1, ... of at least 2 folds.

    Examples
    --------
    >>> z = np.random.default_rng(0).normal(size=(3, 90))
    >>> shared = SharedSubspace(z[:2].T, np.arange(90) // 18)
    >>> round(shared.score(z[:2].T), 2), abs(round(shared.score(z[1:].T) - 0.5, 1))
    (1.0, 0.0)
    """

    def __init__(self, x: Num[np.ndarray, "row source"], fold: Int[np.ndarray, " row"]) -> None:
        self.x, self.fold = x, fold
        self.xx = FoldSums.of(x, x, fold)
        number = np.arange(len(self.xx.n))
        self._whitened = [(number != f, _whitening(self.xx, number != f)) for f in number]

    def score(self, y: Num[np.ndarray, "row target"]) -> float:
        """Mean of r |r| over canonical directions, at most 1; about 0 where nothing is shared."""
        xy, yy = FoldSums.of(self.x, y, self.fold), FoldSums.of(y, y, self.fold)
        k = min(self.x.shape[1], y.shape[1])
        sums = np.zeros((3, k))
        for train, Wx in self._whitened:
            mx, my = xy.means(train)
            Wy = _whitening(yy, train)
            U, _, Vt = np.linalg.svd(Wx.T @ xy.about(train, mx, my) @ Wy, full_matrices=False)
            A, B = Wx @ U, Wy @ Vt.T
            test_x, test_y = xy.means(~train)
            for part, (left, sums_of, right, m, n) in enumerate(
                ((A, xy, B, test_x, test_y), (A, self.xx, A, test_x, test_x), (B, yy, B, test_y, test_y))
            ):
                sums[part] += ((sums_of.about(~train, m, n) @ right) * left).sum(axis=0)
        covariance, of_x, of_y = sums
        r = covariance / np.sqrt(np.maximum(of_x * of_y, np.finfo(float).tiny))
        return float((r * np.abs(r)).mean())


def _whitening(xx: FoldSums, train: np.ndarray) -> np.ndarray:
    mean, _ = xx.means(train)
    s, V = np.linalg.eigh(xx.about(train, mean, mean))
    return V / np.sqrt(np.maximum(s, 0.0) + SHRINKAGE * max(s.mean(), np.finfo(float).tiny))
