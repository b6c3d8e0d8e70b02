from __future__ import annotations

import numpy as np
import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from twofold.analyses.alignment import same_trial
from twofold.decoders import GroupedRidge, ResponseMLP, decode_responses
from twofold.errors import DataError, OptionError
from twofold.metrics import r2


@parametrize_with_checks([ResponseMLP(hidden=(16, 16), epochs=30, learning_rate=0.02, patience=30)])
def test_scikit_learn_s_own_checks_pass(estimator, check):
    check(estimator)


@pytest.fixture(scope="module")
def bent():
    """Responses that are a bent function of latents: what ridge regression cannot tell."""
    rng = np.random.default_rng(0)
    latents = rng.normal(size=(1500, 4))
    responses = np.abs(latents @ rng.normal(size=(4, 12))) + 0.3 * rng.normal(size=(1500, 12))
    return latents, responses, np.repeat(np.arange(15), 100)


def decoder(**changes):
    return ResponseMLP(**{"hidden": (64, 64), "learning_rate": 5e-3, "random_state": 0} | changes)


def test_it_tells_what_ridge_cannot(bent):
    latents, responses, group = bent
    train, test = group < 12, group >= 12
    told = {
        name: r2(
            responses[test], one.fit(latents[train], responses[train], group[train]).predict(latents[test])
        )
        for name, one in (("ridge", GroupedRidge()), ("network", decoder()))
    }
    assert told["ridge"] < 0.1
    assert told["network"] > 0.8


def test_it_stands_where_ridge_does(bent):
    latents, responses, group = bent
    train, test = group < 12, group >= 12
    found = same_trial(
        latents[train], responses[train], latents[test], responses[test], groups=group[train],
        decoder=decoder(), keep=np.ones(12, dtype=bool),
    )  # fmt: skip
    assert found.variance_weighted > 0.8
    decoded = decode_responses(
        latents[train], responses[train], latents[test], responses[test], decoder=decoder()
    )
    assert decoded.variance_weighted > 0.8


def test_it_stops_where_left_out_groups_say_so_and_keeps_the_best_weights(bent):
    latents, responses, group = bent
    noise = np.random.default_rng(1).normal(size=responses.shape)  # nothing to learn but by heart
    found = decoder(patience=4, epochs=200).fit(latents, noise, group)
    curve = found.history_["r2_validation"]
    assert len(curve) == found.n_epochs_ + 4 < 200
    assert curve.argmax() == found.n_epochs_ - 1
    assert found.history_["r2_train"][-1] > curve.max()


def test_without_validation_all_rows_are_trained_on_for_all_epochs(bent):
    latents, responses, group = bent
    found = decoder(validation=0.0, epochs=7).fit(latents, responses, group)
    assert found.n_epochs_ == len(found.history_["r2_train"]) == 7
    assert "r2_validation" not in found.history_
    assert found.history_["r2_train"][-1] == pytest.approx(r2(responses, found.predict(latents)), abs=1e-5)


def test_the_unit_of_inputs_and_targets_does_not_matter(bent):
    latents, responses, group = bent
    plain = decoder(epochs=10).fit(latents, responses, group).predict(latents)
    scaled = decoder(epochs=10).fit(1000 * latents + 7, 0.01 * responses - 3, group)
    np.testing.assert_allclose((scaled.predict(1000 * latents + 7) + 3) / 0.01, plain, atol=0.05)


def test_what_cannot_work_is_refused(bent):
    latents, responses, group = bent
    with pytest.raises(DataError, match="one group per row"):
        decoder().fit(latents, responses, group[:3])
    with pytest.raises(DataError, match="give validation=0"):
        decoder().fit(latents, responses, np.zeros(1500))
    with pytest.raises(OptionError, match=r"epochs=0.*dropout=1"):
        decoder(epochs=0, dropout=1.0).fit(latents, responses)
