"""Data in which something was destroyed on purpose."""

from __future__ import annotations

import numpy as np

from twofold.shapes import PerTime


def permute_within(groups: PerTime, random_state: np.random.Generator) -> np.ndarray:
    """Row order that permutes rows independently within every group; apply it to labels or responses.

    A permutation that is the same in all repeats would decode perfectly and control nothing,
    so each repeat gets its own.

    Parameters
    ----------
    groups
        (time,) group of each row, such as its repeat.
    random_state
        Source of randomness.

    Examples
    --------
    >>> repeat = np.array([0, 0, 0, 1, 1, 1])
    >>> order = permute_within(repeat, np.random.default_rng(0))
    >>> bool((repeat[order] == repeat).all()), sorted(order.tolist())
    (True, [0, 1, 2, 3, 4, 5])
    """
    order = np.arange(len(groups))
    for group in np.unique(groups):
        rows = np.flatnonzero(groups == group)
        order[rows] = random_state.permutation(rows)
    return order


def random_code(n_frames: int, dimension: int, random_state: np.random.Generator) -> np.ndarray:
    """(frame, dimension) a random Gaussian vector per frame: it identifies frames and knows nothing else."""
    return random_state.standard_normal((n_frames, dimension))
