from __future__ import annotations

import numpy as np
import torch
from scipy.stats import chisquare

from twofold.sampling import FirstTies, Ties


def draws(ties, row, n, seed=0):
    reference = torch.full((n,), row)
    drawn = ties.draw(ties.label[reference], reference, torch.Generator().manual_seed(seed))
    return np.bincount(drawn.numpy(), minlength=len(ties.label))


def repeats_of_a_movie(n_repeats=9, n_frames=5):
    frame = torch.arange(n_frames).repeat(n_repeats)
    return frame, torch.arange(n_repeats).repeat_interleave(n_frames)


def test_ties_are_spread_evenly_over_all_repeats():
    frame, repeat = repeats_of_a_movie()
    counts = draws(Ties(frame, repeat, other_trial=False), row=12, n=9000)
    assert counts[frame != frame[12]].sum() == 0
    assert chisquare(counts[frame == frame[12]]).pvalue > 0.01


def test_other_trial_spreads_evenly_over_all_repeats_but_the_reference_s():
    frame, repeat = repeats_of_a_movie()
    counts = draws(Ties(frame, repeat, other_trial=True), row=12, n=9000)
    allowed = (frame == frame[12]) & (repeat != repeat[12])
    assert counts[~allowed].sum() == 0
    assert chisquare(counts[allowed]).pvalue > 0.01


def test_uneven_labels_with_several_samples_per_trial_are_drawn_uniformly():
    rng = np.random.default_rng(0)
    trials = torch.from_numpy(np.repeat(np.arange(6), [3, 9, 1, 5, 7, 5]))
    label = torch.from_numpy(rng.integers(0, 3, len(trials)))
    ties = Ties(label, trials, other_trial=True)
    for row in range(len(trials)):
        counts = draws(ties, row, n=2000, seed=row)
        allowed = (label == label[row]) & (trials != trials[row])
        assert counts[~allowed].sum() == 0
        assert chisquare(counts[allowed]).pvalue > 1e-4


def test_a_label_of_a_single_trial_falls_back_to_all_its_samples():
    label, trials = torch.tensor([0, 0, 1, 1]), torch.tensor([0, 0, 0, 1])
    ties = Ties(label, trials, other_trial=True)
    assert (draws(ties, row=0, n=200) > 0).tolist() == [True, True, False, False]
    assert (draws(ties, row=2, n=200) > 0).tolist() == [False, False, False, True]


def test_repeats_are_equal_labels_in_different_trials():
    label = torch.tensor([0, 0, 1, 1])
    assert not Ties(label, torch.tensor([0, 0, 1, 1]), other_trial=True).repeats_across_trials
    assert Ties(label, torch.tensor([0, 1, 1, 1]), other_trial=True).repeats_across_trials


def test_first_ties_are_what_an_argmin_over_all_samples_finds():
    rng = np.random.default_rng(0)
    label = rng.integers(5, size=60)
    ties = FirstTies(torch.from_numpy(label), torch.arange(60) // 20, other_trial=False)
    wanted = torch.arange(5)
    found = ties.draw(wanted, torch.zeros(5, dtype=torch.long), torch.Generator())
    assert found.tolist() == [int(np.argmin(np.abs(label - one))) for one in wanted.tolist()]
