"""What guides an embedding: nothing but time, classes, continuous labels, or both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from twofold.errors import DataError

LabelKind = Literal["time", "continuous", "discrete", "both"]


@dataclass(frozen=True, eq=False)
class Labels:
    """Labels of each sample, checked.

    Parameters
    ----------
    continuous
        (time, feature) numbers, or None.
    classes
        (time,) class numbers 0, 1, ..., or None.
    values
        (class,) what the user calls each class, sorted, or None.
    """

    continuous: np.ndarray | None = None
    classes: np.ndarray | None = None
    values: np.ndarray | None = None

    @property
    def kind(self) -> LabelKind:
        """Which of the two there are."""
        if self.continuous is None:
            return "time" if self.classes is None else "discrete"
        return "continuous" if self.classes is None else "both"

    def take(self, rows: np.ndarray) -> Labels:
        """Labels of some samples; classes keep their numbers."""
        return Labels(
            None if self.continuous is None else self.continuous[rows],
            None if self.classes is None else self.classes[rows],
            self.values,
        )


def read_labels(y: Any, n_samples: int) -> Labels:
    """Labels from what a user gives as `y`.

    Parameters
    ----------
    y
        None; one-dimensional integers, booleans or strings (classes: any values, gaps allowed); floats,
        (time,) or (time, feature) (continuous); or a tuple of the two (continuous, classes).
    n_samples
        How many samples there are.

    Raises
    ------
    DataError
        If y is none of these, has another length, or holds NaN.

    Examples
    --------
    >>> read_labels(["left", "right", "left"], 3).classes
    array([0, 1, 0])
    >>> read_labels(np.array([0.1, 0.2]), 2).kind
    'continuous'
    """
    if y is None:
        return Labels()
    if isinstance(y, tuple):
        if len(y) != 2:
            raise DataError(f"y: a tuple of {len(y)}; give a pair (continuous, discrete)")
        continuous, discrete = (read_labels(part, n_samples) for part in y)
        if (continuous.kind, discrete.kind) != ("continuous", "discrete"):
            raise DataError(
                f"y: the pair is ({continuous.kind}, {discrete.kind}); give (continuous, discrete): "
                "floats first, then integers, booleans or strings"
            )
        return Labels(continuous.continuous, discrete.classes, discrete.values)
    y = np.asarray(y)
    if y.ndim == 0 or len(y) != n_samples:
        raise DataError(f"y: shape {y.shape}, but X has {n_samples} rows; give one label per row")
    if y.dtype.kind == "f" and y.ndim <= 2:
        return Labels(continuous=_finite(y.astype(np.float64).reshape(n_samples, -1)))
    if y.dtype.kind in "biuUSO" and y.size == n_samples:
        values, classes = _classes(y.reshape(n_samples))
        return Labels(classes=classes, values=values)
    raise DataError(
        f"y: {y.dtype} of shape {y.shape}; give one integer, boolean or string per row for classes, "
        "or floats, one or several per row, for continuous labels"
    )


def pool_labels(several: Sequence[Labels]) -> Labels:
    """Labels of several recordings one under the other, with equal classes of equal number.

    Raises
    ------
    DataError
        If recordings differ in the kind of labels, their number of features, or the type of their classes.

    Examples
    --------
    >>> pool_labels([read_labels(["a", "b"], 2), read_labels(["c", "b"], 2)]).classes
    array([0, 1, 2, 1])
    """
    first = several[0]
    for number, labels in enumerate(several):
        for what, mine, its in zip(("kind", "features", "classes"), _form(labels), _form(first), strict=True):
            if mine != its:
                raise DataError(
                    f"y: recording {number} has labels of {what} {mine}, recording 0 of {what} {its}; "
                    "give all recordings the same labels"
                )
    continuous = None if first.continuous is None else np.concatenate([one.continuous for one in several])
    if first.classes is None:
        return Labels(continuous)
    named = [one.values[one.classes] for one in several if one.values is not None]
    values, classes = np.unique(np.concatenate(named), return_inverse=True)
    return Labels(continuous, classes, values)


def _form(labels: Labels) -> tuple[str, int, str]:
    n_features = 0 if labels.continuous is None else labels.continuous.shape[1]
    kind = "" if labels.values is None else labels.values.dtype.kind
    return labels.kind, n_features, "numbers" if kind in "biu" else "strings"


def _finite(labels: np.ndarray) -> np.ndarray:
    bad = np.flatnonzero(~np.isfinite(labels).all(1))
    if len(bad):
        raise DataError(f"y: NaN or infinity at row {bad[0]} ({len(bad)} rows in all); drop these rows")
    return labels


def _classes(y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    try:
        return np.unique(y, return_inverse=True)
    except TypeError:
        raise DataError("y: classes of mixed types; give all integers or all strings") from None
