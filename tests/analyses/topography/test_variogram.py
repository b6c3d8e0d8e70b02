"""The length of known fields is found, the variogram is the one by brute force, and noise has none."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import pdist
from scipy.stats import ortho_group

from twofold.analyses.topography import variogram
from twofold.analyses.topography.variogram import _pairs
from twofold.errors import DataError, OptionError


@pytest.mark.parametrize(("rough", "power"), [(False, 2), (True, 1)])
@pytest.mark.parametrize("length", [60.0, 110.0])
def test_length_power_and_share_of_known_fields_are_found(place, smooth_map, rough, power, length):
    lengths, shares, powers = [], [], []
    for seed in range(5):
        rng = np.random.default_rng([0, seed])
        position = place(rng, 900)
        field = smooth_map(rng, position, length, 12, rough=rough)
        weights = np.sqrt(0.8) * field + np.sqrt(0.2) * rng.normal(size=field.shape)
        found = variogram(weights, position[:, :2], max_pairs=100_000)
        lengths.append(found.length_um)
        shares.append(found.share)
        powers.append(found.power)
    assert np.median(lengths) == pytest.approx(length, rel=0.2)
    assert np.median(shares) == pytest.approx(0.8, abs=0.07)
    assert np.median(powers) == power


def test_it_is_half_of_the_mean_squared_difference_at_each_distance(place):
    rng = np.random.default_rng(1)
    position, x = place(rng, 80), rng.normal(size=(80, 3))
    found = variogram(x, position, bins=5, max_um=400.0)
    h, squared = pdist(position), pdist(x) ** 2
    for place_, (low, high) in enumerate(zip(range(0, 400, 80), range(80, 401, 80), strict=True)):
        inside = (h >= low) & (h < high)
        assert found.n_pairs[place_] == inside.sum()
        assert found.distance_um[place_] == pytest.approx(h[inside].mean())
        assert found.semivariance[place_] == pytest.approx(squared[inside].mean() / 2)


def test_rotating_the_latents_changes_nothing(place, smooth_map):
    rng = np.random.default_rng(2)
    position = place(rng, 200)
    x = smooth_map(rng, position, 100, 4) * [1, 2, 3, 4]
    one, two = (variogram(v, position) for v in (x, x @ ortho_group.rvs(4, random_state=3)))
    assert one.length_um == pytest.approx(two.length_um, rel=1e-4)


def test_noise_has_a_share_near_zero_or_no_length(place):
    rng = np.random.default_rng(4)
    found = [variogram(rng.normal(size=(400, 3)), place(rng, 400)) for _ in range(10)]
    assert np.median(np.nan_to_num([one.share for one in found])) < 0.05


def test_a_slope_over_the_whole_field_has_no_length(place):
    position = place(np.random.default_rng(5), 300)
    found = variogram(position[:, 0], position[:, :2])
    assert np.isnan(found.length_um)
    assert np.isnan(found.share)


def test_pairs_are_of_one_plane(place):
    rng = np.random.default_rng(6)
    position = place(rng, 300)
    offset = 100.0 * position[:, 2]  # planes differ enormously
    x = offset + rng.normal(size=300)
    assert variogram(x, position[:, :2], plane=position[:, 2]).semivariance.max() < 2
    assert variogram(x, position[:, :2]).semivariance.min() > 1000


@given(st.integers(2, 30), st.integers(1, 4), st.integers(1, 500), st.integers(0, 9))
def test_pairs_are_different_and_as_many_as_there_are(n, n_planes, at_most, seed):
    plane = np.arange(n) % n_planes
    i, j = _pairs(n, plane, at_most, np.random.default_rng(seed))
    assert (i != j).all()
    assert (plane[i] == plane[j]).all()
    met = {frozenset(pair) for pair in zip(i.tolist(), j.tolist(), strict=True)}
    sizes = np.bincount(plane)
    assert len(met) == len(i) == min(at_most, (sizes * (sizes - 1) // 2).sum())


def test_many_neurons_give_their_pairs_by_number():
    """The last pair of 30,000 neurons: square roots of large numbers must not be off by one."""
    i, j = _pairs(30_000, None, 200_000, np.random.default_rng(0))
    assert (i > j).all()
    assert (j >= 0).all()
    assert i.max() < 30_000
    assert np.mean(i) == pytest.approx(20_000, rel=0.01)


@pytest.mark.parametrize(
    ("options", "error", "match"),
    [
        ({"bins": 2}, OptionError, "bins=2"),
        ({"max_pairs": 0}, OptionError, "max_pairs=0"),
        ({"max_um": 0.0}, OptionError, "max_um"),
        ({"max_um": 20.0}, DataError, "too few for 20 bins"),
    ],
)
def test_what_cannot_be_binned_is_refused(place, options, error, match):
    rng = np.random.default_rng(7)
    with pytest.raises(error, match=match):
        variogram(rng.normal(size=60), place(rng, 60), **options)
