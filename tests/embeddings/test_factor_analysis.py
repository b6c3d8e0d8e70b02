from __future__ import annotations

import numpy as np
import pytest
from sklearn.decomposition import FactorAnalysis
from sklearn.utils.estimator_checks import parametrize_with_checks

from twofold.embeddings import FactorAnalysisCV
from twofold.errors import DataError, OptionError


@parametrize_with_checks([FactorAnalysisCV(dimensions=(1,)), FactorAnalysisCV(dimensions=(1, 2))])
def test_scikit_learn_s_own_checks_pass(estimator, check):
    check(estimator)


@pytest.fixture(scope="module")
def planted():
    """3 factors behind 20 neurons, 40 rows in each of 20 trials."""
    rng = np.random.default_rng(0)
    noise = rng.uniform(0.5, 2, 20) * rng.normal(size=(800, 20))
    return rng.normal(size=(800, 3)) @ rng.normal(size=(3, 20)) + noise + 5, np.repeat(np.arange(20), 40)


def test_the_planted_number_is_chosen(planted):
    found = FactorAnalysisCV(dimensions=range(1, 9)).fit(planted[0], trials=planted[1])
    assert found.dimension_ == 3
    assert found.transform(planted[0]).shape == (800, 3)
    assert max(found.scores_) == 4  # and none is tried behind the first that is worse


def test_it_is_scikit_learn_s_on_all_rows(planted):
    mine = FactorAnalysisCV(dimensions=(3,)).fit(planted[0]).factors_
    theirs = FactorAnalysis(3, tol=1e-6, max_iter=2000).fit(planted[0])
    np.testing.assert_allclose(mine.get_covariance(), theirs.get_covariance(), rtol=0.02, atol=0.02)
    np.testing.assert_allclose(mine.score(planted[0]), theirs.score(planted[0]), rtol=1e-4)


def test_what_cannot_work_is_refused(planted):
    with pytest.raises(OptionError, match="max_folds=1"):
        FactorAnalysisCV(max_folds=1).fit(planted[0])
    with pytest.raises(OptionError, match="give numbers from 1 to 19"):
        FactorAnalysisCV(dimensions=(20, 30)).fit(planted[0])
    with pytest.raises(DataError, match="one per row"):
        FactorAnalysisCV().fit(planted[0], trials=planted[1][:5])
    with pytest.raises(DataError, match="at least 2 trials"):
        FactorAnalysisCV().fit(planted[0], trials=np.zeros(800))
