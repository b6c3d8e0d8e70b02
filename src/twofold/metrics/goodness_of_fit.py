"""How much a contrastive embedding tells about which samples belong together, in bits.

    goodness of fit = (log B - L) log2 e
    L = mean_i [-phi(x_i, y+_i)] + mean_i log sum_j exp phi(x_i, y-_j)

L is the InfoNCE loss with B negatives; phi is x.y / tau or -|x - y|^2 / tau. Latents that collapse to one
point have exactly 0 bits. It depends on B and tau, so compare fits that share both.

Source: Schneider, Lee & Mathis 2023 (Nature 617:360); bits as in van den Oord et al. 2018 (arXiv:1807.03748).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float, Integer, Num
from threadpoolctl import threadpool_limits

from twofold.errors import DataError, OptionError
from twofold.metrics.intervals import Interval, mean_and_sem

Draws = Integer[np.ndarray, "_ _"]


class LatentPart(NamedTuple):
    """Which columns of the latents one loss of a hybrid embedding sees, and the positives it draws."""

    dimensions: slice
    positive: Draws


def infonce_bits(loss: Any, n_negatives: int) -> Any:
    """Bits above chance of an InfoNCE loss in nats: (log B - L) log2 e.

    Parameters
    ----------
    loss
        L, a number or an array.
    n_negatives
        B.

    Examples
    --------
    >>> infonce_bits(np.log([512.0, 256.0]), n_negatives=512).round(6)
    array([0., 1.])
    """
    return (np.log(n_negatives) - loss) / np.log(2)


def goodness_of_fit(
    latents: Num[np.ndarray, "time dimension"],
    reference: Draws,
    positive: Draws,
    negative: Draws,
    *,
    similarity: str = "cosine",
    temperature: float = 1.0,
) -> Interval:
    """Goodness of fit in bits, from latents that were encoded once and rows that were drawn.

    Parameters
    ----------
    latents
        (time, dimension) all samples, encoded; those of several recordings one under the other.
    reference, positive
        (batch, sample) rows of the latents; `positive` belongs to the `reference` of the same place.
    negative
        (batch, n_negatives) rows, one set shared by all references of a batch.
    similarity
        "cosine" scales latents to unit length first; "euclidean" is the negative squared distance.
    temperature
        tau.

    Returns
    -------
    Interval
        Mean over batches, one s.e.m. to either side.

    Raises
    ------
    DataError
        If latents are not finite, or the draws do not fit each other or the latents.
    OptionError
        If `temperature` is not positive, or the similarity is neither.

    Examples
    --------
    >>> angle = np.arange(60.0)
    >>> circle = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    >>> reference, negative = np.random.default_rng(0).integers(60, size=(2, 20, 32))
    >>> found = goodness_of_fit(circle, reference, reference, negative, temperature=0.1)
    >>> round(found.value, 1)
    3.1
    >>> abs(round(goodness_of_fit(np.ones((60, 2)), reference, reference, negative).value, 9))
    0.0
    """
    _check(latents, reference, positive, negative, temperature)
    space = _space(latents, similarity, temperature)
    with threadpool_limits(1, user_api="blas"):  # products are small: threads would wait for each other
        losses = [_loss(space, *rows) for rows in zip(reference, positive, negative, strict=True)]
    return mean_and_sem(infonce_bits(np.asarray(losses), negative.shape[1]))


def goodness_of_fit_by_part(
    latents: Num[np.ndarray, "time dimension"],
    parts: Mapping[str, LatentPart],
    reference: Draws,
    negative: Draws,
    *,
    similarity: str = "cosine",
    temperature: float = 1.0,
) -> dict[str, Interval]:
    """Goodness of fit of each part of a hybrid embedding, in bits.

    Parameters
    ----------
    latents
        (time, dimension).
    parts
        Name, such as "behaviour" or "time", to its columns and its positives.
    reference, negative
        Rows, shared by the parts.
    similarity, temperature
        As in `goodness_of_fit`.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> rows = rng.integers(50, size=(10, 16))
    >>> parts = {"behaviour": LatentPart(slice(0, 2), rows), "time": LatentPart(slice(0, 3), rows)}
    >>> list(goodness_of_fit_by_part(rng.normal(size=(50, 3)), parts, rows, rows))
    ['behaviour', 'time']
    """
    return {
        name: goodness_of_fit(
            latents[:, part.dimensions],
            reference,
            part.positive,
            negative,
            similarity=similarity,
            temperature=temperature,
        )
        for name, part in parts.items()
    }


class _Space(NamedTuple):
    """Latents such that phi(x, y) = left_x . right_y + level_x, where level_x does not change the loss."""

    left: Float[np.ndarray, "time column"]
    right: Float[np.ndarray, "time column"]


def _space(latents: np.ndarray, similarity: str, temperature: float) -> _Space:
    scale = np.float32(1 / temperature)
    if similarity == "cosine":
        length = np.linalg.norm(latents, axis=1, keepdims=True)
        z = (latents / np.maximum(length, np.finfo(np.float32).tiny)).astype(np.float32)
        return _Space(scale * z, z)
    if similarity == "euclidean":
        # -|x - y|^2 = 2 x.y - |y|^2 - |x|^2, and the last cancels between positives and negatives.
        z = (latents - latents.mean(axis=0, dtype=np.float64)).astype(np.float32)
        square = (z**2).sum(axis=1, keepdims=True)
        return _Space(scale * np.hstack([2 * z, np.ones_like(square)]), np.hstack([z, -square]))
    raise OptionError(f"similarity={similarity!r}: give 'cosine' or 'euclidean'")


def _loss(space: _Space, reference: np.ndarray, positive: np.ndarray, negative: np.ndarray) -> float:
    x = space.left[reference]
    attraction = np.einsum("id,id->i", x, space.right[positive])
    phi = x @ space.right[negative].T
    largest = phi.max(axis=1, keepdims=True)
    phi -= largest
    repulsion = np.log(np.exp(phi, out=phi).sum(axis=1), dtype=np.float64) + largest[:, 0]
    return float((repulsion - attraction).mean())


def _check(
    latents: np.ndarray, reference: np.ndarray, positive: np.ndarray, negative: np.ndarray, temperature: float
) -> None:
    if not temperature > 0:
        raise OptionError(f"temperature={temperature}: give a number above 0")
    if reference.shape != positive.shape or len(reference) != len(negative) or not reference.size:
        raise DataError(
            f"reference {reference.shape}, positive {positive.shape}, negative {negative.shape}: give as "
            "many positives as references, and the same number of batches of each, at least one"
        )
    for name, rows in (("reference", reference), ("positive", positive), ("negative", negative)):
        if rows.min() < 0 or rows.max() >= len(latents):
            raise DataError(
                f"{name}: rows {rows.min()} to {rows.max()} were drawn, but there are {len(latents)} latents"
            )
    if not np.isfinite(latents).all():
        row, column = np.argwhere(~np.isfinite(latents))[0]
        raise DataError(f"latents: NaN or infinity at row {row}, dimension {column}")
