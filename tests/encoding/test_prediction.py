"""Predictions of whole recordings: distributions beside what was recorded."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from twofold.errors import DataError, OptionError
from twofold.metrics import single_trial_correlation
from twofold.recordings import LazyArray, Trials
from twofold.sampling import TrialClips


@pytest.fixture(scope="module")
def predicted(fitted, mouse):
    return fitted[0].predict(mouse.tier("oracle"))


def test_there_is_one_array_per_trial_from_the_first_predicted_frame_on(predicted, mouse, fitted):
    oracle, lost = mouse.tier("oracle"), fitted[0].frames_lost
    assert len(predicted.mean) == len(oracle.trials) == 4
    trial = oracle.trial_of_row
    for number, (mean, observed, time) in enumerate(
        zip(predicted.mean, predicted.observed, predicted.time, strict=True)
    ):
        rows = np.flatnonzero(trial == number)[lost:]
        assert mean.shape == (30 - lost, 12)
        np.testing.assert_array_equal(observed, np.asarray(oracle.responses)[rows])
        np.testing.assert_array_equal(time, oracle.time_s[rows])


def test_concatenate_joins_trials_in_order_of_time(predicted):
    joined = predicted.concatenate()
    for name in ("mean", "variance", "observed", "time", "trial"):
        np.testing.assert_array_equal(getattr(joined, name), np.concatenate(getattr(predicted, name)))
    assert (np.diff(joined.time) > 0).all()
    assert joined.sample(2, torch.Generator()).shape == (2, *joined.mean.shape)


def test_mean_and_variance_are_those_of_samples(predicted):
    joined = predicted.concatenate()
    drawn = joined.sample(4000, torch.Generator().manual_seed(0))
    error = np.sqrt(joined.variance / 4000)
    assert (np.abs(drawn.mean(axis=0) - joined.mean) < 5 * error).mean() > 0.999
    assert drawn.var(axis=0).mean() == pytest.approx(joined.variance.mean(), rel=0.05)


def test_intervals_hold_their_share_of_samples(predicted):
    joined = predicted.concatenate()
    low, high = joined.interval(0.8)
    drawn = joined.sample(500, torch.Generator().manual_seed(1))
    assert ((drawn >= low) & (drawn <= high)).mean() == pytest.approx(0.8, abs=0.01)


def test_log_likelihood_is_in_bits_and_the_joint_one_is_its_sum(predicted, fitted, mouse):
    model, joined = fitted[0], predicted.concatenate()
    marginal = joined.log_likelihood()
    clip = TrialClips(mouse.tier("oracle")).read(0)
    nats = model.distribution_of(0, clip).log_prob(torch.from_numpy(clip.responses[model.frames_lost :]))
    np.testing.assert_allclose(predicted.log_likelihood()[0], nats / np.log(2), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(joined.log_likelihood("joint"), marginal.sum(axis=1))
    with pytest.raises(OptionError, match="'marginal' or 'joint'"):
        joined.log_likelihood("conditional")


def test_predictions_do_not_look_at_the_responses(predicted, fitted, mouse):
    blind = replace(mouse, responses=LazyArray(np.zeros(mouse.responses.shape, np.float32)))
    again = fitted[0].predict(blind.tier("oracle"))
    np.testing.assert_array_equal(again.concatenate().mean, predicted.concatenate().mean)


def test_withheld_responses_are_predicted_but_not_scored(fitted, mouse):
    table = mouse.trials.table.assign(withheld=mouse.trials.column("tier") == "live_test_main")
    secret = replace(mouse, trials=Trials(table))
    prediction = fitted[0].predict(secret.tier("live_test_main"))
    assert np.isfinite(prediction.concatenate().mean).all()
    with pytest.raises(DataError, match="withheld"):
        prediction.log_likelihood()


def test_another_mouse_other_neurons_and_other_frames_are_refused(fitted, mouse, other_mouse):
    model = fitted[0]
    with pytest.raises(DataError, match=r"not fitted to 'mouse-2', did you mean 'mouse-1'.*adapt"):
        model.predict(other_mouse)
    with pytest.raises(DataError, match="has 5 neurons, the model was made for 12"):
        model.predict(mouse.select_neurons(np.arange(5)))
    stimuli = {name: replace(clip, frames=clip.frames[:, :, :30]) for name, clip in mouse.stimuli.items()}
    with pytest.raises(DataError, match="18 x 30 pixels, the model was made for 18 x 32"):
        model.predict(replace(mouse, stimuli=stimuli))


def test_validation_correlation_is_that_of_the_predictions(fitted, mouse, predicted):
    model = fitted[0]
    skip = 8 - model.frames_lost
    pairs = zip(predicted.observed, predicted.mean, strict=True)
    score = single_trial_correlation([(o[skip:], m[skip:]) for o, m in pairs], frames_skipped=0).mean
    assert max(row["correlation"] for row in model.history) == pytest.approx(score, abs=1e-6)


def test_receptive_fields_are_the_gradient_by_finite_differences(fitted, mouse):
    model = fitted[0]
    neurons = np.array([0, 5, 11])
    fields = model.receptive_fields(mouse, neurons)
    n_lags = model.frames_lost + 1
    assert fields.shape == (3, n_lags, 18, 32)
    clip = TrialClips(mouse).read(0, 0, n_lags)
    grey = np.full(clip.video.shape, model.video_mean.item(), np.float32)
    step = 0.2 * model.video_sd.item()
    for lag, y, x in ((n_lags - 1, 8, 16), (2, 9, 12), (n_lags - 2, 7, 20)):
        ends = []
        for sign in (-1, 1):
            video = grey.copy()
            video[lag, y, x] += sign * step
            ends.append(model.distribution_of(0, clip._replace(video=video)).mean[0, neurons].numpy())
        np.testing.assert_allclose(fields[:, lag, y, x], (ends[1] - ends[0]) / 0.4, rtol=0.05, atol=1e-5)
    assert model.receptive_fields(mouse).shape[0] == 12
