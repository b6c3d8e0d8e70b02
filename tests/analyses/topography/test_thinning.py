"""Thinned neurons keep their distance, and what neighbours share is then no map."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import cdist
from scipy.stats import binom

from twofold.analyses.topography import morans_i, position_r2, thin_neurons
from twofold.errors import DataError, OptionError


@given(st.integers(0, 99), st.floats(0.0, 80.0))
def test_no_two_are_near_and_no_further_one_could_be_kept(seed, at_least):
    position = np.random.default_rng(seed).uniform(0, 300, size=(60, 2))
    kept = thin_neurons(position, at_least_um=at_least, random_state=seed)
    distance = cdist(position, position[kept])
    assert (distance[kept] + np.diag(np.full(len(kept), np.inf)) >= at_least).all()
    others = np.setdiff1d(np.arange(60), kept)
    assert (distance[others].min(axis=1, initial=np.inf) < at_least).all()


@pytest.fixture(scope="module")
def alarms(place, smooth_map):
    """P values of Moran's I, of all neurons and of thinned ones, of what neuropil mixes and of a map."""
    found = {"neuropil": [], "thinned neuropil": [], "thinned map": [], "thinned map, R2": []}
    for seed in range(100):
        rng = np.random.default_rng([7, seed])
        position = place(rng, 500) * [0.4, 0.4, 1.0]
        near = cdist(position, position) < 15  # two that are 30 um apart share no cell
        neuropil = near @ rng.normal(size=500)
        kept = thin_neurons(position, random_state=seed)
        options = {"neighbours": 5, "n_permutations": 39, "random_state": seed}
        found["neuropil"].append(morans_i(neuropil, position, **options).p)
        found["thinned neuropil"].append(morans_i(neuropil[kept], position[kept], **options).p)
        if seed < 40:
            smooth = smooth_map(rng, position, 150)[kept]
            found["thinned map"].append(morans_i(smooth, position[kept], **options).p)
            found["thinned map, R2"].append(position_r2(smooth, position[kept], **options).p)
    return {name: np.mean(np.array(p) <= 0.05) for name, p in found.items()}


def test_what_neuropil_mixes_looks_like_a_map_until_neurons_are_thinned(alarms):
    assert alarms["neuropil"] > 0.9
    assert alarms["thinned neuropil"] <= binom.ppf(0.99, 100, 0.05) / 100


def test_a_map_is_found_among_thinned_neurons(alarms):
    assert alarms["thinned map"] >= 0.9
    assert alarms["thinned map, R2"] >= 0.9


def test_the_same_seed_keeps_the_same_neurons(place):
    position = place(np.random.default_rng(0), 2000)
    one, two, other = (thin_neurons(position, random_state=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, two)
    assert not np.array_equal(one, other)


def test_what_has_no_place_or_distance_is_refused():
    with pytest.raises(DataError, match="neuron 1"):
        thin_neurons(np.array([[0.0, 0.0], [np.nan, 0.0]]))
    with pytest.raises(OptionError, match="at_least_um"):
        thin_neurons(np.zeros((2, 2)), at_least_um=-1.0)
