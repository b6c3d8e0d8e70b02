"""State makes mixed repeats worse than the video alone; a locked latent, as good as the same repeat."""

from __future__ import annotations

import numpy as np
import pytest

from twofold.analyses.mixed_repeats import MixedRepeats, RepeatPredictions, mixed_repeats
from twofold.errors import DataError, OptionError

VIDEOS, REPEATS, FRAMES, NEURONS = 6, 5, 60, 20


def world(
    rng: np.random.Generator, state: float = 1.0, unseen: float = 0.0, videos: int = VIDEOS
) -> list[RepeatPredictions]:
    """Responses of drive, drive that the video model misses, state and noise; latents are all found."""
    w = np.linspace(-1.5, 1.5, NEURONS)  # the same in all draws, since intervals are over videos
    parts = []
    for _ in range(videos):
        drive = rng.normal(size=(FRAMES, NEURONS))
        latent = unseen * rng.normal(size=(FRAMES, 1)) + state * rng.normal(size=(REPEATS, FRAMES, 1))
        conditioned = drive + latent * w
        responses = conditioned + rng.normal(size=(REPEATS, FRAMES, NEURONS))
        parts.append(RepeatPredictions(conditioned, drive, responses))
    return parts


def found(videos, seed=0, n=500, **more) -> MixedRepeats:
    return mixed_repeats(videos, n_bootstrap=n, random_state=seed, **more)


def test_correlations_are_those_of_every_pair_of_repeats():
    videos = world(np.random.default_rng(0))
    result = found(videos)
    for number, video in enumerate(videos):
        for n in (0, 7):
            r = np.array(
                [
                    [np.corrcoef(one[:, n], other[:, n])[0, 1] for other in video.responses]
                    for one in video.conditioned
                ]
            )
            same, mixed = np.trace(r) / REPEATS, r[~np.eye(REPEATS, dtype=bool)].mean()
            alone = np.mean([np.corrcoef(video.video_only[:, n], y[:, n])[0, 1] for y in video.responses])
            np.testing.assert_allclose(result.per_video[:, number, n], [same, mixed, alone])
    np.testing.assert_allclose(
        [result.same.value, result.mixed.value, result.video_only.value], result.per_video.mean(axis=(1, 2))
    )


def test_correlations_are_those_that_variances_say():
    """With drive, state and noise of variance 1: same 2 / sqrt 6, mixed 1 / sqrt 6, video 1 / sqrt 3."""
    rng = np.random.default_rng(1)
    drive = rng.normal(size=(4, 1, 2000, 10))
    conditioned = drive + rng.normal(size=(4, REPEATS, 2000, 10))
    responses = conditioned + rng.normal(size=(4, REPEATS, 2000, 10))
    parts = zip(conditioned, drive[:, 0], responses, strict=True)
    result = found([RepeatPredictions(*part) for part in parts])
    values = [result.same.value, result.mixed.value, result.video_only.value]
    assert values == pytest.approx([np.sqrt(2 / 3), np.sqrt(1 / 6), np.sqrt(1 / 3)], abs=0.01)
    expected = (np.sqrt(1 / 6) - np.sqrt(1 / 3)) / (np.sqrt(2 / 3) - np.sqrt(1 / 3))
    assert result.locked_share.value == pytest.approx(expected, abs=0.05)


def test_state_alone_brings_mixed_repeats_below_the_video():
    for seed in range(10):
        result = found(world(np.random.default_rng([2, seed])))
        assert result.gain.low > 0
        assert result.locked_share.high < 0


def test_latents_that_only_follow_the_video_keep_the_whole_gain():
    result = found(world(np.random.default_rng(3), state=0.0, unseen=1.0))
    assert result.gain.low > 0
    assert result.locked_share.value == pytest.approx(1.0, abs=1e-9)


def test_the_share_grows_with_what_is_locked():
    shares = [
        found(world(np.random.default_rng(4), state=np.sqrt(1 - s), unseen=np.sqrt(s))).locked_share.value
        for s in (0.0, 0.4, 0.8)
    ]
    assert shares[0] < shares[1] - 0.2 < shares[2] - 0.4


def test_without_a_gain_there_is_no_share_to_tell():
    rng = np.random.default_rng(5)
    videos = []
    for video in world(rng, state=0.0):
        noisy = video.video_only + 0.3 * rng.normal(size=video.responses.shape)
        videos.append(RepeatPredictions(noisy, video.video_only, video.responses))
    result = found(videos)
    assert result.gain.high < 0
    assert result.locked_share.low is None


def test_predicting_the_video_alone_has_no_gain_and_no_share():
    videos = [
        RepeatPredictions(np.repeat(v.video_only[None], REPEATS, axis=0), v.video_only, v.responses)
        for v in world(np.random.default_rng(6))
    ]
    result = found(videos)
    assert result.gain.value == pytest.approx(0.0, abs=1e-12)
    assert result.mixed.value == pytest.approx(result.video_only.value)
    assert result.locked_share.low is None


def test_intervals_cover_the_truth_when_there_are_videos_enough():
    truth = found(world(np.random.default_rng(7), unseen=0.5, videos=400), n=1)
    covered = []
    for seed in range(60):
        result = found(world(np.random.default_rng([8, seed]), unseen=0.5, videos=20), n=300)
        covered.append([truth.gain.value in result.gain, truth.locked_share.value in result.locked_share])
    assert (np.mean(covered, axis=0) >= 0.85).all()


def test_a_neuron_that_never_changes_counts_as_zero_in_all_three():
    videos = world(np.random.default_rng(9), videos=2)
    silent = [v.responses.copy() for v in videos]
    for y in silent:
        y[..., 3] = 0.1
    result = found(
        [RepeatPredictions(v.conditioned, v.video_only, y) for v, y in zip(videos, silent, strict=True)]
    )
    assert (result.per_video[:, :, 3] == 0).all()
    assert (result.per_video[:, :, 4] != 0).all()


def test_one_video_has_values_but_no_intervals():
    result = found(world(np.random.default_rng(10), videos=1))
    assert result.same.low is None
    assert result.locked_share.low is None


def test_the_same_seed_gives_the_same_intervals():
    videos = world(np.random.default_rng(11))
    assert found(videos, seed=3).locked_share == found(videos, seed=3).locked_share


def test_what_cannot_work_is_told_before_any_work():
    zeros = np.zeros((3, 8, 4))
    with pytest.raises(DataError, match="give the same frames and neurons"):
        RepeatPredictions(zeros, zeros[0, :5], zeros)
    with pytest.raises(DataError, match="1 repeats of 8 frames"):
        RepeatPredictions(zeros[:1], zeros[0], zeros[:1])
    broken = zeros.copy()
    broken[1, 2, 3] = np.nan
    with pytest.raises(DataError, match=r"responses: not finite at \(1, 2, 3\)"):
        RepeatPredictions(zeros, zeros[0], broken)
    good = RepeatPredictions(zeros, zeros[0], zeros)
    fewer = RepeatPredictions(zeros[..., :2], zeros[0, :, :2], zeros[..., :2])
    with pytest.raises(DataError, match="2 to 4 neurons"):
        found([good, fewer])
    with pytest.raises(DataError, match="no videos"):
        found([])
    with pytest.raises(OptionError, match="n_bootstrap=0"):
        found([good], n=0)
