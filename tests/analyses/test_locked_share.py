"""Shares are those that were planted, whatever the noise; clips that begin alike are not locked to videos."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import lfilter
from scipy.stats import kstest

from twofold.analyses.locked_share import LockedShare, locked_share
from twofold.errors import DataError, OptionError

FRAMES = 30


def slow(rng: np.random.Generator, *shape: int, keeps: float = 0.8) -> np.ndarray:
    """(..., frame, dimension) autoregressive series of variance 1."""
    *most, frames, columns = shape
    noise = rng.normal(size=(*most, frames + 60, columns))
    return lfilter([1], [1, -keeps], noise, axis=-2)[..., 60:, :] * np.sqrt(1 - keeps**2)


def drawn(rng, videos=6, repeats=5, share=(0.5, 0.0), keeps=0.8) -> list[np.ndarray]:
    """Latents whose dimensions are locked to the video to a known share."""
    s = np.array(share)
    shown = slow(rng, videos, 1, FRAMES, len(s), keeps=keeps)
    own = slow(rng, videos, repeats, FRAMES, len(s), keeps=keeps)
    return list(np.sqrt(s) * shown + np.sqrt(1 - s) * own)


def share_of(videos, n=1, seed=0, **more) -> LockedShare:
    return locked_share(videos, n_surrogates=n, random_state=seed, **more)


def by_pairs(videos: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Signal and total variance, pair by pair: products of two trials, never of one with itself."""
    signal, total, n = [], [], len(videos)
    for z in videos:
        pairs = [(a, b) for a in range(len(z)) for b in range(len(z)) if a != b]
        signal.append(np.mean([(z[a] * z[b]).mean(axis=0) for a, b in pairs], axis=0))
        total.append((z**2).mean(axis=(0, 1)))
    M = np.zeros(videos[0].shape[-1])
    for v, one in enumerate(videos):
        for u, other in enumerate(videos):
            products = [
                a.mean(axis=0) * b.mean(axis=0)
                for i, a in enumerate(one)
                for j, b in enumerate(other)
                if (v, i) != (u, j)
            ]
            M += np.mean(products, axis=0) / n**2
    return np.mean(signal, axis=0) - M, np.mean(total, axis=0) - M


def test_shares_are_those_of_products_over_pairs_of_trials():
    rng = np.random.default_rng(0)
    videos = [9.0 + z for z in drawn(rng, share=(0.5, 0.2, 0.0))]
    videos[2] = videos[2][:3]
    signal, total = by_pairs(videos)
    found = share_of(videos)
    np.testing.assert_allclose(
        [one.value for one in found.per_dimension], signal / total, rtol=1e-5, atol=1e-9
    )
    assert found.value.value == pytest.approx(signal.sum() / total.sum())


def test_the_share_is_unbiased_under_slow_noise_and_trials_of_different_levels():
    """The videos stay and noise is drawn anew: what they share is the variance of what was shown."""
    rng = np.random.default_rng(1)
    shown = 0.3 * slow(rng, 5, 1, FRAMES, 1)
    values = []
    for _ in range(400):
        own = slow(rng, 5, 3, FRAMES, 1, keeps=0.95) + rng.normal(size=(5, 3, 1, 1))
        values.append(share_of(list(shown + own)).value.value)
    truth = shown.var() / (shown.var() + 2)
    assert abs(np.mean(values) - truth) < 4 * np.std(values) / np.sqrt(400)


def test_planted_shares_are_found_and_unlocked_dimensions_are_not():
    found = share_of(drawn(np.random.default_rng(2), videos=12, repeats=10, share=(0.6, 0.0, 0.2)), n=99)
    np.testing.assert_allclose([one.value for one in found.per_dimension], [0.6, 0.0, 0.2], atol=0.1)
    assert found.p == 0.01
    np.testing.assert_array_equal(found.p_per_dimension <= 0.05, [True, False, True])


def test_p_values_of_state_alone_are_uniform():
    p, any_dimension = [], []
    for seed in range(120):
        rng = np.random.default_rng([3, seed])
        found = share_of(drawn(rng, repeats=4, share=(0.0, 0.0), keeps=0.95), n=39, seed=seed)
        p.append(found.p)
        any_dimension.append((found.p_per_dimension <= 0.05).any())
    jittered = np.array(p) - np.random.default_rng(0).random(len(p)) / 40
    assert kstest(jittered, "uniform").pvalue > 0.01
    at_most = 0.05 + 2 * np.sqrt(0.05 * 0.95 / len(p))
    assert np.mean(np.array(p) <= 0.05) <= at_most
    assert np.mean(any_dimension) <= at_most


def test_a_rise_at_every_onset_is_shared_but_no_finding():
    rng = np.random.default_rng(4)
    onset = np.exp(-np.arange(FRAMES) / 5)[:, None]
    found = share_of([z + 2 * onset for z in drawn(rng, share=(0.0, 0.0))], n=99)
    assert found.value.value > 0.1
    assert found.chance.mean == pytest.approx(found.value.value, abs=0.1)
    assert found.p > 0.05


def test_intervals_cover_the_share_of_all_videos_there_could_be():
    covered = []
    for seed in range(150):
        rng = np.random.default_rng([5, seed])
        found = share_of(drawn(rng, videos=8, repeats=4, share=(0.3,), keeps=0.5))
        covered.append(0.3 in found.value)
    assert 0.88 <= np.mean(covered) <= 0.99


def test_latents_that_are_locked_entirely_have_the_share_one():
    z = slow(np.random.default_rng(6), 4, 1, FRAMES, 2)
    found = share_of([np.repeat(one, 3, axis=0) for one in z], n=19)
    assert found.value.value == pytest.approx(1.0)
    assert (found.value.low, found.value.high) == (pytest.approx(1.0), pytest.approx(1.0))


def test_one_video_has_a_share_but_no_interval():
    found = share_of(drawn(np.random.default_rng(7), videos=1))
    assert found.value.low is None
    assert found.p == 1.0  # its repeats can be dealt out in one way only


def test_what_cannot_work_is_told_before_any_work():
    good = drawn(np.random.default_rng(8))
    with pytest.raises(DataError, match="video 1: 1 repeats"):
        share_of([good[0], good[1][:1]])
    with pytest.raises(DataError, match=r"video 1: \(frame, dimension\) is \(29, 2\)"):
        share_of([good[0], good[1][:, :-1]])
    broken = good[1].copy()
    broken[2, 3, 1] = np.inf
    with pytest.raises(DataError, match="video 1: not finite at repeat 2, frame 3, dimension 1"):
        share_of([good[0], broken])
    with pytest.raises(DataError, match="dimension 1 does not change"):
        share_of([z * [1, 0] for z in good])
    with pytest.raises(DataError, match="no videos"):
        share_of([])
    with pytest.raises(OptionError, match="confidence=95"):
        share_of(good, confidence=95.0)
