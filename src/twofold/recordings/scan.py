"""One pass over all responses, in blocks of rows, so that memory does not grow with the recording."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twofold.recordings.recording import Recording

VALUES_PER_BLOCK = 2**22


@dataclass(frozen=True, eq=False)
class Scan:
    """What one pass over the responses found.

    Parameters
    ----------
    lowest, highest
        (neuron,) extremes of the finite responses; NaN where a neuron has none.
    n_not_finite
        (neuron,) how many responses are NaN or infinite.
    first_not_finite
        (row, neuron) of the first of them in time, or None.
    repeats
        (repeat,) the repeats that have rows, sorted.
    responds
        (repeat, neuron) whether a response differs from 0 during a repeat.
    """

    lowest: np.ndarray
    highest: np.ndarray
    n_not_finite: np.ndarray
    first_not_finite: tuple[int, int] | None
    repeats: np.ndarray
    responds: np.ndarray


def scan(recording: Recording, values_per_block: int = VALUES_PER_BLOCK) -> Scan:
    """Read all responses once, at most `values_per_block` at a time (or one row).

    Examples
    --------
    >>> from twofold.recordings import LazyArray, Neurons, Stimulus, Trials
    >>> import pandas as pd
    >>> recording = Recording(
    ...     responses=LazyArray(np.array([[0, 1], [0, 3]])), time_s=np.array([0.5, 1.5]), bin_s=1.0,
    ...     neurons=Neurons(pd.DataFrame(index=range(2))),
    ...     trials=Trials(pd.DataFrame({"stimulus": "movie", "repeat": [0], "tier": "all",
    ...                                 "start_s": [0.0], "stop_s": [2.0]})),
    ...     stimuli={"movie": Stimulus(frame_ids=np.arange(2), rate_hz=1.0)})
    >>> found = scan(recording)
    >>> found.highest, found.responds
    (array([0., 3.]), array([[False,  True]]))
    """
    n_rows, n_neurons = recording.responses.shape
    repeat_of_row, repeats = _repeat_of_row(recording)
    lowest, highest = np.full(n_neurons, np.nan), np.full(n_neurons, np.nan)
    n_not_finite = np.zeros(n_neurons, dtype=np.int64)
    first: tuple[int, int] | None = None
    responds = np.zeros((len(repeats), n_neurons), dtype=bool)

    step = max(1, values_per_block // max(n_neurons, 1))
    for start in range(0, n_rows, step):
        block = recording.responses[start : start + step]
        if block.dtype.kind == "f":
            bad = ~np.isfinite(block)
            if bad.any():
                n_not_finite += bad.sum(axis=0)
                row, neuron = np.argwhere(bad)[0]
                first = first or (start + int(row), int(neuron))
                block = np.where(bad, np.nan, block)
        lowest = np.fmin(lowest, np.fmin.reduce(block, axis=0))
        highest = np.fmax(highest, np.fmax.reduce(block, axis=0))
        active = block != 0
        codes = repeat_of_row[start : start + step]
        for code in np.unique(codes[codes >= 0]):
            responds[code] |= active[codes == code].any(axis=0)
    return Scan(lowest, highest, n_not_finite, first, repeats, responds)


def _repeat_of_row(recording: Recording) -> tuple[np.ndarray, np.ndarray]:
    """(time,) index into the sorted repeats that have rows, -1 between trials; and those repeats."""
    trial = recording.trial_of_row
    codes = np.full(len(trial), -1)
    inside = trial >= 0
    repeats, codes[inside] = np.unique(recording.trials.column("repeat")[trial[inside]], return_inverse=True)
    return codes, repeats
