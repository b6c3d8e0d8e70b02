"""Given and scored neurons keep their distance, and no more neurons are lost than must be."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.spatial.distance import cdist
from sklearn.linear_model import Ridge
from sklearn.metrics import r2_score

from twofold.analyses.topography import separate_neurons
from twofold.analyses.topography.splitting import _smallest_cover
from twofold.errors import DataError, OptionError


@pytest.mark.parametrize(("n", "largest_loss"), [(150, 0.05), (800, 0.1), (8000, 0.15)])
def test_no_given_neuron_is_near_a_scored_one_and_few_are_lost(place, n, largest_loss):
    for seed in range(3):
        position = place(np.random.default_rng(seed), n)
        found = separate_neurons(position, random_state=seed)
        assert cdist(position[found.given], position[found.scored]).min() >= 30
        np.testing.assert_array_equal(np.sort(np.concatenate(found)), np.arange(n))
        assert len(found.left_out) <= largest_loss * n
        assert 0.4 < len(found.given) / (len(found.given) + len(found.scored)) < 0.6


@given(st.integers(0, 999), st.floats(0.05, 0.6))
def test_the_cover_is_the_smallest_of_all(seed, density):
    rng = np.random.default_rng(seed)
    edges = rng.random((4, 5)) < density
    left, right = _smallest_cover(csr_array(edges))
    assert (edges <= (left[:, None] | right)).all()
    nodes = range(9)
    for size in range(10):
        covers = [
            (edges <= (np.isin(range(4), c)[:, None] | np.isin(range(4, 9), c))).all()
            for c in combinations(nodes, size)
        ]
        if any(covers):
            break
    assert left.sum() + right.sum() == size


@pytest.mark.parametrize("share", [0.25, 0.75])
def test_about_the_share_is_given(place, share):
    position = place(np.random.default_rng(1), 4000)
    found = separate_neurons(position, share_given=share, random_state=2)
    assert len(found.given) / (len(found.given) + len(found.scored)) == pytest.approx(share, abs=0.08)


def test_neuropil_predicts_neighbours_and_nothing_across_the_gap(place):
    """Independent neurons whose recorded signals mix within 15 um: a random split finds a shared state."""
    rng = np.random.default_rng(3)
    position = place(rng, 700) * [0.3, 0.3, 1.0]
    near = cdist(position, position) < 15
    responses = rng.normal(size=(3000, 700)) @ near

    def told(given: np.ndarray, scored: np.ndarray) -> float:
        model = Ridge(100.0).fit(responses[:2000, given], responses[:2000, scored])
        return r2_score(responses[2000:, scored], model.predict(responses[2000:, given]))

    half = rng.permutation(700)
    assert told(half[:350], half[350:]) > 0.05
    apart = separate_neurons(position, tile_um=90)
    assert told(apart.given, apart.scored) < 0.0


def test_the_same_seed_gives_the_same_split(place):
    position = place(np.random.default_rng(4), 300)
    one, two, other = (separate_neurons(position, random_state=seed) for seed in (5, 5, 6))
    np.testing.assert_array_equal(one.given, two.given)
    assert not np.array_equal(one.given, other.given)


def test_a_gap_of_nothing_loses_nobody_and_the_border_itself_is_far_enough():
    position = np.array([[0.0, 0.0], [30.0, 0.0], [60.0, 0.0], [90.0, 0.0]])
    assert len(separate_neurons(position, at_least_um=0.0, tile_um=45).left_out) == 0
    assert len(separate_neurons(position, at_least_um=30.0, tile_um=45).left_out) == 0
    assert len(separate_neurons(position, at_least_um=30.1, tile_um=45).left_out) == 1


@pytest.mark.parametrize(
    ("options", "error", "match"),
    [
        ({"tile_um": 5000.0}, DataError, "one tile"),
        ({"at_least_um": 5000.0}, DataError, "no neuron is left"),
        ({"share_given": 1.0}, OptionError, "share_given"),
        ({"tile_um": 0.0}, OptionError, "tile_um"),
    ],
)
def test_splits_that_cannot_be_are_refused(place, options, error, match):
    with pytest.raises(error, match=match):
        separate_neurons(place(np.random.default_rng(7), 50), **options)


def test_a_neuron_without_a_place_is_refused():
    with pytest.raises(DataError, match="neuron 1"):
        separate_neurons(np.array([[0.0, 0.0], [np.nan, 0.0]]))
