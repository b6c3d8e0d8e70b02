from __future__ import annotations

import numpy as np
import pytest

from twofold.errors import DataError
from twofold.metrics import (
    CorrelationToAverage,
    FractionExplained,
    OracleCorrelation,
    noise_ceiling,
    oracle_correlation,
)

N = 3


def repeats(counts=(10, 4, 2), frames=80, signal=1.0, noise=1.0, seed=0):
    """Responses of some videos, (repeat, time, neuron) each, and the drive behind them."""
    rng = np.random.default_rng(seed)
    drives = [signal * rng.normal(size=(frames, N)) + 3 for _ in counts]
    return [d + noise * rng.normal(size=(n, frames, N)) for d, n in zip(drives, counts, strict=True)], drives


def by_loops(videos, skip):
    """Each repeat beside the mean of the others, one under the other, then numpy's correlation."""
    own, others = [], []
    for video in videos:
        for r in range(len(video)):
            own.append(video[r, skip:])
            others.append(np.delete(video, r, axis=0).mean(0)[skip:])
    own, others = np.concatenate(own), np.concatenate(others)
    return [np.corrcoef(own[:, i], others[:, i])[0, 1] for i in range(N)]


def test_the_oracle_is_the_correlation_with_the_mean_of_the_other_repeats():
    videos, _ = repeats()
    np.testing.assert_allclose(oracle_correlation(videos, frames_skipped=7).per_neuron, by_loops(videos, 7))


def test_the_oracle_does_not_depend_on_the_order_and_leaves_single_showings_out():
    videos, _ = repeats()
    one, two = OracleCorrelation(frames_skipped=0), OracleCorrelation(frames_skipped=0)
    for number, video in enumerate(videos):
        for i, response in enumerate(video):
            (one if i % 2 else two).update(number, response)
    one.update("shown once", 100 * np.ones((80, N)))
    one.merge(two)
    np.testing.assert_allclose(one.result().per_neuron, by_loops(videos, 0), rtol=1e-12)


def test_the_oracle_without_a_signal_is_not_above_zero():
    videos, _ = repeats(counts=(5,), frames=5000, signal=0.0)
    assert np.abs(oracle_correlation(videos).per_neuron).max() < 0.03


def test_the_oracle_without_noise_is_one_and_of_silent_neurons_undefined():
    videos, _ = repeats(noise=0.0)
    for video in videos:
        video[..., 1] = 0.1
    found = oracle_correlation(videos, frames_skipped=0, undefined="leave out")
    np.testing.assert_allclose(found.per_neuron, [1, np.nan, 1])
    assert (found.n_undefined, found.mean) == (1, pytest.approx(1))


def explained(videos, predictions, **how):
    score = FractionExplained(**{"frames_skipped": 0} | how)
    for number, (video, predicted) in enumerate(zip(videos, predictions, strict=True)):
        for response in video:
            score.update(number, response, predicted)
    return score.result()


def test_explainable_variance_is_that_of_the_textbook_with_unequal_repeats():
    videos, drives = repeats()
    found = explained(videos, drives)
    every = np.concatenate([video.reshape(-1, N) for video in videos])
    degrees = sum((len(video) - 1) * video.shape[1] for video in videos)
    noise = sum(((video - video.mean(0)) ** 2).sum((0, 1)) for video in videos) / degrees
    mse = sum(((video - d) ** 2).sum((0, 1)) for video, d in zip(videos, drives, strict=True)) / len(every)
    np.testing.assert_allclose(found.noise, noise)
    np.testing.assert_allclose(found.mse, mse)
    np.testing.assert_allclose(found.explainable, every.var(0) - noise * (1 - 1 / len(every)))
    np.testing.assert_allclose(found.feve, 1 - (mse - noise) / found.explainable)
    assert found.mean_feve() == pytest.approx(found.feve.mean())


def test_the_estimates_are_unbiased_and_the_true_drive_explains_all():
    variances, fractions = [], []
    for seed in range(60):
        videos, drives = repeats(frames=40, signal=1.0, noise=2.0, seed=seed)
        found = explained(videos, drives)
        variances.append(found.explainable)
        fractions.append(found.mse - found.noise)
    assert np.mean(variances) == pytest.approx(1 - 1 / 120, abs=0.06)
    assert np.mean(fractions) == pytest.approx(0, abs=0.06)


def test_equal_repeats_agree_with_the_noise_ceiling_of_one_movie():
    videos, _ = repeats(counts=(12,), frames=400)
    found, ceiling = explained(videos, [videos[0].mean(0)]), noise_ceiling(videos[0])
    np.testing.assert_allclose(found.explainable, ceiling.signal_power, rtol=0.02)
    np.testing.assert_allclose(found.noise, ceiling.noise_power, rtol=0.02)


def test_a_mean_prediction_explains_nothing_and_silent_neurons_have_no_fraction():
    videos, _ = repeats(frames=2000)
    for video in videos:
        video[..., 1] = 0.1
    grand_mean = np.concatenate([video.reshape(-1, N) for video in videos]).mean(0)
    found = explained(videos, [np.tile(grand_mean, (2000, 1))] * 3)
    np.testing.assert_allclose(found.feve, [0, np.nan, 0], atol=1e-3)
    assert np.isnan(found.fraction).tolist() == [False, True, False]
    assert np.isnan(found.mean_feve(at_least=1.1))


def test_fractions_of_processes_join():
    videos, drives = repeats()
    one, two = FractionExplained(frames_skipped=20), FractionExplained(frames_skipped=20)
    for number, (video, drive) in enumerate(zip(videos, drives, strict=True)):
        for i, response in enumerate(video):
            (one if i % 2 else two).update(number, response[9:], drive[9:], first_frame=9)
    one.merge(two)
    found, whole = one.result(), explained(videos, drives, frames_skipped=20)
    np.testing.assert_allclose(found.feve, whole.feve, rtol=1e-12)


def test_bad_input_is_refused():
    videos, drives = repeats()
    once = FractionExplained()
    once.update("a", videos[0][0], drives[0])
    with pytest.raises(DataError, match="2 repeats longer than the frames skipped"):
        once.result()
    with pytest.raises(DataError, match="video a: a repeat of 29 frames after 30; cut them alike"):
        once.update("a", videos[0][0][:-1], drives[0][:-1])
    with pytest.raises(DataError, match="an oracle needs a video with 2 repeats"):
        oracle_correlation([videos[0][:1]])
    broken = videos[0][0].copy()
    broken[3, 1] = np.nan
    with pytest.raises(DataError, match="video 0: response not finite at time point 3, neuron 1"):
        oracle_correlation([[broken]])
    with pytest.raises(DataError, match="true: not finite"):
        CorrelationToAverage(frames_skipped=0).update("a", broken, broken)
