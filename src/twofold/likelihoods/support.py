"""Which responses a likelihood can explain, and what to do with those that it cannot."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from jaxtyping import Num

from twofold.errors import DataError

NON_NEGATIVE = {"poisson": "a Poisson", "zig": "a zero-inflated gamma", "flow": "a zero-inflated flow"}


def check_support(trials: Iterable[Num[np.ndarray, "_ _"]], name: str) -> None:
    """Refuse responses that have no probability under a likelihood.

    Parameters
    ----------
    trials
        (time, neuron) responses of each trial.
    name
        "poisson", "zig", "flow" or "gaussian".

    Raises
    ------
    DataError
        If a response is not finite, or is negative where the likelihood starts at 0.

    Examples
    --------
    >>> check_support([np.array([[0.0, 2.0]]), np.array([[1.0, -0.5]])], "zig")
    Traceback (most recent call last):
    ...
    twofold.errors.DataError: trial 1, time point 0, neuron 1: response -0.5 is negative, but a zero-inflated
    gamma starts at 0; use the 'gaussian' likelihood, or deconvolve the traces to events first
    """
    for trial, responses in enumerate(trials):
        check_trial(responses, trial, name)


def check_trial(responses: Num[np.ndarray, "_ _"], trial: int, name: str) -> None:
    """Refuse one trial's responses; `trial` is its number in the message."""
    lowest = responses.min(initial=0)  # NaN if there is one, at the price of one pass
    if not np.isfinite(lowest) or not np.isfinite(responses.max(initial=0)):
        raise DataError(
            f"{_first(~np.isfinite(responses), trial)}: the response is not finite; cut the padding, or "
            "leave out trials with missing responses"
        )
    if lowest < 0 and name in NON_NEGATIVE:
        where = responses < 0
        raise DataError(
            f"{_first(where, trial)}: response {responses[where][0]:g} is negative, but {NON_NEGATIVE[name]} "
            "starts at 0; use the 'gaussian' likelihood, or deconvolve the traces to events first"
        )


def _first(where: np.ndarray, trial: int) -> str:
    time, neuron = np.argwhere(where)[0]
    return f"trial {trial}, time point {time}, neuron {neuron}"
