from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from twofold.embeddings.infonce import Cosine, SquaredEuclidean, infonce
from twofold.errors import DataError, OptionError
from twofold.metrics.embeddings import LatentPart, goodness_of_fit, goodness_of_fit_by_part, infonce_bits


def draws(n_rows: int, batches: int = 3, size: int = 8, negatives: int = 12) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(1)
    reference, positive = rng.integers(n_rows, size=(2, batches, size))
    return reference, positive, rng.integers(n_rows, size=(batches, negatives))


def bits_by_the_training_loss(latents, reference, positive, negative, similarity, tau):
    placed = similarity.place(torch.from_numpy(latents).double())
    losses = [
        infonce(placed[r], placed[p], placed[n], similarity, torch.tensor(1 / tau).double()).loss.item()
        for r, p, n in zip(*map(torch.from_numpy, (reference, positive, negative)), strict=True)
    ]
    return (math.log(negative.shape[1]) - np.mean(losses)) / math.log(2)


@pytest.mark.parametrize("tau", [0.05, 0.3, 1.0, 3.21])
@pytest.mark.parametrize(("name", "similarity"), [("cosine", Cosine()), ("euclidean", SquaredEuclidean())])
def test_goodness_of_fit_equals_the_loss_that_is_trained(name, similarity, tau):
    latents = np.random.default_rng(0).normal(size=(40, 3))
    rows = draws(40)
    found = goodness_of_fit(latents, *rows, similarity=name, temperature=tau)
    assert found.value == pytest.approx(
        bits_by_the_training_loss(latents, *rows, similarity, tau), rel=1e-5, abs=1e-5
    )
    assert found.n == 3


@pytest.mark.parametrize("similarity", ["cosine", "euclidean"])
def test_a_collapse_to_one_point_has_exactly_no_bits(similarity):
    found = goodness_of_fit(np.full((40, 3), 7.0), *draws(40), similarity=similarity, temperature=0.1)
    assert found.value == pytest.approx(0.0, abs=1e-9)


def test_eight_separate_clusters_have_three_bits():
    rng = np.random.default_rng(0)
    cluster = np.tile(np.arange(8), 50)
    reference = rng.integers(400, size=(40, 64))
    positive = reference % 8 + 8 * rng.integers(50, size=(40, 64))
    negative = rng.integers(400, size=(40, 4096))
    found = goodness_of_fit(np.eye(8)[cluster], reference, positive, negative, temperature=0.02)
    assert found.value == pytest.approx(3.0, abs=0.01)


def test_unrelated_positives_have_no_more_bits_than_none():
    latents = np.random.default_rng(0).normal(size=(2000, 16))
    reference, positive, negative = np.random.default_rng(1).integers(2000, size=(3, 50, 256))
    assert -0.2 < goodness_of_fit(latents, reference, positive, negative).value < 0.0


def test_latents_far_from_the_origin_lose_no_digits():
    latents = np.random.default_rng(0).normal(size=(40, 3))
    rows = draws(40)
    here = goodness_of_fit(latents, *rows, similarity="euclidean")
    away = goodness_of_fit(latents + 1e4, *rows, similarity="euclidean")
    assert away.value == pytest.approx(here.value, abs=1e-4)


def test_parts_of_a_hybrid_are_scored_on_their_own_dimensions_and_positives():
    latents = np.random.default_rng(0).normal(size=(40, 5))
    reference, by_behaviour, negative = draws(40)
    by_time = (reference + 1) % 40
    parts = {
        "behaviour": LatentPart(slice(0, 3), by_behaviour),
        "time": LatentPart(slice(0, 5), by_time),
    }
    found = goodness_of_fit_by_part(latents, parts, reference, negative, temperature=0.5)
    for name, columns, positive in (("behaviour", 3, by_behaviour), ("time", 5, by_time)):
        alone = bits_by_the_training_loss(latents[:, :columns], reference, positive, negative, Cosine(), 0.5)
        assert found[name].value == pytest.approx(alone, abs=1e-5)


def test_bits_count_from_the_logarithm_of_the_number_of_negatives():
    assert infonce_bits(math.log(512), 512) == 0.0
    np.testing.assert_allclose(infonce_bits(np.log([256.0, 1024.0]), 512), [1.0, -1.0])


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"temperature": 0.0}, OptionError, "temperature=0.0"),
        ({"similarity": "dot"}, OptionError, "'cosine' or 'euclidean'"),
        ({"positive": np.zeros((3, 7), int)}, DataError, "as many positives"),
        ({"negative": np.full((3, 12), 40)}, DataError, "negative: rows 40 to 40"),
        ({"latents": np.full((40, 3), np.nan)}, DataError, "row 0, dimension 0"),
    ],
)
def test_what_cannot_be_scored_is_refused(change, error, words):
    reference, positive, negative = draws(40)
    given = {"latents": np.ones((40, 3)), "reference": reference, "positive": positive, "negative": negative}
    with pytest.raises(error, match=words):
        goodness_of_fit(**{**given, **change})
