"""A planted signal is found, an unrelated one as slow as it is not, and the nulls are calibrated."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.signal import lfilter
from scipy.stats import binom, kstest
from sklearn.linear_model import LinearRegression
from sklearn.metrics import r2_score

from twofold.analyses.state import (
    SignalScore,
    score_signals,
    surrogate_signals,
    within_repeats,
)
from twofold.decoders import GroupedRidge

N_REPEATS, N_FRAMES, N_SURROGATES = 9, 30, 39
FOLDS = [(np.setdiff1d(np.arange(N_REPEATS), test), test) for test in np.split(np.arange(N_REPEATS), 3)]
RIDGE = GroupedRidge(penalties=(0.01, 1.0), per_target=True)


class Linear:
    """Least squares; it chooses nothing, so it needs no groups."""

    def __init__(self) -> None:
        self.model = LinearRegression()

    def fit(self, X, y, groups):
        self.model.fit(X, y)
        return self

    def predict(self, X):
        return self.model.predict(X)


def slow(rng: np.random.Generator, columns: int = 1, keeps: float = 0.8) -> np.ndarray:
    """(repeat, frame, column) autoregressive signals that run on over all repeats."""
    burn_in = 100
    noise = rng.normal(size=(burn_in + N_REPEATS * N_FRAMES, columns))
    return lfilter([1], [1, -keeps], noise, axis=0)[burn_in:].reshape(N_REPEATS, N_FRAMES, columns)


def scored(latents: np.ndarray, signal: np.ndarray, decoder=RIDGE, n=N_SURROGATES, seed=0) -> SignalScore:
    """The score of a signal from latents (repeat, frame, dimension)."""
    rng = np.random.default_rng(seed)
    return scored_together(latents, [signal], decoder, n, rng)[0]


def scored_together(latents, signals, decoder, n, rng) -> list[SignalScore]:
    return score_signals(by_fold(latents), FOLDS, signals, decoder=decoder, n_surrogates=n, random_state=rng)


def by_fold(latents: np.ndarray) -> list[tuple[np.ndarray, ...]]:
    return [tuple(latents[part].reshape(-1, latents.shape[-1]) for part in fold) for fold in FOLDS]


def test_a_planted_signal_is_found_with_the_smallest_p():
    rng = np.random.default_rng(0)
    signal = slow(rng)[..., 0]
    latents = rng.normal(size=(N_REPEATS, N_FRAMES, 4))
    latents[..., 2] += signal
    score = scored(latents, signal)
    assert score.value > 0.4
    assert score.p(score.circular_shifts) == 1 / (1 + N_SURROGATES)
    assert score.p(score.trial_swaps) == 1 / (1 + N_SURROGATES)


@pytest.fixture(scope="module")
def unrelated() -> list[SignalScore]:
    """Latents and signals, both slow, that have nothing to do with each other."""
    scores = []
    for seed in range(300):
        rng = np.random.default_rng([1, seed])
        scores.append(scored(slow(rng, 3), slow(rng)[..., 0], Linear(), seed=seed))
    return scores


@pytest.mark.parametrize("null", ["circular_shifts", "trial_swaps"])
def test_p_values_of_unrelated_slow_signals_are_uniform(unrelated, null):
    p = np.array([score.p(getattr(score, null)) for score in unrelated])
    jittered = p - np.random.default_rng(0).random(len(p)) / (1 + N_SURROGATES)
    assert kstest(jittered, "uniform").pvalue > 0.01
    low, high = binom.interval(0.999, len(p), 0.1)
    assert low <= (p <= 0.1).sum() <= high


def test_a_null_that_forgets_slowness_would_find_what_is_not_there():
    """Why signals are shifted and not shuffled: in-sample fits of slow signals beat those of white ones."""
    beaten = []
    for seed in range(60):
        rng = np.random.default_rng([2, seed])
        X = slow(rng, 3).reshape(-1, 3)
        real = slow(rng).ravel()
        targets = np.column_stack([real, *(rng.permutation(real) for _ in range(19))])
        found = r2_score(targets, LinearRegression().fit(X, targets).predict(X), multioutput="raw_values")
        beaten.append((found[1:] >= found[0]).sum() == 0)
    assert np.mean(beaten) > 0.2  # 0.05 if that null were right


def test_folds_are_scored_as_by_hand_with_scikit_learn():
    rng = np.random.default_rng(3)
    signal, latents = slow(rng)[..., 0], slow(rng, 3)
    score = scored(latents, signal, Linear())
    for value, (train, test) in zip(score.folds, FOLDS, strict=True):
        model = LinearRegression().fit(latents[train].reshape(-1, 3), signal[train].ravel())
        expected = r2_score(signal[test].ravel(), model.predict(latents[test].reshape(-1, 3)))
        assert value == pytest.approx(expected)
    assert score.value == pytest.approx(score.folds.mean())


def test_surrogates_are_scored_like_the_signal_itself():
    rng = np.random.default_rng(4)
    signal, latents = slow(rng)[..., 0], slow(rng, 3)
    score = scored(latents, signal, Linear(), n=3, seed=8)
    shifted, swapped = surrogate_signals(signal, 3, np.random.default_rng(8))
    for null, surrogates in ((score.circular_shifts, shifted), (score.trial_swaps, swapped)):
        expected = [scored(latents, surrogates[..., i], Linear()).value for i in range(3)]
        np.testing.assert_allclose(null, expected)


def test_the_predicted_signal_is_what_was_scored():
    rng = np.random.default_rng(9)
    signal = slow(rng)[..., 0]
    latents = signal[..., None] + rng.normal(size=(N_REPEATS, N_FRAMES, 2))
    score = scored(latents, signal, Linear())
    expected = [r2_score(signal[test].ravel(), score.predicted[test].ravel()) for _, test in FOLDS]
    np.testing.assert_allclose(score.folds, expected)
    asked = {"decoder": Linear(), "n_surrogates": 2, "random_state": rng}
    (some,) = score_signals(by_fold(latents)[:2], FOLDS[:2], [signal], **asked)
    np.testing.assert_allclose(some.predicted[:6], score.predicted[:6])
    assert np.isnan(some.predicted[6:]).all()


def test_several_signals_are_scored_as_each_is_by_itself():
    rng = np.random.default_rng(10)
    latents, signals = slow(rng, 3), [slow(rng)[..., 0] for _ in range(3)]
    together = scored_together(latents, signals, RIDGE, 4, np.random.default_rng(0))
    draws = np.random.default_rng(0)  # goes on from signal to signal
    for score, signal in zip(together, signals, strict=True):
        (alone,) = scored_together(latents, [signal], RIDGE, 4, draws)
        for part in ("folds", "circular_shifts", "trial_swaps", "predicted"):
            np.testing.assert_allclose(getattr(score, part), getattr(alone, part))


# --- surrogates ----------------------------------------------------------------------------------


@given(st.integers(1, 6), st.integers(2, 12), st.integers(0, 99))
def test_shifts_turn_the_whole_recording_by_half_a_repeat_or_more(n_repeats, n_frames, seed):
    signal = np.arange(n_repeats * n_frames).reshape(n_repeats, n_frames)
    shifted, _ = surrogate_signals(signal, 5, np.random.default_rng(seed))
    assert shifted.shape == (n_repeats, n_frames, 5)
    for surrogate in np.moveaxis(shifted, -1, 0):
        steps = np.diff(surrogate.ravel()) % signal.size
        assert (steps == 1).all()
        moved = surrogate.flat[0]
        assert min(moved, signal.size - moved) >= n_frames // 2 > 0


@given(st.integers(2, 8), st.integers(0, 99))
def test_swaps_are_orders_of_whole_repeats(n_repeats, seed):
    signal = np.arange(n_repeats * 3).reshape(n_repeats, 3)
    _, swapped = surrogate_signals(signal, 5, np.random.default_rng(seed))
    for surrogate in np.moveaxis(swapped, -1, 0):
        came_from = surrogate[:, 0] // 3
        np.testing.assert_array_equal(surrogate, signal[came_from])
        assert sorted(came_from) == list(range(n_repeats))


def test_all_orders_of_repeats_are_drawn_equally_often():
    signal = np.arange(4)[:, None] * np.ones((4, 2), int)
    _, swapped = surrogate_signals(signal, 12000, np.random.default_rng(0))
    orders, counts = np.unique(swapped[:, 0].T, axis=0, return_counts=True)
    assert len(orders) == 24
    assert np.abs(counts - 500).max() < 4 * np.sqrt(500)


def test_p_of_few_exchangeable_repeats_is_not_too_small():
    """With 3 repeats the 2 orders in which none stays are both beaten in a third of all recordings."""
    rng, found = np.random.default_rng(11), []
    for _ in range(400):
        latents, signal = rng.normal(size=(2, 3, 1))
        _, swapped = surrogate_signals(signal, 39, rng)
        null = (latents[..., None] * swapped).sum(axis=(0, 1))
        score = SignalScore(np.array([(latents * signal).sum()]), null, null, signal)
        found.append(score.p(null) <= 0.2)
    assert np.mean(found) <= 0.2 + 3 * np.sqrt(0.2 * 0.8 / 400)


def test_the_same_seed_gives_the_same_surrogates():
    signal = np.random.default_rng(0).normal(size=(5, 7))
    one, two = (surrogate_signals(signal, 4, np.random.default_rng(6)) for _ in range(2))
    for a, b in zip(one, two, strict=True):
        np.testing.assert_array_equal(a, b)


# --- signals that do not vary --------------------------------------------------------------------


def test_a_fold_in_which_the_animal_stood_still_has_no_score():
    rng = np.random.default_rng(5)
    latents = rng.normal(size=(N_REPEATS, N_FRAMES, 2))
    running = latents[..., 0].copy()
    running[:3] = 0.0
    score = scored(latents, running)
    assert len(score.folds) == 2
    assert score.value > 0.3
    assert np.isfinite(score.circular_shifts).all()


def test_what_has_no_score_is_not_a_finding():
    score = scored(slow(np.random.default_rng(6), 2), np.zeros((N_REPEATS, N_FRAMES)))
    assert len(score.folds) == 0
    assert np.isnan(score.value)
    assert score.p(score.circular_shifts) == 1.0
    known = SignalScore(np.array([0.5]), np.array([0.1, np.nan, 0.7]), np.zeros(3), np.zeros((1, 1)))
    assert known.p(known.circular_shifts) == pytest.approx(3 / 4)


def test_the_part_within_repeats_has_lost_the_mean_of_each():
    signal = slow(np.random.default_rng(7))[..., 0]
    within = within_repeats(signal)
    np.testing.assert_allclose(within.mean(axis=1), 0, atol=1e-12)
    removed = signal - within
    np.testing.assert_allclose(removed, np.repeat(signal.mean(axis=1)[:, None], N_FRAMES, axis=1))


def test_a_drift_predicts_the_slow_part_only():
    """A latent that drifts from repeat to repeat tells the level of a pupil, and nothing within repeats."""
    rng = np.random.default_rng(8)
    drift = np.repeat(rng.normal(size=(N_REPEATS, 1)), N_FRAMES, axis=1)
    pupil = 3 * drift + slow(rng)[..., 0]
    latents = drift[..., None] + 0.1 * rng.normal(size=(N_REPEATS, N_FRAMES, 1))
    assert scored(latents, pupil).value > 0.3
    assert abs(scored(latents, within_repeats(pupil)).value) < 0.1
