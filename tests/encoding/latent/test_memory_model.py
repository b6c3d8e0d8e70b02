"""A latent model whose state has memory: what it sees, predicts and keeps, and what memory is worth."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

import twofold as tw
from twofold.encoding import LatentVideoModel
from twofold.encoding.latent.memory import StateMemory
from twofold.encoding.latent.objective import negative_bound
from twofold.encoding.latent.options import LatentOptions
from twofold.errors import OptionError
from twofold.recordings import LazyArray
from twofold.sampling import ClipBatch, TrialClips
from twofold.simulate import Sensorium, SensoriumTruth, simulate_sensorium

from .conftest import FEW, SMALL, with_weights

GIVEN = [0, 2, 5, 7, 9]


def batch_of(mouse, *trials):
    clips = TrialClips(mouse, "train")
    return ClipBatch.of(0, [clips.read(trial) for trial in trials], list(trials))


def model_of(fitted, phi=None, **settings):
    model = with_weights(LatentVideoModel(fitted[0], **SMALL, **settings))
    if phi is not None:
        with torch.no_grad():
            model.memory.r.fill_(math.atanh(phi / 0.999))
    return model


def test_the_loss_without_memory_is_that_of_the_white_model(fitted, mouse):
    batch = batch_of(mouse, 0, 1)
    for settings in (
        {},
        {"masked_scale": "given", "masked_share": 0.25},
        {"spread": "predicted", "beta": 0.3},
    ):
        white, n = negative_bound(model_of(fitted, **settings), batch)
        found, same = negative_bound(model_of(fitted, phi=0.0, prior="ar1", **settings), batch)
        assert n == same
        assert found.item() == pytest.approx(white.item(), rel=1e-5)
        other, _ = negative_bound(model_of(fitted, prior="ar1", **settings), batch)
        assert other.item() != pytest.approx(white.item(), rel=1e-3)


def test_the_slope_of_the_loss_by_the_memory_is_that_of_finite_differences(fitted, mouse):
    model, batch = model_of(fitted, prior="ar1"), batch_of(mouse, 0, 1)
    (slope,) = torch.autograd.grad(negative_bound(model, batch)[0], model.memory.r)
    for k in range(3):
        ends = []
        for step in (-0.02, 0.02):
            with torch.no_grad():
                model.memory.r[k] += step
                ends.append(negative_bound(model, batch)[0].item())
                model.memory.r[k] -= step
        assert slope[k].item() == pytest.approx((ends[1] - ends[0]) / 0.04, rel=0.03, abs=0.05)


@pytest.mark.parametrize("settings", [{}, {"mask": "time", "masked_scale": "given"}, {"spread": "predicted"}])
def test_the_loss_does_not_depend_on_how_a_batch_is_divided(fitted, mouse, settings):
    model = model_of(fitted, prior="ar1", **settings)
    whole, n = negative_bound(model, batch_of(mouse, 3, 4, 5))
    parts = [negative_bound(model, batch_of(mouse, *trials)) for trials in ((3,), (4, 5))]
    assert n == sum(part[1] for part in parts)
    assert whole.item() == pytest.approx(sum(part[0].item() for part in parts), rel=1e-5)


def test_samples_come_to_the_same_as_quadrature(fitted, mouse):
    batch = batch_of(mouse, 0, 1)
    exact, n = negative_bound(model_of(fitted, prior="ar1"), batch)
    sampled = model_of(fitted, prior="ar1", integration="monte_carlo", n_samples=2000)
    assert negative_bound(sampled, batch)[0].item() / n == pytest.approx(exact.item() / n, abs=0.01)


@pytest.mark.parametrize(
    "changes", [{"smoother": "gru"}, {"kl": "reverse"}, {"first_step": False}, {"prior": "ar2"}]
)
def test_options_that_cannot_work_are_refused(changes):
    with pytest.raises(OptionError, match="prior"):
        LatentOptions(**{"prior": "ar1", **changes})


def test_the_state_follows_from_what_comes_before_and_after(fitted, mouse):
    oracle, model = mouse.tier("oracle").select_trials(np.array([0])), model_of(fitted, 0.8, prior="ar1")
    late = np.array(oracle.responses)
    late[25:] = 7.0
    changed = replace(oracle, responses=LazyArray(late))
    for posterior in ("encoder", "laplace"):
        before = model.infer(oracle, given=GIVEN, posterior=posterior).mean[0]
        after = model.infer(changed, given=GIVEN, posterior=posterior).mean[0]
        apart = np.abs(after - before).max(axis=1)[: 25 - model.frames_lost]
        assert apart[-1] > 0.05
        assert apart[0] < apart[-1]


def test_with_nothing_given_it_predicts_as_the_white_model(fitted, mouse):
    oracle = mouse.tier("oracle")
    white, found = (model_of(fitted, prior=prior).predict(oracle).concatenate() for prior in ("white", "ar1"))
    np.testing.assert_array_equal(found.mean, white.mean)
    np.testing.assert_array_equal(found.log_likelihood("marginal"), white.log_likelihood("marginal"))


def test_without_memory_all_predictions_are_those_of_the_white_model(fitted, mouse):
    oracle = mouse.tier("oracle").select_trials(np.array([0]))
    white, found = model_of(fitted), model_of(fitted, 0.0, prior="ar1")
    for posterior in ("encoder", "laplace"):
        one, other = (m.predict(oracle, given=GIVEN, posterior=posterior) for m in (white, found))
        np.testing.assert_allclose(other.mean[0], one.mean[0], rtol=1e-3, atol=1e-5)
    laplace = [p.log_likelihood("joint_laplace")[0] for p in (one, other)]
    assert laplace[1].shape == (1,)
    assert laplace[1][0] == pytest.approx(laplace[0].sum(), abs=0.01)
    np.testing.assert_allclose(other.log_likelihood("per_time_joint")[0], one.log_likelihood("joint")[0])


def test_the_joint_likelihood_is_of_the_path(fitted, mouse):
    model, targets = model_of(fitted, 0.8, prior="ar1"), [1, 3]
    both = model.predict(mouse.tier("oracle"), given=GIVEN, neurons=targets).concatenate()
    assert both.log_likelihood("joint_laplace").shape == (4,)
    oracle = mouse.tier("oracle").select_trials(np.array([0]))
    found = model.predict(oracle, given=GIVEN, neurons=targets)
    np.testing.assert_allclose(
        found.log_likelihood("joint")[0], found.log_likelihood("joint_laplace")[0], atol=1
    )


def test_it_is_fitted_saved_and_adapted_with_its_memory(fitted, mouse, other_mouse, tmp_path):
    model = LatentVideoModel(fitted[0], prior="ar1", **SMALL)
    tw.fit(model, [mouse], tw.TrainOptions(epochs=2, **FEW), out=tmp_path / "run")
    phi = model.memory.phi.detach()
    assert (phi != StateMemory(3).phi).all()
    again = tw.load(tmp_path / "run", device="cpu")
    assert torch.equal(again.memory.phi, phi)
    oracle = mouse.tier("oracle")
    np.testing.assert_array_equal(
        again.predict(oracle, given=GIVEN).concatenate().mean,
        model.predict(oracle, given=GIVEN).concatenate().mean,
    )
    adapted = model.adapt(other_mouse, tw.TrainOptions(epochs=1, **FEW))
    assert torch.equal(adapted.memory.phi, phi)


def test_memory_that_is_there_is_found_and_makes_predictions_better():
    """More than half of what it is worth to a reader of the truth, beside one who does not know of it."""
    sizes = {"n_neurons": 60, "train_clips": 30, "clip_frames": 60, "test_videos": 2, "repeats": 4}
    world = Sensorium.preset("tiny", latent_memory=0.9, latent_sd=1.5, **sizes)
    mouse = simulate_sensorium(world, random_state=0)
    how = {"clip_frames": 50, "frames_skipped": 10, "device": "cpu"}
    video = tw.VideoModel.for_recordings(
        [mouse], channels=(6,), spatial=(7,), temporal=(7,), bias=True, init_sigma=0.3
    )
    tw.fit(video, [mouse], tw.TrainOptions(epochs=4, learning_rate=0.01, batch_clips=3, **how))
    test, given, found = mouse.tier("live_test_main"), np.arange(60) < 30, {}
    for prior in ("white", "ar1"):
        model = LatentVideoModel(video, dimension=3, hidden=16, train_video=False, prior=prior)
        tw.fit(model, [mouse], tw.TrainOptions(epochs=8, learning_rate=0.02, batch_clips=1, **how))
        predicted = model.predict(test, given=given).concatenate()
        found[prior] = predicted.mean
    truth, y = SensoriumTruth.of(test), np.asarray(test.responses)
    rows = np.isin(test.time_s, predicted.time)
    forgetful = replace(truth, latent_memory=0.0)
    found["truth"] = truth.conditioned_rate(y, given, ~given, smooth=True)[rows]
    found["forgetful"] = forgetful.conditioned_rate(y, given, ~given)[rows]
    pairs = {name: zip(mean.T, predicted.observed.T, strict=True) for name, mean in found.items()}
    r = {name: np.mean([np.corrcoef(a, b)[0, 1] for a, b in each]) for name, each in pairs.items()}
    assert r["truth"] > r["forgetful"] + 0.01
    assert r["ar1"] - r["white"] > 0.5 * (r["truth"] - r["forgetful"])
    np.testing.assert_allclose(model.memory.phi.detach(), 0.9, atol=0.08)
