"""Turn embeddings onto each other, and average them.

    R = argmin |X R - Y|  over rotations and reflections  =  U V^T,   X^T Y = U s V^T

Only X^T Y is needed, (dimension, dimension): rows with equal labels are first averaged, so memory does not
grow with the square of time. Sources: Schoenemann 1966 (Psychometrika 31:1); for several embeddings, Gower
1975 (Psychometrika 40:33).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted, validate_data

from twofold.errors import DataError, OptionError
from twofold.metrics.label_means import align_by_label

ROUNDS = 100  # of turning every embedding to the mean, at most
SETTLED = 1e-8


class OrthogonalAlignment(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    """The rotation or reflection that brings an embedding closest to another.

    Parameters
    ----------
    centre
        Also move it, so that the means coincide. Leave it out for latents on the unit sphere.
    scale
        Also multiply it by the best factor.

    Attributes
    ----------
    rotation_ : ndarray
        (dimension, dimension), orthogonal.
    scale_ : float
        The factor.
    mean_, target_mean_ : ndarray
        (dimension,) what is taken off before turning, and what is added after it.

    Examples
    --------
    >>> target = np.random.default_rng(0).normal(size=(20, 2))
    >>> turned = target @ np.array([[0.0, 1.0], [-1.0, 0.0]])
    >>> np.allclose(OrthogonalAlignment().fit(turned, target).transform(turned), target)
    True
    """

    def __init__(self, *, centre: Any = False, scale: Any = False) -> None:
        self.centre = centre
        self.scale = scale

    def fit(self, X: Any, y: Any) -> OrthogonalAlignment:
        """Find the map.

        Parameters
        ----------
        X
            (time, dimension) the embedding to move.
        y
            (time, dimension) where its rows should go.

        Raises
        ------
        DataError
            If the dimensions differ.
        """
        X, Y = validate_data(self, X, y, multi_output=True, y_numeric=True, dtype=np.float64)
        Y = Y.reshape(len(Y), -1).astype(np.float64)
        if X.shape[1] != Y.shape[1]:
            raise DataError(
                f"X has {X.shape[1]} dimensions and y {Y.shape[1]}; a rotation keeps their number, so fit "
                "embeddings of the same dimension"
            )
        self.mean_ = X.mean(axis=0) if self.centre else np.zeros(X.shape[1])
        self.target_mean_ = Y.mean(axis=0) if self.centre else np.zeros(X.shape[1])
        X, Y = X - self.mean_, Y - self.target_mean_
        U, s, Vt = np.linalg.svd(X.T @ Y)
        self.rotation_ = U @ Vt
        power = float((X**2).sum())
        self.scale_ = float(s.sum() / power) if self.scale and power > 0 else 1.0
        return self

    def transform(self, X: Any) -> Float[np.ndarray, "time dimension"]:
        """Move an embedding, (time, dimension)."""
        check_is_fitted(self)
        X = validate_data(self, X, reset=False, dtype=np.float64)
        return (X - self.mean_) @ self.rotation_ * self.scale_ + self.target_mean_

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tags.target_tags.multi_output = True
        return tags


def align_embeddings(
    embeddings: Sequence[np.ndarray],
    *,
    labels: np.ndarray | Sequence[np.ndarray] | None = None,
    bins: int | None = None,
    reference: int = 0,
    centre: bool = False,
    scale: bool = False,
) -> list[Float[np.ndarray, "_ dimension"]]:
    """Turn every embedding onto one of them.

    Parameters
    ----------
    embeddings
        Each (time, dimension), of one dimension.
    labels
        None: all have the same samples. Otherwise (time,) labels, one array for all or one for each; the map
        is found on the mean of each label that all have, every label weighing the same.
    bins
        Cut numeric labels into so many bins of equal width first.
    reference
        Place of the embedding that stays as it is.
    centre, scale
        As in `OrthogonalAlignment`.

    Raises
    ------
    DataError
        If embeddings or labels do not fit each other.
    OptionError
        If there is no such reference.

    Examples
    --------
    >>> one = np.random.default_rng(0).normal(size=(20, 2))
    >>> _, turned = align_embeddings([one, one[:, ::-1]])
    >>> np.allclose(turned, one)
    True
    """
    if not 0 <= reference < len(embeddings):
        raise OptionError(f"reference={reference}: give the place of one of {len(embeddings)} embeddings")
    rows = _same_samples(embeddings) if labels is None else align_by_label(embeddings, labels, bins=bins)[1]
    move = OrthogonalAlignment(centre=centre, scale=scale)
    return [
        np.asarray(embedding, dtype=float)
        if place == reference
        else move.fit(rows[place], rows[reference]).transform(embedding)
        for place, embedding in enumerate(embeddings)
    ]


def ensemble_embedding(
    embeddings: Sequence[np.ndarray],
    *,
    reference: str = "mean",
    normalise: bool = False,
) -> Float[np.ndarray, "time dimension"]:
    """Mean of embeddings of the same samples after turning them onto each other.

    Parameters
    ----------
    embeddings
        Each (time, dimension), of the same rows and dimension.
    reference
        "first" turns all onto the first. "mean" turns each onto the mean of all, again and again until
        they stand still, so that no run is special; the first only gives the axes to begin with.
    normalise
        Scale each row of the mean to unit length, as latents of cosine similarity have.

    Raises
    ------
    DataError
        If rows or dimensions differ.
    OptionError
        If the reference is neither.

    Examples
    --------
    >>> one = np.random.default_rng(0).normal(size=(20, 2))
    >>> np.allclose(ensemble_embedding([one, -one, one[:, ::-1]]), one)
    True
    """
    if reference not in ("first", "mean"):
        raise OptionError(f"reference={reference!r}: give 'first' or 'mean'")
    if not embeddings:
        raise DataError("0 embeddings; at least 1 is needed")
    tables = _same_samples(embeddings)
    if reference == "first":
        mean = np.mean(align_embeddings(tables), axis=0)
    else:
        mean = np.mean([X @ R for X, R in zip(tables, _onto_mean(tables), strict=True)], axis=0)
    if normalise:
        mean = mean / np.maximum(np.linalg.norm(mean, axis=1, keepdims=True), np.finfo(float).tiny)
    return mean


def _onto_mean(tables: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Rotations R_i that bring every X_i closest to the mean of all X_j R_j, from the products X_i^T X_j."""
    products = [[X.T @ Y for Y in tables] for X in tables]
    rotations = [_closest_rotation(of_this[0]) for of_this in products]
    for _ in range(ROUNDS):
        before = rotations.copy()
        for i, of_this in enumerate(products):
            rotations[i] = _closest_rotation(sum(G @ R for G, R in zip(of_this, rotations, strict=True)))
        if max(np.abs(new - old).max() for new, old in zip(rotations, before, strict=True)) < SETTLED:
            break
    return rotations


def _closest_rotation(product: np.ndarray) -> np.ndarray:
    U, _, Vt = np.linalg.svd(product)
    return U @ Vt


def _same_samples(embeddings: Sequence[np.ndarray]) -> list[np.ndarray]:
    for place, embedding in enumerate(embeddings):
        if embedding.shape != embeddings[0].shape or embedding.ndim != 2:
            raise DataError(
                f"embedding {place} has shape {embedding.shape} and the first {embeddings[0].shape}; give "
                "the same samples and dimensions (time, dimension), or labels to match different samples"
            )
    return [np.asarray(embedding, dtype=float) for embedding in embeddings]
