"""What the neurons did, told from latents."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Num
from sklearn.base import BaseEstimator, clone

from twofold.decoders.ridge import GroupedRidge
from twofold.errors import DataError
from twofold.metrics import constant_neurons, r2

Samples = Num[np.ndarray, "_ _"]


@dataclass(frozen=True, eq=False)
class ResponseDecoding:
    """Responses of the test part told from latents, with their R2 against the test part's own mean.

    Parameters
    ----------
    r2_per_neuron
        (neuron,) NaN for neurons constant in the test part.
    variance_weighted, mean_over_neurons
        R2 averaged over the other neurons, as in `twofold.metrics.r2`.
    n_constant
        Number of neurons constant in the test part, left out.
    predicted
        (time, neuron) predicted responses of the test part.
    """

    r2_per_neuron: np.ndarray
    variance_weighted: float
    mean_over_neurons: float
    n_constant: int
    predicted: np.ndarray


def decode_responses(
    latents_train: Samples,
    responses_train: Samples,
    latents_test: Samples,
    responses_test: Samples,
    *,
    decoder: BaseEstimator | None = None,
) -> ResponseDecoding:
    """Fit a decoder of the responses on the training part and score it on the test part.

    Parameters
    ----------
    latents_train, latents_test
        (time, dimension) latents.
    responses_train, responses_test
        (time, neuron) responses, of the same neurons.
    decoder
        Any scikit-learn regressor for many targets; it is cloned, never changed. None takes `GroupedRidge()`.

    Raises
    ------
    DataError
        If latents and responses, or training and test part, do not fit together.

    Examples
    --------
    >>> latents = np.random.default_rng(0).normal(size=(60, 2))
    >>> responses = latents @ np.array([[1.0, 0.0, 2.0], [0.0, 1.0, 1.0]])
    >>> decoding = decode_responses(latents[:40], responses[:40], latents[40:], responses[40:])
    >>> round(decoding.variance_weighted, 2), decoding.predicted.shape
    (1.0, (20, 3))
    """
    _check_part(latents_train, responses_train, "training")
    _check_part(latents_test, responses_test, "test")
    for what, train, test in (
        ("latents", latents_train, latents_test),
        ("responses", responses_train, responses_test),
    ):
        if train.shape[1] != test.shape[1]:
            raise DataError(f"{what}: {train.shape[1]} columns in training, {test.shape[1]} in the test part")
    model = clone(GroupedRidge() if decoder is None else decoder).fit(latents_train, responses_train)
    predicted = np.asarray(model.predict(latents_test)).reshape(responses_test.shape)
    return ResponseDecoding(
        r2_per_neuron=r2(responses_test, predicted, average=None),
        variance_weighted=r2(responses_test, predicted, average="variance_weighted"),
        mean_over_neurons=r2(responses_test, predicted, average="mean_over_neurons"),
        n_constant=int(constant_neurons(responses_test).sum()),
        predicted=predicted,
    )


def _check_part(latents: np.ndarray, responses: np.ndarray, part: str) -> None:
    if len(latents) != len(responses) or not len(latents):
        raise DataError(
            f"{part} part: {len(latents)} rows of latents and {len(responses)} of responses; as many of both "
            "are needed, and at least one"
        )
    for what, values in (("latents", latents), ("responses", responses)):
        if not np.isfinite(values).all():
            row, column = np.argwhere(~np.isfinite(values))[0]
            raise DataError(f"{part} part: {what} are not finite at row {row}, column {column}")
