from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from sklearn.utils.estimator_checks import check_estimator

from twofold.decoders import PoissonNaiveBayes
from twofold.errors import DataError, OptionError


@pytest.fixture
def counts():
    rng = np.random.default_rng(0)
    y = np.repeat([1, 4, 6], 20)
    return rng.poisson(rng.gamma(2, 1, size=(3, 5))[np.searchsorted([1, 4, 6], y)]), y


def test_it_is_a_scikit_learn_estimator():
    results = check_estimator(PoissonNaiveBayes(), on_skip=None)
    assert {r["check_name"] for r in results if r["status"] == "skipped"} <= {"check_array_api_input"}


def test_posterior_agrees_with_poisson_likelihoods_from_scipy(counts):
    X, y = counts
    decoder = PoissonNaiveBayes(smoothing=0.5).fit(X, y)
    rates = np.stack([(X[y == c].sum(0) + 0.5 * X.mean(0)) / ((y == c).sum() + 0.5) for c in (1, 4, 6)])
    likelihood = np.stack([stats.poisson.pmf(X, rate).prod(axis=1) for rate in rates], axis=1)
    posterior = likelihood / likelihood.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(decoder.rates_, rates)
    np.testing.assert_allclose(decoder.predict_proba(X), posterior, atol=1e-12)
    np.testing.assert_array_equal(decoder.predict(X), decoder.classes_[posterior.argmax(1)])


def test_every_class_is_equally_likely_beforehand_however_often_it_was_shown():
    X = np.array([[1, 0]] * 9 + [[0, 1]] * 1)
    decoder = PoissonNaiveBayes(smoothing=1e-9).fit(X, np.array([0] * 9 + [1]))
    np.testing.assert_allclose(decoder.predict_proba(np.array([[0, 0]])), 0.5)


def test_units_silent_in_training_tell_nothing(counts):
    X, y = counts
    silent = np.zeros((60, 1), dtype=int)
    new = np.hstack([X, np.full((60, 1), 1000)])
    np.testing.assert_allclose(
        PoissonNaiveBayes().fit(np.hstack([X, silent]), y).predict_proba(new),
        PoissonNaiveBayes().fit(X, y).predict_proba(X),
    )


def test_one_spike_where_training_had_none_does_not_rule_a_class_out():
    X, y = np.array([[0, 20], [0, 22], [1, 2], [0, 1]]), np.array([0, 0, 1, 1])
    assert PoissonNaiveBayes().fit(X, y).predict(np.array([[1, 21]])).tolist() == [0]


def test_negative_input_is_refused_with_the_way_out(counts):
    X, y = counts
    standardised = X - X.mean(0)
    with pytest.raises(DataError, match="raw counts, or use TemplateDecoder"):
        PoissonNaiveBayes().fit(standardised, y)
    with pytest.raises(DataError, match=r"-1 at sample 2, unit 3"):
        spoiled = X.copy()
        spoiled[2, 3] = -1
        PoissonNaiveBayes().fit(X, y).predict(spoiled)


@pytest.mark.parametrize("smoothing", [0, -1.0, "much"])
def test_no_smoothing_is_refused(counts, smoothing):
    with pytest.raises(OptionError, match="above 0"):
        PoissonNaiveBayes(smoothing=smoothing).fit(*counts)
