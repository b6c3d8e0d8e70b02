from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import mannwhitneyu

from twofold.analyses.attribution import (
    attribution_auc,
    inverted_attribution,
    plain_attribution,
)
from twofold.errors import DataError, OptionError


def some_jacobians(n: int = 20) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(n, 3, 2, 5)).astype(np.float32)


def by_a_loop(J: np.ndarray, inverted: bool, average: str) -> np.ndarray:
    """(dimension, neuron), one sample and one lag at a time."""
    sizes = []
    for sample in J.astype(float):
        flat = sample.reshape(3, 10)
        if inverted:
            flat = np.linalg.pinv(flat).T
        sizes.extend(np.abs(flat.reshape(3, 2, 5)[:, lag]) for lag in range(2))
    return np.mean(sizes, axis=0) if average == "mean" else np.max(sizes, axis=0)


@pytest.mark.parametrize("average", ["mean", "max"])
@pytest.mark.parametrize(
    ("attribution", "inverted"), [(plain_attribution, False), (inverted_attribution, True)]
)
def test_attribution_equals_a_loop_over_samples(attribution, inverted, average):
    J = some_jacobians()
    expected = by_a_loop(J, inverted, average)
    found = attribution(J, average=average)
    np.testing.assert_allclose(found.by_latent, expected, rtol=1e-5)
    np.testing.assert_allclose(found.by_neuron, expected.mean(axis=0), rtol=1e-5)
    in_batches = attribution((J[start : start + 7] for start in range(0, 20, 7)), average=average)
    np.testing.assert_allclose(in_batches.by_latent, found.by_latent, rtol=1e-12)
    assert in_batches.n_samples == 20


def test_latents_on_a_sphere_have_an_inverse_although_their_jacobian_lacks_a_rank():
    rng = np.random.default_rng(0)
    z = rng.normal(size=3)
    onto_tangent = np.eye(3) - np.outer(z, z) / (z @ z)
    J = (onto_tangent @ rng.normal(size=(3, 8))).astype(np.float32)
    found = inverted_attribution(J.reshape(1, 3, 1, 8)).by_latent
    np.testing.assert_allclose(found, np.abs(np.linalg.pinv(J.astype(float), rcond=1e-5)).T, rtol=1e-3)


def test_the_inverse_gives_each_latent_its_own_neurons_where_latents_share_them():
    mixing = np.array([[1.0, 1.0], [0.0, 1.0]])
    J = (mixing @ np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])).reshape(1, 2, 1, 3)
    np.testing.assert_allclose(plain_attribution(J).by_latent, [[1, 1, 0], [0, 1, 0]])
    np.testing.assert_allclose(inverted_attribution(J).by_latent, [[1, 0, 0], [1, 1, 0]], atol=1e-12)


def test_auc_is_the_chance_that_a_true_neuron_ranks_above_a_false_one():
    rng = np.random.default_rng(0)
    known = rng.random(50) < 0.4
    score = rng.normal(size=50).round(1) + 0.5 * known
    u = mannwhitneyu(score[known], score[~known]).statistic
    assert attribution_auc(score, known) == pytest.approx(u / (known.sum() * (~known).sum()))
    both = np.stack([score, score]), np.stack([known, known])
    assert attribution_auc(*both) == pytest.approx(attribution_auc(score, known))


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: plain_attribution(some_jacobians(0)), DataError, "there are none"),
        (lambda: plain_attribution(iter([])), DataError, "there are none"),
        (lambda: plain_attribution(some_jacobians() / 0 * 0), DataError, "NaN or infinity at sample 0"),
        (lambda: plain_attribution(some_jacobians(), average="sum"), OptionError, "'mean' or 'max'"),
        (lambda: attribution_auc(np.ones(3), np.ones(2, bool)), DataError, "shape"),
        (lambda: attribution_auc(np.ones(3), np.ones(3, bool)), DataError, "some of both"),
    ],
)
@pytest.mark.filterwarnings("ignore:divide by zero", "ignore:invalid value")
def test_what_cannot_be_attributed_is_refused(call, error, words):
    with pytest.raises(error, match=words):
        call()
