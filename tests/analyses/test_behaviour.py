"""State is found, slow strangers are not, and what both owe the video is told apart from state."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import lfilter
from scipy.stats import binom, kstest
from sklearn.cross_decomposition import CCA

from twofold.analyses.behaviour import BehaviourCorrelation, behaviour_correlation
from twofold.analyses.clip_rows import leaky_frame_folds, video_folds
from twofold.analyses.stimulus_independence import LeastSquares
from twofold.decoders import GroupedRidge
from twofold.errors import DataError, OptionError

VIDEOS, REPEATS, FRAMES = 6, 4, 20
CLIPS = VIDEOS * REPEATS
TRIAL = np.repeat(np.arange(CLIPS), FRAMES)


def slow(rng: np.random.Generator, columns: int, keeps: float = 0.8, pause: int = 1) -> np.ndarray:
    """(time, column) autoregressive series that run on over all clips, and over pauses as long as clips."""
    noise = rng.normal(size=((1 + pause) * len(TRIAL) + 100, columns))
    series = lfilter([1], [1, -keeps], noise, axis=0)[100:] * np.sqrt(1 - keeps**2)
    return series.reshape(CLIPS, 1 + pause, FRAMES, columns)[:, 0].reshape(-1, columns)


def session(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """(time,) videos in random order, and (time,) the luminance of each, which repeats with it."""
    video_of_trial = rng.permutation(np.arange(CLIPS) % VIDEOS)
    shown = slow(rng, 1)[: VIDEOS * FRAMES].reshape(VIDEOS, FRAMES)
    return video_of_trial[TRIAL], shown[video_of_trial].ravel()


def correlated(Z, B, video, n=39, seed=0, **more) -> BehaviourCorrelation:
    return behaviour_correlation(Z, B, trial=TRIAL, video=video, n_surrogates=n, random_state=seed, **more)


@pytest.fixture(scope="module")
def unrelated() -> list[BehaviourCorrelation]:
    """Latents and pupils, both slow, that have nothing to do with each other."""
    found = []
    for seed in range(150):
        rng = np.random.default_rng([1, seed])
        found.append(correlated(slow(rng, 3), slow(rng, 1), session(rng)[0], seed=seed))
    return found


@pytest.mark.parametrize("null", ["circular_shifts", "clip_swaps", "repeat_swaps"])
def test_p_values_of_unrelated_slow_behaviour_are_uniform(unrelated, null):
    p = np.array([getattr(found, null).p(found.value.value) for found in unrelated])
    jittered = p - np.random.default_rng(0).random(len(p)) / 40
    assert kstest(jittered, "uniform").pvalue > 0.01
    assert (p <= 0.05).sum() <= binom.ppf(0.999, len(p), 0.05)


def test_false_alarms_of_the_joint_verdict_are_at_most_five_percent(unrelated):
    assert np.mean([found.p <= 0.05 for found in unrelated]) <= 0.05


def test_the_chance_level_of_honest_folds_is_zero(unrelated):
    values = np.array([found.value.value for found in unrelated])
    assert abs(values.mean()) < 4 * values.std() / np.sqrt(len(values))
    assert abs(np.mean([found.circular_shifts.mean for found in unrelated])) < 0.02


def test_planted_behaviour_is_found_with_its_true_correlation():
    """Pupil = 0.8 of one latent direction and 0.6 of something else: the correlation is 0.8."""
    values = []
    for seed in range(10):
        rng = np.random.default_rng([2, seed])
        latents = slow(rng, 4)
        pupil = 0.8 * latents @ [0.6, 0, 0.8, 0] + 0.6 * slow(rng, 1)[:, 0]
        mixed = latents @ rng.normal(size=(4, 4)) * [1, 1e-3, 50, 1] + 7
        found = correlated(mixed, 30 + 4 * pupil, session(rng)[0])
        assert found.p == found.p_beyond_video == 1 / 40
        values.append(found.value.value)
    assert np.mean(values) == pytest.approx(0.8, abs=0.04)


def test_shuffled_single_frames_overstate_and_are_called_leaky():
    """Strangers that hardly change in a clip: neighbours tell a left-out frame, nothing a left-out clip."""
    leaky, honest = [], []
    for seed in range(40):
        rng = np.random.default_rng([3, seed])
        levels = np.repeat(rng.normal(size=(CLIPS, 9)), FRAMES, axis=0)
        latents, pupil = np.split(levels + 0.3 * slow(rng, 9), [8], axis=1)
        video = session(rng)[0]
        frames = leaky_frame_folds(len(TRIAL), 5, rng)
        one = correlated(latents, pupil, video, n=1, folds=frames)
        other = correlated(latents, pupil, video, n=1)
        assert one.leaky
        assert not other.leaky
        leaky.append(one.value.value)
        honest.append(other.value.value)
    assert np.mean(leaky) > 0.4
    assert abs(np.mean(honest)) < 0.15


def test_a_drift_over_the_session_lifts_the_score_and_its_chance_alike():
    """A clip that was left out lies between others in time, and two that drift resemble each other there."""
    found = []
    for seed in range(60):
        rng = np.random.default_rng([10, seed])
        latents, pupil = slow(rng, 3, 0.98, pause=0), slow(rng, 1, 0.98, pause=0)
        found.append(correlated(latents, pupil, session(rng)[0], n=19, seed=seed))
    assert np.mean([one.value.value for one in found]) > 0.15
    assert np.mean([one.circular_shifts.mean for one in found]) > 0.15
    assert np.mean([one.circular_shifts.p(one.value.value) <= 0.05 for one in found]) <= 0.1  # 0.05 +- 0.028


@pytest.mark.parametrize("signals", [1, 2, 3])
def test_folds_are_correlated_as_by_hand_with_scikit_learn(signals):
    rng = np.random.default_rng(4)
    latents, video = slow(rng, 4), session(rng)[0]
    behaviour = latents @ rng.normal(size=(4, signals)) + 2 * slow(rng, signals)
    found = correlated(latents, behaviour, video)
    for value, fold in zip(found.folds, video_folds(video), strict=True):
        cca = CCA(n_components=1, tol=1e-12, max_iter=10_000).fit(latents[fold.train], behaviour[fold.train])
        u, v = cca.transform(latents[fold.test], behaviour[fold.test])
        assert value == pytest.approx(np.corrcoef(u[:, 0], v[:, 0])[0, 1], abs=1e-5)
        shown = found.latents_variate[fold.test], found.behaviour_variate[fold.test]
        assert value == pytest.approx(np.corrcoef(*shown)[0, 1])


def test_the_variates_of_one_signal_are_the_signal_and_its_best_copy():
    rng = np.random.default_rng(5)
    latents, video = slow(rng, 3), session(rng)[0]
    pupil = -2 * latents[:, 1] + 40
    found = correlated(latents, pupil, video)
    for fold in video_folds(video):
        expected = (pupil[fold.test] - pupil[fold.train].mean()) / pupil[fold.train].std()
        np.testing.assert_allclose(found.behaviour_variate[fold.test], expected)
        np.testing.assert_allclose(found.latents_variate[fold.test], expected)


# --- what the video does to both ------------------------------------------------------------------


def locked(seed: int, state: float) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Latents and pupil that follow luminance and may share a state; videos; what neurons see of them."""
    rng = np.random.default_rng([6, seed])
    video, luminance = session(rng)
    latents = slow(rng, 3) + luminance[:, None] * [1, 0, 0]
    pupil = state * latents[:, 2] + luminance + slow(rng, 1)[:, 0]
    prediction = luminance[:, None] * rng.normal(size=6)
    return latents, pupil, video, prediction


def test_what_follows_the_video_is_found_and_vanishes_when_partialled_out():
    alarms, kept = [], []
    for seed in range(50):
        latents, pupil, video, prediction = locked(seed, state=0.0)
        both = correlated(latents, pupil, video, seed=seed)
        left = correlated(
            latents, pupil, video, seed=seed, video_prediction=prediction, regressor=LeastSquares()
        )
        alarms.append((both.p <= 0.05, left.p <= 0.05, both.p_beyond_video <= 0.05))
        kept.append((both.value.value, left.value.value))
    found, after, beyond = np.mean(alarms, axis=0)
    assert found > 0.8
    assert max(after, beyond) <= 0.1  # 0.05 +- 0.031
    both, left = np.mean(kept, axis=0)
    assert both > 0.3
    assert abs(left) < 0.04


def test_state_stays_when_the_video_is_partialled_out():
    ridge = GroupedRidge(penalties=(1e-4, 1e-2), per_target=True)
    for seed in range(5):
        latents, pupil, video, prediction = locked(seed, state=1.5)
        left = correlated(latents, pupil, video, video_prediction=prediction, regressor=ridge)
        assert left.p == left.p_beyond_video == 1 / 40
        assert left.value.value == pytest.approx(1.5 / np.sqrt(1 + 1.5**2), abs=0.12)


# --- signals that do not vary, and what cannot work ------------------------------------------------


def test_a_fold_in_which_the_animal_stood_still_has_no_score():
    rng = np.random.default_rng(7)
    latents, video = slow(rng, 2), session(rng)[0]
    running = np.where(np.isin(video, video[video_folds(video)[0].test]), 0.0, latents[:, 0])
    found = correlated(latents, running, video)
    assert len(found.folds) == 4
    assert found.value.value > 0.99


def test_a_video_shown_once_has_no_repeats_to_swap():
    rng = np.random.default_rng(8)
    found = correlated(slow(rng, 2), slow(rng, 1), TRIAL)
    assert found.repeat_swaps is None
    assert found.p_beyond_video is None


def test_the_same_seed_gives_the_same_chance_and_a_generator_may_come():
    rng = np.random.default_rng(9)
    latents, pupil, video = slow(rng, 2), slow(rng, 1), session(rng)[0]
    one, two = (correlated(latents, pupil, video, seed=s) for s in (3, np.random.default_rng(3)))
    for null in ("circular_shifts", "clip_swaps", "repeat_swaps"):
        np.testing.assert_array_equal(getattr(one, null).surrogates, getattr(two, null).surrogates)


def test_what_cannot_work_is_told_before_any_work():
    Z, B = np.random.default_rng(0).normal(size=(2, len(TRIAL), 2))
    video = TRIAL % VIDEOS
    broken = Z.copy()
    broken[5, 1] = np.nan
    with pytest.raises(DataError, match="latents: not finite at row 5, column 1"):
        correlated(broken, B, video)
    with pytest.raises(DataError, match=f"behaviour: 10 rows for {len(TRIAL)}"):
        correlated(Z, B[:10], video)
    with pytest.raises(DataError, match="changes in no fold"):
        correlated(Z, np.ones(len(TRIAL)), video)
    with pytest.raises(OptionError, match="belong together"):
        correlated(Z, B, video, video_prediction=Z)
    with pytest.raises(OptionError, match="n_surrogates=0"):
        correlated(Z, B, video, n=0)
