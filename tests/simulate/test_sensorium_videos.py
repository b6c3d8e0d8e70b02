"""Videos in SENSORIUM's classes, and what they do to Gabor channels."""

from __future__ import annotations

from itertools import pairwise
from typing import get_args

import numpy as np
import pytest

from twofold.simulate.sensorium.gabor_drive import LAGS, GaborBank, field_px, late_luminance, shifted
from twofold.simulate.sensorium.video_classes import VideoClass, video

CLASSES = get_args(VideoClass)


@pytest.mark.parametrize("kind", CLASSES)
def test_every_class_has_grey_levels_as_measured_and_its_own_frames(kind):
    clip = video(kind, 120, 18, 32, random_state=1)
    assert (clip.shape, clip.dtype) == ((120, 18, 32), np.uint8)
    assert clip.mean() == pytest.approx(80, abs=25)
    assert 25 < clip.std() < 85
    assert np.array_equal(clip, video(kind, 120, 18, 32, random_state=1))
    assert not np.array_equal(clip, video(kind, 120, 18, 32, random_state=2))


def test_natural_clips_are_smooth_but_for_their_cuts_and_images_stand_still():
    flat = video("natural", 120, 18, 32, 3).reshape(120, -1).astype(float)
    alike = np.sort([np.corrcoef(one, other)[0, 1] for one, other in pairwise(flat)])
    assert alike[1] < 0.5 < 0.6 < alike[2]
    still = (np.diff(video("image", 120, 18, 32, 3).astype(int), axis=0) == 0).all(axis=(1, 2))
    assert still.mean() > 0.9


def test_natural_scenes_differ_in_contrast():
    contrast = [video("natural", 30, 18, 32, seed).std() for seed in range(12)]
    assert max(contrast) > 1.6 * min(contrast)


# --- channels ------------------------------------------------------------------------------------


def slow_channel(bank, frames, channel, time, row, column):
    """The formula of the module, one number at a time."""
    size = bank.spatial.shape[1]
    picture = (frames.astype(float) - 80) / 57
    total = 0.0
    for lag in range(min(LAGS, time + 1)):
        half = size // 2
        patch = picture[time - lag, row - half : row + half + 1, column - half : column + half + 1]
        total += bank.temporal[channel, lag] * (bank.spatial[channel] * patch).sum()
    r = 2 * bank.scale * total
    return r if r > 0 else np.expm1(r)


def test_maps_are_the_formula_of_the_module():
    frames = video("natural", 20, 18, 32, 0)
    bank = GaborBank.for_frames(18, 32).scaled_to(frames)
    maps = bank.maps(frames).reshape(20, len(bank.rows), len(bank.columns), 8)
    for channel, time, y, x in [(0, 0, 0, 0), (3, 4, 2, 7), (7, 19, 5, 11)]:
        expected = slow_channel(bank, frames, channel, time, bank.rows[y], bank.columns[x])
        assert maps[time, y, x, channel] == pytest.approx(expected, rel=1e-3, abs=1e-4)


def test_a_readout_interpolates_between_pixels():
    bank = GaborBank.for_frames(18, 32)
    maps = bank.maps(video("natural", 9, 18, 32, 0))
    grid = maps.reshape(9, len(bank.rows), len(bank.columns), 8)
    weights = np.random.default_rng(0).normal(size=(3, 8))
    at = np.array([[bank.rows[1], bank.columns[2]], [bank.rows[1] + 0.25, bank.columns[2]], [8.5, 15.5]])
    found = maps @ bank.readout(at, weights)
    assert np.allclose(found[:, 0], grid[:, 1, 2] @ weights[0], atol=1e-5)
    between = 0.75 * grid[:, 1, 2] + 0.25 * grid[:, 2, 2]
    assert np.allclose(found[:, 1], between @ weights[1], atol=1e-5)
    y, x = int(8 - bank.rows[0]), int(15 - bank.columns[0])
    around = grid[:, y : y + 2, x : x + 2].mean(axis=(1, 2))
    assert np.allclose(found[:, 2], around @ weights[2], atol=1e-5)


@pytest.mark.parametrize("is_complex", [False, True])
def test_no_channel_sees_the_future_or_more_than_seven_frames(is_complex):
    one = video("natural", 40, 18, 32, 0)
    other = one.copy()
    other[20] = 255 - other[20]
    bank = GaborBank.for_frames(18, 32, is_complex)
    changed = np.abs(bank.maps(one) - bank.maps(other)).max(axis=1) > 1e-6
    assert not changed[:20].any()
    assert not changed[20 + LAGS :].any()
    assert changed.any()


def test_channels_are_blind_to_luminance_and_complex_cells_to_phase():
    grey = np.full((10, 18, 32), 200, np.uint8)
    assert np.abs(GaborBank.for_frames(18, 32).maps(grey)).max() < 1e-3
    phases = [80 + 50 * np.sin(2 * np.pi * (np.arange(32) / 4.5 + p)) for p in (0, 0.25)]
    clips = [np.repeat(np.tile(p, (18, 1)).astype(np.uint8)[None], 4, axis=0) for p in phases]

    def difference(bank):
        one, other = (bank.maps(clip)[-1].reshape(-1, 8) for clip in clips)
        return np.abs(one - other).mean() / np.abs(one).mean()

    simple, energy = (GaborBank.for_frames(18, 32, is_complex) for is_complex in (False, True))
    assert difference(energy) < 0.5 * difference(simple)


@pytest.mark.parametrize(("height", "width", "lost"), [(18, 32, 12), (36, 64, 18)])
def test_receptive_fields_lie_where_cores_of_the_presets_see(height, width, lost):
    centre, reach = field_px(height, width)
    low, high = centre - reach, centre + reach
    assert (low >= lost / 2).all()
    assert (high <= np.array([height, width]) - 1 - lost / 2).all()


# --- what else becomes of a video ----------------------------------------------------------------


def test_the_retina_sees_shifted_frames_with_their_border_repeated():
    frames = np.arange(12).reshape(1, 3, 4)
    moved = shifted(np.repeat(frames, 2, axis=0), np.array([[0.0, 0.0], [1.0, -1.0]]))
    assert np.array_equal(moved[0], frames[0])
    assert moved[1].tolist() == [[4, 4, 5, 6], [8, 8, 9, 10], [8, 8, 9, 10]]


def test_late_luminance_is_too_late_for_a_core():
    frames = video("natural", 60, 18, 32, 0)
    other = frames.copy()
    other[10:30] = 0
    at = np.array([[8.0, 15.0]])
    changed = np.flatnonzero((late_luminance(frames, at) != late_luminance(other, at))[:, 0])
    assert (changed.min(), changed.max()) == (34, 53)
