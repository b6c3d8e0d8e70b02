"""Principal components of large tables, a block at a time."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from twofold.errors import DataError, OptionError
from twofold.recordings.lazy import ArrayLike
from twofold.shapes import Features

BLOCK_BYTES = 2**26


def principal_scores(values: ArrayLike, keep: int | float) -> Features:
    """Scores of the rows on their principal components.

    With the centred table X = U S V', the scores are U S = X V. Where there are fewer rows than columns they
    come from X X' = U S^2 U', else from X'X = V S^2 V'. The largest score of each component is positive.

    Parameters
    ----------
    values
        (row, ...) numbers, in memory or on disk; further axes are joined.
    keep
        How many components, or which share of the variance, such as 0.9.

    Returns
    -------
    np.ndarray
        (row, component) float32, the component of most variance first.

    Raises
    ------
    OptionError
        If `keep` is neither a number of components nor a share.
    DataError
        If all rows are equal, or fewer components can be had.

    Examples
    --------
    >>> principal_scores(np.array([[0.0, 0.0], [3.0, 4.0], [12.0, 16.0]]), keep=0.9).ravel().round(1)
    array([-8.3, -3.3, 11.7], dtype=float32)
    """
    _refuse(keep)
    n_rows, n_columns = values.shape[0], math.prod(values.shape[1:])
    if n_rows < 2 or not n_columns:
        raise DataError(f"{n_rows} rows of {n_columns} numbers have no principal components; two are needed")
    if n_rows <= n_columns:
        variance, vectors = np.linalg.eigh(_products_of_rows(values))
        scores = vectors * np.sqrt(variance.clip(0))
    else:
        mean, products = _products_of_columns(values)
        variance, vectors = np.linalg.eigh(products)
        scores = np.concatenate([(block - mean) @ vectors for block in _blocks(values)])
    return _most(scores[:, ::-1], variance[::-1].clip(0), keep)


def _refuse(keep: int | float) -> None:
    is_count = isinstance(keep, int | np.integer) and not isinstance(keep, bool) and keep >= 1
    is_share = isinstance(keep, float) and 0 < keep < 1
    if not (is_count or is_share):
        raise OptionError(f"--keep {keep}: give a number of components, 1 or more, or a share such as 0.9")


def _most(scores: np.ndarray, variance: np.ndarray, keep: int | float) -> Features:
    total = variance.sum()
    n_real = int((variance > 1e-12 * variance[0]).sum()) if total > 0 else 0
    if not n_real:
        raise DataError("all frames are equal, so they have no principal components")
    if isinstance(keep, float):
        keep = int(np.searchsorted(np.cumsum(variance) / total, keep - 1e-12)) + 1
    if keep > n_real:
        raise DataError(f"--keep {keep}: these frames have {n_real} principal components")
    kept = scores[:, :keep]
    largest = kept[np.abs(kept).argmax(axis=0), np.arange(keep)]
    return (kept * np.where(largest < 0, -1.0, 1.0)).astype(np.float32)


def _products_of_rows(values: ArrayLike) -> np.ndarray:
    """X X' of the centred table, (row, row); the table itself is held in its own type."""
    table = np.asarray(values[:]).reshape(values.shape[0], -1)
    columns = max(1, BLOCK_BYTES // (8 * len(table)))
    products = np.zeros((len(table), len(table)))
    for start in range(0, table.shape[1], columns):
        block = _finite(table[:, start : start + columns].astype(float))
        block -= block.mean(axis=0)
        products += block @ block.T
    return products


def _products_of_columns(values: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Mean (column,) and X'X of the centred table, (column, column)."""
    n_columns = math.prod(values.shape[1:])
    mean, products = np.zeros(n_columns), np.zeros((n_columns, n_columns))
    for block in _blocks(values):
        mean += _finite(block).sum(axis=0) / values.shape[0]
    for block in _blocks(values):
        products += (block - mean).T @ (block - mean)
    return mean, products


def _blocks(values: ArrayLike) -> Iterator[np.ndarray]:
    n_rows = max(1, BLOCK_BYTES // (8 * math.prod(values.shape[1:])))
    for start in range(0, values.shape[0], n_rows):
        block = np.asarray(values[start : start + n_rows])
        yield block.reshape(len(block), -1).astype(float)


def _finite(block: np.ndarray) -> np.ndarray:
    if not np.isfinite(block).all():
        raise DataError("some pixels or features are NaN or infinite; leave these frames out")
    return block
