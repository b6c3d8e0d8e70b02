"""Embeddings of different samples, made comparable by averaging over equal labels."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Num, Shaped

from twofold.errors import DataError, OptionError


class LabelMeans(NamedTuple):
    """The distinct labels, sorted, and the mean of the rows of each."""

    labels: Shaped[np.ndarray, " label"]
    means: Float[np.ndarray, "label dimension"]


def label_means(
    embedding: Num[np.ndarray, "time dimension"], labels: Shaped[np.ndarray, " time"]
) -> LabelMeans:
    """Mean row of every label, in memory for one row per label.

    Parameters
    ----------
    embedding
        (time, dimension).
    labels
        (time,) numbers or strings.

    Examples
    --------
    >>> label_means(np.array([[0.0], [1.0], [4.0]]), np.array(["a", "b", "b"])).means
    array([[0. ],
           [2.5]])
    """
    distinct, number = np.unique(labels, return_inverse=True)
    order = np.argsort(number, kind="stable")
    starts = np.searchsorted(number[order], np.arange(len(distinct)))
    sums = np.add.reduceat(embedding[order].astype(float), starts, axis=0)
    return LabelMeans(distinct, sums / np.bincount(number)[:, None])


def align_by_label(
    embeddings: Sequence[np.ndarray],
    labels: np.ndarray | Sequence[np.ndarray],
    *,
    bins: int | None = None,
) -> tuple[np.ndarray, list[np.ndarray]]:
    """Label means of each embedding over the labels that all have.

    Parameters
    ----------
    embeddings
        Each (time, dimension).
    labels
        (time,) labels, one array for all embeddings, or one for each.
    bins
        Cut numeric labels into so many bins of equal width over the range that all share.

    Returns
    -------
    tuple
        (label,) the common labels (numbers of bins), and one (label, dimension) array per embedding.

    Raises
    ------
    DataError
        If labels do not fit the embeddings, or there are none in common.
    OptionError
        If there are bins of labels that are no numbers.

    Examples
    --------
    >>> common, (one, other) = align_by_label(
    ...     [np.eye(3), np.eye(3)[:2]], [np.array([7, 8, 9]), np.array([9, 8])])
    >>> common, other
    (array([8, 9]), array([[0., 1., 0.], [1., 0., 0.]]))
    """
    each = [labels] * len(embeddings) if isinstance(labels, np.ndarray) else [np.asarray(y) for y in labels]
    _check(embeddings, each)
    labelled = list(zip(embeddings, each, strict=True))
    if bins is not None:
        labelled = _binned(labelled, bins)
    found = [label_means(*one) for one in labelled]
    common = reduce(np.intersect1d, (part.labels for part in found))
    if not len(common):
        raise DataError("labels: the embeddings have none in common; check their values, or give bins=")
    return common, [part.means[np.isin(part.labels, common)] for part in found]


def _check(embeddings: Sequence[np.ndarray], labels: Sequence[np.ndarray]) -> None:
    if len(labels) != len(embeddings):
        raise DataError(f"labels: {len(labels)} arrays for {len(embeddings)} embeddings; give one for each")
    for place, (embedding, y) in enumerate(zip(embeddings, labels, strict=True)):
        if y.shape != (len(embedding),):
            raise DataError(
                f"labels of embedding {place}: shape {y.shape}, but it has {len(embedding)} rows; "
                "give one label per row"
            )
        if y.dtype.kind == "f" and not np.isfinite(y).all():
            row = np.flatnonzero(~np.isfinite(y))[0]
            raise DataError(f"labels of embedding {place}: NaN or infinity at row {row}")


def _binned(
    labelled: Sequence[tuple[np.ndarray, np.ndarray]], bins: int
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Numbers of bins over the range that all share; rows outside it are left out."""
    if bins < 2:
        raise OptionError(f"bins={bins}: give 2 or more")
    if any(y.dtype.kind not in "biuf" for _, y in labelled):
        raise OptionError("bins: labels must be numbers to be cut into bins")
    low, high = max(y.min() for _, y in labelled), min(y.max() for _, y in labelled)
    if not high > low:
        raise DataError("labels: the ranges of the embeddings do not overlap")
    inside = [(y >= low) & (y <= high) for _, y in labelled]
    return [
        (embedding[keep], np.minimum((y[keep] - low) * bins // (high - low), bins - 1).astype(np.int64))
        for (embedding, y), keep in zip(labelled, inside, strict=True)
    ]
