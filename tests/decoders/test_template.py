from __future__ import annotations

import numpy as np
import pytest
from sklearn.neighbors import KNeighborsClassifier
from sklearn.utils.estimator_checks import check_estimator

from twofold.decoders import TemplateDecoder


def test_it_is_a_scikit_learn_estimator():
    results = check_estimator(TemplateDecoder(), on_skip=None)
    assert {r["check_name"] for r in results if r["status"] == "skipped"} <= {"check_array_api_input"}


def test_it_picks_the_highest_pearson_correlation_with_the_class_means():
    rng = np.random.default_rng(0)
    X, y, new = rng.normal(size=(60, 8)), rng.choice([2, 3, 5, 9], 60), rng.normal(size=(30, 8)) * 50 + 7
    decoder = TemplateDecoder().fit(X, y)
    templates = np.stack([X[y == label].mean(0) for label in decoder.classes_])
    correlation = np.corrcoef(new, templates)[:30, 30:]
    np.testing.assert_array_equal(decoder.predict(new), decoder.classes_[correlation.argmax(1)])


def test_gain_and_level_of_a_sample_do_not_matter_as_they_do_to_the_nearest_neighbour():
    templates = np.random.default_rng(1).normal(size=(5, 20))
    X, y = np.repeat(templates, 2, axis=0), np.repeat(np.arange(5), 2)
    louder = 8 * templates + 30
    assert (TemplateDecoder().fit(X, y).predict(louder) == np.arange(5)).all()
    assert (KNeighborsClassifier(1).fit(X, y).predict(louder) != np.arange(5)).any()


def test_a_template_without_pattern_is_never_preferred_to_a_positive_correlation():
    X = np.array([[0.1, 0.1, 0.1], [0.0, 1.0, 2.0], [2.0, 1.0, 0.0]])
    decoder = TemplateDecoder().fit(X, np.array(["flat", "up", "down"]))
    assert decoder.predict(np.array([[1.0, 5.0, 6.0], [6.0, 5.0, 1.0]])).tolist() == ["up", "down"]
    assert not decoder.templates_[decoder.classes_ == "flat"].any()


def test_one_unit_is_refused_because_it_correlates_with_nothing():
    with pytest.raises(ValueError, match="minimum of 2 is required"):
        TemplateDecoder().fit(np.ones((4, 1)), np.arange(4))
