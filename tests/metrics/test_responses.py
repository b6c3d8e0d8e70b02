from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import r2_score

from twofold.errors import DataError, OptionError
from twofold.metrics import constant_neurons, correlation, r2, r2_against_train_mean


@pytest.fixture
def pair():
    rng = np.random.default_rng(0)
    true = rng.normal(size=(50, 6)) * rng.uniform(0.1, 5, 6) + rng.normal(size=6)
    return true, true + rng.normal(size=(50, 6))


def test_r2_agrees_with_scikit_learn_in_all_averages(pair):
    true, predicted = pair
    np.testing.assert_allclose(
        r2(true, predicted, average=None), r2_score(true, predicted, multioutput="raw_values")
    )
    assert r2(true, predicted) == pytest.approx(r2_score(true, predicted, multioutput="variance_weighted"))
    assert r2(true, predicted, average="mean_over_neurons") == pytest.approx(r2_score(true, predicted))


def test_r2_of_the_test_mean_is_zero(pair):
    true, _ = pair
    np.testing.assert_allclose(r2(true, np.tile(true.mean(0), (50, 1)), average=None), 0, atol=1e-12)


def test_constant_neurons_have_no_r2_and_weigh_nothing(pair):
    true, predicted = pair
    silent, wrong = np.full((50, 1), 0.1), np.full((50, 1), 100.0)
    with_silent = np.hstack([true, silent]), np.hstack([predicted, wrong])
    assert np.flatnonzero(constant_neurons(with_silent[0])).tolist() == [6]
    assert np.isnan(r2(*with_silent, average=None)[6])
    assert r2(*with_silent) == r2(true, predicted)
    assert r2(*with_silent, average="mean_over_neurons") == r2(true, predicted, average="mean_over_neurons")
    assert correlation(*with_silent) == correlation(true, predicted)
    assert np.isnan(r2(silent, wrong))


def test_keep_scores_the_kept_neurons_only(pair):
    true, predicted = pair
    keep = np.array([True, False, True, False, False, True])
    assert r2(true, predicted, keep=keep) == r2(true[:, keep], predicted[:, keep])
    mean = np.arange(6.0)
    assert r2_against_train_mean(true, predicted, mean, keep=keep) == r2_against_train_mean(
        true[:, keep], predicted[:, keep], mean[keep]
    )
    assert correlation(true, predicted, average=None, keep=keep).shape == (3,)


def test_r2_against_train_mean_credits_the_level_and_r2_does_not(pair):
    true, predicted = pair
    level_only = np.tile(true.mean(axis=0), (50, 1))
    assert r2_against_train_mean(true, level_only, np.zeros(6)) > 0.01
    residual, total = ((true - predicted) ** 2).sum(0), ((true - 3.0) ** 2).sum(0)
    np.testing.assert_allclose(
        r2_against_train_mean(true, predicted, np.full(6, 3.0), average=None), 1 - residual / total
    )
    assert r2_against_train_mean(true, predicted, true.mean(0)) == pytest.approx(r2(true, predicted))


def test_correlation_agrees_with_scipy(pair):
    true, predicted = pair
    expected = [stats.pearsonr(true[:, i], predicted[:, i]).statistic for i in range(6)]
    np.testing.assert_allclose(correlation(true, predicted, average=None), expected)
    assert correlation(true, predicted) == pytest.approx(np.mean(expected))


def test_a_constant_prediction_of_a_varying_neuron_counts_as_zero_correlation(pair):
    true, _ = pair
    assert correlation(true, np.full_like(true, 0.1)) == 0.0
    assert np.isnan(correlation(np.full((5, 1), 0.1), np.arange(5.0)[:, None]))


def test_counts_and_single_precision_are_scored_in_double_precision():
    counts = np.array([[200, 0], [250, 1], [100, 3]], dtype=np.uint8)
    predicted = counts[::-1].copy()
    assert r2(counts, predicted) == r2(counts.astype(float), predicted.astype(float))
    single = (np.random.default_rng(0).normal(size=(1000, 1)) + 3000).astype(np.float32)
    assert r2(single, np.full_like(single, single.astype(float).mean())) == pytest.approx(0, abs=1e-3)


def test_bad_input_is_refused_and_placed(pair):
    true, predicted = pair
    with pytest.raises(DataError, match="swapped"):
        r2(true, predicted.T)
    with pytest.raises(DataError, match="no rows"):
        r2(true[:0], predicted[:0])
    with pytest.raises(DataError, match="keep has 2 entries for 6"):
        r2(true, predicted, keep=np.ones(2, dtype=bool))
    with pytest.raises(DataError, match="6 neurons but 2 training means"):
        r2_against_train_mean(true, predicted, np.zeros(2))
    predicted[3, 4] = np.nan
    with pytest.raises(DataError, match="predicted: not finite at row 3, scored neuron 4"):
        correlation(true, predicted)


def test_unknown_averages_are_refused_with_the_known_ones(pair):
    true, _ = pair
    with pytest.raises(OptionError, match="use 'variance_weighted' or 'mean_over_neurons', or None"):
        r2(true, true, average="median")
    with pytest.raises(OptionError, match="average='median'"):
        r2_against_train_mean(true, true, true.mean(0), average="median")
    with pytest.raises(OptionError, match="use 'mean_over_neurons', or None"):
        correlation(true, true, average="variance_weighted")
