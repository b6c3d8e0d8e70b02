"""Predictions of any model between a null and the Bayesian oracle."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import twofold as tw
from twofold.encoding.bounds import between_bounds, moment_matched_null
from twofold.encoding.competitors import ConstantModel, FlowFactors, PopulationGain, ResidualRegression
from twofold.errors import DataError, OptionError
from twofold.metrics.bayesian_oracle import bayesian_oracle
from twofold.metrics.oracle_sizes import GammaSizes, LogNormalSizes
from twofold.sampling import TrialClips


@pytest.fixture(scope="module")
def repeated(mouse):
    """Repeats of 2 videos, by video, of each (repeat, time, neuron)."""
    table, oracle = mouse.tier("oracle").trials.table, mouse.tier("oracle")
    clips = TrialClips(oracle)
    names = table["stimulus"].to_numpy()
    return [
        np.stack([clips.responses(int(k)) for k in np.flatnonzero(names == name)])
        for name in dict.fromkeys(names)
    ]


def test_the_null_has_the_moments_of_the_training_responses(mouse):
    null = moment_matched_null(mouse)
    clips = TrialClips(mouse, "train")
    y = np.concatenate([clips.responses(k) for k in range(len(clips))]).astype(float)
    active = y > 0.005
    np.testing.assert_allclose(null.q, active.mean(0))
    above = [column[seen] - 0.005 for column, seen in zip(y.T, active.T, strict=True)]
    mean, variance = null.kappa * null.theta, null.kappa * null.theta**2
    np.testing.assert_allclose(mean, [each.mean() for each in above])
    np.testing.assert_allclose(variance, [each.var() for each in above], rtol=1e-6)


@pytest.mark.parametrize("sizes", [GammaSizes, LogNormalSizes])
def test_the_score_is_that_of_the_same_responses(mouse, fitted, repeated, sizes):
    video, neurons = fitted[0], np.arange(12)
    score = between_bounds(video.predict(mouse.tier("oracle")), mouse, sizes=sizes)
    seen = [part[:, video.frames_lost :, neurons] for part in repeated]
    oracle = np.concatenate([part.reshape(-1, 12) for part in bayesian_oracle(seen, sizes=sizes)])
    np.testing.assert_allclose(score.oracle, oracle.mean(0) / np.log(2))
    y = torch.from_numpy(np.concatenate([part.reshape(-1, 12) for part in seen]))
    np.testing.assert_allclose(
        score.null, moment_matched_null(mouse).log_prob(y).numpy().mean(0) / np.log(2), rtol=1e-5
    )
    bits = video.predict(mouse.tier("oracle")).concatenate().log_likelihood()
    np.testing.assert_allclose(score.model, bits.mean(0), rtol=1e-5)


def test_trials_may_be_joined_and_neurons_chosen(mouse, fitted):
    model = PopulationGain(fitted[0], steps=2).fit([mouse])
    found = model.predict(mouse.tier("oracle"), given=[0, 1, 2], neurons=[4, 7])
    for kind in ("marginal", "conditioned"):
        apart = between_bounds(found, mouse, kind=kind)
        joined = between_bounds(found.concatenate(), mouse, kind=kind)
        np.testing.assert_array_equal(apart.model, joined.model)
        assert apart.per_neuron.shape == (2,)


def test_the_latent_model_is_scored_too(mouse, fitted):
    latent = tw.LatentVideoModel(fitted[0], dimension=1, hidden=4, width=4)
    found = between_bounds(latent.predict(mouse.tier("oracle"), given=0.5), mouse, kind="conditioned")
    assert np.isfinite(found.model).all()


@pytest.mark.parametrize("likelihood", ["poisson", "gaussian"])
def test_another_measure_is_refused(mouse, likelihood):
    base = ConstantModel.for_recordings([mouse], likelihood)
    model = ResidualRegression(base).fit([mouse])
    with pytest.raises(OptionError, match="another measure"):
        between_bounds(model.predict(mouse.tier("oracle")), mouse)


def test_a_flow_without_silence_is_refused(mouse):
    model = FlowFactors(ConstantModel.for_recordings([mouse]), zero_inflated=False, steps=2).fit([mouse])
    with pytest.raises(OptionError, match="another measure"):
        between_bounds(model.predict(mouse.tier("oracle")), mouse)


def test_videos_shown_once_and_joint_likelihoods_are_refused(mouse, fitted):
    with pytest.raises(DataError, match="shown more than once"):
        between_bounds(fitted[0].predict(mouse.tier("train")), mouse)
    with pytest.raises(OptionError, match="single responses"):
        between_bounds(fitted[0].predict(mouse.tier("oracle")), mouse, kind="joint")
