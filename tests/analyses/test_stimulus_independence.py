"""Latents that follow contrast are told from those that do not, and too free a fit is seen for what it is."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import lfilter
from scipy.stats import kstest
from sklearn.linear_model import LinearRegression
from sklearn.metrics import r2_score

from twofold.analyses.clip_rows import leaky_clip_folds, video_folds
from twofold.analyses.stimulus_independence import LeastSquares, StimulusR2, stimulus_r2
from twofold.decoders import GroupedRidge
from twofold.errors import DataError, OptionError

VIDEOS, REPEATS, FRAMES = 10, 3, 30
CLIPS = VIDEOS * REPEATS
TRIAL = np.repeat(np.arange(CLIPS), FRAMES)
RIDGE = GroupedRidge(penalties=(1e-4, 1e-2, 1.0, 100.0), per_target=True)


def slow(rng: np.random.Generator, clips: int, columns: int, keeps: float = 0.7) -> np.ndarray:
    """(clip, frame, column) autoregressive series of variance 1, every clip afresh."""
    noise = rng.normal(size=(clips, FRAMES + 40, columns))
    return lfilter([1], [1, -keeps], noise, axis=1)[:, 40:] * np.sqrt(1 - keeps**2)


def session(rng: np.random.Generator, features: int) -> tuple[np.ndarray, np.ndarray]:
    """(time,) videos and (time, feature) what repeats with them."""
    video_of_trial = rng.permutation(np.arange(CLIPS) % VIDEOS)
    shown = slow(rng, VIDEOS, features)[video_of_trial]
    return video_of_trial[TRIAL], shown.reshape(-1, features)


def state(rng: np.random.Generator, columns: int) -> np.ndarray:
    return slow(rng, CLIPS, columns).reshape(-1, columns)


def scored(features, latents, video, regressor=RIDGE, n=19, seed=0, **more) -> StimulusR2:
    return stimulus_r2(
        features,
        latents,
        trial=TRIAL,
        video=video,
        regressor=regressor,
        n_surrogates=n,
        random_state=seed,
        **more,
    )


def test_the_planted_share_of_contrast_is_found_per_dimension_and_in_total():
    """Variances 1, 1 and 4, of which contrast explains 0.8, 0 and 0.5: 2.8 of 6 in total."""
    found = []
    for seed in range(8):
        rng = np.random.default_rng([1, seed])
        video, shown = session(rng, 2)
        own = state(rng, 3)
        latents = np.column_stack(
            [
                np.sqrt(0.8) * shown[:, 0] + np.sqrt(0.2) * own[:, 0],
                own[:, 1],
                2 * (np.sqrt(0.5) * shown[:, 1] + np.sqrt(0.5) * own[:, 2]),
            ]
        )
        one = scored(shown, latents, video)
        assert one.p == 1 / 20
        assert (one.p_per_dimension[[0, 2]] == 1 / 20).all()
        found.append([*one.per_dimension, one.value.value])
    np.testing.assert_allclose(np.mean(found, axis=0), [0.8, 0.0, 0.5, 2.8 / 6], atol=0.1)


@pytest.fixture(scope="module")
def unrelated() -> list[StimulusR2]:
    found = []
    for seed in range(120):
        rng = np.random.default_rng([2, seed])
        video, shown = session(rng, 3)
        found.append(scored(shown, state(rng, 2), video, LeastSquares(), seed=seed))
    return found


def test_p_values_of_latents_that_ignore_the_video_are_uniform(unrelated):
    p = np.array([found.p for found in unrelated])
    assert kstest(p - np.random.default_rng(0).random(len(p)) / 20, "uniform").pvalue > 0.01
    assert (p <= 0.05).mean() <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / len(p))


def test_some_dimension_raises_a_false_alarm_in_no_more_than_five_percent(unrelated):
    alarms = np.array([(found.p_per_dimension <= 0.05).any() for found in unrelated])
    assert alarms.mean() <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / len(alarms))


def test_without_a_penalty_many_regressors_go_below_zero_and_chance_says_so():
    rng = np.random.default_rng(3)
    video, shown = session(rng, 200)
    latents = state(rng, 2)
    free, ridge = (scored(shown, latents, video, regressor) for regressor in (LeastSquares(), RIDGE))
    assert free.value.value < -0.15
    assert free.chance.mean == pytest.approx(free.value.value, rel=0.5)
    assert free.p > 0.05
    assert abs(ridge.value.value) < 0.05


def test_videos_on_both_sides_are_recalled_and_called_leaky():
    """Latents locked to the video by no feature of it are looked up by what identifies a frame."""
    rng = np.random.default_rng(4)
    video_of_trial = rng.permutation(np.arange(CLIPS) % VIDEOS)
    pictures = rng.normal(size=(VIDEOS, FRAMES, 500))[video_of_trial].reshape(-1, 500)
    latents = slow(rng, VIDEOS, 2)[video_of_trial].reshape(-1, 2) + 0.5 * state(rng, 2)
    video = video_of_trial[TRIAL]
    leaky = scored(pictures, latents, video, LeastSquares(), folds=leaky_clip_folds(TRIAL, 5, rng), n=1)
    honest = scored(pictures, latents, video, LeastSquares(), n=1)
    assert leaky.leaky
    assert not honest.leaky
    assert leaky.value.value > 0.5
    assert honest.value.value < 0.05


def test_folds_are_scored_as_by_hand_with_scikit_learn():
    rng = np.random.default_rng(5)
    video, shown = session(rng, 3)
    latents = state(rng, 2) * [1, 3] + shown[:, :2]
    found = scored(shown, latents, video, LeastSquares())
    by_dimension = []
    for value, fold in zip(found.folds, video_folds(video), strict=True):
        model = LinearRegression().fit(shown[fold.train], latents[fold.train])
        pair = latents[fold.test], model.predict(shown[fold.test])
        assert value == pytest.approx(r2_score(*pair, multioutput="variance_weighted"))
        by_dimension.append(r2_score(*pair, multioutput="raw_values"))
    np.testing.assert_allclose(found.per_dimension, np.mean(by_dimension, axis=0))
    assert found.mean_over_dimensions == pytest.approx(np.mean(by_dimension))


def test_axes_of_the_latents_do_not_matter_in_total():
    rng = np.random.default_rng(6)
    video, shown = session(rng, 2)
    latents = state(rng, 3) * [1, 2, 3] + shown @ rng.normal(size=(2, 3))
    turned = latents @ np.linalg.qr(rng.normal(size=(3, 3)))[0]
    one, other = (scored(shown, z, video, LeastSquares()) for z in (latents, turned))
    np.testing.assert_allclose(one.folds, other.folds)
    np.testing.assert_allclose(one.chance.surrogates, other.chance.surrogates)


def test_what_cannot_work_is_told_before_any_work():
    rng = np.random.default_rng(7)
    video, shown = session(rng, 2)
    latents = state(rng, 2)
    with pytest.raises(DataError, match="features: 5 rows for 900"):
        scored(shown[:5], latents, video)
    with pytest.raises(DataError, match="dimension 1 does not change in a fold"):
        scored(shown, latents * [1, 0], video)
    with pytest.raises(DataError, match="features: not finite at row 0, column 1"):
        scored(np.where(np.arange(2) == 1, np.nan, shown), latents, video)
    with pytest.raises(OptionError, match="n_surrogates=0"):
        scored(shown, latents, video, n=0)
