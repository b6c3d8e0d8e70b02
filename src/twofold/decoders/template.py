"""The cheapest decoder: which frame's mean response looks most like this one."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import Tags
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from twofold.decoders.class_sums import class_sums


class TemplateDecoder(ClassifierMixin, BaseEstimator):
    r"""The class whose mean training response has the highest Pearson correlation with the sample.

    .. math:: \hat c = \arg\max_c \operatorname{corr}_u(x_u, m_{cu}), \quad
              m_{cu} = \operatorname*{mean}_{t : y_t = c} x_{tu}

    The correlation is over units u, so the samples should be on one scale: take the square root of counts
    and standardise each unit beforehand. A sample or a template that is the same in all units correlates
    with nothing and counts as 0.

    Attributes
    ----------
    classes_
        (class,) labels, sorted.
    templates_
        (class, unit) mean training responses, centred over units and of norm 1 (or 0).

    Examples
    --------
    >>> X = np.array([[3.0, 0.0, 1.0], [0.0, 3.0, 1.0]])
    >>> TemplateDecoder().fit(X, np.array([7, 8])).predict(np.array([[10.0, 1.0, 2.0]]))
    array([7])
    """

    def fit(self, X: Any, y: Any) -> TemplateDecoder:
        """Average the training responses of each class.

        Parameters
        ----------
        X
            (sample, unit) responses, at least 2 units.
        y
            (sample,) labels.

        Raises
        ------
        ValueError
            If the input is not finite or has fewer than 2 units.
        """
        X, y = validate_data(self, X, y, ensure_min_features=2, dtype=(np.float64, np.float32))
        check_classification_targets(y)
        self.classes_, counts, sums = class_sums(X, y)
        self.templates_ = _direction(sums / counts[:, None])
        return self

    def predict(self, X: Any) -> np.ndarray:
        """The label of the best template for each sample, (sample,)."""
        check_is_fitted(self)
        X = validate_data(self, X, reset=False, dtype=(np.float64, np.float32))
        # the length of a sample scales all its correlations alike, so centring it is enough
        X = X - X.mean(axis=1, keepdims=True)
        return self.classes_[(X @ self.templates_.T).argmax(axis=1)]

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        # scikit-learn asks for accuracy on data of two units, where every correlation is -1 or 1
        tags.classifier_tags.poor_score = True
        return tags


def _direction(responses: np.ndarray) -> np.ndarray:
    """(sample, unit) centred over units and divided by their norm; zeros where all units are the same."""
    varies = np.ptp(responses, axis=1, keepdims=True) > 0
    centred = responses - responses.mean(axis=1, keepdims=True)
    norm = np.linalg.norm(centred, axis=1, keepdims=True)
    return np.divide(centred, norm, out=np.zeros_like(centred), where=varies)
