from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from twofold.simulate.movie import hold_frames, textured_movie


def correlation_of_neighbours(movie):
    flat = movie.reshape(len(movie), -1).astype(float)
    return np.array([np.corrcoef(a, b)[0, 1] for a, b in pairwise(flat)])


def test_a_movie_is_smooth_in_time_but_for_its_cuts():
    smooth = correlation_of_neighbours(textured_movie(60, 32, 48, cuts=0, random_state=0))
    cut = correlation_of_neighbours(textured_movie(60, 32, 48, cuts=4, random_state=0))
    assert smooth.min() > 0.5
    assert np.sort(cut)[3] < 0.4 < np.sort(cut)[4]


def test_amplitude_falls_as_one_over_spatial_frequency():
    frames = textured_movie(40, 64, 64, cuts=19, random_state=0).astype(float)
    window = np.hanning(64)
    spectrum = np.abs(np.fft.fft2((frames - frames.mean()) * window[:, None] * window)) ** 2
    k = np.fft.fftfreq(64)
    radius = np.hypot(k[:, None], k)
    bands = [(radius >= low) & (radius < 1.4 * low) for low in (0.05, 0.1, 0.2, 0.35)]
    power = [spectrum[:, band].mean() for band in bands]
    slope = np.polyfit(np.log([0.05, 0.1, 0.2, 0.35]), np.log(power), 1)[0]
    assert slope == pytest.approx(-2, abs=0.3)


def test_grey_levels_use_the_range_and_no_frame_comes_twice():
    movie = textured_movie(300, 18, 32, cuts=0, random_state=3)
    assert movie.mean() == pytest.approx(128, abs=3)
    assert movie.std() == pytest.approx(42, abs=3)
    assert len(np.unique(movie.reshape(300, -1), axis=0)) == 300


@pytest.mark.parametrize("runs", [0, 1, 4])
def test_held_frames_repeat_the_one_before_and_share_its_id(runs):
    frames = np.random.default_rng(0).integers(0, 255, (17, 4, 4))
    held, ids = hold_frames(frames, runs, random_state=0)
    assert len(np.unique(ids)) == 17 - 3 * runs
    assert np.array_equal(held, frames[ids])
    assert (np.bincount(ids)[np.unique(ids)] <= 4).all()
