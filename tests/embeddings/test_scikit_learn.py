from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, GroupKFold, cross_val_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from twofold.embeddings import ContrastiveEmbedding
from twofold.embeddings.infonce import Cosine
from twofold.errors import DataError

TINY = {"hidden": 8, "batch_size": 16, "max_steps": 3, "device": "cpu", "random_state": 0}


@parametrize_with_checks(
    [
        ContrastiveEmbedding(2, causal=True, schedule="cosine", **TINY),
        ContrastiveEmbedding(2, **{**TINY, "batch_size": None}),
        ContrastiveEmbedding(2, mask_neurons=0.2, learn_temperature=True, similarity="euclidean", **TINY),
    ]
)
def test_scikit_learn_s_own_checks_pass_in_other_modes(estimator, check):
    check(estimator)


def test_a_grid_search_over_left_out_repeats_takes_the_trained_one(small, animal):
    search = GridSearchCV(small(batch_size=64), {"max_steps": [0, 150]}, cv=GroupKFold(2))
    search.fit(animal.responses, animal.frame, groups=animal.repeat, trials=animal.repeat)
    assert search.best_params_ == {"max_steps": 150}
    assert search.best_estimator_.transform(animal.responses).shape == (200, 3)


def test_trials_reach_the_score_where_metadata_is_routed(small, animal):
    with sklearn.config_context(enable_metadata_routing=True):
        embedding = small(window=5).set_fit_request(trials=True).set_score_request(trials=True)
        scores = cross_val_score(
            embedding, animal.responses, animal.frame, cv=GroupKFold(2),
            params={"trials": animal.repeat, "groups": animal.repeat},
        )  # fmt: skip
    expected = []
    for train, test in GroupKFold(2).split(animal.responses, groups=animal.repeat):
        fitted = small(window=5).fit(
            animal.responses[train], animal.frame[train], trials=animal.repeat[train]
        )
        expected.append(fitted.score(animal.responses[test], animal.frame[test], trials=animal.repeat[test]))
    np.testing.assert_array_equal(scores, expected)


def test_it_stands_in_the_middle_of_a_pipeline(small, animal):
    pipeline = make_pipeline(StandardScaler(), small(max_steps=100), KNeighborsClassifier(3))
    assert clone(pipeline).fit(animal.responses, animal.frame).score(animal.responses, animal.frame) > 0.3


def test_pandas_go_in_and_come_out_with_their_index(small, animal):
    table = pd.DataFrame(animal.responses, index=np.arange(200)[::-1]).add_prefix("unit")
    embedding = small().set_output(transform="pandas").fit(table, pd.Series(animal.frame))
    latents = embedding.transform(table)
    assert list(latents.columns) == [f"contrastiveembedding{k}" for k in range(3)]
    assert latents.index.equals(table.index)
    assert embedding.feature_names_in_.tolist() == table.columns.tolist()


def test_the_score_is_that_of_brute_force_on_all_pairs(small, animal):
    # In a full batch in time nothing is drawn: the loss is a sum over all pairs.
    test = animal.take([8, 9])
    embedding = small(batch_size=None, temperature=0.7).fit(animal.responses, trials=animal.repeat)
    latents = embedding.transform(test.responses).astype(np.float64)
    reference = [t for t in range(40) if t % 20 < 19]
    x, y = latents[reference], latents[np.add(reference, 1)]
    similarity = x @ x.T / 0.7
    loss = np.mean([np.log(np.exp(row).sum()) for row in similarity]) - np.mean((x * y).sum(1)) / 0.7
    bits = (np.log(38) - loss) / np.log(2)
    assert embedding.score(test.responses, trials=test.repeat) == pytest.approx(bits, abs=1e-5)


def test_latents_that_know_nothing_score_no_bits(small, animal):
    embedding = small(max_steps=0, batch_size=128).fit(animal.responses, animal.frame, trials=animal.repeat)
    constant = np.tile(animal.responses[:1], (200, 1))
    assert embedding.score(constant, animal.frame, trials=animal.repeat) == pytest.approx(0, abs=1e-5)


@pytest.mark.parametrize("options", [{}, {"time_dimensions": 1}, {"similarity": "euclidean", "window": 5}])
def test_the_score_is_the_same_each_time_and_grows_with_training(small, animal, options):
    train, test = animal.take(range(6)), animal.take(range(6, 10))

    def score(max_steps):  # no longer: soon each sample of so few is learned by heart
        fitted = small(max_steps=max_steps, batch_size=64, **options)
        fitted.fit(train.responses, train.frame, trials=train.repeat)
        first, second = (fitted.score(test.responses, test.frame, trials=test.repeat) for _ in range(2))
        assert first == second
        return first

    assert score(50) > score(0) + 0.2


def test_a_score_of_positives_that_could_only_be_themselves_is_refused(small, animal):
    embedding = small().fit(animal.responses, animal.frame, trials=animal.repeat)
    one = animal.take([3])
    with pytest.raises(DataError, match="each would be its own positive; hold out several repeats"):
        embedding.score(one.responses, one.frame)


def test_the_encoder_and_its_space_are_at_hand(small, animal):
    embedding = small().fit(animal.responses, animal.frame)
    assert isinstance(embedding._fitted.model.similarity, Cosine)
    assert embedding.encoder_.window == 1
