"""Small simulated mice, and two measures on them."""

from __future__ import annotations

from functools import cache

import numpy as np

from twofold.recordings import Recording
from twofold.simulate import Sensorium, simulate_sensorium

FEW = {"n_neurons": 100, "train_clips": 6, "test_videos": 2, "repeats": 3}


@cache
def few(random_state=0, mouse=1, **changes) -> Recording:
    """A few trials of 100 neurons; what two tests ask for is drawn once."""
    return simulate_sensorium(Sensorium.preset("tiny", **{**FEW, **changes}), mouse, random_state)


def more() -> Recording:
    """20 training clips, and 4 repeats of 3 videos in every other tier."""
    return few(1, train_clips=20, test_videos=3, repeats=4)


def responses(recording):
    """(time, neuron) in double precision."""
    return np.asarray(recording.responses[:], dtype=float)


def correlation(a, b):
    """Mean over neurons."""
    return np.mean([np.corrcoef(one, other)[0, 1] for one, other in zip(a.T, b.T, strict=True)])


def neighbours_agree(position_um, values):
    """Mean correlation of a map with its nearest neighbour's value."""
    distance = np.linalg.norm(position_um[:, None] - position_um, axis=2) + 1e9 * np.eye(len(values))
    nearest = values[distance.argmin(axis=1)]
    return np.mean([np.corrcoef(one, other)[0, 1] for one, other in zip(values.T, nearest.T, strict=True)])
