"""What the decoders that compare with a class's mean are fitted from."""

from __future__ import annotations

import numpy as np


def class_sums(X: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sum the samples of each class.

    Parameters
    ----------
    X
        (sample, unit) responses.
    y
        (sample,) labels.

    Returns
    -------
    classes, counts, sums
        (class,) labels, sorted; (class,) number of samples; (class, unit) summed responses.

    Examples
    --------
    >>> classes, counts, sums = class_sums(np.array([[1.0], [2.0], [5.0]]), np.array(["b", "a", "b"]))
    >>> classes.tolist(), counts.tolist(), sums.tolist()
    (['a', 'b'], [1, 2], [[2.0], [6.0]])
    """
    classes, label, counts = np.unique(y, return_inverse=True, return_counts=True)
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    return classes, counts, np.add.reduceat(X[np.argsort(label, kind="stable")], starts, axis=0)
