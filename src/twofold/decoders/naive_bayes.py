"""The decoder for spike counts: which frame's rates make these counts most likely."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import log_softmax
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import Tags
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from twofold.decoders.class_sums import class_sums
from twofold.errors import DataError, OptionError


class PoissonNaiveBayes(ClassifierMixin, BaseEstimator):
    r"""Independent Poisson counts given the class, every class equally likely beforehand.

    .. math:: \log p(x \mid c) = \sum_u x_u \log \lambda_{cu} - \sum_u \lambda_{cu} + \mathrm{const}, \quad
              \lambda_{cu} = \frac{\sum_{t : y_t = c} x_{tu} + \alpha \bar x_u}{n_c + \alpha}

    The rate is the posterior mean under a Gamma prior whose mean is the unit's mean rate over all classes
    and whose weight is :math:`\alpha` samples. Units silent in training tell nothing and are left out.

    Parameters
    ----------
    smoothing
        :math:`\alpha`, in samples, above 0: without it, one spike where training had none rules a class out.

    Attributes
    ----------
    classes_
        (class,) labels, sorted.
    rates_
        (class, unit) counts per sample; 0 for units silent in training.

    Examples
    --------
    >>> counts = np.array([[9, 0], [8, 1], [0, 9], [1, 7]])
    >>> decoder = PoissonNaiveBayes().fit(counts, np.array(["left", "left", "right", "right"]))
    >>> decoder.predict(np.array([[5, 1]])), decoder.rates_[0]
    (array(['left'], dtype='<U5'), array([7.16666667, 1.75      ]))
    """

    # scikit-learn's rule: a constructor takes anything and refuses nothing, `fit` does
    def __init__(self, smoothing: Any = 1.0) -> None:
        self.smoothing = smoothing

    def fit(self, X: Any, y: Any) -> PoissonNaiveBayes:
        """Estimate the rate of each unit in each class.

        Parameters
        ----------
        X
            (sample, unit) counts, not negative; they need not be whole.
        y
            (sample,) labels.

        Raises
        ------
        OptionError
            If `smoothing` is not above 0.
        DataError
            If a count is negative.
        """
        if not (isinstance(self.smoothing, (int, float, np.number)) and self.smoothing > 0):
            raise OptionError(
                f"smoothing={self.smoothing!r}: a number of samples above 0 is needed, such as 1"
            )
        X, y = validate_data(self, X, y, dtype=np.float64)
        check_classification_targets(y)
        _refuse_negative(X)
        self.classes_, counts, sums = class_sums(X, y)
        self.rates_ = (sums + self.smoothing * X.mean(axis=0)) / (counts[:, None] + self.smoothing)
        return self

    def predict(self, X: Any) -> np.ndarray:
        """The most likely label of each sample, (sample,)."""
        scores = self._log_likelihood(X)
        return self.classes_[scores.argmax(axis=1)]

    def predict_log_proba(self, X: Any) -> np.ndarray:
        """Log posterior of each class, (sample, class)."""
        return log_softmax(self._log_likelihood(X), axis=1)

    def predict_proba(self, X: Any) -> np.ndarray:
        """Posterior of each class, (sample, class)."""
        return np.exp(self.predict_log_proba(X))

    def _log_likelihood(self, X: Any) -> np.ndarray:
        """Log p(x | c), (sample, class), but for the term that all classes share."""
        check_is_fitted(self)
        X = validate_data(self, X, reset=False, dtype=np.float64)
        _refuse_negative(X)
        log_rates = np.log(self.rates_, out=np.zeros_like(self.rates_), where=self.rates_ > 0)
        return X @ log_rates.T - self.rates_.sum(axis=1)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.positive_only = True
        return tags


def _refuse_negative(X: np.ndarray) -> None:
    if (X < 0).any():
        sample, unit = np.argwhere(X < 0)[0]
        raise DataError(
            f"Negative values in data passed to PoissonNaiveBayes: {X[sample, unit]:g} at sample {sample}, "
            f"unit {unit}; give it raw counts, or use TemplateDecoder on standardised responses"
        )
