"""Log-likelihoods of predictions with a state: marginal, conditioned and joint, each under its own name."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from twofold.encoding import LatentVideoModel
from twofold.errors import OptionError
from twofold.sampling import TrialClips

from .conftest import SMALL

GIVEN = [0, 2, 5, 7, 9]


@pytest.fixture(scope="module")
def oracle(mouse):
    """One trial."""
    return mouse.tier("oracle").select_trials(np.array([0]))


def brute_force(model, clip, neurons, n=60000):
    """log p of some neurons together, by states from the prior."""
    raw = model.video.raw_of(0, clip)[:4, neurons]
    weights = torch.from_numpy(np.stack(list(model.latent_weights().values()), axis=1))[neurons]
    z = torch.randn(n, 1, weights.shape[2], generator=torch.Generator().manual_seed(0))
    z = z if model.prior_flow is None else model.prior_flow(z).detach()
    drive = torch.einsum("stk,npk->stnp", z, weights)
    y = torch.from_numpy(clip.responses[model.frames_lost :][:4, neurons])
    log_prob = model.likelihood_of(0).of_neurons(np.array(neurons)).distribution(raw, drive).log_prob(y)
    return (log_prob.sum(2).logsumexp(0) - np.log(n)) / np.log(2)


def test_without_weights_the_joint_likelihood_is_the_sum(fitted, oracle):
    model = LatentVideoModel(fitted[0], **SMALL)
    prediction = model.predict(oracle, given=GIVEN).concatenate()
    marginal = prediction.log_likelihood()
    np.testing.assert_allclose(prediction.log_likelihood("conditioned"), marginal, atol=1e-5)
    for kind in ("joint", "joint_laplace"):
        np.testing.assert_allclose(prediction.log_likelihood(kind), marginal.sum(axis=1), atol=1e-3)


def test_joint_likelihoods_are_those_of_many_states(latent, oracle):
    clip = TrialClips(oracle).read(0)
    targets = [1, 3, 4]
    both = brute_force(latent, clip, [*GIVEN, *targets])
    alone = brute_force(latent, clip, GIVEN)
    found = latent.predict(oracle, given=GIVEN, neurons=targets).log_likelihood("joint")[0][:4]
    np.testing.assert_allclose(found, both - alone, atol=0.15)
    everyone = latent.predict(oracle, neurons=targets).log_likelihood("joint")[0][:4]
    np.testing.assert_allclose(everyone, brute_force(latent, clip, targets), atol=0.05)


def test_marginal_likelihoods_know_nothing_of_the_neurons_given(latent, oracle):
    with_some = latent.predict(oracle, given=GIVEN)
    alone = latent.predict(oracle, neurons=with_some.neurons)
    np.testing.assert_allclose(with_some.log_likelihood()[0], alone.log_likelihood()[0], rtol=1e-5, atol=1e-6)
    assert not np.allclose(with_some.log_likelihood("conditioned")[0], alone.log_likelihood()[0], atol=0.01)


def test_a_likelihood_that_does_not_exist_is_refused(latent, fitted, oracle):
    with pytest.raises(OptionError, match="'marginal' or 'joint'"):
        latent.predict(oracle).log_likelihood("conditioned")
    smooth = LatentVideoModel(fitted[0], smoother="gru", **SMALL)
    with pytest.raises(OptionError, match="give 'marginal' or 'conditioned'"):
        smooth.predict(oracle, given=GIVEN).log_likelihood("joint")


def test_the_same_random_state_gives_the_same_joint_likelihood(latent, oracle):
    first, second, other = (
        latent.predict(oracle, given=GIVEN, random_state=seed).log_likelihood("joint")[0]
        for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first, second)
    assert not np.array_equal(first, other)
