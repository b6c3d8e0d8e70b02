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
    rows = torch.arange(len(trials)).flip(0)
    sequence, start = TrialStretches(windows)(rows)
    assert 0 <= len(sequence) - len(trials) - (window - 1) * len(lengths) < 64
    assert torch.equal(sequence[start[:, None] + torch.arange(window)], windows(rows))


def test_windows_of_single_samples_share_the_responses_themselves():
    responses = torch.randn(20, 3)
    shared = share_windows(TrialWindows(responses, torch.zeros(20, dtype=torch.long), 1), n_windows=21)
    sequence, start = shared(torch.tensor([4, 2]))
    assert sequence.data_ptr() == responses.data_ptr()
    assert start.tolist() == [4, 2]


def test_stretches_can_be_kept_in_the_type_they_are_multiplied_in():
    windows = TrialWindows(torch.randn(20, 3), torch.zeros(20, dtype=torch.long), 4)
    assert TrialStretches(windows, torch.bfloat16)(torch.tensor([0])).sequence.dtype == torch.bfloat16
