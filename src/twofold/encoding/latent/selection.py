"""Neurons that are given and neurons that are predicted, as a user says it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Integer
from numpy.typing import ArrayLike

from twofold.errors import DataError, OptionError
from twofold.training import RandomState, seeds_from

Numbers = Integer[np.ndarray, " chosen"]


class Roles(NamedTuple):
    """Numbers of the neurons that are given, and of those that are predicted; none is both."""

    given: Numbers
    targets: Numbers


def roles(
    n_neurons: int, given: ArrayLike | None, neurons: ArrayLike | None, random_state: RandomState = 0
) -> Roles:
    """Who is given and who is predicted.

    Parameters
    ----------
    n_neurons
        Of the recording.
    given
        Numbers, a boolean mask, or a share of all neurons to draw; None for nobody.
    neurons
        The same for those to predict, a share being one of those not given; by default all these.
    random_state
        Draws the shares.

    Raises
    ------
    DataError
        If a neuron is both, does not exist, or nobody is left to predict.
    OptionError
        If it is neither numbers, a mask nor a share.

    Examples
    --------
    >>> roles(5, [0, 3], None).targets
    array([1, 2, 4])
    >>> roles(5, [0, 3], [3, 4])
    Traceback (most recent call last):
    ...
    twofold.errors.DataError: 1 neuron is both given and to be predicted, such as neuron 3; leave it out of
    one
    """
    first, second = (np.random.default_rng(seed) for seed in seeds_from(random_state, 2))
    everyone = np.arange(n_neurons)
    seen = np.empty(0, dtype=np.int64) if given is None else _chosen("given", given, everyone, first)
    others = np.setdiff1d(everyone, seen)
    targets = others if neurons is None else _chosen("neurons", neurons, everyone, second, others)
    both = np.intersect1d(seen, targets)
    if len(both):
        raise DataError(
            f"{_counted(len(both))} both given and to be predicted, such as neuron {both[0]}; "
            "leave it out of one"
        )
    if not len(targets):
        raise DataError(f"given: all {n_neurons} neurons are given, and none is left to predict")
    return Roles(seen, targets)


def _chosen(
    name: str,
    wanted: ArrayLike,
    everyone: np.ndarray,
    rng: np.random.Generator,
    drawn_from: np.ndarray | None = None,
) -> np.ndarray:
    values, pool = np.asarray(wanted), everyone if drawn_from is None else drawn_from
    if values.ndim == 0 and values.dtype.kind == "f":
        if not 0 < values < 1:
            raise OptionError(f"{name}={values}: a share lies between 0 and 1, as 0.5 does")
        n = max(1, round(float(values) * len(pool)))
        return np.sort(rng.choice(pool, n, replace=False))
    if values.dtype == bool:
        if values.shape != everyone.shape:
            raise DataError(f"{name}: a mask of shape {values.shape} does not fit {len(everyone)} neurons")
        return np.flatnonzero(values)
    if values.ndim != 1 or (len(values) and values.dtype.kind not in "iu"):
        raise OptionError(f"{name}: give numbers of neurons, a boolean mask, or a share such as 0.5")
    unknown = values[(values < 0) | (values >= len(everyone))]
    if len(unknown):
        raise DataError(
            f"{name}: there is no neuron {unknown[0]}; they are numbered 0 to {len(everyone) - 1}"
        )
    if len(np.unique(values)) < len(values):
        raise DataError(f"{name}: a neuron is named twice; name each once")
    return values.astype(np.int64)


def _counted(n: int) -> str:
    return "1 neuron is" if n == 1 else f"{n} neurons are"
