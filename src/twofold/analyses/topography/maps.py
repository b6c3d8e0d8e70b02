r"""Maps of the cortex that weights on latents draw: singular vectors per depth plane, with one sign.

.. math:: W_p = U_p S_p V_p^\top, \quad \mathrm{map}_d(i) = v_{p,d} \cdot w_i

W_p are the weights of the neurons of plane p, (neuron, dimension). The sign of a singular vector is
arbitrary; here each v_{p,d} points where that of all neurons together points, which the paper did by hand.
Where singular values are close, axes are arbitrary too, and `agreement` falls: then look at `position_r2`,
which needs none.

Source: paper B (arXiv:2410.16136), figures 6 and 11.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Num, Shaped

from twofold.analyses.topography.neighbours import Planes
from twofold.errors import DataError, OptionError

Axes = Float[np.ndarray, "_ _"]


@dataclass(frozen=True, eq=False)
class SingularMaps:
    """Values of every neuron on the singular axes of its plane.

    Parameters
    ----------
    maps
        (neuron, map) in the unit of the weights.
    planes
        (plane,) the depths, in order.
    share
        (plane, map) of the sum of squared weights of the plane.
    agreement
        (plane, map) |cosine| of the plane's axis and the axis whose sign it was given.
    axes
        (dimension, map) axes of all neurons together, signs as in the maps.
    """

    maps: Float[np.ndarray, "neuron map"]
    planes: Shaped[np.ndarray, " plane"]
    share: Float[np.ndarray, "plane map"]
    agreement: Float[np.ndarray, "plane map"]
    axes: Axes


def singular_maps(
    weights: Num[np.ndarray, "neuron dimension"],
    plane: Planes = None,
    *,
    n_maps: int = 3,
    standardise: bool = True,
    like: Axes | None = None,
) -> SingularMaps:
    """The strongest maps of each depth plane.

    Parameters
    ----------
    weights
        (neuron, dimension) on latents, in one basis for all neurons.
    plane
        (neuron,) depth plane; None for neurons of one plane.
    n_maps
        How many maps.
    standardise
        Give the weights of each neuron mean 0 and standard deviation 1 over latents first, as the paper does.
        This depends on the basis of the latents.
    like
        (dimension, map) axes whose signs to take, such as those of the weights on q for the weights on theta;
        by default those of all neurons together, their largest entries positive.

    Raises
    ------
    DataError
        If a weight is not finite, arrays do not fit, or a plane has fewer neurons than maps.
    OptionError
        If there are fewer latents than maps.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> weights = rng.normal(size=(60, 1)) * [0.0, 3.0] + 0.1 * rng.normal(size=(60, 2))
    >>> found = singular_maps(weights, np.repeat([200, 300], 30), n_maps=1, standardise=False)
    >>> found.axes[:, 0].round(1) + 0.0, found.agreement.ravel().round(2)
    (array([0., 1.]), array([1., 1.]))
    """
    W, plane = _checked(weights, plane, n_maps, like)
    if standardise:
        spread = W.std(axis=1, keepdims=True)
        # a neuron with the same weight on every latent points nowhere
        W = np.divide(W - W.mean(axis=1, keepdims=True), spread, out=np.zeros_like(W), where=spread > 0)
    axes, _ = _singular_axes(W, n_maps)
    largest = axes[np.abs(axes).argmax(axis=0), np.arange(n_maps)]
    axes = axes * _sign(largest if like is None else (axes * like).sum(axis=0))
    reference = axes if like is None else like / np.linalg.norm(like, axis=0)

    planes = np.unique(plane)
    maps = np.empty((len(W), n_maps))
    share, agreement = np.empty((2, len(planes), n_maps))
    for place, depth in enumerate(planes):
        inside = plane == depth
        own, share[place] = _singular_axes(W[inside], n_maps)
        cosine = (own * reference).sum(axis=0)
        maps[inside] = W[inside] @ (own * _sign(cosine))
        agreement[place] = np.abs(cosine)
    return SingularMaps(maps, planes, share, agreement, axes)


def _singular_axes(W: np.ndarray, n_maps: int) -> tuple[np.ndarray, np.ndarray]:
    """(dimension, map) right singular vectors, and the share of the sum of squares of each."""
    _, S, Vt = np.linalg.svd(W, full_matrices=False)
    return Vt[:n_maps].T, S[:n_maps] ** 2 / max(float((S**2).sum()), np.finfo(float).tiny)


def _sign(x: np.ndarray) -> np.ndarray:
    return np.where(x < 0, -1.0, 1.0)


def _checked(
    weights: np.ndarray, plane: np.ndarray | None, n_maps: int, like: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    n, dimension = weights.shape
    if not 1 <= n_maps <= dimension:
        raise OptionError(f"n_maps={n_maps}: give 1 to {dimension}, the number of latents")
    if like is not None and like.shape != (dimension, n_maps):
        raise DataError(f"like of shape {like.shape}: give ({dimension}, {n_maps}), (dimension, map)")
    plane = np.zeros(n, dtype=int) if plane is None else plane
    if len(plane) != n:
        raise DataError(f"plane: {len(plane)} neurons, but {n} have weights; give one for each")
    if not np.isfinite(weights).all():
        raise DataError(f"weights: neuron {np.argwhere(~np.isfinite(weights))[0, 0]} is not finite")
    depths, counts = np.unique(plane, return_counts=True)
    if counts.min(initial=n) < n_maps:
        raise DataError(
            f"plane {depths[counts.argmin()]} has {counts.min()} neurons for {n_maps} maps; "
            "leave it out, or give fewer maps"
        )
    return np.asarray(weights, dtype=float), plane
