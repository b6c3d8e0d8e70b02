from __future__ import annotations

import numpy as np
import pytest
import torch

from twofold.sampling.nearest import LABELS_AT_ONCE, LabelSearch


def squared_distances(labels, own, change):
    query = (labels[own] + change).numpy()
    return ((query[:, None] - labels.numpy()) ** 2).sum(-1)


def drawn(n_labels, n_features, n_classes):
    rng = np.random.default_rng(0)
    labels = torch.from_numpy(rng.normal(size=(n_labels, n_features)) + 100)
    classes = torch.from_numpy(rng.integers(n_classes, size=n_labels))
    own = torch.from_numpy(rng.integers(n_labels, size=50))
    return labels, classes, own, torch.from_numpy(rng.normal(size=(50, n_features)))


@pytest.mark.parametrize("n_features", [1, 2, 6], ids=["tree of 1", "tree of 2", "all distances"])
@pytest.mark.parametrize("n_labels", [3, 300, LABELS_AT_ONCE + 200])
def test_the_label_found_has_the_least_distance_of_all(n_labels, n_features):
    labels, _, own, change = drawn(n_labels, n_features, 1)
    found = LabelSearch(labels).nearest(own, change)
    np.testing.assert_array_equal(found, squared_distances(labels, own, change).argmin(1))


@pytest.mark.parametrize("n_features", [1, 6])
@pytest.mark.parametrize("n_labels", [20, 300])
def test_the_label_found_is_the_nearest_of_its_class(n_labels, n_features):
    labels, classes, own, change = drawn(n_labels, n_features, 4)
    distance = squared_distances(labels, own, change)
    distance[classes.numpy() != classes[own, None].numpy()] = np.inf
    # Also where changes are so large that labels of other classes are nearer.
    np.testing.assert_array_equal(LabelSearch(labels, classes).nearest(own, change), distance.argmin(1))


@pytest.mark.parametrize("n_labels", [300, LABELS_AT_ONCE + 200])
def test_the_label_found_is_one_of_those_allowed(n_labels):
    labels, _, own, change = drawn(n_labels, 2, 1)
    allowed = torch.from_numpy(np.random.default_rng(1).random((50, n_labels)) < 0.02)
    allowed[:, 0] = True
    distance = squared_distances(labels, own, change)
    distance[~allowed.numpy()] = np.inf
    np.testing.assert_array_equal(LabelSearch(labels).nearest(own, change, allowed), distance.argmin(1))


def test_of_equally_near_labels_the_first_is_taken():
    labels = torch.tensor([[0.0], [2.0], [4.0]], dtype=torch.float64)
    change = torch.tensor([[1.0], [-1.0]], dtype=torch.float64)
    assert LabelSearch(labels).nearest(torch.tensor([0, 2]), change).tolist() == [0, 1]
