"""Neurons unseen get weights from their position, and change nothing of the others."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from twofold.encoding import LatentOptions, VideoOptions
from twofold.studies.latent_factors.extrapolating import extrapolate, with_unseen
from twofold.studies.latent_factors.fits import Fit
from twofold.studies.latent_factors.fitting import arrays_of, model_of, seen_by, unseen, untrained
from twofold.studies.latent_factors.options import LatentFactorsOptions
from twofold.studies.latent_factors.prepared import TEST

SIZES = {"channels": (4, 4), "spatial": (5, 3), "temporal": (5, 3), "bias": True}
OPTIONS = LatentFactorsOptions.preset("demo", clip_frames=30, sweep_epochs=1)


def fit_of(positions: bool) -> Fit:
    latent = LatentOptions(dimension=2, latent_map="position")
    video = VideoOptions(likelihood="zig", positions=positions, **SIZES)
    return Fit("position", video, epochs=1, seed=0, latent=latent, unseen_share=0.25)


@pytest.fixture(scope="module", params=[False, True], ids=["free readouts", "readouts by position"])
def base(request, mice):
    """What was fitted, and a model of three quarters of the neurons with weights that are not zero."""
    fit = fit_of(request.param)
    model = untrained(fit, [seen_by(fit, mouse, OPTIONS.seed) for mouse in mice])
    draw = torch.Generator().manual_seed(1)
    for own in model.latent_populations:
        for parameter in own.map.parameters():
            torch.nn.init.normal_(parameter, generator=draw)
    return fit, model.eval()


@pytest.fixture(scope="module")
def hidden(mice):
    return unseen(len(mice[0].neurons), 0.25, OPTIONS.seed)


def told(model, mouse, given, neurons):
    part = mouse.tier(TEST).select_trials(np.arange(2))
    return model.predict(part, given=given, neurons=neurons).concatenate().mean


def test_neurons_seen_are_told_as_before(base, mice, hidden):
    fit, model = base
    whole = with_unseen(model, mice, fit, OPTIONS.seed).eval()
    seen = np.flatnonzero(~hidden)
    few = mice[0].select_neurons(seen)
    before = told(model, few, np.arange(10), np.arange(10, 20))
    np.testing.assert_allclose(told(whole, mice[0], seen[:10], seen[10:20]), before, rtol=1e-4, atol=1e-6)


def test_weights_of_neurons_unseen_follow_from_their_position(base, mice, hidden):
    fit, model = base
    whole = with_unseen(model, mice, fit, OPTIONS.seed)
    weights, place = whole.latent_weights(0)["q"], mice[0].neurons.position_um
    np.testing.assert_allclose(weights[~hidden], model.latent_weights(0)["q"], atol=1e-6)
    seen = place[~hidden]
    own = torch.from_numpy((place[hidden] - seen.mean(0)) / seen.std(0)).float()
    expected = model.latent_population(0).map.maps[0](own).detach().numpy()
    np.testing.assert_allclose(weights[hidden], expected, atol=1e-5)


def test_training_changes_the_readouts_of_neurons_unseen_alone(base, mice, hidden):
    fit, model = base
    before = with_unseen(model, mice, fit, OPTIONS.seed).state_dict()
    after = model_of(extrapolate(mice, fit, OPTIONS, arrays_of(model))).state_dict()
    changed = {name for name, value in after.items() if not torch.equal(value, before[name])}
    assert changed and all(".readout." in name for name in changed)
    vectors = "video.populations.0.readout.vectors"
    assert torch.equal(after[vectors][:, ~hidden], before[vectors][:, ~hidden])
    assert not torch.equal(after[vectors][:, hidden], before[vectors][:, hidden])
