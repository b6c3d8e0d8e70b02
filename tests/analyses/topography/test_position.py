"""R2 of position: as scikit-learn has it, the same in every basis, and honest where there is no map."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom, kstest, ortho_group
from sklearn.metrics import r2_score
from sklearn.model_selection import LeaveOneOut, cross_val_predict
from sklearn.neighbors import KNeighborsRegressor

from twofold.analyses.topography import position_r2, told_by_position


def test_it_is_the_nearest_neighbour_regressor_of_scikit_learn_with_each_neuron_left_out(place, smooth_map):
    rng = np.random.default_rng(0)
    position = place(rng, 70)
    weights = smooth_map(rng, position, 150, 3) + 0.3 * rng.normal(size=(70, 3))
    told = cross_val_predict(KNeighborsRegressor(10), position, weights, cv=LeaveOneOut())
    np.testing.assert_allclose(told_by_position(weights, position), told)
    means = cross_val_predict(KNeighborsRegressor(69), position, weights, cv=LeaveOneOut())
    expected = 1 - ((weights - told) ** 2).sum() / ((weights - means) ** 2).sum()
    assert position_r2(weights, position, n_permutations=1).value == pytest.approx(expected)


def test_rotating_the_latents_changes_nothing(place, smooth_map):
    rng = np.random.default_rng(1)
    position = place(rng, 100)
    weights = smooth_map(rng, position, 150, 4) * [1, 1, 1, 9] + rng.normal(size=(100, 4))
    turned = weights @ ortho_group.rvs(4, random_state=2)
    one, two = (position_r2(values, position, n_permutations=20) for values in (weights, turned))
    assert one.value == pytest.approx(two.value)
    np.testing.assert_allclose(one.chance.surrogates, two.chance.surrogates)


def test_it_recovers_the_share_of_the_variance_that_is_a_map(place, smooth_map):
    """A map of share 0.7: neighbours tell 0.7 less the noise in their mean, 0.3 / 10."""
    rng = np.random.default_rng(3)
    position = place(rng, 4000)
    field = smooth_map(rng, position, 300, 5)
    field = (field - field.mean(axis=0)) / field.std(axis=0)
    weights = np.sqrt(0.7) * field + np.sqrt(0.3) * rng.normal(size=(4000, 5))
    found = position_r2(weights, position[:, :2], n_permutations=1)
    assert found.value == pytest.approx(0.7 - 0.03, abs=0.02)


def test_it_is_negative_by_chance_where_neighbours_that_count_themselves_would_find_a_map(place):
    rng = np.random.default_rng(4)
    position, weights = place(rng, 400), rng.normal(size=(400, 6))
    found = position_r2(weights, position, n_permutations=99)
    assert found.value == pytest.approx(-0.1, abs=0.03)
    assert found.chance.mean == pytest.approx(-0.1, abs=0.01)
    leaky = KNeighborsRegressor(10).fit(position, weights).predict(position)
    assert r2_score(weights, leaky) > 0.05


def test_p_of_weights_that_ignore_position_is_uniform_and_that_of_maps_small(place, smooth_map):
    null, maps = [], []
    for seed in range(150):
        rng = np.random.default_rng([5, seed])
        position = place(rng, 150)
        noise, options = rng.normal(size=(150, 3)), {"plane": position[:, 2], "n_permutations": 39}
        null.append(position_r2(noise, position, **options).p)
        if seed < 40:
            maps.append(position_r2(smooth_map(rng, position, 250, 3) + noise, position, **options).p)
    p = np.array(null)
    assert kstest(p - np.random.default_rng(0).random(len(p)) / 40, "uniform").pvalue > 0.01
    assert (p <= 0.05).sum() <= binom.ppf(0.99, len(p), 0.05)
    assert np.mean(np.array(maps) <= 0.05) >= 0.9


def test_what_retinotopy_tells_is_no_map_of_the_cortex_beyond_it(place, smooth_map):
    """Weights follow the receptive field; what is left of them does not follow the cortex."""
    rng = np.random.default_rng(6)
    position = place(rng, 600)
    screen = position[:, :2] / 60 + rng.normal(size=(600, 2))  # degrees, with scatter
    weights = np.sin(screen) + 0.1 * rng.normal(size=(600, 2))
    assert position_r2(weights, position[:, :2], n_permutations=39).p <= 0.05
    left = weights - told_by_position(weights, screen)
    assert position_r2(left, position[:, :2], n_permutations=39).value < 0.0
    assert position_r2(weights, screen, n_permutations=1).value > 0.8
