"""Linear rules against scikit-learn and brute force, and what is chosen on videos left out."""

from __future__ import annotations

import weakref
from collections.abc import Sequence

import numpy as np
import pytest
from sklearn.decomposition import FactorAnalysis
from sklearn.linear_model import Ridge as SklearnRidge

from twofold.encoding.competitors import Factors, ReducedRank, ResidualRegression, Ridge
from twofold.encoding.competitors.factors import FactorModel
from twofold.encoding.competitors.moments import Moments, padded_windows, squared_error, windows
from twofold.encoding.competitors.regression import chosen
from twofold.errors import DataError, OptionError

from .conftest import HALF, each_correlation, foretold, nothing, taught

INPUTS, OUTPUTS = np.array([0, 2, 3, 5]), np.array([1, 4, 6])


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(0)
    return rng.normal(size=(200, 7)) @ rng.normal(size=(7, 7)) + rng.normal(size=7)


def covariance_of(rows):
    return np.cov(rows.T, bias=True)


def test_windows_stay_inside_their_trials():
    trials = [np.arange(10.0).reshape(5, 2), 100 + np.arange(6.0).reshape(3, 2), np.zeros((1, 2))]
    lags = (0, -1, 1)
    slow = [
        np.concatenate([trial[t + lag] for lag in lags])
        for trial in trials
        for t in range(len(trial))
        if all(0 <= t + lag < len(trial) for lag in lags)
    ]
    found = Moments.of(trials, lags)
    np.testing.assert_array_equal(np.concatenate([windows(trial, lags) for trial in trials]), slow)
    np.testing.assert_allclose(found.covariance, covariance_of(np.array(slow)), rtol=1e-12)
    assert found.n == len(slow)


def test_padded_windows_repeat_the_ends_of_the_trial():
    np.testing.assert_array_equal(
        padded_windows(np.array([[1.0], [2.0], [3.0]]), (-1, 0, 2)), [[1, 1, 3], [1, 2, 3], [2, 3, 3]]
    )


def test_a_window_longer_than_every_trial_is_refused():
    with pytest.raises(DataError, match="as long as the window"):
        Moments.of([np.zeros((3, 2))], (-3, 0, 3))


def test_ridge_equals_scikit_learn_on_standardised_inputs(rows):
    x, y = rows[:, INPUTS], rows[:, OUTPUTS]
    standard = (x - x.mean(0)) / x.std(0)
    slow = SklearnRidge(alpha=0.3 * len(x)).fit(standard, y)
    weights = Ridge(penalties=(0.3,)).weights(covariance_of(rows), INPUTS, OUTPUTS)
    np.testing.assert_allclose(weights, slow.coef_.T / x.std(0)[:, None], rtol=1e-9)


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_reduced_rank_minimises_the_penalised_error(rows, rank):
    """Ridge as rows of their own; then ordinary reduced-rank regression (Mukherjee & Zhu 2011)."""
    x, y = rows[:, INPUTS], rows[:, OUTPUTS]
    x, y = (x - x.mean(0)) / x.std(0), (y - y.mean(0)) / y.std(0)
    penalty = np.sqrt(0.2 * len(x)) * np.eye(len(INPUTS))
    wide, tall = np.vstack([x, penalty]), np.vstack([y, np.zeros((len(INPUTS), len(OUTPUTS)))])
    full = np.linalg.lstsq(wide, tall, rcond=None)[0]
    axes = np.linalg.svd(wide @ full, full_matrices=False)[2][:rank]
    slow = full @ axes.T @ axes
    found = ReducedRank(penalties=(0.2,), ranks=(rank,)).weights(covariance_of(rows), INPUTS, OUTPUTS)
    scale = rows.std(0)
    np.testing.assert_allclose(found * scale[INPUTS][:, None] / scale[OUTPUTS], slow, atol=1e-9)
    if rank == len(OUTPUTS):
        ridge = Ridge(penalties=(0.2,)).weights(covariance_of(rows), INPUTS, OUTPUTS)
        np.testing.assert_allclose(found, ridge, atol=1e-9)


def test_factors_are_as_likely_as_those_of_scikit_learn():
    rng = np.random.default_rng(1)
    rows = rng.normal(size=(500, 2)) @ rng.normal(size=(2, 8)) + rng.normal(size=(500, 8)) * 0.7
    rows = (rows - rows.mean(0)) / rows.std(0)
    slow = FactorAnalysis(2, svd_method="lapack", tol=1e-8, max_iter=5000).fit(rows)
    found = FactorModel.of(covariance_of(rows), 2)
    assert found.log_likelihood(covariance_of(rows)) == pytest.approx(slow.score(rows), abs=1e-4)
    np.testing.assert_allclose(
        found.loading @ found.loading.T + np.diag(found.noise), slow.get_covariance(), atol=0.01
    )


def test_a_step_of_em_never_makes_factors_less_likely(rows):
    covariance = np.corrcoef(rows.T)
    rng = np.random.default_rng(2)
    model, values = FactorModel(rng.normal(size=(7, 2)), np.ones(7)), []
    for _ in range(20):
        values.append(model.log_likelihood(covariance))
        model = model.stepped(covariance)
    assert (np.diff(values) > -1e-12).all()


def test_regression_through_factors_conditions_the_whole_gaussian():
    rng = np.random.default_rng(3)
    model = FactorModel(rng.normal(size=(7, 2)), rng.uniform(0.5, 2, size=7))
    full = model.loading @ model.loading.T + np.diag(model.noise)
    slow = np.linalg.solve(full[np.ix_(INPUTS, INPUTS)], full[np.ix_(INPUTS, OUTPUTS)])
    np.testing.assert_allclose(model.weights(INPUTS, OUTPUTS), slow, atol=1e-12)


def test_errors_from_moments_are_those_of_the_rows(rows):
    weights = np.random.default_rng(4).normal(size=(4, 3))
    train, new = rows[:120], rows[120:]
    products = Moments.of([new], (0,)).around(train.mean(0))
    slow = (
        (new[:, OUTPUTS] - train.mean(0)[OUTPUTS]) - (new[:, INPUTS] - train.mean(0)[INPUTS]) @ weights
    ) ** 2
    np.testing.assert_allclose(squared_error(products, INPUTS, OUTPUTS, weights), slow.mean(0), rtol=1e-9)


def test_the_setting_chosen_has_the_least_error_on_the_parts_left_out(rows):
    parts, rule = np.split(rows, 4), ReducedRank(penalties=(0.01, 1.0, 30.0), ranks=(1, 2))
    slow = {}
    for penalty, rank in rule.settings:
        slow[penalty, rank] = 0.0
        for number, new in enumerate(parts):
            train = np.concatenate(parts[:number] + parts[number + 1 :])
            weights = rule.at((penalty, rank)).weights(covariance_of(train), INPUTS, OUTPUTS)
            error = (new - train.mean(0))[:, OUTPUTS] - (new - train.mean(0))[:, INPUTS] @ weights
            slow[penalty, rank] += (error**2 / train.var(0)[OUTPUTS]).sum()
    found = chosen(rule, [Moments.of([part], (0,)) for part in parts], INPUTS, OUTPUTS)
    assert found == min(slow, key=slow.get)


@pytest.fixture(scope="module")
def low_rank():
    """Residuals of 12 neurons from 2 factors, which the targets see one frame late; and their covariances."""
    rng = np.random.default_rng(5)
    loading, delay = 1.5 * rng.normal(size=(12, 2)), np.where(np.arange(12) < 8, 0, 1)
    trials = []
    for _ in range(40):
        white = rng.normal(size=(62, 2))
        factor = (white[1:] + white[:-1]) / np.sqrt(2)  # rows are frames -1 to 59
        both = np.stack([factor[1:], factor[:-1]]) @ loading.T
        trials.append(np.where(delay, both[1], both[0]) + rng.normal(size=(60, 12)))

    def covariance(a, b):
        """Of all neurons a frames later with all neurons b frames later."""
        apart = np.abs((a - delay)[:, None] - (b - delay))
        memory = np.select([apart == 0, apart == 1], [1.0, 0.5], 0.0)
        return loading @ loading.T * memory + (a == b) * np.eye(12)

    return trials, covariance


@pytest.mark.parametrize("lags", [(0,), (-1, 0)])
@pytest.mark.parametrize(
    "rule",
    [Ridge(), ReducedRank(), Factors(dimensions=(1, 2, 4, 6))],
    ids=lambda rule: rule.kind,
)
def test_every_rule_comes_close_to_the_true_law(low_rank, rule, lags):
    trials, covariance = low_rank
    model = taught(ResidualRegression(nothing(), rule=rule, lags=lags), [foretold(r) for r in trials[:30]])
    between = np.block([[covariance(a, b) for b in lags] for a in lags])
    inputs = np.concatenate([12 * k + HALF.given for k in range(len(lags))])
    outputs = 12 * lags.index(0) + HALF.targets
    weights = np.linalg.solve(between[np.ix_(inputs, inputs)], between[np.ix_(inputs, outputs)])
    best, found, observed = [], [], []
    for residual in trials[30:]:
        best.append(padded_windows(residual[:, HALF.given], lags) @ weights)
        found.append(model.law_given(0, HALF)(foretold(residual)).mean.numpy())
        observed.append(residual[:, HALF.targets])
    best, found, observed = (np.concatenate(each) for each in (best, found, observed))
    reached, possible = each_correlation(found, observed).mean(), each_correlation(best, observed).mean()
    assert possible > (0.3 if lags == (0,) else 0.6)
    assert reached > possible - 0.02


def test_lags_without_the_frame_itself_are_refused():
    with pytest.raises(OptionError, match="0 among them"):
        ResidualRegression(nothing(), lags=(-1, 1))


def test_choosing_needs_two_videos(low_rank):
    with pytest.raises(DataError, match="at least 2 videos"):
        taught(ResidualRegression(nothing()), [foretold(r) for r in low_rank[0][:3]], ["same"] * 3)


def test_fitting_holds_one_trial_at_a_time():
    held: list[weakref.ref] = []
    most = 0

    class Watched(Sequence):
        def __len__(self):
            return 20

        def __getitem__(self, k):
            nonlocal most
            most = max(most, sum(trial() is not None for trial in held))
            trial = foretold(np.random.default_rng(range(20)[k]).standard_normal((9, 12)))
            held.append(weakref.ref(trial))
            return trial

    taught(ResidualRegression(nothing(), rule=Ridge()), Watched())
    assert len(held) >= 20 and most <= 1  # type checkers look at a few more
