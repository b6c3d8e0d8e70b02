from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from twofold.errors import DataError
from twofold.sampling import TrialWindows, number_trials


@given(lengths=st.lists(st.integers(1, 6), min_size=1, max_size=5), window=st.integers(1, 9))
def test_windows_equal_edge_padding_of_each_trial(lengths, window):
    trials = torch.repeat_interleave(torch.arange(len(lengths)), torch.tensor(lengths))
    responses = torch.arange(2.0 * len(trials)).reshape(-1, 2)
    ours = TrialWindows(responses, trials, window)(torch.arange(len(trials)))

    left, right = window // 2, window - window // 2 - 1
    expected = []
    for trial in np.split(responses.numpy(), np.cumsum(lengths)[:-1]):
        padded = np.pad(trial, ((left, right), (0, 0)), mode="edge")
        expected += [padded[t : t + window] for t in range(len(trial))]
    np.testing.assert_array_equal(ours.numpy(), np.stack(expected))


def test_trials_are_counted_in_order_of_time_whatever_their_ids():
    assert number_trials(np.array([7, 7, 3, 5, 5]), 5).tolist() == [0, 0, 1, 2, 2]
    assert number_trials(None, 3).tolist() == [0, 0, 0]


def test_a_trial_id_that_comes_back_is_refused_with_its_row():
    with pytest.raises(DataError, match="id 1 comes back at row 3"):
        number_trials(np.array([1, 1, 2, 1]), 4)


def test_one_trial_id_per_row_is_asked_for():
    with pytest.raises(DataError, match="give one id per row"):
        number_trials(np.array([1, 1]), 3)
