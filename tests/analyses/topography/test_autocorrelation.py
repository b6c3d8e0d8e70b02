"""Moran's I: its formula, its moments by chance, and that a map is found where there is one."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom, kstest, ortho_group

from twofold.analyses.topography import mean_of_neighbours, morans_i
from twofold.errors import DataError, OptionError


def test_it_is_the_textbook_formula(place):
    rng = np.random.default_rng(0)
    position, x = place(rng, 60), rng.normal(size=60)
    distance = np.linalg.norm(position[:, None] - position, axis=-1) + np.diag(np.full(60, np.inf))
    w = np.zeros((60, 60))
    for i in range(60):
        w[i, np.argsort(distance[i])[:10]] = 1 / 10
    d = x - x.mean()
    expected = 60 / w.sum() * sum(w[i, j] * d[i] * d[j] for i in range(60) for j in range(60)) / (d @ d)
    assert morans_i(x, position, n_permutations=1).value == pytest.approx(expected)


def test_a_chequerboard_has_minus_one_and_a_pair_of_halves_nearly_one():
    line = np.arange(40.0)[:, None]
    assert morans_i((-1.0) ** np.arange(41)[:40], line, neighbours=1, n_permutations=1).value == -1.0
    halves = morans_i(np.repeat([0.0, 1.0], 20), line, neighbours=2, n_permutations=99)
    assert halves.value == pytest.approx(1 - 2 / 40)
    assert halves.p == 0.01


def test_permutations_have_the_moments_of_cliff_and_ord(place):
    """Mean -1 / (n - 1), and the variance under randomisation, in closed form."""
    rng = np.random.default_rng(1)
    n, position = 80, place(rng, 80)
    x = rng.gamma(0.5, size=n)
    w = mean_of_neighbours(position).toarray()
    d = x - x.mean()
    s0, s1 = w.sum(), ((w + w.T) ** 2).sum() / 2
    s2 = ((w.sum(axis=1) + w.sum(axis=0)) ** 2).sum()
    kurtosis = (d**4).mean() / (d**2).mean() ** 2
    first = n * ((n**2 - 3 * n + 3) * s1 - n * s2 + 3 * s0**2)
    second = kurtosis * ((n**2 - n) * s1 - 2 * n * s2 + 6 * s0**2)
    variance = (first - second) / ((n - 1) * (n - 2) * (n - 3) * s0**2) - 1 / (n - 1) ** 2
    surrogates = morans_i(x, position, n_permutations=4000).chance.surrogates
    assert surrogates.mean() == pytest.approx(-1 / (n - 1), abs=4 * np.sqrt(variance / 4000))
    assert surrogates.std() == pytest.approx(np.sqrt(variance), rel=0.06)


def test_rotating_the_latents_changes_nothing(place, smooth_map):
    rng = np.random.default_rng(2)
    position = place(rng, 100)
    weights = smooth_map(rng, position, 150, 4) + rng.normal(size=(100, 4))
    turned = weights @ ortho_group.rvs(4, random_state=3)
    one, two = (morans_i(values, position, n_permutations=50) for values in (weights, turned))
    assert one.value == pytest.approx(two.value)
    np.testing.assert_allclose(one.chance.surrogates, two.chance.surrogates, atol=1e-12)


def test_p_of_weights_that_ignore_position_is_uniform(place):
    found = []
    for seed in range(200):
        rng = np.random.default_rng([4, seed])
        position = place(rng, 60)
        weights = rng.normal(size=(60, 3)) + (position[:, 2:] > 300)  # planes differ, and that is no map
        found.append(
            morans_i(weights, position, plane=position[:, 2], n_permutations=39, random_state=seed).p
        )
    p = np.array(found)
    assert kstest(p - np.random.default_rng(0).random(len(p)) / 40, "uniform").pvalue > 0.01
    assert (p <= 0.05).sum() <= binom.ppf(0.99, len(p), 0.05)


def test_planes_that_differ_would_be_taken_for_a_map_if_permuted_over_all(place):
    rng = np.random.default_rng(5)
    position = place(rng, 200)
    weights = rng.normal(size=200) + 2 * (position[:, 2] > 300)
    assert morans_i(weights, position, n_permutations=99).p == 0.01
    assert morans_i(weights, position, plane=position[:, 2], n_permutations=99).p > 0.05


def test_a_noisy_map_of_a_tiny_population_is_found(place, smooth_map):
    """150 neurons, half of the variance a map: power at least 90 %."""
    found = []
    for seed in range(40):
        rng = np.random.default_rng([6, seed])
        position = place(rng, 150)
        weights = smooth_map(rng, position, 250, 3) + rng.normal(size=(150, 3))
        found.append(morans_i(weights, position, plane=position[:, 2], n_permutations=99).p <= 0.05)
    assert np.mean(found) >= 0.9


def test_the_same_seed_gives_the_same_surrogates(place):
    rng = np.random.default_rng(8)
    position, x = place(rng, 40), rng.normal(size=40)
    one, two = (morans_i(x, position, n_permutations=9, random_state=1) for _ in range(2))
    np.testing.assert_array_equal(one.chance.surrogates, two.chance.surrogates)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"values": np.ones(20)}, "nothing that could be a map"),
        ({"values": np.arange(19.0)}, "20 neurons, but 19"),
        ({"values": np.where(np.arange(20) == 7, np.nan, 1.0)}, "neuron 7"),
        ({"values": np.ones((20, 1, 1))}, "dimension"),
        ({"plane": np.zeros(3)}, "plane: 3"),
        ({"position_um": np.full((20, 2), np.nan)}, "neuron 0"),
        ({"neighbours": 20}, "give neighbours=19 or fewer"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(place, change, match):
    given = {"values": np.arange(20.0), "position_um": place(np.random.default_rng(9), 20), **change}
    with pytest.raises(DataError, match=match):
        morans_i(**given)


@pytest.mark.parametrize("option", [{"neighbours": 0}, {"n_permutations": 0}])
def test_options_that_cannot_work_are_refused(place, option):
    with pytest.raises(OptionError, match=next(iter(option))):
        morans_i(np.arange(20.0), place(np.random.default_rng(9), 20), **option)
