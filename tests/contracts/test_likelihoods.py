"""What every likelihood keeps to: each member of the family passes each test."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from twofold.errors import DataError, OptionError
from twofold.likelihoods import (
    FlowLikelihood,
    GaussianLikelihood,
    Likelihood,
    PoissonLikelihood,
    ResponseStatistics,
    ZigLikelihood,
)
from twofold.metrics import LogLikelihood

N = 4
KAPPA = torch.tensor([0.3, 0.5, 1.0, 2.5])
MEMBERS = {
    "poisson": PoissonLikelihood(),
    "zig": ZigLikelihood(KAPPA),
    "zig-density": ZigLikelihood(KAPPA, rho=0.1, spike="density"),
    "zig-paper-code": ZigLikelihood(KAPPA, paper_code=True),
    "flow": FlowLikelihood(1 / KAPPA, KAPPA.log(), torch.tensor([0.5, 0.0, 0.3, -0.5])).requires_grad_(False),
    "gaussian": GaussianLikelihood(),
}


@pytest.fixture(params=MEMBERS)
def likelihood(request) -> Likelihood:
    return MEMBERS[request.param]


@pytest.fixture
def raw(likelihood) -> torch.Tensor:
    """(batch, time, neuron, parameter) outputs of a readout on both sides of the kink of the link."""
    generator = torch.Generator().manual_seed(0)
    return torch.randn(2, 5, N, likelihood.n_parameters, generator=generator)


@pytest.fixture
def y(likelihood, raw) -> torch.Tensor:
    return likelihood.distribution(raw).sample(torch.Generator().manual_seed(1))


def spread(likelihood, n=20_000):
    """A distribution of (neuron,) and (n, neuron) samples of it."""
    raw = torch.tensor([-1.0, 0.0, 0.5, 2.0])[:, None].repeat(1, likelihood.n_parameters)
    distribution = likelihood.distribution(raw)
    return distribution, distribution.sample(torch.Generator().manual_seed(2), n=n)


def test_shapes_end_in_neurons(likelihood, raw, y):
    p = likelihood.distribution(raw)
    assert y.shape == (2, 5, N)
    for values in (p.mean, p.variance, p.log_prob(y), p.cdf(y), p.deviance(y), p.quantile(0.9)):
        assert values.shape == (2, 5, N)
        assert values.dtype == torch.float32
    assert p.sample(torch.Generator(), n=3).shape == (3, 2, 5, N)


def test_a_latent_drive_adds_to_the_outputs_before_the_link(likelihood, raw, y):
    drive = torch.randn(3, *raw.shape, generator=torch.Generator().manual_seed(3))
    driven = likelihood.distribution(raw, drive)
    torch.testing.assert_close(driven.log_prob(y), likelihood.distribution(raw + drive).log_prob(y))
    torch.testing.assert_close(
        likelihood.nll(raw, y, drive=drive), -driven.log_prob(y).mean(), rtol=1e-5, atol=1e-5
    )


def test_mean_and_variance_are_those_of_samples(likelihood):
    p, samples = spread(likelihood)
    standard_error = (p.variance / len(samples)).sqrt()
    assert ((samples.mean(0) - p.mean).abs() < 5 * standard_error).all()
    fourth = ((samples - p.mean) ** 4).mean(0)
    assert ((samples.var(0) - p.variance).abs() < 5 * (fourth / len(samples)).sqrt()).all()


def test_cdf_is_the_share_of_samples_below(likelihood):
    p, samples = spread(likelihood)
    for at in (-0.5, 0.0, 0.003, 0.05, 1.0, 3.0):
        y = torch.full((N,), at)
        share = (samples <= y).double().mean(0)
        assert ((p.cdf(y) - share).abs() < 5 * 0.5 / len(samples) ** 0.5).all()


def test_an_interval_holds_its_share_of_samples(likelihood):
    p, samples = spread(likelihood)
    low, high = p.interval(0.8)
    share = ((samples >= low) & (samples <= high)).double().mean(0)
    discrete = likelihood.name == "poisson"
    assert (share > 0.78).all()
    assert discrete or (share < 0.82).all()
    with pytest.raises(OptionError, match="level=95: give a share between 0 and 1"):
        p.interval(95)


def test_quantile_is_the_least_response_with_that_share(likelihood):
    p, _ = spread(likelihood)
    for share in (0.01, 0.3, 0.5, 0.97):
        at = p.quantile(share)
        assert (p.cdf(at) >= share - 1e-5).all()
        assert (p.cdf(at - 1e-3 * at.abs() - 1e-4) <= share).all()


def test_samples_repeat_with_the_seed_and_leave_the_global_generator_alone(likelihood, raw):
    before = torch.get_rng_state()
    p = likelihood.distribution(raw)
    one, two = (p.sample(torch.Generator().manual_seed(7)) for _ in range(2))
    assert torch.equal(one, two)
    assert torch.equal(before, torch.get_rng_state())


def test_gradients_equal_finite_differences(likelihood, raw, y):
    exact = likelihood.__class__(KAPPA.double()) if likelihood.name == "zig" else likelihood
    raw, y = raw.double().requires_grad_(), y.double()
    scored = torch.rand(y.shape, generator=torch.Generator().manual_seed(5)) < 0.7
    assert torch.autograd.gradcheck(lambda raw: likelihood.distribution(raw).log_prob(y), raw)
    assert torch.autograd.gradcheck(lambda raw: exact.nll(raw, y), raw)
    assert torch.autograd.gradcheck(lambda raw: exact.nll(raw, y, scored=scored), raw)


def test_the_loss_is_the_mean_over_scored_entries(likelihood, raw, y):
    log_prob = likelihood.distribution(raw).log_prob(y)
    torch.testing.assert_close(likelihood.nll(raw, y), -log_prob.mean(), rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(likelihood.total_nll(raw, y), -log_prob.sum(), rtol=1e-5, atol=1e-5)
    for scored in (torch.tensor([True, False, True, True]), y > y.median()):
        expected = -log_prob[scored.expand(y.shape)].mean()
        torch.testing.assert_close(likelihood.nll(raw, y, scored=scored), expected, rtol=1e-5, atol=1e-6)


def test_what_is_not_scored_may_be_missing(likelihood, raw, y):
    scored = torch.ones(y.shape, dtype=torch.bool)
    scored[0, 1, 2] = False
    missing = torch.where(scored, y, torch.nan)
    gradients = []
    for responses in (y, missing):
        outputs = raw.clone().requires_grad_()
        likelihood.nll(outputs, responses, scored=scored).backward()
        gradients.append(outputs.grad)
    assert torch.equal(*gradients)
    assert (gradients[0][0, 1, 2] == 0).all()
    assert likelihood.nll(raw, missing).isnan()
    assert likelihood.distribution(raw).log_prob(missing)[~scored].isnan().all()


def test_extreme_outputs_stay_finite_in_single_precision(likelihood):
    extremes = torch.tensor([-200.0, -80.0, -20.0, 0.0, 20.0, 80.0, 1e4])
    grid = torch.cartesian_prod(*[extremes] * likelihood.n_parameters).reshape(-1, likelihood.n_parameters)
    raw = grid[:, None].repeat(1, N, 1).requires_grad_()
    for at in (0.0, 1.0, 40.0):
        y = torch.full(raw.shape[:-1], at)
        log_prob = likelihood.distribution(raw).log_prob(y)
        total = likelihood.total_nll(raw, y)
        (gradient,) = torch.autograd.grad(total, raw)
        assert log_prob.isfinite().all()
        assert total.isfinite()
        assert gradient.isfinite().all()


def test_deviance_is_twice_the_log_ratio_to_the_best_parameters(likelihood, raw, y):
    """The best are searched for, entry by entry, from the true ones; kappa and sd stay."""
    if likelihood.name == "zig" and likelihood.paper_code:
        pytest.skip("its q never reaches 0 and 1")
    p, y = likelihood.distribution(raw), y.clamp(min=0.2 * (y > 0.15))
    assert (p.deviance(y) >= -1e-5).all()
    free = 1 if likelihood.name == "gaussian" else likelihood.n_parameters
    outputs = raw[..., :free].clone().requires_grad_()
    fixed = raw[..., free:]
    optimizer = torch.optim.LBFGS([outputs], max_iter=500, line_search_fn="strong_wolfe", tolerance_change=0)

    def closure():
        optimizer.zero_grad()
        loss = -likelihood.distribution(torch.cat([outputs, fixed], -1)).log_prob(y).sum()
        loss.backward()
        return loss

    optimizer.step(closure)
    best = likelihood.distribution(torch.cat([outputs.detach(), fixed], -1)).log_prob(y)
    torch.testing.assert_close(p.deviance(y), 2 * (best - p.log_prob(y)), rtol=1e-3, atol=5e-3)


def trials_of(likelihood, n_trials=5):
    _, samples = spread(likelihood, n=400)
    return np.array_split(samples.numpy(), n_trials)


def test_the_constant_model_is_the_likeliest_one(likelihood):
    trials = trials_of(likelihood)
    statistics = ResponseStatistics.of(trials, rho=getattr(likelihood, "rho", 0.005))
    constant, y = likelihood.constant(statistics), torch.from_numpy(np.concatenate(trials))
    assert constant.shape == (N, likelihood.n_parameters)

    def total(raw):
        return likelihood.distribution(raw).log_prob(y).double().sum(0)

    best, null = total(constant), likelihood.null(statistics).log_prob(y).double().sum(0)
    for parameter in range(likelihood.n_parameters):
        for step in (-0.05, 0.05):
            other = constant.clone()
            other[:, parameter] += step
            assert (total(other) < best).all()
    if likelihood.name != "flow":  # whose null is that of the zero-inflated gamma
        assert (null >= best - 1e-2).all()


def test_the_null_model_gives_no_response_of_a_silent_neuron_up(likelihood):
    silent = np.zeros((50, N), dtype=np.float32)
    silent[:, 0] = np.linspace(0.2, 3, 50)
    statistics = ResponseStatistics.of([silent], rho=getattr(likelihood, "rho", 0.005))
    assert likelihood.null(statistics).log_prob(torch.ones(N)).isfinite().all()


def test_weights_go_through_a_state_dict(likelihood, raw, y):
    n_parts = {"zig": 1, "flow": 3}.get(likelihood.name, 0)
    other = likelihood.__class__(*[torch.ones(N)] * n_parts)
    other.load_state_dict(likelihood.state_dict())
    learned = {"bend", "log_sd"} if likelihood.name == "flow" else set()
    assert {name for name, _ in other.named_parameters()} == learned
    if likelihood.name == "zig":
        other.rho, other.spike, other.paper_code = likelihood.rho, likelihood.spike, likelihood.paper_code
    assert torch.equal(other.nll(raw, y), likelihood.nll(raw, y))


def test_half_precision_outputs_are_scored_in_single(likelihood, raw, y):
    if likelihood.name != "zig" or likelihood.paper_code:
        pytest.skip("the loss of this family follows torch's own promotion")
    coarse = raw.bfloat16().requires_grad_()
    loss = likelihood.nll(coarse, y)
    loss.backward()
    assert loss.dtype == torch.float32
    assert coarse.grad.dtype == torch.bfloat16
    torch.testing.assert_close(loss, likelihood.nll(coarse.detach().float(), y))


def test_a_likelihood_is_made_for_the_responses_of_a_recording(likelihood):
    made = type(likelihood).for_responses(iter(trials_of(likelihood)))
    assert made.distribution(torch.zeros(N, made.n_parameters)).mean.shape == (N,)


def test_responses_that_are_not_finite_are_refused_and_placed(likelihood):
    trials = [np.ones((3, N)), np.ones((3, N))]
    trials[1][2, 0] = np.nan
    with pytest.raises(DataError, match="trial 1, time point 2, neuron 0: the response is not finite"):
        type(likelihood).for_responses(trials)


def test_negative_responses_are_refused_with_the_way_out_or_welcome(likelihood):
    trials = [np.ones((3, N)), np.full((3, N), -0.5)]
    if likelihood.name == "gaussian":
        type(likelihood).for_responses(trials)
        return
    reason = "trial 1, time point 0, neuron 0: response -0.5 is negative.*'gaussian' likelihood, or deconv"
    with pytest.raises(DataError, match=reason):
        type(likelihood).for_responses(trials)


def test_the_truth_has_more_bits_than_the_null_on_held_out_responses(likelihood):
    generator = torch.Generator().manual_seed(4)
    raw = torch.randn(2, 400, N, likelihood.n_parameters, generator=generator)
    truth = likelihood.distribution(raw)
    train, test = truth.sample(generator)
    statistics = ResponseStatistics.of([train.numpy()], rho=getattr(likelihood, "rho", 0.005))
    null, true = likelihood.null(statistics), likelihood.distribution(raw[1])
    score = LogLikelihood()
    score.update(true.log_prob(test).numpy(), null=null.log_prob(test).numpy())
    assert score.result().mean_above_null > 0.05
