"""Principal components of the pixels."""

from __future__ import annotations

from twofold.features.principal import principal_scores
from twofold.recordings.lazy import ArrayLike
from twofold.shapes import Features


def pixels_pca(frames: ArrayLike, keep: int | float = 0.9) -> Features:
    """Scores of the frames on the principal components of their pixels.

    Parameters
    ----------
    frames
        (frame, height, width) or with colours, in memory or on disk.
    keep
        How many components, or which share of the variance.

    Returns
    -------
    np.ndarray
        (frame, component) float32, the component of most variance first.

    Raises
    ------
    OptionError
        If `keep` is neither a number of components nor a share.
    DataError
        If all frames are equal, or fewer components can be had.

    Examples
    --------
    >>> import numpy as np
    >>> frames = np.random.default_rng(0).integers(0, 255, (50, 8, 16)).astype(np.uint8)
    >>> pixels_pca(frames, keep=5).shape
    (50, 5)
    """
    return principal_scores(frames, keep)
