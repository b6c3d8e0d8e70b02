from __future__ import annotations

import numpy as np
import pytest
import torch

from twofold.errors import DataError
from twofold.sampling import (
    ContinuousPositives,
    DiscretePositives,
    Ties,
    TimePositives,
    TripletSampler,
)

TRIALS = np.repeat([0, 1, 2], [6, 4, 5])


def continuous_positives(labels, offset, classes=None, other_trial=False):
    """Built from plain arrays: the distinct (class, label) rows and the number of each sample's."""
    table = np.column_stack([np.zeros(len(labels)) if classes is None else classes, labels])
    distinct, number = np.unique(table, axis=0, return_inverse=True)
    ties = Ties(torch.from_numpy(number.reshape(-1)), torch.from_numpy(TRIALS), other_trial)
    of_classes = None if classes is None else torch.from_numpy(distinct[:, 0]).long()
    return ContinuousPositives(torch.from_numpy(distinct[:, 1:]), ties, offset, of_classes)


def possible_positives(labels, offset, classes=None, other_trial=False):
    """By double loops: every in-trial difference, added to every reference, then the nearest samples."""
    samples = range(len(labels))
    inside = [t for t in samples if t >= offset and TRIALS[t] == TRIALS[t - offset]]
    possible = []
    for reference in samples:
        rows = [s for s in samples if classes is None or classes[s] == classes[reference]]
        found = set()
        for t in inside:
            query = labels[reference] + labels[t] - labels[t - offset]
            distance = {s: ((query - labels[s]) ** 2).sum() for s in rows}
            nearest = {s for s in rows if np.isclose(distance[s], min(distance.values()), atol=1e-12)}
            others = {s for s in nearest if TRIALS[s] != TRIALS[reference]}
            found |= (others or nearest) if other_trial else nearest
        possible.append(found)
    return possible


def seen_positives(positives, n=40_000):
    generator = torch.Generator().manual_seed(0)
    reference = torch.randint(len(TRIALS), (n,), generator=generator)
    drawn = positives.draw(reference, generator)
    return [set(drawn[reference == row].tolist()) for row in range(len(TRIALS))]


@pytest.mark.parametrize("offset", [1, 2, 3])
@pytest.mark.parametrize("other_trial", [False, True])
def test_continuous_positives_are_the_nearest_labels_found_by_brute_force(offset, other_trial):
    # Two features that come back in other trials, and jump between trials: no difference is taken there.
    labels = np.random.default_rng(offset).normal(size=(6, 2))[[0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 1, 2, 3, 4, 5]]
    positives = continuous_positives(labels, offset, other_trial=other_trial)
    assert seen_positives(positives) == possible_positives(labels, offset, other_trial=other_trial)


def test_continuous_positives_stay_in_the_class_of_their_reference():
    rng = np.random.default_rng(0)
    labels, classes = rng.normal(size=(15, 2)), rng.integers(0, 2, 15)
    positives = continuous_positives(labels, 1, classes)
    assert seen_positives(positives) == possible_positives(labels, 1, classes)


def test_continuous_search_keeps_its_digits_far_from_zero():
    labels = 1e6 + 0.01 * np.arange(15.0)[:, None]
    positives = continuous_positives(labels, 1)
    assert seen_positives(positives, 2000)[3] == {4}


def test_time_positives_are_exactly_later_in_the_same_trial():
    sampler = TripletSampler(
        TimePositives(torch.from_numpy(TRIALS), 2), len(TRIALS), 2000, torch.Generator().manual_seed(0)
    )
    reference, positive, negative, target = sampler.draw()
    assert (positive - reference == 2).all()
    assert (TRIALS[reference] == TRIALS[positive]).all()
    assert set(reference.tolist()) == {0, 1, 2, 3, 6, 7, 10, 11, 12}
    assert set(negative.tolist()) == set(range(15))
    assert torch.equal(target, reference)


def test_discrete_positives_share_the_class_though_labels_have_gaps():
    label = torch.tensor([0, 1] * 7 + [0])
    positives = DiscretePositives(Ties(label, torch.from_numpy(TRIALS), other_trial=False))
    reference, positive, negative, _ = TripletSampler(
        positives, len(label), 3000, torch.Generator().manual_seed(0)
    ).draw()
    assert torch.equal(label[reference], label[positive])
    assert set(positive.tolist()) == set(negative.tolist()) == set(range(15))


def test_a_step_of_the_same_seed_has_the_same_bits_and_another_seed_another():
    label = torch.arange(5).repeat(3)
    positives = DiscretePositives(Ties(label, torch.from_numpy(TRIALS), other_trial=True))

    def steps(seed):
        sampler = TripletSampler(
            positives, 15, 8, torch.Generator().manual_seed(seed), targets=positives.ties
        )
        return torch.stack([torch.stack(sampler.draw()) for _ in range(3)])

    assert torch.equal(steps(0), steps(0))
    assert not torch.equal(steps(0), steps(1))


def test_targets_are_another_repeat_of_the_reference():
    label = torch.arange(5).repeat(3)
    trials = torch.arange(3).repeat_interleave(5)
    ties = Ties(label, trials, other_trial=True)
    sampler = TripletSampler(DiscretePositives(ties), 15, 500, torch.Generator().manual_seed(0), targets=ties)
    reference, _, _, target = sampler.draw()
    assert torch.equal(label[reference], label[target])
    assert (trials[reference] != trials[target]).all()


def test_an_offset_longer_than_every_trial_is_refused():
    with pytest.raises(DataError, match="time_offset=6 apart: the longest trial has 6 samples"):
        TimePositives(torch.from_numpy(TRIALS), 6)
    with pytest.raises(DataError, match="longest trial has 15"):
        TimePositives(torch.zeros(15, dtype=torch.long), 20)
