from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.stats import chisquare, norm

from twofold.sampling import Ties
from twofold.sampling.jitter import JitteredPositives


def jittered(label, unique, sd, trials=None, classes=None):
    trials = np.zeros(len(label), int) if trials is None else trials
    ties = Ties(torch.as_tensor(label), torch.as_tensor(trials), other_trial=False)
    of_classes = None if classes is None else torch.as_tensor(classes)
    return JitteredPositives(torch.as_tensor(unique, dtype=torch.float64)[:, None], ties, sd, of_classes)


def labels_drawn(positives, own, n=20_000):
    reference = torch.full((n,), own)
    return positives.draw(reference, torch.Generator().manual_seed(0)).numpy()


def test_labels_are_hit_as_often_as_normal_noise_falls_nearest_to_them():
    unique = np.array([-1.0, 0.0, 0.5, 2.0])
    positive = labels_drawn(jittered(np.arange(4), unique, sd=0.7), own=1)
    borders = np.concatenate([[-np.inf], (unique[1:] + unique[:-1]) / 2, [np.inf]])
    expected = np.diff(norm(0, 0.7).cdf(borders))
    assert chisquare(np.bincount(positive, minlength=4), expected * len(positive)).pvalue > 1e-3


def test_samples_of_the_nearest_label_are_equally_likely():
    label = np.array([0, 1, 0, 1, 0, 1])
    positive = labels_drawn(jittered(label, [0.0, 100.0], sd=1.0), own=0)
    assert set(positive) == {0, 2, 4}
    assert chisquare(np.bincount(positive)[[0, 2, 4]]).pvalue > 1e-3


def test_positives_keep_the_class_of_their_reference():
    # Labels 0 ... 3 belong to classes 0, 1, 0, 1.
    positives = jittered(np.arange(4), [0.0, 0.1, 0.2, 0.3], sd=0.5, classes=np.array([0, 1, 0, 1]))
    assert set(labels_drawn(positives, own=0)) == {0, 2}
    assert set(labels_drawn(positives, own=3)) == {1, 3}


@pytest.mark.parametrize("sd", [1e-6, 1e3])
def test_little_jitter_gives_the_own_label_and_much_gives_the_outermost(sd):
    positive = labels_drawn(jittered(np.arange(5), np.arange(5.0), sd), own=2)
    assert (positive == 2).all() if sd < 1 else (np.isin(positive, [0, 4]).mean() > 0.99)
