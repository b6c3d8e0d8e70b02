"""How well responses were predicted, per neuron: R2 and correlation, each with its convention in its name."""

from __future__ import annotations

from typing import overload

import numpy as np
from jaxtyping import Bool, Num

from twofold.errors import DataError, OptionError

Samples = Num[np.ndarray, "_ _"]
PerUnit = Num[np.ndarray, "_"]
Kept = Bool[np.ndarray, "_"]


def constant_neurons(true: Samples) -> Kept:
    """Tell which neurons never change, so that there is no variance to explain.

    Parameters
    ----------
    true
        (time, neuron) responses of the test part.

    Returns
    -------
    np.ndarray
        (neuron,) True where constant; R2 and correlation leave these out.

    Examples
    --------
    >>> constant_neurons(np.array([[0, 1], [0, 3]]))
    array([ True, False])
    """
    return np.ptp(true, axis=0) == 0


@overload
def r2(true: Samples, predicted: Samples, *, average: None, keep: Kept | None = None) -> np.ndarray: ...
@overload
def r2(
    true: Samples, predicted: Samples, *, average: str = "variance_weighted", keep: Kept | None = None
) -> float: ...
def r2(
    true: Samples,
    predicted: Samples,
    *,
    average: str | None = "variance_weighted",
    keep: Kept | None = None,
) -> float | np.ndarray:
    r"""Share of variance explained; the yardstick is the test part's own mean.

    .. math:: R^2_n = 1 - \frac{\sum_t (y_{tn} - \hat y_{tn})^2}{\sum_t (y_{tn} - \bar y_n)^2}

    Neurons constant in the test part have none: they are left out of averages (`constant_neurons` finds
    them, to be counted).

    Parameters
    ----------
    true, predicted
        (time, neuron) responses.
    average
        "variance_weighted": sums over neurons above and below the fraction bar; "mean_over_neurons": every
        neuron counts the same; None: one value per neuron.
    keep
        (neuron,) True for the neurons to score; None scores all.

    Returns
    -------
    float or np.ndarray
        The average, NaN where no neuron has an R2; or (kept neuron,) with NaN for constant neurons.

    Raises
    ------
    DataError
        If shapes differ or a number is not finite.
    OptionError
        If `average` is unknown.

    Examples
    --------
    >>> true = np.array([[0.0, 0.0], [2.0, 4.0]])
    >>> r2(true, true + 1), r2(true, true + 1, average="mean_over_neurons")
    (0.6, 0.375)
    """
    _check_average(average, "variance_weighted", "mean_over_neurons")
    y, y_hat = _kept(true, predicted, keep)
    return _explained(y, y_hat, y.mean(axis=0), average)


def r2_against_train_mean(
    true: Samples,
    predicted: Samples,
    train_mean: PerUnit,
    *,
    average: str | None = "variance_weighted",
    keep: Kept | None = None,
) -> float | np.ndarray:
    r"""Share of squared error explained beyond the training part's mean.

    .. math:: 1 - \frac{\sum_t (y_{tn} - \hat y_{tn})^2}{\sum_t (y_{tn} - \bar y^{\mathrm{train}}_n)^2}

    It credits a predictor for knowing the level of the test part, which `r2` does not; so it is not lower
    than `r2`, and the two must not share a column. Neurons constant in the test part are left out here too.

    Parameters
    ----------
    true, predicted, average, keep
        As in `r2`.
    train_mean
        (neuron,) mean response in the training part.

    Raises
    ------
    DataError, OptionError
        As in `r2`.

    Examples
    --------
    >>> true = np.array([[3.0], [5.0]])
    >>> r2_against_train_mean(true, np.full((2, 1), 4.0), np.array([1.0])), r2(true, np.full((2, 1), 4.0))
    (0.9, 0.0)
    """
    if len(train_mean) != true.shape[1]:
        raise DataError(f"{true.shape[1]} neurons but {len(train_mean)} training means; one each is needed")
    _check_average(average, "variance_weighted", "mean_over_neurons")
    y, y_hat = _kept(true, predicted, keep)
    return _explained(y, y_hat, train_mean if keep is None else train_mean[keep], average)


def correlation(
    true: Samples,
    predicted: Samples,
    *,
    average: str | None = "mean_over_neurons",
    keep: Kept | None = None,
) -> float | np.ndarray:
    """Pearson correlation of each neuron over all rows pooled, whatever trial they come from.

    Parameters
    ----------
    true, predicted
        (time, neuron) responses.
    average
        "mean_over_neurons", or None for one value per neuron.
    keep
        (neuron,) True for the neurons to score; None scores all.

    Returns
    -------
    float or np.ndarray
        The average, or (kept neuron,). A neuron constant in the test part has none: NaN, and left out of
        the average. A constant prediction of a neuron that varies tells nothing of it: 0, and counted.

    Raises
    ------
    DataError, OptionError
        As in `r2`.

    Examples
    --------
    >>> correlation(np.array([[0.0], [1.0], [2.0]]), np.array([[5.0], [7.0], [9.0]]))
    1.0
    """
    _check_average(average, "mean_over_neurons")
    y, y_hat = _kept(true, predicted, keep)
    constant, untold = constant_neurons(y), constant_neurons(y_hat)
    y, y_hat = y - y.mean(axis=0), y_hat - y_hat.mean(axis=0)
    norms = np.sqrt((y**2).sum(axis=0) * (y_hat**2).sum(axis=0))
    products = (y * y_hat).sum(axis=0)
    values = np.divide(products, norms, out=np.zeros(y.shape[1]), where=~(constant | untold))
    values[constant] = np.nan
    if average is None:
        return values
    return float(values[~constant].mean()) if not constant.all() else float("nan")


def _check_average(average: str | None, *known: str) -> None:
    if average is not None and average not in known:
        raise OptionError(
            f"average={average!r}: use {' or '.join(map(repr, known))}, or None for one per neuron"
        )


def _explained(
    y: np.ndarray, y_hat: np.ndarray, yardstick: np.ndarray, average: str | None
) -> float | np.ndarray:
    """1 - residual / total sum of squares around the yardstick, without the constant neurons."""
    varies = ~constant_neurons(y)
    residual, total = ((y - y_hat) ** 2).sum(axis=0), ((y - yardstick) ** 2).sum(axis=0)
    values = 1 - np.divide(residual, total, out=np.full(y.shape[1], np.nan), where=varies)
    if average is None:
        return values
    if not varies.any():
        return float("nan")
    if average == "mean_over_neurons":
        return float(values[varies].mean())
    return float(1 - residual[varies].sum() / total[varies].sum())


def _kept(true: np.ndarray, predicted: np.ndarray, keep: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """The scored neurons in double precision, after one look at whether they can be scored."""
    if true.shape != predicted.shape:
        hint = "; the axes look swapped, time comes first" if true.shape == predicted.shape[::-1] else ""
        raise DataError(f"true is {true.shape}, predicted {predicted.shape}, (time, neuron){hint}")
    if not len(true):
        raise DataError("there are no rows to score")
    if keep is not None:
        if len(keep) != true.shape[1]:
            raise DataError(f"keep has {len(keep)} entries for {true.shape[1]} neurons; one each is needed")
        true, predicted = true[:, keep], predicted[:, keep]
    y, y_hat = np.asarray(true, dtype=float), np.asarray(predicted, dtype=float)
    for name, values in (("true", y), ("predicted", y_hat)):
        if not np.isfinite(values).all():
            row, column = np.argwhere(~np.isfinite(values))[0]
            raise DataError(
                f"{name}: not finite at row {row}, scored neuron {column}; drop missing rows first"
            )
    return y, y_hat
