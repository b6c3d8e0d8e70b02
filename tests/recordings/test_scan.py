from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from twofold.recordings import LazyArray, Neurons, Recording, Stimulus, Trials
from twofold.recordings.scan import scan


def recording_of(responses):
    """Three repeats of 8 s of one movie, 5 neurons."""
    start = np.arange(3) * 8.0
    trials = {"stimulus": "movie", "repeat": range(3), "tier": "all", "start_s": start, "stop_s": start + 8}
    return Recording(
        responses=LazyArray(responses),
        time_s=np.arange(24) + 0.5,
        bin_s=1.0,
        neurons=Neurons(pd.DataFrame(index=range(5))),
        trials=Trials(pd.DataFrame(trials)),
        stimuli={"movie": Stimulus(frame_ids=np.arange(8), rate_hz=1.0)},
    )


@given(
    arrays(float, (24, 5), elements=st.sampled_from([0.0, 1.0, -2.0, np.nan, np.inf])),
    st.integers(1, 130),
)
def test_scanning_in_blocks_equals_looking_at_everything(values, values_per_block):
    recording = recording_of(values)
    found = scan(recording, values_per_block)
    finite = np.isfinite(values)
    for neuron in range(5):
        known = values[finite[:, neuron], neuron]
        extremes = (known.min(), known.max()) if known.size else (np.nan, np.nan)
        np.testing.assert_array_equal((found.lowest[neuron], found.highest[neuron]), extremes)
    np.testing.assert_array_equal(found.n_not_finite, (~finite).sum(axis=0))
    bad = [(row, neuron) for row in range(24) for neuron in range(5) if not finite[row, neuron]]
    assert found.first_not_finite == (bad[0] if bad else None)
    np.testing.assert_array_equal(found.responds, (values.reshape(3, 8, 5) != 0).any(axis=1))


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.float32, bool])
def test_every_type_of_response_is_scanned(dtype):
    values = (np.arange(120).reshape(24, 5) % 2).astype(dtype)
    found = scan(recording_of(values))
    assert found.highest.tolist() == [1] * 5
    assert found.lowest.tolist() == [0] * 5


class OnDisk:
    """Responses that remember the largest block that was asked of them."""

    shape, dtype, largest = (24, 5), np.dtype(float), 0

    def __getitem__(self, rows):
        block = np.ones(self.shape)[rows]
        self.largest = max(self.largest, block.size)
        return block


def test_memory_is_bounded_by_the_block():
    source = OnDisk()
    scan(recording_of(source), values_per_block=21)
    assert source.largest == 20
