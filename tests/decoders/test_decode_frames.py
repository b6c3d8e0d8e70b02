from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LinearRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from twofold.decoders import PoissonNaiveBayes, TemplateDecoder, decode_frames, tune_decoder
from twofold.errors import DataError, OptionError
from twofold.metrics import frame_chance, frame_scores

ALLEN = Path(__file__).parents[3] / "shared/data/allen_neuropixels_movie1/session_791319847.npz"


class Witness(ClassifierMixin, BaseEstimator):
    """Notes the first column that it is fitted on, and tells the first class plus an offset."""

    def __init__(self, offset=0, note=print):
        self.offset = offset
        self.note = note

    def fit(self, X, y):
        self.note(X[:, 0].copy())
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return np.full(len(X), self.classes_[0] + self.offset)


@pytest.fixture
def repeats():
    """Ten repeats of six frames on a noisy line: (latents, ids, groups)."""
    ids = np.tile(np.arange(6), 10)
    latents = ids[:, None] + np.random.default_rng(0).normal(0, 0.8, (60, 1))
    return latents, ids, np.repeat(np.arange(10), 6)


def test_scores_and_chance_are_those_of_the_metrics(repeats):
    latents, ids, _ = repeats
    decoding = decode_frames(
        KNeighborsClassifier(3), latents[:30], ids[:30], latents[30:], ids[30:], frame_seconds=0.4
    )
    assert 0.3 < decoding.scores.exact_accuracy < 1
    assert decoding.scores == frame_scores(ids[30:], decoding.predicted, frame_seconds=0.4)
    assert decoding.chance == frame_chance(ids[:30], ids[30:], frame_seconds=0.4)
    np.testing.assert_array_equal(decoding.true, ids[30:])


def test_the_test_part_changes_nothing_of_the_fit(repeats):
    latents, ids, _ = repeats
    decoder = make_pipeline(StandardScaler(), KNeighborsClassifier(3))
    one = decode_frames(decoder, latents[:30], ids[:30], latents[30:], ids[30:], frame_seconds=1.0)
    far = np.vstack([latents[30:], [[1e6]]])
    two = decode_frames(decoder, latents[:30], ids[:30], far, np.append(ids[30:], 0), frame_seconds=1.0)
    np.testing.assert_array_equal(one.predicted, two.predicted[:-1])


def test_numbers_of_a_regressor_go_to_the_nearest_training_id():
    ids = np.array([0, 4, 10])
    latents = np.array([[-9.0], [1.9], [2.1], [6.9], [7.1], [99.0]])
    decoding = decode_frames(
        LinearRegression(), ids[:, None], ids, latents, np.array([0, 0, 4, 4, 10, 10]), frame_seconds=1.0
    )
    assert decoding.predicted.tolist() == [0, 0, 4, 4, 10, 10]


def test_frames_never_trained_on_are_wrong_and_lower_chance():
    latents, ids = np.arange(4.0)[:, None], np.arange(4)
    decoding = decode_frames(KNeighborsClassifier(1), latents[:2], ids[:2], latents, ids, frame_seconds=1.0)
    assert decoding.scores.exact_accuracy == 0.5
    assert decoding.chance.exact_accuracy == 0.25


def test_order_reaches_scores_and_chance():
    latents, ids = np.array([[0.0], [1.0], [2.0]]), np.array([8, 1, 5])
    shifted = latents[[1, 2, 0]]
    decoding = decode_frames(
        KNeighborsClassifier(1), latents, ids, shifted, ids, order=ids, frame_seconds=1.0
    )
    assert decoding.scores.mae_frames == 4 / 3
    assert decoding.chance.mae_frames == 8 / 9


def test_parts_that_do_not_fit_together_are_refused(repeats):
    latents, ids, _ = repeats
    knn = KNeighborsClassifier(1)
    with pytest.raises(DataError, match="test part: 60 rows of latents but 59 ids"):
        decode_frames(knn, latents, ids, latents, ids[1:], frame_seconds=1.0)
    with pytest.raises(DataError, match="training part: there are no samples"):
        decode_frames(knn, latents[:0], ids[:0], latents, ids, frame_seconds=1.0)
    with pytest.raises(DataError, match="1 dimensions, test latents 2"):
        decode_frames(knn, latents, ids, np.hstack([latents, latents]), ids, frame_seconds=1.0)
    with pytest.raises(DataError, match="use a classifier"):
        decode_frames(
            LinearRegression(), latents, ids.astype(str), latents, ids.astype(str), frame_seconds=1.0
        )
    spoiled = latents.copy()
    spoiled[7, 0] = np.inf
    with pytest.raises(DataError, match="test part: latents are not finite at row 7, dimension 0"):
        decode_frames(knn, latents, ids, spoiled, ids, frame_seconds=1.0)


def test_tuning_agrees_with_leaving_out_each_repeat_by_hand(repeats):
    latents, ids, groups = repeats
    grid = {"n_neighbors": [1, 7, 40], "weights": ["uniform", "distance"]}
    best, table = tune_decoder(KNeighborsClassifier(), grid, latents, ids, groups, max_folds=10)
    for row in table.to_dict("records"):
        hits, errors = [], []
        for g in range(10):
            knn = KNeighborsClassifier(row["n_neighbors"], weights=row["weights"])
            told = knn.fit(latents[groups != g], ids[groups != g]).predict(latents[groups == g])
            hits.append(told == ids[groups == g])
            errors.append(np.abs(told - ids[groups == g]))
        assert row["exact_accuracy"] == pytest.approx(np.mean(hits))
        assert row["mae_frames"] == pytest.approx(np.mean(errors))
        assert row["n_folds"] == 10
    winner = table.sort_values(["exact_accuracy", "mae_frames"], ascending=[False, True], kind="stable").iloc[
        0
    ]
    assert best == {"n_neighbors": winner["n_neighbors"], "weights": winner["weights"]}
    assert len(table) == 6


def test_inner_folds_are_spread_evenly_over_the_repeats_and_never_seen(repeats):
    _, ids, groups = repeats
    seen = []
    latents = groups[:, None].astype(float)
    _, table = tune_decoder(Witness(note=seen.append), {"offset": [0, 1]}, latents, ids, groups, max_folds=4)
    left_out = [sorted(set(range(10)) - set(rows.astype(int))) for rows in seen[:4]]
    assert left_out == [[0], [3], [6], [9]]
    assert table["n_folds"].tolist() == [4, 4]


def test_of_equal_accuracies_the_smaller_error_wins_and_then_the_first(repeats):
    latents, ids, groups = repeats
    witness = Witness(note=len)
    best, table = tune_decoder(witness, {"offset": [100, 7, -6]}, latents, ids, groups)
    assert table["exact_accuracy"].tolist() == [0.0, 0.0, 0.0]
    assert table["mae_frames"].tolist() == [97.5, 4.5, 8.5]
    assert best == {"offset": 7}
    # told are 8 and -3, both 5.5 frames off on average
    best, table = tune_decoder(witness, {"offset": [8, -3]}, latents, ids, groups)
    assert table["mae_frames"].tolist() == [5.5, 5.5]
    assert best == {"offset": 8}


def test_a_single_candidate_needs_no_fit(repeats):
    latents, ids, groups = repeats
    seen = []
    witness = Witness(note=seen.append)
    best, table = tune_decoder(witness, {"offset": [2]}, latents, ids, np.zeros_like(groups))
    assert best == {"offset": 2}
    assert table["n_folds"].tolist() == [0]
    assert tune_decoder(witness, {}, latents, ids, groups)[0] == {}
    assert seen == []


def test_tuning_takes_text_and_parts_of_a_pipeline(repeats):
    latents, ids, groups = repeats
    decoder = make_pipeline(StandardScaler(), KNeighborsClassifier())
    grid = {"kneighborsclassifier__n_neighbors": [50, 5]}
    best, _ = tune_decoder(decoder, grid, latents, ids.astype(str), groups)
    assert best == {"kneighborsclassifier__n_neighbors": 5}


def test_bad_grids_and_groups_are_refused(repeats):
    latents, ids, groups = repeats
    knn, grid = KNeighborsClassifier(), {"n_neighbors": [1, 3]}
    with pytest.raises(OptionError, match="did you mean 'n_neighbors'"):
        tune_decoder(knn, {"n_neighbours": [1, 3]}, latents, ids, groups)
    with pytest.raises(OptionError, match="no values"):
        tune_decoder(knn, {"n_neighbors": []}, latents, ids, groups)
    with pytest.raises(OptionError, match="max_folds=0"):
        tune_decoder(knn, grid, latents, ids, groups, max_folds=0)
    with pytest.raises(DataError, match="60 samples but 59 groups"):
        tune_decoder(knn, grid, latents, ids, groups[1:])
    with pytest.raises(DataError, match="at least 2 groups"):
        tune_decoder(knn, grid, latents, ids, np.zeros_like(groups))


@pytest.mark.skipif(not ALLEN.exists(), reason="the Allen excerpt is not in ../shared/data")
def test_cheap_decoders_reach_their_known_accuracy_on_mouse_visual_cortex():
    with np.load(ALLEN) as data:
        counts = data["counts"].transpose(1, 2, 0).astype(float)
    n_repeats, n_bins, n_units = counts.shape
    ids = np.tile(np.arange(n_bins), n_repeats - 1)
    template, poisson = [], []
    for test in range(n_repeats):
        train = np.delete(counts, test, axis=0).reshape(-1, n_units)
        scaler = StandardScaler().fit(np.sqrt(train))
        parts = scaler.transform(np.sqrt(train)), ids, scaler.transform(np.sqrt(counts[test])), ids[:n_bins]
        template.append(decode_frames(TemplateDecoder(), *parts, frame_seconds=1.0).scores.exact_accuracy)
        parts = train, ids, counts[test], ids[:n_bins]
        poisson.append(decode_frames(PoissonNaiveBayes(), *parts, frame_seconds=1.0).scores.exact_accuracy)
    assert np.mean(template) == pytest.approx(0.897, abs=0.005)
    assert np.mean(poisson) == pytest.approx(0.883, abs=0.01)
