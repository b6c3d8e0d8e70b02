"""Models whose responses are Gaussian behind learned maps: trained, conditioned, kept, and adapted."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import twofold as tw
from twofold.encoding import ExpectedResponses, LatentVideoModel, score
from twofold.encoding.competitors import ConstantModel
from twofold.likelihoods import FlowLikelihood, ZeroInflatedFlow, ZeroInflatedGamma
from twofold.likelihoods.quadrature import IntegratedFlow
from twofold.sampling import TrialClips

from .conftest import FEW

SMALL = {"dimension": 2, "hidden": 8, "width": 6}


@pytest.fixture(scope="module")
def flow_model(mouse, make):
    """A video model after two epochs, and how it began."""
    begun = make([mouse], "flow")
    return tw.fit(make([mouse], "flow"), [mouse], tw.TrainOptions(epochs=2, **FEW)), begun


def test_its_maps_are_learned_with_it_and_kept(flow_model, mouse, tmp_path):
    model, begun = flow_model
    for name in ("bend", "log_sd"):
        learned, first = (getattr(one.population(0).likelihood, name) for one in (model, begun))
        assert not torch.equal(learned, first)
    model.save(tmp_path / "model.safetensors")
    again = tw.load(tmp_path, device="cpu")
    oracle = mouse.tier("oracle")
    np.testing.assert_array_equal(
        again.predict(oracle).concatenate().mean, model.predict(oracle).concatenate().mean
    )
    clip = TrialClips(oracle).read(0)
    assert isinstance(model.distribution_of(0, clip), ZeroInflatedFlow)


def test_its_null_is_that_of_the_zero_inflated_gamma(flow_model, mouse, make):
    model = flow_model[0]
    found = score(model, mouse, "oracle", frames_skipped=8)
    assert isinstance(model.likelihood_of(0), FlowLikelihood)
    other = score(make([mouse]), mouse, "oracle", frames_skipped=8)
    assert found.bits_null == pytest.approx(other.bits_null, abs=1e-6)


def test_with_a_state_it_is_conditioned_on_neurons_and_both_are_trained(flow_model, mouse, other_mouse):
    model = LatentVideoModel(flow_model[0], **SMALL)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    tw.fit(model, [mouse], tw.TrainOptions(epochs=2, **FEW))
    after = model.state_dict()
    for name in ("video.populations.0.likelihood.bend", "latent_populations.0.map.weights"):
        assert not torch.equal(after[name], before[name])
    found = model.predict(mouse.tier("oracle"), given=0.5)
    for kind in ("marginal", "conditioned", "joint", "joint_laplace"):
        assert np.isfinite(found.log_likelihood(kind)[0]).all()
    assert isinstance(found.distributions[0], IntegratedFlow)
    assert model.latent_weights()["location"].shape == (12, 2)
    adapted = model.adapt(other_mouse, tw.TrainOptions(epochs=1, **FEW))
    assert len(adapted.population(0).likelihood.scale) == 12


def test_expected_responses_have_a_gradient(flow_model, mouse):
    clip = TrialClips(mouse, "oracle").read(0)
    for model in (flow_model[0], LatentVideoModel(flow_model[0], **SMALL)):
        respond = ExpectedResponses(model)
        video = torch.from_numpy(clip.video).float()[None]
        plain = respond(video)[0].detach()
        torch.testing.assert_close(plain, model.distribution_of(0, clip).mean, rtol=1e-4, atol=1e-5)
        asked = respond(video.requires_grad_())
        torch.testing.assert_close(asked[0].detach(), plain, rtol=1e-4, atol=1e-5)
        assert (torch.autograd.grad(asked[0, 0, 3], video)[0] != 0).any()


def test_a_constant_model_of_it_is_kept(mouse, tmp_path):
    model = ConstantModel.for_recordings([mouse], "flow")
    again = ConstantModel.rebuilt(model.describe(), model.state_dict())
    clip = TrialClips(mouse, "oracle").read(0)
    first, second = (one.likelihood_of(0).distribution(one.raw_of(0, clip)) for one in (model, again))
    assert not isinstance(first, ZeroInflatedGamma)
    torch.testing.assert_close(second.mean, first.mean)
