"""What frames look like, as few numbers."""

from __future__ import annotations

import numpy as np
from sklearn.decomposition import PCA

SHARE = 0.9  # of their variance; 32 components of the paper's features


def principal_features(table: np.ndarray, share: float = SHARE) -> np.ndarray:
    """(frame, component) the principal components of frame features that hold a share of their variance.

    Nothing of the responses is in them, so they may be those of all frames. They are in units of their root
    mean variance.

    Parameters
    ----------
    table
        (frame, feature).
    share
        Of the variance; 1 keeps the features as they are.

    Examples
    --------
    >>> table = np.random.default_rng(0).normal(size=(50, 3)) * [10.0, 1.0, 0.1]
    >>> principal_features(table).shape, principal_features(table, 1.0).shape
    ((50, 1), (50, 3))
    """
    centred = np.asarray(table, dtype=np.float64) - np.mean(table, axis=0)
    if share < 1 and min(centred.shape) > 1:
        centred = PCA(share, svd_solver="full").fit_transform(centred)
    spread = np.sqrt(centred.var(axis=0).mean())
    return np.asarray(centred / (spread if spread > 0 else 1.0), dtype=np.float32)


def frame_similarity(table: np.ndarray) -> np.ndarray:
    """(frame, frame) cosine between the centred features of frames."""
    centred = np.asarray(table, dtype=np.float64) - np.mean(table, axis=0)
    length = np.linalg.norm(centred, axis=1, keepdims=True)
    unit = np.divide(centred, length, out=np.zeros_like(centred), where=length > 0)
    return unit @ unit.T
