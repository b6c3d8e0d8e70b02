from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import orthogonal_procrustes
from scipy.stats import ortho_group
from sklearn.base import clone

from twofold.errors import DataError, OptionError
from twofold.metrics.embeddings import OrthogonalAlignment, align_embeddings, ensemble_embedding


def rotation(d: int, seed: int) -> np.ndarray:
    return ortho_group.rvs(d, random_state=seed)


@given(st.integers(2, 6), st.integers(0, 50))
def test_a_rotation_or_reflection_is_undone(d, seed):
    target = np.random.default_rng(seed).normal(size=(20, d))
    turned = target @ rotation(d, seed)
    np.testing.assert_allclose(OrthogonalAlignment().fit(turned, target).transform(turned), target, atol=1e-9)


def test_the_rotation_equals_scipys():
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(2, 30, 4))
    fitted = OrthogonalAlignment().fit(X, Y)
    np.testing.assert_allclose(fitted.rotation_, orthogonal_procrustes(X, Y)[0], atol=1e-10)
    assert fitted.scale_ == 1.0


def test_shift_and_size_are_undone_only_when_asked():
    target = np.random.default_rng(0).normal([1.0, 2.0, 3.0], size=(30, 3))
    moved = 0.2 * (target @ rotation(3, 1)) - 7.0
    whole = OrthogonalAlignment(centre=True, scale=True).fit(moved, target)
    np.testing.assert_allclose(whole.transform(moved), target, atol=1e-9)
    assert whole.scale_ == pytest.approx(5.0)
    rigid = OrthogonalAlignment().fit(moved, target).transform(moved)
    np.testing.assert_allclose(np.linalg.norm(rigid, axis=1), np.linalg.norm(moved, axis=1))


def test_what_is_given_is_left_as_it_was_and_may_be_cloned():
    X, Y = np.random.default_rng(0).normal(size=(2, 10, 2))
    before = X.copy()
    OrthogonalAlignment(centre=True).fit_transform(X, Y)
    np.testing.assert_array_equal(X, before)
    assert clone(OrthogonalAlignment(scale=True)).scale is True


def test_recordings_are_turned_through_their_labels():
    rng = np.random.default_rng(0)
    track = rng.normal(size=(40, 3))
    labels = [rng.permutation(np.repeat(np.arange(40), k)) for k in (2, 5)]
    recordings = [track[labels[0]], track[labels[1]] @ rotation(3, 1)]
    still, turned = align_embeddings(recordings, labels=labels)
    np.testing.assert_array_equal(still, recordings[0])
    np.testing.assert_allclose(turned, track[labels[1]], atol=1e-9)


def test_matching_labels_never_makes_a_table_of_all_pairs():
    rng = np.random.default_rng(0)
    n = 20_000
    position = [rng.uniform(0, 1, n) for _ in range(2)]
    recordings = [np.stack([np.cos(x), np.sin(x), x], axis=1) for x in position]
    tracemalloc.start()
    align_embeddings(recordings, labels=position, bins=n // 10)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < n * n / 10


def test_an_ensemble_is_closer_to_the_truth_than_any_of_its_runs():
    rng = np.random.default_rng(0)
    truth = rng.normal(size=(500, 3))
    runs = [(truth + 0.5 * rng.normal(size=truth.shape)) @ rotation(3, seed) for seed in range(8)]

    def error(embedding: np.ndarray) -> float:
        return float(((OrthogonalAlignment().fit(embedding, truth).transform(embedding) - truth) ** 2).mean())

    for reference in ("first", "mean"):
        assert error(ensemble_embedding(runs, reference=reference)) < 0.25 * min(map(error, runs))


def test_the_ensemble_around_the_mean_does_not_depend_on_which_run_is_first():
    rng = np.random.default_rng(0)
    truth = rng.normal(size=(200, 3))
    runs = [(truth + rng.normal(size=truth.shape)) @ rotation(3, seed) for seed in range(4)]
    one, other = ensemble_embedding(runs), ensemble_embedding(runs[::-1])
    np.testing.assert_allclose(OrthogonalAlignment().fit(other, one).transform(other), one, atol=1e-6)


def test_a_normalised_ensemble_lies_on_the_sphere():
    rng = np.random.default_rng(0)
    runs = [rng.normal(size=(20, 3)) for _ in range(3)]
    np.testing.assert_allclose(np.linalg.norm(ensemble_embedding(runs, normalise=True), axis=1), 1.0)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda a, b: OrthogonalAlignment().fit(a, b[:, :2]), DataError, "3 dimensions and y 2"),
        (lambda a, b: align_embeddings([a, b[:5]]), DataError, "or labels"),
        (lambda a, b: align_embeddings([a, b], reference=2), OptionError, "reference=2"),
        (lambda a, b: ensemble_embedding([a, b], reference="last"), OptionError, "'first' or 'mean'"),
        (lambda a, b: ensemble_embedding([]), DataError, "0 embeddings"),
    ],
)
def test_what_cannot_be_turned_is_refused(call, error, words):
    a, b = np.random.default_rng(0).normal(size=(2, 10, 3))
    with pytest.raises(error, match=words):
        call(a, b)
