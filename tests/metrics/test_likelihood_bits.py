from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from twofold.errors import DataError
from twofold.metrics import LogLikelihood, bits


def test_bits_are_the_mean_over_scored_entries_of_the_log_to_base_two():
    rng = np.random.default_rng(0)
    log_prob = rng.normal(size=(3, 7, 4))
    assert bits(log_prob) == pytest.approx((log_prob / np.log(2)).mean())
    scored = rng.random((3, 7, 4)) < 0.3
    holes = np.where(scored, log_prob, np.nan)
    assert bits(holes, scored) == pytest.approx(log_prob[scored].mean() / np.log(2))
    neurons = np.array([True, False, True, False])
    assert bits(log_prob, neurons) == pytest.approx(log_prob[..., neurons].mean() / np.log(2))


def test_a_fair_coin_has_minus_one_bit():
    assert bits(np.full((10, 2), stats.bernoulli(0.5).logpmf(1))) == pytest.approx(-1)


def test_batches_and_processes_of_unequal_size_join():
    rng = np.random.default_rng(0)
    log_prob, null = rng.normal(size=(50, 3)), rng.normal(size=3)
    scored = rng.random((50, 3)) < 0.5
    scored[:, 2] = False
    one, two = LogLikelihood(), LogLikelihood()
    for i, rows in enumerate(np.split(np.arange(50), [1, 20, 33])):
        (one if i % 2 else two).update(log_prob[rows], null=null, scored=scored[rows])
    one.merge(two)
    one.merge(LogLikelihood())
    found = one.result()
    assert found.n.tolist() == scored.sum(0).tolist()
    assert found.mean == pytest.approx(log_prob[scored].mean() / np.log(2))
    gain = (log_prob - null)[scored].mean() / np.log(2)
    assert found.mean_above_null == pytest.approx(gain)
    expected = [log_prob[scored[:, i], i].mean() / np.log(2) for i in range(2)]
    np.testing.assert_allclose(found.per_neuron, [*expected, np.nan])


def test_an_impossible_response_costs_everything_and_a_missing_one_is_refused():
    assert bits(np.array([[0.0, -np.inf]])) == -np.inf
    with pytest.raises(DataError, match="log_prob: NaN at time point 1, neuron 0, which is scored"):
        bits(np.array([[0.0], [np.nan]]))
    with pytest.raises(DataError, match="nothing to score"):
        bits(np.zeros((3, 2)), np.zeros((3, 2), dtype=bool))
    with pytest.raises(DataError, match="nothing to score"):
        LogLikelihood().result()


def test_the_null_model_is_given_always_or_never():
    score = LogLikelihood()
    score.update(np.zeros((2, 2)), null=np.zeros(2))
    with pytest.raises(DataError, match="with every batch, or with none"):
        score.update(np.zeros((2, 2)))
    with pytest.raises(DataError, match="no null model to compare with"):
        other = LogLikelihood()
        other.update(np.zeros((2, 2)))
        _ = other.result().mean_above_null
