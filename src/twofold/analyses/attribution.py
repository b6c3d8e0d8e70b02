"""Which neurons drive an embedding, from the Jacobian of its latents.

    plain     |J|,    J_kn = d z_k / d x_n
    inverted  |J^+|,  the pseudo-inverse: how x moves where z moves

each at every sample and, for encoders of a window, every lag, and then averaged over both. The inverted one
undoes what latents share, and follows the map from latents to responses. After Schneider, Gonzalez Laiz,
Filippova, Frey & Mathis 2025, "Time-series attribution maps with regularized contrastive learning" (AISTATS).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Num, Shaped
from sklearn.metrics import roc_auc_score

from twofold.errors import DataError, OptionError

Jacobians = Num[np.ndarray, "sample dimension lag neuron"]
Magnitudes = Num[np.ndarray, "*map"]
KnownMap = Shaped[np.ndarray, "*known"]
SMALLEST_POWER = 1e-10  # eigenvalues of J J^T below this share of the largest are none


@dataclass(frozen=True, eq=False)
class Attribution:
    """How much each neuron has to do with each latent.

    Parameters
    ----------
    by_latent
        (dimension, neuron) magnitudes, at least 0.
    n_samples
        Over how many samples they are averaged.
    """

    by_latent: Float[np.ndarray, "dimension neuron"]
    n_samples: int

    @property
    def by_neuron(self) -> Float[np.ndarray, " neuron"]:
        """(neuron,) mean over latents."""
        return self.by_latent.mean(axis=0)


def plain_attribution(jacobians: Jacobians | Iterable[Jacobians], *, average: str = "mean") -> Attribution:
    """How much a latent changes with a neuron: the magnitude of the Jacobian.

    Parameters
    ----------
    jacobians
        (sample, dimension, lag, neuron), as one array or batch by batch.
    average
        "mean" or "max" of magnitudes, over samples and lags.

    Raises
    ------
    DataError
        If there are no Jacobians, or they are not finite.
    OptionError
        If the average is neither.

    Examples
    --------
    >>> J = np.array([[1.0, -2.0, 0.0]]).reshape(1, 1, 1, 3)
    >>> plain_attribution(J).by_neuron
    array([1., 2., 0.])
    """
    return _averaged(jacobians, np.asarray, average)


def inverted_attribution(jacobians: Jacobians | Iterable[Jacobians], *, average: str = "mean") -> Attribution:
    """How much a neuron changes with a latent: the magnitude of the Jacobian's pseudo-inverse.

    The inverse is taken of the whole window, (dimension, lag * neuron), at every sample.

    Parameters
    ----------
    jacobians
        (sample, dimension, lag, neuron), as one array or batch by batch.
    average
        "mean" or "max" of magnitudes, over samples and lags.

    Raises
    ------
    DataError
        If there are no Jacobians, or they are not finite.
    OptionError
        If the average is neither.

    Examples
    --------
    >>> J = np.array([[1.0, -2.0, 0.0]]).reshape(1, 1, 1, 3)
    >>> inverted_attribution(J).by_neuron
    array([0.2, 0.4, 0. ])
    """
    return _averaged(jacobians, _pseudo_inverse, average)


def attribution_auc(score: Magnitudes, known: KnownMap) -> float:
    """Area under the ROC curve of a score against a known map: 1 finds it, 0.5 is chance.

    Parameters
    ----------
    score
        (neuron,) or (dimension, neuron).
    known
        Of the same shape: which of them truly matter.

    Raises
    ------
    DataError
        If the shapes differ, or all or none matter.

    Examples
    --------
    >>> attribution_auc(np.array([0.9, 0.1, 0.4]), np.array([True, False, True]))
    1.0
    """
    known = np.asarray(known, dtype=bool)
    if score.shape != known.shape:
        raise DataError(f"score of shape {score.shape} and known map of shape {known.shape}; give one each")
    if known.all() or not known.any():
        raise DataError("known: all or none matter; a curve needs some of both")
    return float(roc_auc_score(known.ravel(), score.ravel()))


def _pseudo_inverse(jacobians: np.ndarray) -> np.ndarray:
    """J^+ = J^T (J J^T)^+, in the order of axes of J."""
    J = jacobians.reshape(*jacobians.shape[:2], -1).astype(np.float64)
    inverse = np.linalg.pinv(J @ J.transpose(0, 2, 1), rcond=SMALLEST_POWER, hermitian=True) @ J
    return inverse.reshape(jacobians.shape)


def _averaged(
    jacobians: Jacobians | Iterable[Jacobians], change: Callable[[np.ndarray], np.ndarray], average: str
) -> Attribution:
    if average not in ("mean", "max"):
        raise OptionError(f"average={average!r}: give 'mean' or 'max'")
    so_far: np.ndarray | float = 0.0
    n_samples, n_lags = 0, 1
    for batch in [jacobians] if isinstance(jacobians, np.ndarray) else jacobians:
        if not np.isfinite(batch).all():
            sample = n_samples + int(np.argwhere(~np.isfinite(batch))[0, 0])
            raise DataError(f"jacobians: NaN or infinity at sample {sample}; are the responses finite?")
        size = np.abs(change(batch)).astype(np.float64)
        n_samples, n_lags = n_samples + len(batch), batch.shape[2]
        if average == "mean":
            so_far = so_far + size.sum(axis=(0, 2))
        elif len(batch):
            so_far = np.maximum(so_far, size.max(axis=(0, 2)))
    if not n_samples:
        raise DataError("jacobians: there are none")
    return Attribution(np.asarray(so_far) / (n_samples * n_lags if average == "mean" else 1), n_samples)
