"""What is shown, and what a model answers to it."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from twofold.errors import DataError, OptionError
from twofold.in_silico import Grating, Screen, present, tuning_curves

from .cells import SCREEN, Filter, simple

FAST = Screen(14, 18, frames_lost=2, grey=100.0, sd=50.0)


def one_pixel(row, column, screen):
    """A neuron that is one pixel, with the screen's lost frames."""
    return lambda video: video[:, screen.frames_lost :, row, column, None].double()


@pytest.mark.parametrize(
    ("direction", "step"), [(0, (0, 1)), (90, (-1, 0)), (180, (0, -1)), (270, (1, 0)), (45, (-1, 1))]
)
def test_a_grating_moves_counter_clockwise_from_the_right(direction, step):
    along = np.hypot(*step)
    k, frames = 0.1, 3
    video = Grating(direction, k, temporal_hz=k * along * FAST.rate_hz).shown(FAST, frames)
    down, right = step
    inside = slice(2, -2), slice(2, -2)
    moved = np.roll(video[0], (down, right), axis=(0, 1))
    np.testing.assert_allclose(video[1][inside], moved[inside], atol=1e-3)


def test_opposite_directions_are_each_other_backwards_in_time():
    one, other = (Grating(angle, 0.1, 3.0).shown(FAST, 5) for angle in (30, 210))
    np.testing.assert_allclose(one, other[::-1], atol=1e-3)  # time is 0 at the first answer, in the middle


def test_contrast_phase_and_window_are_what_they_say():
    flat = Grating(0, 0.125, 3.0, contrast=0.3).shown(FAST, 20)
    assert flat.min() == pytest.approx(70, abs=1)
    assert flat.max() == pytest.approx(130, abs=1)
    patch = Grating(0, 0.125, 3.0, row=4, column=6, sd_px=1.5).shown(FAST, 3)
    assert patch[2, 4, 6] == pytest.approx(200)
    assert patch[2, 4, 6 + 4] - 100 == pytest.approx(-100 * np.exp(-16 / 4.5), rel=1e-4)
    np.testing.assert_allclose(patch[:, :, 16:], 100, atol=1e-3)
    quarter = Grating(0, 0.125, 3.0, row=4, column=6, phase_deg=90).shown(FAST, 3)
    assert quarter[2, 4, 6] == pytest.approx(100, abs=1e-3)


def test_mean_and_modulation_of_a_pixel_are_grey_and_amplitude():
    gratings = [Grating(0, 0.1, hz, contrast=c) for hz in (1.0, 2.0, 5.0) for c in (0.2, 1.0)]
    found = present(one_pixel(6, 9, FAST), FAST, gratings, seconds=0.9, videos_at_once=1)
    np.testing.assert_allclose(found.mean, 100, rtol=1e-5)
    np.testing.assert_allclose(found.modulation[:, 0], [20, 100] * 3, rtol=1e-5)


def test_curves_have_an_axis_per_property_and_go_through_the_best():
    axes = {"direction_deg": np.arange(4) * 90.0, "temporal_hz": [2.0, 4.0], "contrast": [0.2, 0.5, 1.0]}
    respond = simple(Filter(direction_deg=90.0), Filter(direction_deg=180.0, temporal_hz=2.0))
    curves = tuning_curves(respond, SCREEN, axes, cycles_per_pixel=0.12)
    assert curves.mean.shape == (4, 2, 3, 2)
    for n, place in enumerate(((1, 1, 2), (2, 0, 2))):
        assert tuple(own[n] for own in curves.best.values()) == place
        for axis, name in enumerate(axes):
            line = tuple(slice(None) if a == axis else p for a, p in enumerate(place))
            np.testing.assert_array_equal(curves.through_best(name)[:, n], curves.above_grey[(*line, n)])
        plane = curves.above_grey[:, place[1], :, n]
        np.testing.assert_array_equal(curves.through_best("direction_deg", "contrast")[..., n], plane)
        np.testing.assert_array_equal(curves.through_best("contrast", "direction_deg")[..., n], plane.T)
    assert not curves.grey.any()


def test_each_grating_is_answered_in_its_own_place():
    gratings = [Grating(90 * n, 0.12, hz) for n, hz in enumerate((4.0, 2.0, 4.0, 8.0))]
    respond = simple(Filter(direction_deg=180.0))
    together = present(respond, SCREEN, gratings, videos_at_once=2)
    alone = [present(respond, SCREEN, [one]).mean[0] for one in gratings]
    np.testing.assert_allclose(together.mean, alone, rtol=1e-9)


def test_progress_counts_to_the_end():
    told = []
    gratings = [Grating(0, 0.1, hz) for hz in (1.0, 2.0, 4.0)]
    present(one_pixel(1, 1, FAST), FAST, gratings, progress=lambda *what: told.append(what))
    assert [done for done, _, _ in told] == [1, 2, 3]
    assert {total for _, total, _ in told} == {3}


# --- what is refused -----------------------------------------------------------------------------


def test_what_pixels_and_frames_cannot_show_is_refused():
    with pytest.raises(OptionError, match=r"temporal_hz=15: 30 frames per second .* below 15 Hz"):
        Grating(0, 0.1, 15.0).shown(FAST, 3)
    with pytest.raises(OptionError, match=r"at most 0\.5"):
        Grating(0, 0.6, 1.0).shown(FAST, 3)
    with pytest.raises(OptionError, match=r"contrast=1\.5"):
        Grating(0, 0.1, 1.0, contrast=1.5)
    with pytest.raises(OptionError, match="positive frequencies"):
        Grating(0, 0.1, 0.0)
    with pytest.raises(OptionError, match="positive size"):
        Grating(0, 0.1, 1.0, sd_px=0.0)
    with pytest.raises(OptionError, match="grey=300 does not lie between 0 and 255"):
        Screen(4, 4, 0, grey=300.0, sd=1.0)
    with pytest.raises(OptionError, match="give positive sizes"):
        Screen(0, 4, 0, grey=100.0, sd=1.0)


def test_unknown_properties_and_none_at_all_are_refused():
    respond = one_pixel(1, 1, FAST)
    with pytest.raises(OptionError, match="no 'direction'; did you mean 'direction_deg'"):
        tuning_curves(respond, FAST, {"direction": [0.0]}, cycles_per_pixel=0.1, temporal_hz=1.0)
    with pytest.raises(OptionError, match="at least one value"):
        tuning_curves(respond, FAST, {"direction_deg": []}, cycles_per_pixel=0.1, temporal_hz=1.0)
    with pytest.raises(OptionError, match="no grating to show"):
        present(respond, FAST, [])


def test_models_that_answer_otherwise_than_they_should_are_refused():
    grating = [Grating(0, 0.1, 2.0)]
    with pytest.raises(DataError, match=r"due is \(video, frame - frames_lost, neuron\)"):
        present(lambda video: video[:, :, 0, :1], FAST, grating)
    with pytest.raises(DataError, match="NaN or infinity"):
        present(lambda video: one_pixel(1, 1, FAST)(video) * torch.nan, FAST, grating)
