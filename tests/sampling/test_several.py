from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.stats import chisquare

from twofold.errors import DataError
from twofold.sampling import TimePositives
from twofold.sampling.changes import NormalJitter, TimeDifferences
from twofold.sampling.several import AcrossRecordings, SeveralSampler

RECORDING = np.repeat([0, 1, 2], [6, 9, 4])
TRIALS = np.repeat([0, 1, 2, 3, 4], [3, 3, 4, 5, 4])


def across(features, classes, changes):
    distinct, label = np.unique(np.column_stack([classes, features]), axis=0, return_inverse=True)
    return AcrossRecordings(
        torch.from_numpy(distinct[:, 1:]),
        torch.from_numpy(distinct[:, 0]).long(),
        torch.from_numpy(label.reshape(-1)),
        torch.from_numpy(RECORDING),
        changes,
    )


def only_classes(classes):
    return across(np.empty((len(classes), 0)), classes, NormalJitter(0, 0.0))


def drawn(positives, n=30_000, seed=0):
    generator = torch.Generator().manual_seed(seed)
    reference = torch.randint(len(RECORDING), (n,), generator=generator)
    return reference.numpy(), positives.draw(reference, generator).numpy()


def test_positives_of_a_class_lie_in_other_recordings_each_alike_and_there_uniformly():
    classes = np.array([0, 0, 1, 1, 0, 1, 0, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 1, 1])
    reference, positive = drawn(only_classes(classes))
    assert (classes[reference] == classes[positive]).all()
    assert (RECORDING[reference] != RECORDING[positive]).all()
    for row in (0, 8, 17):
        got = np.bincount(positive[reference == row], minlength=len(RECORDING))
        share = np.zeros(len(RECORDING))
        for other in set(range(3)) - {RECORDING[row]}:
            same = (other == RECORDING) & (classes == classes[row])
            share[same] = 0.5 / same.sum()
        assert not got[share == 0].any()
        assert chisquare(got[share > 0], share[share > 0] * got.sum()).pvalue > 1e-3


def test_a_class_that_a_recording_lacks_is_drawn_from_those_that_have_it():
    classes = np.array([0, 0, 0, 5, 5, 9] + [0] * 5 + [5] * 4 + [0] * 4)  # 5 not in 2, 9 only in 0
    reference, positive = drawn(only_classes(classes))
    assert (classes[reference] == classes[positive]).all()
    assert set(RECORDING[positive[classes[reference] == 9]]) == {0}
    of_five = classes[reference] == 5
    assert set(zip(RECORDING[reference[of_five]], RECORDING[positive[of_five]], strict=True)) == {
        (0, 1),
        (1, 0),
    }


@pytest.mark.parametrize("with_classes", [False, True])
def test_continuous_positives_are_the_nearest_labels_of_the_other_recording_by_brute_force(with_classes):
    rng = np.random.default_rng(0)
    features = rng.normal(size=(19, 2))
    features[10] = features[7]  # a tie within recording 1
    classes = rng.integers(0, 2, 19) if with_classes else np.zeros(19, int)
    classes[10] = classes[7]
    differences = TimeDifferences(torch.from_numpy(features), torch.from_numpy(TRIALS), 1)
    reference, positive = drawn(across(features, classes, differences))

    inside = [t for t in range(1, 19) if TRIALS[t] == TRIALS[t - 1]]
    for row in range(19):
        possible = set()
        for other in set(range(3)) - {RECORDING[row]}:
            there = np.flatnonzero((other == RECORDING) & (classes == classes[row]))
            for t in inside:
                distance = ((features[row] + features[t] - features[t - 1] - features[there]) ** 2).sum(1)
                possible |= set(there[np.isclose(distance, distance.min(), atol=1e-12)])
        assert set(positive[reference == row]) == possible
    tied = np.bincount(positive, minlength=19)[[7, 10]]
    assert chisquare(tied).pvalue > 1e-3


def test_steps_have_equal_references_of_each_recording_and_negatives_of_all():
    sampler = SeveralSampler(
        TimePositives(torch.from_numpy(TRIALS), 2),
        torch.from_numpy(RECORDING),
        4000,
        torch.Generator().manual_seed(0),
    )
    reference, positive, negative, _ = sampler.draw()
    assert RECORDING[reference].tolist() == sorted([0, 1, 2] * 4000)
    assert (positive - reference == 2).all()
    assert (TRIALS[reference] == TRIALS[positive]).all()
    assert len(negative) == 4000
    assert chisquare(np.bincount(RECORDING[negative])).pvalue > 1e-3
    within = np.bincount(negative, minlength=19)[RECORDING == 1]
    assert chisquare(within).pvalue > 1e-3


def test_a_recording_without_any_positive_is_named():
    positives = TimePositives(torch.from_numpy(TRIALS), 4)  # only the trial of 5 samples is long enough
    with pytest.raises(DataError, match="recording 0: no sample has a positive"):
        SeveralSampler(positives, torch.from_numpy(RECORDING), 8, torch.Generator())
