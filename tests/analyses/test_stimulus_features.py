"""Features of pictures are those of slow sums over pixels; they scale and lag as they should."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twofold.analyses.stimulus_features import (
    CORE_KERNELS,
    core_contrast,
    global_features,
    local_features,
    with_lags,
)
from twofold.errors import DataError, OptionError


@pytest.fixture
def frames() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 255, size=(21, 24, 30)).astype(np.uint8)


def test_global_features_are_moments_over_pixels(frames):
    found, x = global_features(frames, 30.0), frames.astype(float)
    np.testing.assert_allclose(found[:, 0], x.std(axis=(1, 2)))
    np.testing.assert_allclose(found[:, 1], x.mean(axis=(1, 2)))
    rms = [30 * np.sqrt(((x[t] - x[t - 1]) ** 2).mean()) for t in range(1, len(x))]
    np.testing.assert_allclose(found[:, 2], [rms[0], *rms])


def test_local_features_are_weighted_moments_around_the_position(frames):
    row, column, sd = 11, 14, 2.0
    weight = np.exp(
        -((np.indices((24, 30)) - np.array([row, column])[:, None, None]) ** 2).sum(0) / (2 * sd**2)
    )
    weight /= weight.sum()
    found = local_features(frames, np.array([[row, column]]), 30.0, sd_px=sd)[:, 0]
    x = frames.astype(float)
    mean = (weight * x).sum(axis=(1, 2))
    np.testing.assert_allclose(found[:, 1], mean, rtol=2e-3)
    np.testing.assert_allclose(found[:, 0], np.sqrt((weight * x**2).sum(axis=(1, 2)) - mean**2), rtol=2e-3)
    motion = 30 * np.sqrt((weight * np.diff(x, axis=0) ** 2).sum(axis=(1, 2)))
    np.testing.assert_allclose(found[1:, 2], motion, rtol=2e-3)


def test_a_position_between_pixels_is_read_between_them():
    ramp = np.zeros((2, 15, 40)) + np.arange(40.0)
    found = local_features(ramp, np.array([[7.0, 20.0], [7.0, 20.25]]), 30.0, sd_px=1.0)
    assert np.diff(found[0, :, 1])[0] == pytest.approx(0.25)


def test_what_happens_far_away_is_not_seen(frames):
    changed = frames.copy()
    changed[:, :, 22:] = 0
    here = np.array([[12.0, 5.0]])
    one, other = (local_features(x, here, 30.0, sd_px=2.0) for x in (frames, changed))
    np.testing.assert_allclose(one, other, rtol=1e-9)


@given(st.floats(0.1, 5), st.floats(-200, 200))
def test_grey_levels_scale_and_shift_features_as_their_units_say(factor, offset):
    x = np.random.default_rng(1).normal(size=(4, 6, 7))
    scaled, plain = global_features(factor * x + offset, 30.0), global_features(x, 30.0)
    np.testing.assert_allclose(scaled, factor * plain + [0, offset, 0], atol=1e-9)


def test_an_even_picture_has_no_contrast_whatever_its_level():
    bright = np.full((3, 8, 8), 1e6)
    np.testing.assert_allclose(global_features(bright, 30.0), [[0, 1e6, 0]] * 3)
    np.testing.assert_allclose(local_features(bright, np.array([[3.0, 4.0]]), 30.0)[:, 0], [[0, 1e6, 0]] * 3)


# --- lags ----------------------------------------------------------------------------------------


def test_lags_are_in_seconds_and_stand_still_before_the_clip():
    x = np.random.default_rng(2).normal(size=(50, 3))
    lagged = with_lags(x, rate_hz=30.0, up_to_s=1.0, step_s=0.1).reshape(50, 11, 3)
    for number, lag in enumerate(range(0, 31, 3)):
        np.testing.assert_array_equal(lagged[lag:, number], x[: 50 - lag])
        np.testing.assert_array_equal(lagged[:lag, number], np.tile(x[0], (lag, 1)))


def test_steps_below_a_frame_are_frames_and_none_comes_twice():
    x = np.arange(6.0)[:, None]
    np.testing.assert_array_equal(with_lags(x, 2.0, up_to_s=1.0, step_s=0.01), with_lags(x, 2.0, step_s=0.5))
    np.testing.assert_array_equal(with_lags(x, 2.0, up_to_s=0.0), x)


# --- the paper's contrast ------------------------------------------------------------------------


def test_the_papers_contrast_is_that_of_three_poolings_without_borders(frames):
    def pooled(x: np.ndarray) -> np.ndarray:
        for size in CORE_KERNELS:
            windows = np.lib.stride_tricks.sliding_window_view(x, (size,) * 3)
            x = windows.mean(axis=(-3, -2, -1))
        return x

    x = frames.astype(float)
    expected = pooled(x**2) - pooled(x) ** 2  # (3, 6, 12)
    rows_columns = np.array([[9.0, 9.0], [11.0, 20.0], [12.0, 10.0]])
    found = core_contrast(frames, rows_columns)
    assert found.shape == (3, 3)
    for i, (row, column) in enumerate(rows_columns.astype(int) - 9):
        np.testing.assert_allclose(found[:, i], expected[:, row, column])
    edge = core_contrast(frames, np.array([[0.0, 29.0]]))
    np.testing.assert_allclose(edge[:, 0], expected[:, 0, -1])


def test_what_cannot_work_is_told(frames):
    here = np.array([[5.0, 5.0]])
    with pytest.raises(DataError, match="position 1: row 29, column 3 lies outside a picture of 24 x 30"):
        local_features(frames, np.array([[5.0, 5.0], [29.0, 3.0]]), 30.0)
    with pytest.raises(OptionError, match="sd_px=0"):
        local_features(frames, here, 30.0, sd_px=0.0)
    with pytest.raises(OptionError, match="rate_hz=0"):
        global_features(frames, 0.0)
    with pytest.raises(DataError, match="2 pictures"):
        global_features(frames[:1], 30.0)
    with pytest.raises(DataError, match="not finite in frame 1"):
        global_features(np.array([[[0.0]], [[np.nan]]]), 30.0)
    with pytest.raises(DataError, match="receptive field is 19"):
        core_contrast(frames[:18], here)
    with pytest.raises(OptionError, match="a step above 0"):
        with_lags(np.zeros((3, 1)), 30.0, step_s=0.0)
