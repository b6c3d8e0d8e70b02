"""Most exciting videos: known optima are found again, limits hold, and seeds decide all."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from twofold.errors import DataError, OptionError
from twofold.in_silico import AscentOptions, most_exciting_videos, receptive_fields
from twofold.in_silico.gradients import value_and_slope
from twofold.in_silico.limits import Limits
from twofold.in_silico.smoothing import Blur

from .cells import SCREEN, Filter, complex_cells, cosine, linear, quadrature, simple

SHARP = {"blur_px": 0.0, "blur_frames": 0.0}
CELLS = Filter(), Filter(direction_deg=150.0, temporal_hz=6.0, row=5.0, column=10.0, cycles_per_pixel=0.18)


def sought(respond, neurons=(0, 1), seed=0, **options):
    generator = torch.Generator().manual_seed(seed)
    return most_exciting_videos(respond, SCREEN, np.array(neurons), generator, AscentOptions(**options))


def test_the_filter_of_a_cell_behind_a_threshold_is_found():
    found = sought(simple(*CELLS), **SHARP)
    for own, video in zip(CELLS, found.video, strict=True):
        assert cosine(video - SCREEN.grey, own.weights()) > 0.99


def test_with_the_default_blur_the_filter_is_still_found():
    found = sought(simple(*CELLS))
    for own, video in zip(CELLS, found.video, strict=True):
        assert cosine(video - SCREEN.grey, own.weights()) > 0.9


def test_the_optimum_of_an_energy_lies_in_the_plane_of_its_two_filters():
    found = sought(complex_cells(*CELLS), **SHARP)
    for own, video in zip(CELLS, found.video - SCREEN.grey, strict=True):
        plane = np.linalg.qr(torch.stack([f.ravel() for f in quadrature(own)]).T.numpy())[0]
        within = plane @ (plane.T @ video.ravel())
        assert cosine(video, within) > 0.95
    best = found.response.max(axis=1, keepdims=True)
    np.testing.assert_allclose(
        found.response, np.broadcast_to(best, (2, 4)), rtol=0.01
    )  # every phase is as good
    assert found.similarity.min() < 0.9


def test_pixels_that_reach_a_limit_give_the_closed_form_of_a_linear_cell():
    found = sought(linear(CELLS[0]), neurons=[0], contrast=0.7, steps=200, **SHARP)
    limits = Limits(0.7, -SCREEN.grey / SCREEN.sd, (255 - SCREEN.grey) / SCREEN.sd)
    expected = limits.hold(1e3 * CELLS[0].weights()[None])[0]
    assert (expected == limits.low).any()
    assert cosine(found.video[0] - SCREEN.grey, expected) > 0.999
    reached = linear(CELLS[0])((SCREEN.grey + SCREEN.sd * expected)[None]).item()
    assert found.response.max() == pytest.approx(reached, rel=1e-3)


def test_contrast_and_pixels_stay_inside_the_limits_of_the_screen():
    for contrast in (0.05, 0.4, 0.9):
        video = sought(simple(*CELLS), contrast=contrast, steps=20, answers=3).video
        assert video.shape == (2, SCREEN.frames_lost + 3, SCREEN.height, SCREEN.width)
        assert video.min() >= SCREEN.low - 1e-3
        assert video.max() <= SCREEN.high + 1e-3
        deviation = (video - SCREEN.grey) / SCREEN.sd
        rms = np.sqrt((deviation.astype(float) ** 2).mean(axis=(1, 2, 3)))
        np.testing.assert_allclose(rms, contrast, rtol=1e-4)


def test_equal_seeds_give_equal_bits_and_the_global_generator_is_untouched():
    before = torch.get_rng_state()
    first, again, other = (sought(complex_cells(*CELLS), seed=seed, steps=5) for seed in (0, 0, 1))
    assert torch.equal(before, torch.get_rng_state())
    for name in ("video", "response", "similarity"):
        np.testing.assert_array_equal(getattr(first, name), getattr(again, name))
    assert not np.array_equal(first.video, other.video)


def test_how_many_videos_are_shown_at_once_does_not_matter():
    together = sought(simple(*CELLS), steps=5, videos_at_once=32)
    apart = sought(simple(*CELLS), steps=5, videos_at_once=4)
    np.testing.assert_allclose(apart.video, together.video, atol=1e-3)


def test_of_a_start_and_its_negative_one_wakes_a_cell_behind_a_threshold():
    found = sought(simple(*CELLS), starts=2, **SHARP)
    assert (found.response.max(axis=1) > 0).all()
    assert (found.response.min(axis=1) == 0).all()


def test_the_gradient_is_that_of_finite_differences():
    respond, draw = complex_cells(*CELLS), torch.Generator().manual_seed(0)
    shape = (2, SCREEN.frames_lost + 2, SCREEN.height, SCREEN.width)
    videos = SCREEN.grey + 20 * torch.randn(shape, generator=draw, dtype=torch.float64)
    neurons = torch.tensor([1, 0])
    value, slope = value_and_slope(respond, videos, neurons, answers=2)
    for video, frame, y, x in ((0, 9, 6, 8), (0, 3, 5, 9), (1, 5, 7, 10)):
        ends = []
        for step in (-0.5, 0.5):
            moved = videos.clone()
            moved[video, frame, y, x] += step
            ends.append(respond(moved)[video, :, neurons[video]].mean())
        assert slope[video, frame, y, x].item() == pytest.approx((ends[1] - ends[0]).item(), rel=1e-6)
    torch.testing.assert_close(value, respond(videos)[[0, 1], :, neurons].mean(1))


def test_the_receptive_field_of_a_linear_cell_is_its_filter():
    fields = receptive_fields(linear(*CELLS), SCREEN, np.array([1, 0]), neurons_at_once=1)
    for own, field in zip(CELLS[::-1], fields, strict=True):
        np.testing.assert_allclose(field, own.weights(), atol=1e-6)


def test_around_another_video_the_receptive_field_of_an_energy_follows_it():
    own = CELLS[0].weights()
    around = (SCREEN.grey + SCREEN.sd * own).numpy()
    field = receptive_fields(complex_cells(CELLS[0]), SCREEN, np.array([0]), around)[0]
    assert cosine(field, own) > 0.95
    assert not receptive_fields(complex_cells(CELLS[0]), SCREEN, np.array([0])).any()


# --- limits and blur -----------------------------------------------------------------------------


@settings(max_examples=25)
@given(st.lists(st.floats(-5, 5), min_size=6, max_size=6), st.floats(0.05, 0.9))
def test_what_is_held_is_the_closest_point_that_a_solver_finds(values, contrast):
    y = np.array(values)
    if (np.abs(y) < 0.05).any():
        y = y + 0.1 * np.sign(y + 1e-9)
    limits = Limits(contrast, -1.0, 1.5)
    held = limits.hold(torch.from_numpy(y).view(1, 1, 2, 3)).ravel().numpy()
    assert limits.low - 1e-12 <= held.min() <= held.max() <= limits.high + 1e-12
    length = contrast * np.sqrt(6)
    assert np.linalg.norm(held) == pytest.approx(length, rel=1e-9)
    solved = minimize(
        lambda x: -x @ y,
        np.sign(y) * contrast * 0.9,
        jac=lambda x: -y,
        bounds=[(-1.0, 1.5)] * 6,
        constraints={"type": "ineq", "fun": lambda x: length**2 - x @ x, "jac": lambda x: -2 * x},
        method="SLSQP",
    )
    assert held @ y >= solved.x @ y - 1e-4 * np.abs(y).sum()


def test_holding_twice_changes_nothing_and_no_deviation_stays_none():
    draw = torch.Generator().manual_seed(0)
    limits = Limits(0.8, -1.0, 3.0)
    once = limits.hold(torch.randn((3, 2, 4, 5), generator=draw, dtype=torch.float64))
    torch.testing.assert_close(limits.hold(once), once)
    assert not limits.hold(torch.zeros(1, 2, 4, 5)).any()


def test_where_too_few_pixels_deviate_they_go_to_their_limits():
    one = torch.zeros(1, 1, 4, 5)
    one[0, 0, 1, 2] = -0.3
    held = Limits(0.8, -1.0, 3.0).hold(one)
    assert held.count_nonzero() == 1
    assert held[0, 0, 1, 2] == -1


def test_blurring_a_slope_still_leads_up():
    slope = torch.randn((1, 5, 6, 7), generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    blur = Blur(1.5, 0.8)
    assert (slope * blur(slope)).sum() > 0
    other = slope.flip(1)
    torch.testing.assert_close((other * blur(slope)).sum(), (blur(other) * slope).sum())
    assert torch.equal(Blur()(slope), slope)


# --- what is refused -----------------------------------------------------------------------------


def test_models_without_a_gradient_or_with_nan_are_refused():
    with pytest.raises(DataError, match=r"no gradient .* torch.no_grad"):
        sought(torch.no_grad()(simple(*CELLS)))
    with pytest.raises(DataError, match="NaN or infinity"):
        sought(lambda video: simple(*CELLS)(video) * torch.nan)


def test_contrasts_that_the_screen_cannot_show_and_no_neurons_are_refused():
    with pytest.raises(OptionError, match=r"contrast=2: give a positive one below 1.6"):
        sought(simple(*CELLS), contrast=2.0)
    with pytest.raises(OptionError, match="there is no neuron"):
        sought(simple(*CELLS), neurons=np.array([], dtype=int))
    with pytest.raises(OptionError, match="unknown option 'step', did you mean 'steps'"):
        AscentOptions(step=3)
    with pytest.raises(OptionError, match="grey, 0, has to lie between"):
        Limits(0.1, 0.0, 1.0)
