"""The face that fitted models show to experiments: their own predictions, with a gradient."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from twofold.encoding import ExpectedResponses, LatentVideoModel
from twofold.errors import DataError
from twofold.in_silico import Screen, receptive_fields
from twofold.sampling import TrialClips

from .conftest import SMALL, with_weights


@pytest.fixture(scope="module")
def smoothed(fitted) -> LatentVideoModel:
    """One whose prior is not white."""
    return with_weights(LatentVideoModel(fitted[0], smoother="gru", **SMALL))


@pytest.mark.parametrize("which", ["video", "latent"])
def test_expected_responses_are_those_predicted_for_a_recorded_video(which, fitted, latent, mouse):
    model = {"video": fitted[0], "latent": latent}[which]
    clip = TrialClips(mouse, "oracle").read(0)
    found = ExpectedResponses(model, mouse.name)(torch.from_numpy(clip.video).float()[None])
    np.testing.assert_allclose(found[0].detach(), model.distribution_of(0, clip).mean, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("which", ["latent", "smoothed"])
def test_with_a_gradient_the_responses_are_the_same_and_it_is_right(which, latent, smoothed, mouse):
    respond = ExpectedResponses({"latent": latent, "smoothed": smoothed}[which])
    clip = TrialClips(mouse, "oracle").read(1, 0, respond.frames_lost + 2)
    video = torch.from_numpy(clip.video)[None].float()
    plain = respond(video).detach()
    asked = respond(video.requires_grad_())
    torch.testing.assert_close(asked.detach(), plain, rtol=1e-4, atol=1e-6)
    slope = torch.autograd.grad(asked[0, 0, 3], video)[0][0]
    place = np.unravel_index(int(slope.abs().argmax()), slope.shape)
    ends = []
    for step in (-8.0, 8.0):
        moved = video.detach().clone()
        moved[(0, *place)] += step
        ends.append(respond(moved)[0, 0, 3].item())
    assert slope[place].item() == pytest.approx((ends[1] - ends[0]) / 16, rel=0.05)


def test_receptive_fields_are_those_of_the_model(fitted, mouse):
    model = fitted[0]
    screen = Screen.before(ExpectedResponses(model))
    assert (screen.height, screen.width, screen.frames_lost) == (18, 32, model.frames_lost)
    assert screen.grey == pytest.approx(model.video_mean.item())
    fields = receptive_fields(ExpectedResponses(model), screen, np.array([4, 1]), neurons_at_once=1)
    np.testing.assert_allclose(fields, model.receptive_fields(mouse, np.array([4, 1])), rtol=1e-3, atol=1e-6)


def test_signals_are_at_their_mean(mouse, make):
    model = make([mouse], "poisson", gain=("pupil_dilation",)).eval()
    with torch.no_grad():
        for p in model.parameters():
            p.add_(0.05 * torch.randn(p.shape, generator=torch.Generator().manual_seed(0)))
    clip = TrialClips(mouse, "oracle", signals=("pupil_dilation",)).read(0)
    mean = np.full_like(clip.signals, model.population(0).signal_mean.item())
    expected = model.distribution_of(0, clip._replace(signals=mean)).mean
    found = ExpectedResponses(model)(torch.from_numpy(clip.video).float()[None])[0].detach()
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)


def test_the_second_recording_answers_by_its_name_and_unknown_ones_are_refused(mouse, other_mouse, make):
    model = make([mouse, other_mouse])
    with torch.no_grad():
        model.population(1).likelihood.kappa.mul_(3)
    first, second = (ExpectedResponses(model, one.name) for one in (mouse, other_mouse))
    grey = torch.full((1, model.frames_lost + 1, *model.frame_shape), first.grey)
    assert not torch.allclose(first(grey), second(grey))
    assert first.kind == "video"
    with pytest.raises(DataError, match="not fitted to 'mouse-7', did you mean"):
        ExpectedResponses(model, "mouse-7")
