from __future__ import annotations

import numpy as np
from sklearn.neighbors import kneighbors_graph

from twofold.analyses.topography import mean_of_neighbours


def test_they_are_those_of_scikit_learn():
    position = np.random.default_rng(0).normal(size=(200, 3))
    peer = kneighbors_graph(position, 10).toarray() / 10
    np.testing.assert_array_equal(mean_of_neighbours(position).toarray(), peer)


def test_neurons_in_one_place_are_neighbours_but_not_of_themselves():
    for neighbours in (3, 11):
        w = mean_of_neighbours(np.zeros((12, 2)), neighbours).toarray()
        np.testing.assert_array_equal((w > 0).sum(axis=1), neighbours)
        np.testing.assert_allclose(w.sum(axis=1), 1)
        np.testing.assert_array_equal(np.diag(w), 0)
