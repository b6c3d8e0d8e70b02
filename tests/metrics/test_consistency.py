from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import lfilter
from sklearn.linear_model import LinearRegression

from twofold.errors import DataError, OptionError
from twofold.metrics.embeddings import Consistency, SharedSubspace, consistency


def smooth(rng: np.random.Generator, n: int, d: int, memory: float = 0.9) -> np.ndarray:
    """(n, d) stationary noise of variance 1 that forgets by `memory` a sample."""
    return lfilter([np.sqrt(1 - memory**2)], [1, -memory], rng.normal(size=(n + 100, d)), axis=0)[100:]


def off_diagonal(matrix: np.ndarray) -> np.ndarray:
    return matrix[~np.eye(len(matrix), dtype=bool)]


@pytest.mark.parametrize("measure", [None, SharedSubspace])
def test_random_128d_embeddings_score_zero_where_an_in_sample_r2_is_one(measure):
    rng = np.random.default_rng(0)
    runs = [rng.normal(size=(99, 128)) for _ in range(2)]
    in_sample = LinearRegression().fit(runs[0], runs[1]).score(runs[0], runs[1])
    assert in_sample == pytest.approx(1.0)
    found = consistency(runs, labels=np.arange(99), **({} if measure is None else {"measure": measure}))
    assert np.abs(off_diagonal(found.score)).max() < 0.02
    assert np.abs(off_diagonal(found.chance)).max() < 0.02
    assert off_diagonal(found.p).min() > 0.05


def test_a_linear_image_is_told_completely_and_beats_its_surrogates():
    rng = np.random.default_rng(0)
    one = smooth(rng, 300, 3)
    found = consistency([one, one @ rng.normal(size=(3, 3)) + 5, one[:, ::-1] * 10], n_surrogates=39)
    assert off_diagonal(found.score).min() > 0.999
    assert off_diagonal(found.p).max() == pytest.approx(1 / 40)
    assert found.mean_chance < 0.1
    assert found.n_rows == 300


def test_noise_lowers_the_score_to_its_share_of_the_variance():
    rng = np.random.default_rng(0)
    clean = rng.normal(size=(4000, 3))
    noisy = clean + rng.normal(size=clean.shape) * np.sqrt(0.5)
    found = consistency([clean, noisy], n_surrogates=1)
    np.testing.assert_allclose(off_diagonal(found.score), 1 / 1.5, atol=0.02)


def test_directions_differ_where_one_embedding_holds_more():
    rng = np.random.default_rng(0)
    whole = rng.normal(size=(1000, 3))
    found = consistency([whole, whole[:, :1]], n_surrogates=1)
    assert found.score[0, 1] > 0.999
    assert found.score[1, 0] == pytest.approx(1 / 3, abs=0.03)
    assert found.symmetric[0, 1] == found.symmetric[1, 0] == found.score[[0, 1], [1, 0]].mean()


def test_shared_subspace_counts_the_directions_in_common():
    rng = np.random.default_rng(0)
    common = rng.normal(size=(2000, 2))
    one, other = (np.hstack([common, rng.normal(size=(2000, 2))]) @ rng.normal(size=(4, 4)) for _ in range(2))
    found = consistency([one, other], measure=SharedSubspace, n_surrogates=5)
    np.testing.assert_allclose(off_diagonal(found.score), 0.5, atol=0.02)
    assert np.abs(off_diagonal(found.chance)).max() < 0.02


def test_slow_but_unrelated_embeddings_reach_p_005_in_about_one_of_twenty():
    rng = np.random.default_rng(0)
    p = [
        consistency([smooth(rng, 200, 2), smooth(rng, 200, 2)], folds=3, n_surrogates=19, random_state=rng).p[
            0, 1
        ]
        for _ in range(60)
    ]
    assert np.mean(np.array(p) <= 0.05) <= 0.11
    assert 0.35 < np.mean(p) < 0.75


def test_animals_are_compared_through_their_labels_whatever_the_order_and_number_of_samples():
    rng = np.random.default_rng(0)
    track = smooth(rng, 60, 3)
    labels = [rng.permutation(np.repeat(np.arange(60), k)) for k in (3, 7)]
    animals = [track[y] @ rng.normal(size=(3, d)) for y, d in zip(labels, (3, 5), strict=True)]
    found = consistency(animals, labels=labels)
    assert found.n_rows == 60
    assert off_diagonal(found.score).min() > 0.99
    scrambled = consistency([animals[0], rng.permutation(animals[1])], labels=labels)
    assert off_diagonal(scrambled.score).max() < 0.2


def test_continuous_labels_are_compared_in_bins_of_the_range_that_all_share():
    rng = np.random.default_rng(0)
    positions = [rng.uniform(0, 1, 3000), rng.uniform(0.2, 1.4, 2000)]
    animals = [np.stack([np.cos(5 * x), np.sin(5 * x)], axis=1) for x in positions]
    found = consistency(animals, labels=positions, bins=40)
    assert found.n_rows == 40
    assert off_diagonal(found.score).min() > 0.95
    with pytest.raises(DataError, match="bins="):
        consistency(animals, labels=positions)


def test_names_have_no_order_and_are_permuted():
    rng = np.random.default_rng(0)
    pictures = np.array([f"picture {k}" for k in range(40)])
    one = rng.normal(size=(40, 2))
    found = consistency([one, one[:, ::-1]], labels=pictures, n_surrogates=50)
    assert off_diagonal(found.score).min() > 0.99
    assert off_diagonal(found.p).max() == pytest.approx(1 / 51)


def test_whole_trials_are_left_out():
    """An embedding that knows the trial by heart agrees with another one only if its trials were seen."""
    rng = np.random.default_rng(0)
    trial = np.repeat(np.arange(40), 10)
    runs = [rng.normal(size=(40, 12))[trial] + 0.01 * rng.normal(size=(400, 12)) for _ in range(2)]
    by_trial = consistency(runs, groups=trial, n_surrogates=1)
    assert off_diagonal(by_trial.score).max() < 0.05


def test_equal_seeds_give_equal_bits():
    rng = np.random.default_rng(0)
    runs = [smooth(rng, 100, 2) for _ in range(2)]
    one, same, other = (consistency(runs, random_state=seed) for seed in (3, 3, 4))
    np.testing.assert_array_equal(one.chance, same.chance)
    assert one.chance[0, 1] != other.chance[0, 1]


def test_the_diagonal_is_in_no_mean():
    square = np.array([[1.0, 0.2], [0.4, 1.0]])
    empty = np.array([[np.nan, 0.1], [0.3, np.nan]])
    found = Consistency(square, empty, empty, empty, 10, 1)
    assert (found.mean, found.mean_chance) == (pytest.approx(0.3), pytest.approx(0.2))


@pytest.mark.parametrize(
    ("rows", "options", "error", "words"),
    [
        ([50], {}, DataError, "at least 2"),
        ([50, 40], {}, DataError, "give labels"),
        ([8, 8], {}, DataError, "8 rows; at least 10"),
        ([50, 50], {"folds": 2}, OptionError, "folds=2"),
        ([50, 50], {"n_surrogates": 0}, OptionError, "chance level"),
        ([50, 50], {"labels": np.arange(50), "groups": np.arange(50)}, OptionError, "one of them"),
        ([50, 50], {"labels": np.arange(49)}, DataError, r"embedding 0: shape \(49,\)"),
        ([50, 50], {"labels": [np.arange(50)]}, DataError, "1 arrays for 2"),
        ([50, 50], {"labels": [np.arange(50), np.arange(50) + 45]}, DataError, "5 labels in common"),
        ([50, 50], {"groups": np.arange(49)}, DataError, "one group per row"),
        ([50, 50], {"groups": np.arange(50)}, DataError, "join groups"),
        ([50, 50], {"groups": np.arange(50) // 25}, DataError, "2 groups"),
    ],
)
def test_what_cannot_be_compared_is_refused(rows, options, error, words):
    rng = np.random.default_rng(0)
    with pytest.raises(error, match=words):
        consistency([rng.normal(size=(n, 2)) for n in rows], **options)


def test_a_missing_number_is_found():
    run = np.ones((20, 2))
    run[3, 1] = np.nan
    with pytest.raises(DataError, match=r"embedding 1 of shape \(20, 2\): give finite"):
        consistency([np.ones((20, 2)), run])
