from __future__ import annotations

import numpy as np
import pytest
from sklearn.decomposition import TruncatedSVD

from twofold.analyses.topography import singular_maps
from twofold.errors import DataError, OptionError


@pytest.fixture(scope="module")
def planted(place):
    """(position, fields, weights): weights of 3 strong and distinct maps, and noise, in 6 latents."""
    rng = np.random.default_rng(0)
    position = place(rng, 1000)
    x, y = position[:, :2].T / 200
    fields = np.stack([np.sin(x), np.sin(y), np.cos(x + y)], axis=1)
    fields = np.linalg.qr(fields)[0] * np.sqrt(1000) * [4.0, 2.0, 1.0]
    turn, _ = np.linalg.qr(rng.normal(size=(6, 6)))
    return position, fields, fields @ turn[:3] + 0.1 * rng.normal(size=(1000, 6))


def test_planted_maps_are_found_in_every_plane_with_one_sign(planted):
    position, fields, weights = planted
    found = singular_maps(weights, position[:, 2], standardise=False)
    assert found.agreement.min() > 0.95
    overall = np.sign((found.maps * fields).sum(axis=0))
    for depth in found.planes:
        inside = position[:, 2] == depth
        for d in range(3):
            r = np.corrcoef(found.maps[inside, d], fields[inside, d])[0, 1]
            assert overall[d] * r > 0.8
    assert (np.diff(found.share, axis=1) < 0).all()


def test_singular_vectors_of_planes_alone_would_disagree_in_sign(planted):
    """What the alignment is for: signs of plain singular vectors differ between planes."""
    position, fields, weights = planted
    signs = []
    for depth in np.unique(position[:, 2]):
        inside = position[:, 2] == depth
        _, _, vt = np.linalg.svd(weights[inside], full_matrices=False)
        signs.append(np.sign(((weights[inside] @ vt[:3].T) * fields[inside]).sum(axis=0)))
    assert np.abs(np.sum(signs, axis=0)).min() < len(signs)


def test_a_single_plane_agrees_with_scikit_learn(planted):
    _, _, weights = planted
    svd = TruncatedSVD(3, algorithm="arpack", random_state=0)
    expected = svd.fit_transform(weights)
    found = singular_maps(weights, standardise=False)
    np.testing.assert_allclose(np.abs(found.maps), np.abs(expected), atol=1e-8)
    np.testing.assert_allclose(found.share[0], svd.singular_values_**2 / (weights**2).sum())
    np.testing.assert_allclose(found.agreement, 1.0)


def test_each_neuron_is_standardised_over_latents_as_in_the_paper():
    weights = np.random.default_rng(1).normal(2.0, 3.0, size=(50, 8))
    z = (weights - weights.mean(axis=1, keepdims=True)) / weights.std(axis=1, keepdims=True)
    plain = singular_maps(z, standardise=False)
    np.testing.assert_allclose(singular_maps(weights).maps, plain.maps, atol=1e-10)
    weights[3] = 7.0
    np.testing.assert_array_equal(singular_maps(weights).maps[3], 0.0)


def test_weights_on_theta_take_the_signs_of_those_on_q(planted):
    position, _, weights = planted
    q = singular_maps(weights, position[:, 2], standardise=False)
    theta = singular_maps(-weights, position[:, 2], standardise=False, like=-q.axes)
    np.testing.assert_allclose(theta.axes, -q.axes, atol=1e-10)
    np.testing.assert_allclose(theta.maps, q.maps, atol=1e-8)


def test_agreement_falls_where_singular_values_are_close():
    rng = np.random.default_rng(2)
    noise = rng.normal(size=(300, 6))
    assert singular_maps(noise, np.resize(np.arange(10), 300), standardise=False).agreement.mean() < 0.7


@pytest.mark.parametrize(
    ("change", "error", "match"),
    [
        ({"n_maps": 5}, OptionError, "n_maps=5: give 1 to 4"),
        ({"plane": np.zeros(9)}, DataError, "plane: 9"),
        ({"plane": np.arange(10) // 8}, DataError, "plane 1 has 2 neurons for 3 maps"),
        ({"weights": np.full((10, 4), np.inf)}, DataError, "neuron 0"),
        ({"like": np.ones((4, 2))}, DataError, "like"),
    ],
)
def test_what_does_not_fit_is_refused(change, error, match):
    given = {"weights": np.random.default_rng(3).normal(size=(10, 4)), **change}
    with pytest.raises(error, match=match):
        singular_maps(**given)
