"""Factor analysis whose number of factors is chosen on trials that were left out."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.decomposition import FactorAnalysis
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import KFold
from sklearn.utils.validation import check_is_fitted, validate_data

from twofold.errors import DataError, OptionError
from twofold.shapes import Latents

DIMENSIONS = (1, 2, 4, 8, 16, 32, 64, 128)
ITERATIONS = 200


class FactorAnalysisCV(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """scikit-learn's factor analysis, x = W z + mean + noise of a variance per neuron.

    Numbers of factors are tried from the least upwards, until the log-likelihood of trials that were left out
    falls.

    Parameters
    ----------
    dimensions
        Numbers of factors to choose among, rising; a single one is taken as it is. Those of a number of
        neurons or more are left out.
    max_folds
        Trials are joined until there are no more than so many folds; 2 or more.
    random_state
        Seed of the randomised decompositions.

    Attributes
    ----------
    dimension_ : int
        What was chosen.
    scores_ : dict of int to float
        Mean log-likelihood of left-out rows in nats, of the numbers that were tried.
    factors_ : sklearn.decomposition.FactorAnalysis
        Fitted to all rows.

    Raises
    ------
    OptionError
        If there is no number to try, or fewer than 2 folds.
    DataError
        If there is not one trial per row.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> responses = rng.normal(size=(300, 2)) @ rng.normal(size=(2, 12)) + 0.5 * rng.normal(size=(300, 12))
    >>> factors = FactorAnalysisCV(dimensions=(1, 2, 4), random_state=0).fit(responses)
    >>> factors.dimension_, factors.transform(responses).shape
    (2, (300, 2))
    """

    def __init__(self, dimensions: Any = DIMENSIONS, *, max_folds: Any = 3, random_state: Any = 0) -> None:
        self.dimensions = dimensions
        self.max_folds = max_folds
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None, *, trials: Any = None) -> FactorAnalysisCV:
        """Choose the number of factors, then fit to all rows.

        Parameters
        ----------
        X
            (time, neuron).
        y
            Ignored.
        trials
            (time,) rows that are left out together; None makes stretches of consecutive rows.
        """
        X = validate_data(self, X, dtype=np.float64, ensure_min_samples=2, ensure_min_features=2)
        if self.max_folds < 2:
            raise OptionError(f"max_folds={self.max_folds}: give 2 or more")
        candidates = [n for n in sorted(self.dimensions) if 1 <= n < X.shape[1]]
        if not candidates:
            raise OptionError(
                f"dimensions={self.dimensions}: give numbers from 1 to {X.shape[1] - 1}, fewer than neurons"
            )
        self.scores_: dict[int, float] = {}
        folds = self._folds(len(X), trials) if len(candidates) > 1 else []
        for n in candidates if folds else []:
            self.scores_[n] = float(np.mean([self._fit(X[train], n).score(X[test]) for train, test in folds]))
            if self.scores_[n] < max(self.scores_.values()):
                break
        self.dimension_ = max(self.scores_, key=self.scores_.__getitem__) if folds else candidates[0]
        self.factors_ = self._fit(X, self.dimension_)
        return self

    def transform(self, X: Any) -> Latents:
        """(time, dimension) means of the posterior of the factors."""
        check_is_fitted(self)
        X = validate_data(self, X, reset=False, dtype=np.float64)
        return np.asarray(self.factors_.transform(X))

    @property
    def _n_features_out(self) -> int:
        return self.dimension_

    def _folds(self, n_rows: int, trials: Any) -> list[tuple[np.ndarray, np.ndarray]]:
        if trials is not None and np.shape(trials) != (n_rows,):
            raise DataError(f"trials of shape {np.shape(trials)} for {n_rows} rows; give one per row")
        trial = np.arange(n_rows) if trials is None else np.unique(trials, return_inverse=True)[1]
        n_trials = int(trial.max()) + 1
        if n_trials < 2:
            raise DataError(
                "choosing a number of factors needs at least 2 trials; give one number, or trials"
            )
        split = KFold(min(self.max_folds, n_trials)).split(np.arange(n_trials))
        return [(np.flatnonzero(np.isin(trial, a)), np.flatnonzero(np.isin(trial, b))) for a, b in split]

    def _fit(self, X: np.ndarray, n: int) -> FactorAnalysis:
        factors = FactorAnalysis(n, max_iter=ITERATIONS, tol=0.1, random_state=self.random_state)
        rows, n_neurons = X.shape
        if rows <= 2 * n_neurons:
            return _quietly(factors, X)
        # Only mean and covariance matter: 2 N rows of the same two say all that there is.
        mean = X.mean(axis=0)
        root = np.linalg.qr(X - mean, mode="r") * np.sqrt(n_neurons / rows)
        _quietly(factors, np.vstack([root, -root])).mean_ = mean
        return factors


def _quietly(factors: FactorAnalysis, X: np.ndarray) -> FactorAnalysis:
    with warnings.catch_warnings():  # what it has reached by then will do
        warnings.simplefilter("ignore", ConvergenceWarning)
        return factors.fit(X)
