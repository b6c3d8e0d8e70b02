"""Hybrid positives, full batches, masks and causal windows."""

from __future__ import annotations

import numpy as np
import torch

from twofold.sampling import DiscretePositives, Ties, TimePositives, TrialWindows
from twofold.sampling.full_batch import FullBatchSampler
from twofold.sampling.hybrid import HybridPositives
from twofold.sampling.masks import MaskedWindows

TRIALS = torch.tensor([0, 0, 0, 0, 1, 1, 1])
LABEL = torch.tensor([0, 1, 0, 1, 0, 1, 0])


def test_a_hybrid_reference_has_a_positive_of_its_label_and_one_in_time():
    hybrid = HybridPositives(
        DiscretePositives(Ties(LABEL, TRIALS, other_trial=True)), TimePositives(TRIALS, 2)
    )
    assert hybrid.references.tolist() == [0, 1, 4]
    reference = hybrid.references.repeat(500)
    behaviour, time = hybrid.draw(reference, torch.Generator().manual_seed(0)).chunk(2)
    assert torch.equal(LABEL[behaviour], LABEL[reference])
    assert (TRIALS[behaviour] != TRIALS[reference]).all()
    assert torch.equal(time, reference + 2)


def test_a_full_batch_has_every_sample_with_a_positive_once():
    sampler = FullBatchSampler(TimePositives(TRIALS, 1), torch.Generator())
    reference, positive, negative, target = sampler.draw()
    assert reference.tolist() == [0, 1, 2, 4, 5]
    assert torch.equal(positive, reference + 1)
    assert torch.equal(negative, reference)
    assert torch.equal(target, reference)


def masked(neurons, time):
    windows = MaskedWindows(
        lambda rows: torch.ones(len(rows), 5, 40), neurons, time, torch.Generator().manual_seed(0)
    )
    return windows(torch.arange(400)).numpy()


def test_masked_neurons_are_off_in_their_whole_window_and_differ_between_windows():
    cut = masked(neurons=0.3, time=0.0)
    assert (cut == cut[:, :1]).all()
    assert abs(cut.mean() - 0.7) < 0.02
    assert abs(cut[:, 0].mean(1).std() - np.sqrt(0.3 * 0.7 / 40)) < 0.01
    assert len(np.unique(cut[:, 0], axis=0)) == 400


def test_masked_samples_are_off_in_all_neurons():
    cut = masked(neurons=0.0, time=0.4)
    assert (cut == cut[:, :, :1]).all()
    assert abs(cut.mean() - 0.6) < 0.03


def test_masks_multiply():
    assert abs(masked(neurons=0.5, time=0.5).mean() - 0.25) < 0.02


def test_causal_windows_end_at_their_sample_and_start_in_its_trial():
    responses = torch.arange(7.0)[:, None]
    cut = TrialWindows(responses, TRIALS, window=3, causal=True)(torch.tensor([0, 3, 4, 6]))
    assert cut.squeeze(-1).tolist() == [[0, 0, 0], [1, 2, 3], [4, 4, 4], [4, 5, 6]]
