from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import Ridge

from twofold.metrics.cross_validation import PENALTIES, SHRINKAGE, FoldSums, LinearMap, SharedSubspace


def tables(seed: int, n: int = 60, d: int = 4, e: int = 3) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, d)) * [3.0, 1.0, 1.0, 0.1][:d] + 2
    return x, x @ rng.normal(size=(d, e)) + rng.normal(size=(n, e)), np.arange(n) * 5 // n


def ridge_error(x, y, train, test, share):
    centred = x[train] - x[train].mean(axis=0)
    mean = y[train].mean(axis=0)
    if np.isinf(share):
        return ((y[test] - mean) ** 2).sum()
    alpha = share * (centred**2).sum() / x.shape[1]
    return ((y[test] - Ridge(alpha=alpha).fit(x[train], y[train]).predict(x[test])) ** 2).sum()


@pytest.mark.parametrize("seed", range(3))
def test_linear_map_equals_ridge_fitted_to_rows(seed):
    x, y, fold = tables(seed)
    error = total = 0.0
    for f in range(5):
        choosing = fold == (f + 1) % 5
        on_next = [ridge_error(x, y, (fold != f) & ~choosing, choosing, a) for a in PENALTIES]
        error += ridge_error(x, y, fold != f, fold == f, PENALTIES[np.argmin(on_next)])
        total += ridge_error(x, y, fold != f, fold == f, np.inf)
    assert LinearMap(x, fold).score(y) == pytest.approx(1 - error / total, abs=1e-9)


def whitening(x: np.ndarray) -> np.ndarray:
    s, V = np.linalg.eigh((x - x.mean(axis=0)).T @ (x - x.mean(axis=0)))
    return V / np.sqrt(s + SHRINKAGE * s.mean())


@pytest.mark.parametrize("seed", range(3))
def test_shared_subspace_equals_canonical_correlation_of_rows(seed):
    x, y, fold = tables(seed)
    sums = np.zeros((3, 3))
    for f in range(5):
        train = fold != f
        Wx, Wy = whitening(x[train]), whitening(y[train])
        cross = (x[train] - x[train].mean(axis=0)).T @ (y[train] - y[train].mean(axis=0))
        U, _, Vt = np.linalg.svd(Wx.T @ cross @ Wy, full_matrices=False)
        a, b = x[~train] @ Wx @ U, y[~train] @ Wy @ Vt.T
        a, b = a - a.mean(axis=0), b - b.mean(axis=0)
        sums += [(a * b).sum(axis=0), (a * a).sum(axis=0), (b * b).sum(axis=0)]
    r = sums[0] / np.sqrt(sums[1] * sums[2])
    assert SharedSubspace(x, fold).score(y) == pytest.approx((r * np.abs(r)).mean(), abs=1e-9)


@given(st.integers(0, 100), st.lists(st.booleans(), min_size=4, max_size=4).filter(any))
def test_sums_over_folds_equal_sums_over_their_rows(seed, chosen):
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(23, 3)), rng.normal(size=(23, 2))
    fold = np.concatenate([np.arange(4), rng.integers(4, size=19)])
    folds = np.array(chosen)
    rows = np.isin(fold, np.flatnonzero(folds))
    sums = FoldSums.of(x, y, fold)
    mx, my = sums.means(folds)
    np.testing.assert_allclose(mx, x[rows].mean(axis=0), atol=1e-12)
    expected = (x[rows] - mx).T @ (y[rows] - my)
    np.testing.assert_allclose(sums.about(folds, mx, my), expected, atol=1e-10)


def test_a_constant_target_has_nothing_to_tell():
    x, y, fold = tables(0)
    assert LinearMap(x, fold).score(np.ones_like(y)) == 0.0
    assert LinearMap(np.ones_like(x), fold).score(y) == pytest.approx(0.0)
