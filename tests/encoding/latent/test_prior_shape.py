"""A state whose prior is no Gaussian: how it begins, what it says, and that its shape is found."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import twofold as tw
from twofold.encoding import ExpectedResponses, LatentVideoModel
from twofold.encoding.latent.drawn import Drawn, states_of
from twofold.encoding.latent.evidence import sites
from twofold.encoding.latent.state import StateMoments
from twofold.errors import OptionError
from twofold.likelihoods import GaussianLikelihood, PoissonLikelihood
from twofold.likelihoods.laplace import joint_log_likelihood
from twofold.likelihoods.quadrature import GaussianOutputs, integrated
from twofold.nn import PriorFlow
from twofold.sampling import TrialClips
from twofold.training import seeds_from

from .conftest import FEW, SMALL, with_weights
from .made_by import made_by
from .test_gain import conditioned_bits, simulated
from .test_likelihoods import brute_force

GIVEN = [0, 2, 5, 7, 9]


def shaped(flow: PriorFlow, skew: float = 1.0, log_tail: float = 0.4) -> PriorFlow:
    with torch.no_grad():
        flow.skew.fill_(skew)
        flow.log_tail.fill_(log_tail)
    return flow


def test_a_gaussian_prior_that_is_not_isotropic_is_another_choice_of_weights():
    """Why there is no option for it."""
    draw = torch.Generator().manual_seed(0)
    raw, w = torch.randn(3, 5, 2, generator=draw), torch.randn(5, 2, 4, generator=draw)
    sd = torch.tensor([0.3, 1.0, 2.0, 0.7])
    anisotropic = GaussianOutputs.of(raw, w, torch.zeros(3, 4), torch.diag(sd**2))
    rescaled = GaussianOutputs.of(raw, w * sd, torch.zeros(3, 4), torch.eye(4))
    torch.testing.assert_close(anisotropic.mean, rescaled.mean)
    torch.testing.assert_close(anisotropic.covariance, rescaled.covariance)
    y, seen = torch.randn(1, 3, 5, generator=draw), torch.ones(1, 3, 5, dtype=torch.bool)
    step = sites(GaussianLikelihood(), raw[None], w * sd, y, seen).step()  # of z / sd
    e = torch.func.grad(lambda at: -GaussianLikelihood().total_nll(at, y))(raw[None])
    information = GaussianLikelihood().information(raw)
    precision = torch.einsum("tnp,npk,npl->tkl", information, w, w) + torch.diag(sd**-2)
    mean = torch.linalg.solve(precision, torch.einsum("tnp,npk->tk", e[0], w))
    torch.testing.assert_close(step.mean[0] * sd, mean, rtol=1e-4, atol=1e-4)


def test_it_begins_equal_to_the_model_with_a_gaussian_prior(fitted, mouse):
    plain, flow = (
        with_weights(LatentVideoModel(fitted[0], prior_shape=shape, **SMALL))
        for shape in ("gaussian", "flow")
    )
    assert flow.latent_options.integration == "monte_carlo"
    assert [n for n in flow.state_dict() if "prior_flow" not in n] == list(plain.state_dict())
    oracle = mouse.tier("oracle")
    one, other = (model.predict(oracle, given=GIVEN) for model in (plain, flow))
    np.testing.assert_allclose(other.mean[0], one.mean[0], rtol=0.02)
    for kind in ("marginal", "conditioned"):
        np.testing.assert_allclose(
            other.log_likelihood(kind)[0], one.log_likelihood(kind)[0], rtol=0.02, atol=0.02
        )
    first, second = (model.infer(oracle, given=GIVEN) for model in (plain, flow))
    np.testing.assert_allclose(second.mean[0], first.mean[0], atol=0.02)
    np.testing.assert_allclose(second.sd[0], first.sd[0], rtol=0.02)


def test_draws_agree_with_quadrature_where_the_state_is_gaussian():
    draw = torch.Generator().manual_seed(0)
    raw, w = torch.randn(4, 6, 1, generator=draw), 0.4 * torch.randn(6, 1, 3, generator=draw)
    prior, y = StateMoments.prior(4, 3), torch.ones(4, 6)
    with torch.no_grad():
        states = states_of(prior, PriorFlow(3))
    found = Drawn(PoissonLikelihood(), raw, w, states)
    exact = integrated(PoissonLikelihood(), GaussianOutputs.of(raw, w, prior.mean, prior.covariance))
    for one, other in (
        (found.mean, exact.mean),
        (found.variance, exact.variance),
        (found.log_prob(y), exact.log_prob(y)),
        (found.cdf(y), exact.cdf(y)),
        (found.quantile(0.9), exact.quantile(0.9)),
    ):
        torch.testing.assert_close(one, other, rtol=0.02, atol=0.01)
    drawn = found.sample(torch.Generator().manual_seed(1), n=4000)
    torch.testing.assert_close(drawn.mean(0), exact.mean, rtol=0.1, atol=0.1)


def test_the_first_step_is_the_posterior_where_flow_and_responses_are_linear():
    """With Gaussian responses of known noise, by completing the square around z = 0."""
    flow = shaped(PriorFlow(2), 0.7, 0.2).requires_grad_(False)
    center, slope = flow.near_zero()
    draw = torch.Generator().manual_seed(0)
    raw, w = torch.zeros(1, 1, 8, 2), torch.randn(8, 2, 2, generator=draw)
    w[:, 1] = 0.0
    y, seen = torch.randn(1, 1, 8, generator=draw), torch.ones(1, 1, 8, dtype=torch.bool)
    found = sites(GaussianLikelihood(), raw, w * slope, y, seen).around(center).step()
    a = w[:, 0] * slope  # y = a (u - center) + noise of sd 1
    precision = torch.eye(2) + a.T @ a
    mean = torch.linalg.solve(precision, a.T @ (y[0, 0] + a @ center))
    torch.testing.assert_close(found.mean[0, 0], mean)
    torch.testing.assert_close(found.covariance[0, 0], torch.linalg.inv(precision))


def test_it_is_trained_saved_read_back_and_adapted(fitted, mouse, other_mouse, tmp_path):
    model = LatentVideoModel(fitted[0], prior_shape="flow", latent_gain=True, n_samples=5, **SMALL)
    shaped(model.prior_flow)
    before = model.prior_flow.skew.detach().clone()
    tw.fit(model, [mouse], tw.TrainOptions(epochs=2, **FEW))
    assert not torch.equal(model.prior_flow.skew.detach(), before)
    model.save(tmp_path / "model.safetensors")
    again, oracle = tw.load(tmp_path, device="cpu"), mouse.tier("oracle")
    one, other = (each.predict(oracle, given=GIVEN).concatenate().mean for each in (model, again))
    np.testing.assert_array_equal(one, other)
    adapted = again.adapt(other_mouse, tw.TrainOptions(epochs=1, **FEW))
    assert torch.equal(adapted.prior_flow.skew, again.prior_flow.skew)


def test_expected_responses_are_those_of_the_prior_and_have_a_gradient(fitted, mouse):
    model = with_weights(LatentVideoModel(fitted[0], prior_shape="flow", **SMALL))
    shaped(model.prior_flow)
    clip, respond = TrialClips(mouse, "oracle").read(0), ExpectedResponses(model)
    video = torch.from_numpy(clip.video).float()[None].requires_grad_()
    found = respond(video)
    torch.testing.assert_close(found[0].detach(), model.distribution_of(0, clip).mean, rtol=1e-3, atol=1e-4)
    assert (torch.autograd.grad(found[0, 0, 3], video)[0] != 0).any()


def test_all_neurons_together_have_a_likelihood(fitted, mouse):
    """Of a fitted model: that of many states, and what the function of parts gives with the same seed."""
    model = LatentVideoModel(fitted[0], prior_shape="flow", n_samples=5, **SMALL)
    tw.fit(model, [mouse], tw.TrainOptions(epochs=1, **FEW))
    shaped(with_weights(model).prior_flow)
    oracle, targets = mouse.tier("oracle").select_trials(np.array([0])), [1, 3, 4]
    clip = TrialClips(oracle).read(0)
    found = model.predict(oracle, given=GIVEN, neurons=targets)
    exact = brute_force(model, clip, [*GIVEN, *targets]) - brute_force(model, clip, GIVEN)
    np.testing.assert_allclose(found.log_likelihood("joint")[0][:4], exact, atol=0.15)
    numbers = torch.arange(model.population(0).n_neurons)
    by_hand = joint_log_likelihood(
        model.likelihood_of(0),
        model.video.raw_of(0, clip),
        model.latent_population(0).loadings().detach(),
        torch.from_numpy(clip.responses[model.frames_lost :]),
        torch.Generator().manual_seed(seeds_from(seeds_from(0, 2)[1], 1)[0]),
        given=torch.isin(numbers, torch.tensor(GIVEN)),
        scored=torch.isin(numbers, torch.tensor(targets)),
        bend=model.prior_flow,
    )
    for kind, nats in (("joint", by_hand.importance), ("joint_laplace", by_hand.laplace)):
        np.testing.assert_allclose(found.log_likelihood(kind)[0], nats.numpy() / np.log(2), rtol=1e-5)


def test_what_it_does_not_go_with_is_refused(fitted, mouse):
    for settings, reason in (
        ({"smoother": "gru"}, "which a smoother would blur"),
        ({"integration": "quadrature"}, "prior_shape='flow' needs integration='monte_carlo'"),
    ):
        with pytest.raises(OptionError, match=reason):
            LatentVideoModel(fitted[0], prior_shape="flow", **settings)
    model = LatentVideoModel(fitted[0], prior="ar1", prior_shape="flow", **SMALL)
    with pytest.raises(OptionError, match="prior_shape='flow' together; take posterior='encoder'"):
        model.predict(mouse.tier("oracle"), given=GIVEN, posterior="laplace")
    with pytest.raises(OptionError, match="give 'marginal' or 'conditioned'"):
        model.predict(mouse.tier("oracle"), given=GIVEN).log_likelihood("joint")


def test_a_skew_that_is_there_is_found():
    """In responses of a model with a skewed latent; a Gaussian prior reads it less well."""
    mouse = simulated()
    sizes = {"channels": (6,), "spatial": (7,), "temporal": (7,), "bias": True, "init_sigma": 0.3}
    video = tw.VideoModel.for_recordings([mouse], **sizes)
    truth = LatentVideoModel(video, dimension=1, prior_shape="flow", hidden=16)
    with torch.no_grad():
        weights = truth.latent_population(0).map.weights
        weights.copy_(torch.randn(weights.shape, generator=torch.Generator().manual_seed(0)))
        truth.prior_flow.skew.fill_(1.5)
    mouse, states = made_by(truth, mouse, prior=truth.prior_flow)
    options = {"learning_rate": 0.02, "batch_clips": 1, "clip_frames": 60, "frames_skipped": 10}
    test, bits, read = mouse.tier("live_test_main"), {}, {}
    for shape in ("gaussian", "flow"):
        how = {"dimension": 1, "hidden": 16, "train_video": False, "n_samples": 8}
        model = LatentVideoModel(video, prior_shape=shape, **how)
        tw.fit(model, [mouse], tw.TrainOptions(epochs=14, device="cpu", **options))
        given = np.arange(40) < 20
        bits[shape] = conditioned_bits(model, test, given)
        z = model.infer(test).concatenate()
        read[shape] = np.corrcoef(z.mean[:, 0], states[np.isin(mouse.time_s, z.time), 0])[0, 1]
    assert bits["flow"] > bits["gaussian"] + 1e-3
    assert conditioned_bits(truth, test, given, posterior="laplace") > bits["flow"] - 1e-3
    assert abs(read["flow"]) > abs(read["gaussian"]) + 0.005
    skew = np.sign(read["flow"]) * model.prior_flow.skew.item()
    assert 0.5 < skew < 2


def test_a_memory_a_shape_and_a_gain_go_together(fitted, mouse):
    model = LatentVideoModel(
        fitted[0], prior="ar1", prior_shape="flow", latent_gain=True, n_samples=3, **SMALL
    )
    before = {name: value.clone() for name, value in model.state_dict().items()}
    tw.fit(model, [mouse], tw.TrainOptions(epochs=2, **FEW))
    for name in ("prior_flow.skew", "memory.r", "latent_populations.0.gain_map.weights"):
        assert not torch.equal(model.state_dict()[name], before[name])
    found = model.predict(mouse.tier("oracle"), given=GIVEN)
    assert np.isfinite(found.log_likelihood("conditioned")[0]).all()
    memory = with_weights(LatentVideoModel(fitted[0], prior="ar1", latent_gain=True, **SMALL))
    for posterior in ("encoder", "laplace"):
        found = memory.predict(mouse.tier("oracle"), given=GIVEN, posterior=posterior)
        assert np.isfinite(found.log_likelihood("joint_laplace")[0]).all()
