"""One fold, prepared: units chosen and scaled by statistics of the training repeats."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from twofold.recordings.preprocess import FittedPreprocessing, Preprocessing, fit_to_responses
from twofold.studies.neural_alignment.methods.method import Method
from twofold.studies.neural_alignment.presentations import Presentations, Rows


@dataclass(frozen=True, eq=False)
class Prepared:
    """Rows of the training and the test repeats, preprocessed by statistics of the training repeats.

    Parameters
    ----------
    rows, new
        Training and test rows.
    fitted
        The preprocessing.
    """

    rows: Rows
    new: Rows
    fitted: FittedPreprocessing

    @classmethod
    def of(
        cls,
        data: Presentations,
        train: np.ndarray,
        test: np.ndarray,
        preprocessing: Preprocessing,
        method: Method | None = None,
    ) -> Prepared:
        """Prepare one division of the repeats, for a method that may want other units than the study."""
        before = data.rows(train)
        if method is not None and method.top_variance is not None:
            preprocessing = preprocessing.model_copy(update={"top_variance": method.top_variance})
        fitted = fit_to_responses(before.responses, before.repeat, preprocessing, "the training repeats")
        return cls(scaled(before, fitted), scaled(data.rows(test), fitted), fitted)


def scaled(rows: Rows, fitted: FittedPreprocessing) -> Rows:
    """Rows as the preprocessing makes them; their counts are those of the units that it keeps."""
    counts = rows.responses[:, fitted.kept]
    return replace(rows, responses=fitted.transform(counts), counts=counts)
