"""Ridge regression whose penalty is chosen on whole groups of rows that were left out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted, validate_data

from twofold.errors import DataError, OptionError

PENALTIES = tuple(10.0**power for power in range(-5, 4))


class GroupedRidge(RegressorMixin, BaseEstimator):
    r"""Ridge regression on standardised inputs, for many targets at once.

    .. math:: \hat W = \arg\min_W \tfrac1n \|Y - X W\|^2 + a \|W\|^2
              = (X^\top X / n + a I)^{-1} X^\top Y / n

    Rows of the same repeat, frame or minute resemble each other, so leaving out single rows would choose
    too small a penalty; here whole groups are left out. One eigendecomposition serves all penalties.

    Parameters
    ----------
    penalties
        Values of a to choose from, by the least squared error on left-out groups.
    per_target
        Choose a penalty for every target instead of one for all.
    max_folds
        Groups are joined until there are no more than so many; 2 or more.

    Attributes
    ----------
    penalty_ : (target,) or float
        What was chosen.
    coef_ : (input, target)
        Weights for inputs as they come.
    intercept_ : (target,)
        Prediction where all inputs are zero.

    Raises
    ------
    OptionError
        If a penalty is not positive, or there are fewer than 2 groups or folds.
    DataError
        If there is not one group per row.

    Examples
    --------
    >>> X = np.random.default_rng(0).normal(size=(60, 3))
    >>> fitted = GroupedRidge().fit(X, X @ np.ones((3, 2)), groups=np.arange(60) // 12)
    >>> fitted.predict(np.ones((1, 3))).round(2)
    array([[3., 3.]])
    """

    def __init__(self, *, penalties: Any = PENALTIES, per_target: Any = False, max_folds: Any = 5) -> None:
        self.penalties = penalties
        self.per_target = per_target
        self.max_folds = max_folds

    def fit(self, X: Any, y: Any, groups: Any = None) -> GroupedRidge:
        """Choose the penalty and fit.

        Parameters
        ----------
        X
            (time, input).
        y
            (time, target), or (time,).
        groups
            (time,) rows that are left out together; None makes stretches of consecutive rows.
        """
        X, y = validate_data(
            self, X, y, multi_output=True, y_numeric=True, dtype=np.float64, ensure_min_samples=2
        )
        if not len(self.penalties) or min(self.penalties) <= 0:
            raise OptionError(f"penalties={self.penalties}: give numbers above 0")
        if self.max_folds < 2:
            raise OptionError(f"max_folds={self.max_folds}: give 2 or more")
        Y = y.reshape(len(y), -1).astype(np.float64)
        self._one_target = y.ndim == 1
        error = np.zeros((len(self.penalties), Y.shape[1]))
        fold = self._folds(len(X), groups)
        for value in np.unique(fold):
            train, left_out = fold != value, fold == value
            basis, level = Basis.of(X[train]), Y[train].mean(axis=0)
            right = basis.covariance(Y[train] - level)
            new, true = basis.coordinates(X[left_out]), Y[left_out] - level
            for i, a in enumerate(self.penalties):
                error[i] += ((true - new @ basis.shrunk(right, a)) ** 2).sum(axis=0)
        if not self.per_target:
            error = np.repeat(error.sum(axis=1, keepdims=True), Y.shape[1], axis=1)
        best = error.argmin(axis=0)
        basis, level = Basis.of(X), Y.mean(axis=0)
        right = basis.covariance(Y - level)
        self.coef_ = np.zeros((X.shape[1], Y.shape[1]))
        for i, a in enumerate(self.penalties):
            self.coef_[:, best == i] = basis.weights(basis.shrunk(right[:, best == i], a))
        self.intercept_ = level - basis.mean @ self.coef_
        chosen = np.asarray(self.penalties, dtype=float)[best]
        self.penalty_ = chosen if self.per_target else float(chosen[0])
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Targets of new inputs (time, input), in the shape of the fitted y."""
        check_is_fitted(self)
        X = validate_data(self, X, reset=False, dtype=np.float64)
        predicted = X @ self.coef_ + self.intercept_
        return predicted[:, 0] if self._one_target else predicted

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def _folds(self, n_rows: int, groups: Any) -> np.ndarray:
        if groups is not None and np.shape(groups) != (n_rows,):
            raise DataError(f"groups of shape {np.shape(groups)} for {n_rows} rows; give one group per row")
        group = np.arange(n_rows) if groups is None else np.unique(groups, return_inverse=True)[1]
        n_groups = int(group.max()) + 1
        if n_groups < 2:
            raise OptionError("choosing a penalty needs at least 2 groups of rows; there is 1")
        return group * min(self.max_folds, n_groups) // n_groups


@dataclass(frozen=True, eq=False)
class Basis:
    """Eigenvectors of standardised inputs, Z' Z / n = V diag(power) V', in which every penalty is diagonal.

    With fewer rows than inputs they come from Z Z' / n. What is told of new rows is computed in their
    coordinates, without the weights of the inputs, which are as many as inputs times targets.
    """

    mean: np.ndarray
    scale: np.ndarray
    inputs: np.ndarray
    rows: np.ndarray
    power: np.ndarray

    @classmethod
    def of(cls, X: np.ndarray) -> Basis:
        """That of (time, input)."""
        mean, scale, n = X.mean(axis=0), X.std(axis=0), len(X)
        scale = np.where(np.ptp(X, axis=0) > 0, scale, 1.0)  # rounding can give a constant a deviation
        Z = (X - mean) / scale
        if n >= Z.shape[1]:
            power, vectors = np.linalg.eigh(Z.T @ Z / n)
            return cls(mean, scale, vectors, Z @ vectors / n, np.maximum(power, 0.0))
        power, vectors = np.linalg.eigh(Z @ Z.T / n)
        return cls(mean, scale, Z.T @ vectors, vectors / n, np.maximum(power, 0.0))

    def covariance(self, R: np.ndarray) -> np.ndarray:
        """(eigenvector, target) of targets around their mean, (time, target)."""
        return self.rows.T @ R

    def coordinates(self, X: np.ndarray) -> np.ndarray:
        """(time, eigenvector) of new inputs."""
        return ((X - self.mean) / self.scale) @ self.inputs

    def shrunk(self, right: np.ndarray, a: float) -> np.ndarray:
        """Weights of the eigenvectors under a penalty."""
        return right / (self.power + a)[:, None]

    def weights(self, shrunk: np.ndarray) -> np.ndarray:
        """Weights of the inputs as they come."""
        return self.inputs @ shrunk / self.scale[:, None]
