"""The smaller tables against scikit-learn, brute force and numbers put in by hand."""

from __future__ import annotations

import json

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.linear_model import Lasso
from sklearn.metrics import r2_score

from twofold.recordings.preprocess import Preprocessing
from twofold.runs.search.parzen import search_in_memory
from twofold.studies.neural_alignment.methods.frame_decoders import knn, logistic, template
from twofold.studies.neural_alignment.methods.frame_features import frame_similarity, principal_features
from twofold.studies.neural_alignment.methods.method import predict_frames
from twofold.studies.neural_alignment.methods.simple import pca_of, raw, raw_window, raw_window_mean, windows
from twofold.studies.neural_alignment.prepared import Prepared
from twofold.studies.neural_alignment.presentations import Presentations, presentations
from twofold.studies.neural_alignment.tables.decoding_rows import gather
from twofold.studies.neural_alignment.tables.noise import ceiling_rows
from twofold.studies.neural_alignment.tables.pc_grid import grid_of_components, seven_to_two
from twofold.studies.neural_alignment.tables.regression import regress_fold, regression_rows
from twofold.studies.neural_alignment.tables.saturation import (
    saturation_arrays,
    saturation_point,
    saturation_rows,
)
from twofold.studies.neural_alignment.tables.seeds import fit_seeds
from twofold.studies.neural_alignment.tables.similarity import NEIGHBOUR, merging, similarity_rows, ssim
from twofold.studies.neural_alignment.tables.tuning import tuning_rows

TRAIN, TEST = np.arange(5), np.array([5])


@pytest.fixture(scope="module")
def data(movie) -> Presentations:
    return presentations(movie)


@pytest.fixture(scope="module")
def part(data) -> Prepared:
    return Prepared.of(data, TRAIN, TEST, Preprocessing())


# --- regression and grids ------------------------------------------------------------------------


def test_the_lasso_tells_the_frame_number_as_by_hand(data, part):
    found = regress_fold(data, Preprocessing(), TRAIN, TEST, alpha=0.08, seed=0)
    model = Lasso(0.08).fit(part.rows.responses, part.rows.frame)
    told = model.predict(part.new.responses)
    np.testing.assert_allclose(found["told/raw + lasso alpha=0.08"], told, atol=1e-2)
    rows = {(row.row, row.metric): row.value for row in regression_rows([found], data, 0)}
    told = found["told/raw + lasso alpha=0.08"]
    assert rows["raw + lasso alpha=0.08", "r2"] == pytest.approx(r2_score(data.label, told))
    assert rows["raw + lasso alpha=0.08", "mae_frames"] == pytest.approx(np.abs(told - data.label).mean())
    rmse = np.sqrt(((told - data.label) ** 2).mean())
    assert rows["raw + lasso alpha=0.08", "rmse_frames"] == pytest.approx(rmse)


@pytest.mark.parametrize(("n", "held_out"), [(9, 2), (5, 1), (19, 4), (3, 1), (2, 1)])
def test_the_seven_to_two_split_is_generalised(n, held_out):
    train, validation = seven_to_two(np.arange(n))
    assert len(validation) == held_out
    assert np.concatenate([train, validation]).tolist() == list(range(n))


def test_the_grid_over_components_decodes_the_validation_repeats_as_by_hand(data, few_steps):
    decoder = logistic(few_steps, 0.4)
    found = grid_of_components(data, decoder, Preprocessing(), TRAIN, components=(3, 999), seed=0)
    part = Prepared.of(data, TRAIN[:-1], TRAIN[-1:], Preprocessing())
    n_units = part.rows.responses.shape[1]
    assert found["components"].tolist() == [3, n_units]
    axes = PCA(n_units).fit(part.rows.responses)
    fitted_on, scored_on = (axes.transform(rows.responses)[:, :3] for rows in (part.rows, part.new))
    told = predict_frames(decoder, decoder.candidates[0], fitted_on, part.rows.frame, scored_on)
    assert found["validation/exact_accuracy"][0] == pytest.approx((told == data.label).mean(), abs=0.03)
    assert found["train/exact_accuracy"][1] > found["validation/exact_accuracy"][1]


def test_the_noise_ceiling_of_far_pairs_leaves_near_ones_out(data):
    rows = {(row.row, row.metric): row for row in ceiling_rows(data, Preprocessing(), 0)}
    every = rows["all pairs of repeats", "ceiling_r2_single_trial"].value
    far = rows["pairs of repeats at least 3 apart", "ceiling_r2_single_trial"].value
    assert 0 < every < 1
    assert far != every
    assert "below 0" in rows["all pairs of repeats", "ceiling_r2_single_trial"].note


# --- pictures ------------------------------------------------------------------------------------


def test_ssim_is_the_mean_over_windows_of_its_formula():
    rng = np.random.default_rng(0)
    a, b = rng.random((2, 20, 24))
    values = []
    for i in range(3, 17):
        for j in range(3, 21):
            x, y = (one[i - 3 : i + 4, j - 3 : j + 4] for one in (a, b))
            cov = (x * y).mean() - x.mean() * y.mean()
            values.append(
                (2 * x.mean() * y.mean() + 0.01**2)
                * (2 * cov + 0.03**2)
                / ((x.mean() ** 2 + y.mean() ** 2 + 0.01**2) * (x.var() + y.var() + 0.03**2))
            )
    assert ssim(a[None], b[None], 1.0)[0] == pytest.approx(np.mean(values), abs=0.02)
    assert ssim(a[None], a[None], 1.0)[0] == pytest.approx(1)


def decoded(data: Presentations, **told: np.ndarray):
    folds = [{f"predicted/{name}": frames for name, frames in told.items()}]
    return gather(folds, [TEST], data.n_frames, "leave_one_repeat_out")


def test_the_right_frames_are_alike_the_neighbour_nearly_and_a_random_one_is_not(data):
    rows = {
        (row.row, row.metric): row
        for row in similarity_rows(decoded(data, right=data.label, wrong=data.label[::-1]), data, 0)
    }
    for metric in ("ssim", "feature_cosine"):
        right, near, wrong = (rows[name, metric].value for name in ("right", NEIGHBOUR, "wrong"))
        assert right == pytest.approx(1)
        assert right > near > wrong
        assert near > rows["right", metric].chance


def test_merging_like_frames_lets_neighbours_count_and_ends_in_one_class(data):
    near = np.minimum(data.label + 1, data.n_frames - 1)
    found = merging(decoded(data, right=data.label, near=near), data)
    assert found["merging/n_classes"][0] == data.n_frames
    assert (np.diff(found["merging/n_classes"]) <= 0).all()
    assert (found["merging/accuracy/right"] == 1).all()
    assert found["merging/accuracy/near"][0] == pytest.approx(1 / data.n_frames)
    assert (np.diff(found["merging/accuracy/near"]) >= 0).all()
    assert found["merging/accuracy/near"][-1] > 0.5
    assert found["merging/chance"][0] == pytest.approx(1 / data.n_frames)


def test_features_hold_their_share_of_the_variance_and_similarity_is_a_cosine():
    table = np.random.default_rng(0).normal(size=(40, 6)) * [5, 3, 1, 0.5, 0.1, 0.1]
    found = principal_features(table, 0.9)
    assert found.shape[1] == np.searchsorted(np.cumsum(PCA().fit(table).explained_variance_ratio_), 0.9) + 1
    assert found.var(axis=0).mean() == pytest.approx(1, rel=1e-4)
    centred = table - table.mean(axis=0)
    expected = centred[3] @ centred[7] / np.linalg.norm(centred[3]) / np.linalg.norm(centred[7])
    assert frame_similarity(table)[3, 7] == pytest.approx(expected)
    assert np.isfinite(frame_similarity(np.ones((4, 2)))).all()


# --- windows, seeds, saturation, searches --------------------------------------------------------


@pytest.mark.parametrize("window", [1, 2, 3, 10])
def test_windows_repeat_the_edge_of_their_own_trial(window):
    rng = np.random.default_rng(0)
    values, trial = rng.normal(size=(9, 2)), np.array([0, 0, 0, 0, 1, 2, 2, 2, 2])
    found = windows(values, trial, window).reshape(9, window, 2)
    for t in range(9):
        own = np.flatnonzero(trial == trial[t])
        for i, at in enumerate(range(t - window // 2, t + window - window // 2)):
            np.testing.assert_array_equal(found[t, i], values[np.clip(at, own[0], own[-1])])


def test_raw_windows_are_side_by_side_or_their_mean(part):
    side = raw_window(4).encoder({}, part.rows, 0)(part.new)
    mean = raw_window_mean(4).encoder({}, part.rows, 0)(part.new)
    n_units = part.new.responses.shape[1]
    np.testing.assert_allclose(side.reshape(len(side), 4, n_units).mean(axis=1), mean, atol=1e-6)


def test_seeds_of_an_embedding_that_draws_nothing_agree_and_chance_does_not(data):
    found = fit_seeds(data, pca_of(4), Preprocessing(), TRAIN, TEST, n_seeds=3, seed=0)
    pairs = ~np.eye(3, dtype=bool)
    np.testing.assert_allclose(found["score"][pairs], 1, atol=1e-6)
    assert (found["chance"][pairs] < 0.6).all()
    assert found["latents"].shape == (3, data.n_frames, 3)
    np.testing.assert_allclose(found["latents"][1], found["latents"][0], atol=1e-4)


def test_accuracy_grows_with_units_and_the_last_point_is_the_row_of_the_table(data, part, few_steps):
    pairs = [(raw(), template()), (raw(), knn(few_steps))]
    common = {"preprocessing": Preprocessing(drop_silent=False), "train": TRAIN, "test": TEST, "seed": 0}
    few, every = (
        saturation_point(data, pairs, n_units=n, draws=3, **common) for n in (4, data.responses.shape[-1])
    )
    assert few["raw + template"].shape == (3,)
    assert every["raw + template"].shape == (1,)
    assert every["raw + template"].mean() > few["raw + template"].mean()
    arrays = saturation_arrays(np.array([4, 48]), np.array([], dtype=int), [few, every], [])
    rows = saturation_rows(arrays, 48, 0)
    assert [(row.row, row.n, row.n_units) for row in rows if "template" in row.row] == [
        ("raw + template, 4 units", 3, 4),
        ("raw + template, 48 units", 1, 48),
    ]


def test_a_search_keeps_all_trials_finds_the_best_and_is_repeatable():
    def score(trial):
        return -((trial.suggest_float("x", -1, 1) - 0.5) ** 2)

    first, again = (search_in_memory(score, 15, seed=3) for _ in range(2))
    np.testing.assert_array_equal(first["value"], again["value"])
    tried = [json.loads(text)["x"] for text in first["options"]]
    np.testing.assert_allclose(first["value"], [-((x - 0.5) ** 2) for x in tried])
    rows = tuning_rows({"demo": first}, seed=0)
    assert len(rows) == 16
    assert rows[-1].row == "demo, best of 15 trials"
    assert rows[-1].value == max(row.value for row in rows[:-1]) > -0.1
