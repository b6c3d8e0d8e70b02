from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st

from twofold.sampling import TrialStretches, TrialWindows, share_windows


@given(
    lengths=st.lists(st.integers(1, 6), min_size=1, max_size=5),
    window=st.integers(1, 9),
    causal=st.booleans(),
)
def test_stretches_are_the_windows_of_their_trials(lengths, window, causal):
    trials = torch.repeat_interleave(torch.arange(len(lengths)), torch.tensor(lengths))
    responses = torch.arange(2.0 * len(trials)).reshape(-1, 2)
    windows = TrialWindows(responses, trials, window, causal)
    every = torch.arange(len(trials)).flip(0)
    for rows in (every, every[::3], every[:1], every[:1].expand(4)):
        sequence, start = TrialStretches(windows)(rows)
        assert torch.equal(sequence[start[:, None] + torch.arange(window)], windows(rows))


def test_rows_of_no_window_are_left_out_where_they_are_many():
    responses = torch.randn(5000, 3)
    stretches = TrialStretches(TrialWindows(responses, torch.zeros(5000, dtype=torch.long), 10))
    assert len(stretches(torch.arange(5000)).sequence) == 5056  # 5009 and up to the next multiple of 64
    few = torch.tensor([4000, 7, 12, 1000])  # two of them overlap
    sequence, start = stretches(few)
    assert len(sequence) == 256 and start.tolist() == [25, 0, 5, 15]


def test_windows_of_single_samples_share_the_responses_themselves():
    responses = torch.randn(20, 3)
    shared = share_windows(TrialWindows(responses, torch.zeros(20, dtype=torch.long), 1), n_windows=21)
    sequence, start = shared(torch.tensor([4, 2]))
    assert sequence.data_ptr() == responses.data_ptr()
    assert start.tolist() == [4, 2]


def test_stretches_can_be_kept_in_the_type_they_are_multiplied_in():
    windows = TrialWindows(torch.randn(20, 3), torch.zeros(20, dtype=torch.long), 4)
    assert TrialStretches(windows, torch.bfloat16)(torch.tensor([0])).sequence.dtype == torch.bfloat16
