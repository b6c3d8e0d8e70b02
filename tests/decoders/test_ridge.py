"""The grouped ridge is scikit-learn's, with the penalty that a plain loop over left-out groups chooses."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import Ridge
from sklearn.model_selection import LeaveOneGroupOut
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from twofold.decoders import GroupedRidge
from twofold.errors import DataError, OptionError

PENALTIES = (1e-3, 0.1, 1.0, 10.0)
FINE = tuple(np.logspace(-3, 2, 200))  # so fine that other folds choose another penalty


@parametrize_with_checks([GroupedRidge(), GroupedRidge(per_target=True)])
def test_scikit_learn_accepts_it(estimator, check):
    check(estimator)


def drawn(n_time: int, n_inputs: int, n_targets: int = 4, seed: int = 0):
    """Inputs of unlike scale and level, and targets that are partly linear in them."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_time, n_inputs)) * rng.uniform(0.01, 100, n_inputs) + rng.normal(size=n_inputs)
    W = rng.normal(size=(n_inputs, n_targets)) / X.std(axis=0)[:, None]
    noise = np.sqrt(n_inputs) * rng.uniform(0.3, 3, n_targets)
    return X, X @ W + noise * rng.normal(size=(n_time, n_targets)) + 5


def reference(penalty: float, n_time: int):
    """Scikit-learn's ridge on standardised inputs; its penalty is on sums, ours on means over time."""
    return make_pipeline(StandardScaler(), Ridge(alpha=n_time * penalty))


def error_of_left_out(X, y, groups, penalty) -> float:
    error = 0.0
    for train, left_out in LeaveOneGroupOut().split(X, groups=groups):
        predicted = reference(penalty, len(train)).fit(X[train], y[train]).predict(X[left_out])
        error += ((predicted - y[left_out]) ** 2).sum()
    return error


@settings(max_examples=40, deadline=None)
@given(st.integers(4, 30), st.integers(1, 40), st.sampled_from(PENALTIES), st.integers(0, 9))
def test_weights_are_those_of_scikit_learn_with_few_or_many_inputs(n_time, n_inputs, penalty, seed):
    X, Y = drawn(n_time, n_inputs, seed=seed)
    ours, theirs = GroupedRidge(penalties=[penalty]).fit(X, Y), reference(penalty, n_time).fit(X, Y)
    new = drawn(5, n_inputs, seed=seed + 10)[0]
    np.testing.assert_allclose(ours.predict(new), theirs.predict(new), rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(
        ours.coef_ * theirs[0].scale_[:, None], theirs[1].coef_.T, rtol=1e-6, atol=1e-8
    )
    np.testing.assert_allclose(ours.intercept_, theirs.predict(np.zeros((1, n_inputs)))[0], atol=1e-6)


@pytest.mark.parametrize(("n_time", "n_inputs"), [(40, 6), (40, 60)], ids=["few inputs", "many inputs"])
@pytest.mark.parametrize("seed", range(4))
def test_the_penalty_is_the_best_on_left_out_groups(n_time, n_inputs, seed):
    X, Y = drawn(n_time, n_inputs, seed=seed)
    groups = np.random.default_rng(seed).integers(0, 5, n_time) * 7 - 3
    errors = [error_of_left_out(X, Y, groups, penalty) for penalty in PENALTIES]
    chosen = GroupedRidge(penalties=PENALTIES).fit(X, Y, groups).penalty_
    assert isinstance(chosen, float)
    assert chosen == PENALTIES[np.argmin(errors)]


def test_groups_and_not_rows_are_left_out():
    """The same rows four times over: leaving out single rows would see copies and choose no penalty."""
    X, Y = drawn(20, 15, seed=3)
    X, Y, row = np.tile(X, (4, 1)), np.tile(Y, (4, 1)), np.tile(np.arange(20), 4)
    copies = GroupedRidge(penalties=PENALTIES).fit(X, Y, np.repeat(np.arange(4), 20)).penalty_
    unseen = GroupedRidge(penalties=PENALTIES).fit(X, Y, row).penalty_
    assert copies == PENALTIES[0]
    assert unseen > copies


def test_neighbouring_groups_are_joined_down_to_the_most_folds():
    X, Y = drawn(60, 10, seed=1)
    groups = np.random.default_rng(0).permutation(np.repeat(np.arange(12), 5))
    joined, by_hand = (
        GroupedRidge(penalties=FINE, max_folds=4).fit(X, Y, given).penalty_ for given in (groups, groups // 3)
    )
    assert joined == by_hand
    assert joined != GroupedRidge(penalties=FINE, max_folds=4).fit(X, Y, groups % 4).penalty_
    assert joined != GroupedRidge(penalties=FINE, max_folds=12).fit(X, Y, groups).penalty_


def test_without_groups_stretches_of_rows_are_left_out():
    X, Y = drawn(50, 10, seed=2)
    default, stretches, scattered = (
        GroupedRidge(penalties=FINE).fit(X, Y, groups).penalty_
        for groups in (None, np.arange(50) // 10, np.arange(50) % 5)
    )
    assert default == stretches != scattered


def test_every_target_may_have_the_penalty_that_it_has_alone():
    X, Y = drawn(40, 12, n_targets=8, seed=5)
    groups = np.arange(40) // 8
    together = GroupedRidge(penalties=PENALTIES, per_target=True).fit(X, Y, groups)
    assert len(set(together.penalty_)) > 1
    for target in range(8):
        alone = GroupedRidge(penalties=PENALTIES).fit(X, Y[:, target], groups)
        assert together.penalty_[target] == alone.penalty_
        np.testing.assert_allclose(together.coef_[:, target], alone.coef_[:, 0], rtol=1e-9)
        np.testing.assert_allclose(together.predict(X)[:, target], alone.predict(X), rtol=1e-9)


def test_predictions_have_the_shape_of_the_targets():
    X, Y = drawn(20, 3)
    assert GroupedRidge().fit(X, Y).predict(X[:7]).shape == (7, 4)
    assert GroupedRidge().fit(X, Y[:, :1]).predict(X[:7]).shape == (7, 1)
    assert GroupedRidge().fit(X, Y[:, 0]).predict(X[:7]).shape == (7,)


@given(st.floats(0.01, 100), st.integers(5, 200))
def test_a_constant_input_has_no_weight(level, n_time):
    """Rounding gives many a constant column a standard deviation of 1e-17."""
    X, Y = drawn(n_time, 2)
    X[:, 1] = level
    both, alone = GroupedRidge().fit(X, Y), GroupedRidge().fit(X[:, :1], Y)
    np.testing.assert_allclose(both.coef_[1], 0, atol=1e-9)
    np.testing.assert_allclose(both.predict(X), alone.predict(X[:, :1]), rtol=1e-6)


@pytest.mark.parametrize("groups", [np.zeros(19), np.arange(40).reshape(20, 2), np.arange(21)])
def test_groups_that_are_not_one_per_row_are_refused(groups):
    with pytest.raises(DataError, match=r"groups of shape .* for 20 rows; give one group per row"):
        GroupedRidge().fit(*drawn(20, 3), groups)


def test_options_that_cannot_work_are_refused():
    X, Y = drawn(20, 3)
    with pytest.raises(OptionError, match="at least 2 groups of rows; there is 1"):
        GroupedRidge().fit(X, Y, np.zeros(20))
    with pytest.raises(OptionError, match="max_folds=1: give 2 or more"):
        GroupedRidge(max_folds=1).fit(X, Y)
    for penalties in ((), (1.0, 0.0), (-1.0,)):
        with pytest.raises(OptionError, match="give numbers above 0"):
            GroupedRidge(penalties=penalties).fit(X, Y)
