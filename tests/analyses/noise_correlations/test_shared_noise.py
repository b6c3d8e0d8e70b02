"""Noise correlations are those of a known covariance, whatever the signals share."""

from __future__ import annotations

import numpy as np
import pytest

from twofold.analyses.noise_correlations import noise_correlations
from twofold.errors import DataError


def test_it_is_the_formula_by_loops():
    rng = np.random.default_rng(0)
    clips = [rng.gamma(1.0, size=(3, 5, 4)), rng.gamma(1.0, size=(2, 7, 4))]
    products = np.zeros((4, 4))
    for clip in clips:
        for frame in range(clip.shape[1]):
            for repeat in range(len(clip)):
                e = clip[repeat, frame] - clip[:, frame].mean(axis=0)
                products += np.outer(e, e)
    scale = np.sqrt(np.diag(products))
    np.testing.assert_allclose(noise_correlations(clips), products / np.outer(scale, scale))


@pytest.mark.parametrize("repeats", [2, 10])
def test_a_planted_covariance_is_recovered_with_few_repeats_too(repeats):
    rng = np.random.default_rng(1)
    root = rng.normal(size=(5, 5))
    covariance = root @ root.T
    noise = rng.multivariate_normal(np.zeros(5), covariance, size=(repeats, 20_000 // repeats))
    scale = np.sqrt(np.diag(covariance))
    np.testing.assert_allclose(noise_correlations([noise]), covariance / np.outer(scale, scale), atol=0.04)


def test_shared_signals_are_no_noise_correlations():
    """Neurons with one and the same signal and noise of their own: responses correlate, noise does not."""
    rng = np.random.default_rng(2)
    signal = 3 * rng.normal(size=(4, 1, 100, 1))
    clips = list(signal + rng.normal(size=(4, 10, 100, 6)))
    above = np.triu_indices(6, 1)
    leaky = np.corrcoef(np.concatenate([clip.reshape(-1, 6) for clip in clips]).T)[above]
    assert leaky.min() > 0.8
    assert np.abs(noise_correlations(clips)[above]).max() < 0.06


def test_a_neuron_that_repeats_exactly_has_none():
    clip = np.random.default_rng(3).normal(size=(4, 20, 3))
    clip[..., 1] = 2.0
    found = noise_correlations([clip])
    assert np.isnan(found[1]).all()
    assert np.isfinite(found[0, [0, 2]]).all()


@pytest.mark.parametrize(
    ("clips", "match"),
    [
        ([], "at least one clip"),
        ([np.ones((2, 3, 4)), np.ones((2, 3, 5))], "same neurons"),
        ([np.ones((2, 3, 4)), np.ones((1, 3, 4))], "clip 1 has 1 repeats"),
        ([np.where(np.arange(24).reshape(2, 3, 4) == 17, np.nan, 1.0)], "repeat 1, frame 1, neuron 1"),
    ],
)
def test_clips_without_noise_are_refused(clips, match):
    with pytest.raises(DataError, match=match):
        noise_correlations(clips)
