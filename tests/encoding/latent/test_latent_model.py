"""The latent video model: how it begins, what it may see, and what it predicts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from twofold.encoding import LatentVideoModel
from twofold.encoding.latent.masks import given_in_training
from twofold.encoding.latent.options import LatentOptions
from twofold.encoding.latent.reading import read_state
from twofold.errors import DataError, OptionError
from twofold.recordings import LazyArray, Trials
from twofold.sampling import ClipBatch, TrialClips

from .conftest import SMALL, with_weights

GIVEN = [0, 2, 5, 7, 9]
READS = [
    {},
    {"first_step": False},
    {"reads": "responses", "first_step": False, "show_mask": True},
    {"reads": "asinh", "encoder": "cnn", "spread": "predicted"},
    {"smoother": "gru"},
    {"prior": "ar1"},
]


def corrupted(mouse, neurons, value=np.nan):
    responses = np.array(mouse.responses)
    responses[:, neurons] = value
    return replace(mouse, responses=LazyArray(responses))


@pytest.mark.parametrize("likelihood", ["zig", "poisson", "gaussian"])
@pytest.mark.parametrize("latent_map", ["free", "shared"])
def test_it_begins_equal_to_the_video_model(mouse, make, likelihood, latent_map):
    video = make([mouse], likelihood).eval()
    positions = [mouse.neurons.position_um]
    model = LatentVideoModel(video, latent_map=latent_map, positions=positions, **SMALL).eval()
    clip = TrialClips(mouse, "oracle").read(0)
    expected = video.distribution_of(0, clip)
    found = model.distribution_of(0, clip)
    observed = torch.from_numpy(clip.responses[video.frames_lost :])
    for name in ("mean", "variance"):
        torch.testing.assert_close(getattr(found, name), getattr(expected, name), rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(found.log_prob(observed), expected.log_prob(observed), rtol=1e-4, atol=1e-4)
    given = model.predict(mouse.tier("oracle"), given=GIVEN)
    torch.testing.assert_close(
        torch.from_numpy(given.mean[0]), expected.mean[:, given.neurons], rtol=1e-5, atol=1e-6
    )


def test_the_video_model_is_copied(fitted, mouse):
    video = fitted[0]
    model = LatentVideoModel(video, **SMALL)
    for name, value in video.state_dict().items():
        assert torch.equal(value, model.state_dict()[f"video.{name}"])
    with torch.no_grad():
        model.video.core.blocks[0].spatial.weight.add_(1)
    assert not torch.equal(video.core.blocks[0].spatial.weight, model.video.core.blocks[0].spatial.weight)


@pytest.mark.parametrize("settings", READS)
@pytest.mark.parametrize("posterior", ["encoder", "laplace"])
def test_responses_of_the_neurons_to_predict_change_nothing(fitted, mouse, settings, posterior):
    if "smoother" in settings and posterior == "laplace":
        return
    model = with_weights(LatentVideoModel(fitted[0], **SMALL | settings))
    oracle = mouse.tier("oracle")
    targets = np.setdiff1d(np.arange(12), GIVEN)
    clean = model.predict(oracle, given=GIVEN, posterior=posterior).concatenate()
    for value in (np.nan, 50.0):
        blind = model.predict(corrupted(oracle, targets, value), given=GIVEN, posterior=posterior)
        for name in ("mean", "variance"):
            np.testing.assert_array_equal(getattr(blind.concatenate(), name), getattr(clean, name))
    seen = model.predict(corrupted(oracle, GIVEN, 3.0), given=GIVEN, posterior=posterior).concatenate()
    assert not np.array_equal(seen.mean, clean.mean)
    np.testing.assert_array_equal(
        model.infer(corrupted(oracle, targets), given=GIVEN, posterior=posterior).concatenate().mean,
        model.infer(oracle, given=GIVEN, posterior=posterior).concatenate().mean,
    )


@pytest.mark.parametrize("mask", ["neuron", "time"])
@pytest.mark.parametrize("settings", READS)
def test_hidden_responses_never_reach_the_encoder_in_training(fitted, mouse, settings, mask):
    model = with_weights(LatentVideoModel(fitted[0], mask=mask, **SMALL | settings))
    batch = ClipBatch.of(0, [TrialClips(mouse, "train").read(k) for k in (0, 1)])
    given = given_in_training(batch.seeds, 30, 12, model.latent_options).expand(2, 30, 12)
    with torch.no_grad():
        raw = model.video.raw(batch)
        clean = read_state(model, 0, batch.responses, given, raw)
        hidden = torch.where(given, batch.responses, torch.nan)
        found = read_state(model, 0, hidden, given, raw)
        other = read_state(model, 0, batch.responses + 1, given, raw)
    assert torch.equal(clean.mean, found.mean)
    assert torch.equal(clean.covariance, found.covariance)
    assert not torch.equal(clean.mean, other.mean)


def test_the_gru_does_not_look_ahead(latent, mouse):
    oracle = mouse.tier("oracle")
    late = np.array(oracle.responses)
    late[20:30] = 7.0
    changed = latent.infer(replace(oracle, responses=LazyArray(late))).mean[0]
    np.testing.assert_array_equal(changed[: 20 - latent.frames_lost], latent.infer(oracle).mean[0][:14])
    assert not np.array_equal(changed[14:], latent.infer(oracle).mean[0][14:])


def test_the_more_neurons_are_given_the_narrower_the_state(latent, mouse):
    oracle = mouse.tier("oracle")
    spread = [latent.infer(oracle, given=share).concatenate().sd.mean() for share in (0.1, 0.5, 0.9)]
    assert spread[0] > spread[1] > spread[2]
    assert latent.infer(oracle).concatenate().sd.mean() < spread[2]


def test_laplace_and_encoder_agree_where_the_state_is_weak(fitted, mouse):
    model = with_weights(LatentVideoModel(fitted[0], **SMALL), size=0.01)
    torch.nn.init.zeros_(model.encoder.mean.weight)
    torch.nn.init.zeros_(model.encoder.mean.bias)
    oracle = mouse.tier("oracle")
    one, other = (model.infer(oracle, posterior=name).concatenate() for name in ("encoder", "laplace"))
    np.testing.assert_allclose(one.mean, other.mean, atol=2e-3)
    np.testing.assert_allclose(one.sd, other.sd, atol=5e-3)
    assert np.abs(one.mean).max() > 0.05


def test_plug_in_takes_the_mean_and_has_less_variance(latent, mouse):
    oracle = mouse.tier("oracle")
    whole = latent.predict(oracle, given=GIVEN).concatenate()
    plug_in = latent.predict(oracle, given=GIVEN, plug_in=True)
    state = latent.infer(oracle, given=GIVEN)
    weights = np.stack(list(latent.latent_weights().values()), axis=1)[plug_in.neurons]
    clip = TrialClips(oracle).read(0)
    drive = torch.from_numpy(np.einsum("tk,npk->tnp", state.mean[0], weights))
    likelihood = latent.likelihood_of(0).of_neurons(plug_in.neurons)
    expected = likelihood.distribution(latent.video.raw_of(0, clip)[:, plug_in.neurons], drive)
    np.testing.assert_allclose(plug_in.mean[0], expected.mean, rtol=1e-5)
    assert plug_in.concatenate().variance.mean() < whole.variance.mean()


def test_the_prior_mean_is_that_of_many_states(latent, mouse):
    clip = TrialClips(mouse, "oracle").read(0)
    raw, likelihood = latent.video.raw_of(0, clip)[:3], latent.likelihood_of(0)
    weights = torch.from_numpy(np.stack(list(latent.latent_weights().values()), axis=1))
    z = torch.randn(20000, 1, 3, generator=torch.Generator().manual_seed(0))
    means = likelihood.distribution(raw, torch.einsum("stk,npk->stnp", z, weights)).mean
    found = latent.distribution_of(0, clip).mean[:3]
    error = means.std(0) / 20000**0.5
    assert ((found - means.mean(0)).abs() < 5 * error + 1e-5).all()


def test_predictions_say_which_neurons_they_are_of(latent, mouse):
    oracle = mouse.tier("oracle")
    prediction = latent.predict(oracle, given=GIVEN, neurons=[8, 1])
    np.testing.assert_array_equal(prediction.neurons, [8, 1])
    assert prediction.mean[0].shape == (30 - latent.frames_lost, 2)
    rows = np.flatnonzero(oracle.trial_of_row == 0)[latent.frames_lost :]
    np.testing.assert_array_equal(prediction.observed[0], np.asarray(oracle.responses)[rows][:, [8, 1]])
    everyone = latent.predict(oracle)
    np.testing.assert_array_equal(everyone.neurons, np.arange(12))
    drawn = latent.predict(oracle, given=0.25, neurons=0.5, random_state=1)
    assert len(drawn.neurons) == 4
    np.testing.assert_array_equal(
        drawn.neurons, latent.predict(oracle, given=0.25, neurons=0.5, random_state=1).neurons
    )


@pytest.mark.parametrize(
    ("given", "neurons", "words"),
    [
        ([1, 2], [2, 3], "neuron 2"),
        (np.ones(12, bool), None, "none is left to predict"),
        ([12], None, "there is no neuron 12"),
        ([1, 1], None, "named twice"),
        (np.ones(5, bool), None, r"mask of shape \(5,\) does not fit 12"),
        (1.5, None, "between 0 and 1"),
        ("half", None, "a boolean mask, or a share"),
    ],
)
def test_roles_that_cannot_be_are_refused(latent, mouse, given, neurons, words):
    with pytest.raises((DataError, OptionError), match=words):
        latent.predict(mouse.tier("oracle"), given=given, neurons=neurons)


def test_a_posterior_that_does_not_exist_is_refused(latent, fitted, mouse):
    with pytest.raises(OptionError, match="did you mean 'laplace'"):
        latent.infer(mouse.tier("oracle"), posterior="laplac")
    smooth = LatentVideoModel(fitted[0], smoother="cnn", **SMALL)
    with pytest.raises(OptionError, match="posterior='encoder'"):
        smooth.predict(mouse.tier("oracle"), given=GIVEN, posterior="laplace")


def test_withheld_responses_are_not_conditioned_on(latent, mouse):
    table = mouse.trials.table.assign(withheld=mouse.trials.column("tier") == "live_test_main")
    secret = replace(mouse, trials=Trials(table)).tier("live_test_main")
    assert np.isfinite(latent.predict(secret).concatenate().mean).all()
    with pytest.raises(DataError, match="to condition on"):
        latent.predict(secret, given=GIVEN)
    with pytest.raises(DataError, match="to infer the state from"):
        latent.infer(secret)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"dimensions": 3}, "did you mean 'dimension'"),
        ({"masked_share": 1.0}, "masked_share"),
        ({"masked_share": 0.6, "most_masked": 0.5}, "most_masked=0.5 is less"),
        ({"smoother": "gru", "integration": "quadrature"}, "smoother needs integration='monte_carlo'"),
        ({"smoother": "gru", "first_step": True}, "first_step=True"),
        ({"released_likelihood": True}, "released_likelihood needs integration='monte_carlo'"),
    ],
)
def test_options_that_cannot_work_are_refused(changes, words):
    with pytest.raises(OptionError, match=words):
        LatentOptions(**changes)


def test_positions_are_asked_for_where_they_are_needed(fitted):
    with pytest.raises(DataError, match=r"latent_map='position' needs the position.*latent_map='free'"):
        LatentVideoModel(fitted[0], latent_map="position")
    with pytest.raises(DataError, match="5 positions for 12 neurons"):
        LatentVideoModel(fitted[0], latent_map="position", positions=[np.zeros((5, 3))])
