"""FlowFA: its joint likelihood, its fit, and its own data found again."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.stats import multivariate_normal

from twofold.encoding.competitors import ConstantModel, FlowFactors
from twofold.encoding.competitors.flow_state import FlowState, _free, _log_likelihood
from twofold.encoding.competitors.foretold import Foretold
from twofold.encoding.latent.selection import Roles
from twofold.errors import OptionError
from twofold.likelihoods import PoissonLikelihood, ZigLikelihood

from .conftest import HALF, each_correlation, nothing, taught

WHO = Roles(np.array([0, 2, 3, 5]), np.array([1, 4, 6]))


def base(n_neurons=12):
    return ConstantModel(["toy"], [ZigLikelihood(torch.full((n_neurons,), 0.5))], [torch.zeros(n_neurons, 2)])


def random_state(rng, n_neurons, dimension=2):
    return FlowState(
        scale=rng.uniform(0.5, 2, n_neurons),
        weight=rng.uniform(0.3, 0.8, n_neurons),
        power=rng.uniform(0.3, 0.8, n_neurons),
        intercept=0.3 * rng.normal(size=n_neurons),
        slope=rng.uniform(0.3, 0.8, n_neurons),
        covariate_mean=np.zeros(n_neurons),
        covariate_sd=np.ones(n_neurons),
        loading=rng.normal(size=(n_neurons, dimension)),
        noise=rng.uniform(0.3, 0.8, n_neurons),
    )


def simulated(state, rng, n_trials, n_time=60):
    """Trials of the law, whose silence and covariate a base model knows."""
    n_neurons, dimension = state.loading.shape
    trials = []
    for _ in range(n_trials):
        raw = torch.from_numpy(rng.normal(size=(n_time, n_neurons, 2))).float()
        raw[..., 0] += 1.0
        trial = Foretold(ZigLikelihood(torch.full((n_neurons,), 0.5)), raw, np.zeros((n_time, n_neurons)))
        law = trial.law()
        noise = rng.normal(size=(n_time, n_neurons)) * np.sqrt(state.noise)
        u = state.center(law.log_theta.double()) + torch.from_numpy(
            rng.normal(size=(n_time, dimension)) @ state.loading.T + noise
        )
        above = 0.005 + state.flow.inverse(u).numpy()
        active = rng.random((n_time, n_neurons)) < law.q.numpy()
        trials.append(Foretold(trial.likelihood, raw, np.where(active, above, 0.0)))
    return trials


def test_the_joint_likelihood_is_that_of_the_gaussian_of_the_active():
    rng = np.random.default_rng(0)
    state = random_state(rng, 7)
    trial = simulated(state, rng, 1, n_time=6)[0]
    model = FlowFactors(base(7), dimension=2)
    model.states = (state,)
    found = model.joint(0, trial, WHO)
    law, full = trial.law(), state.loading @ state.loading.T + np.diag(state.noise)
    center = state.center(law.log_theta.double()).numpy()

    def gauss(t, neurons):
        active = neurons[trial.observed[t, neurons] > 0.005]
        d = torch.from_numpy(trial.observed[t] - 0.005)
        u = torch.where(d > 0, state.flow.forward(d.clamp(min=1e-9)), 0.0).numpy()
        if not len(active):
            return 0.0
        return multivariate_normal.logpdf(u[active], center[t, active], full[np.ix_(active, active)])

    for t in range(6):
        slow = gauss(t, np.concatenate([WHO.given, WHO.targets])) - gauss(t, WHO.given)
        for i in WHO.targets:
            y = trial.observed[t, i]
            if y > 0.005:
                slope = state.flow.of_neurons(torch.tensor([i])).log_slope(torch.tensor([y - 0.005]).double())
                slow += law.log_q[t, i].item() + slope.item()
            else:
                slow += law.log_silent[t, i].item()
        assert found[t].item() == pytest.approx(slow, abs=1e-5)


def test_conditioning_is_that_of_the_whole_gaussian():
    rng = np.random.default_rng(1)
    state = random_state(rng, 7)
    trial = simulated(state, rng, 1, n_time=4)[0]
    model = FlowFactors(base(7), dimension=2)
    model.states = (state,)
    found = model.law_given(0, WHO)(trial)
    full = state.loading @ state.loading.T + np.diag(state.noise)
    center = state.center(trial.law().log_theta.double()).numpy()
    for t in range(4):
        seen = WHO.given[trial.observed[t, WHO.given] > 0.005]
        d = torch.from_numpy(trial.observed[t, seen] - 0.005)
        u = state.flow.of_neurons(torch.from_numpy(seen)).forward(d).numpy()
        reading = full[np.ix_(WHO.targets, seen)] @ np.linalg.inv(full[np.ix_(seen, seen)])
        np.testing.assert_allclose(
            found.center[t], center[t, WHO.targets] + reading @ (u - center[t, seen]), atol=1e-9
        )
        left = full[np.ix_(WHO.targets, WHO.targets)] - reading @ full[np.ix_(seen, WHO.targets)]
        np.testing.assert_allclose(found.sd[t] ** 2, left.diagonal(), atol=1e-9)


def test_gradients_of_the_fit_are_numeric_gradients():
    rng = np.random.default_rng(2)
    state = random_state(rng, 4, dimension=1)
    trial = simulated(state, rng, 1, n_time=5)[0]
    active = torch.from_numpy(trial.observed > 0.005)
    d = torch.where(active, torch.from_numpy(trial.observed - 0.005), 1.0)
    free = _free(state)
    names = list(free)

    def total(*values):
        return _log_likelihood(dict(zip(names, values, strict=True)), state, active, d, 0.3 * d).sum()

    assert torch.autograd.gradcheck(total, tuple(free[name].requires_grad_() for name in names))


def test_its_own_data_are_found_again():
    rng = np.random.default_rng(3)
    state = random_state(rng, 12)
    trials = simulated(state, rng, 40)
    model = taught(FlowFactors(base(), dimension=2, steps=200, batch_frames=128), trials[:30])
    truth = FlowFactors(base(), dimension=2)
    truth.states = (state,)
    gains, observed, means = {}, [], {"found": [], "true": []}
    for name, one in {"found": model, "true": truth}.items():
        bits = [one.joint(0, trial, HALF).mean().item() for trial in trials[30:]]
        gains[name] = np.mean(bits)
        means[name] = np.concatenate([one.law_given(0, HALF)(trial).mean.numpy() for trial in trials[30:]])
    observed = np.concatenate([trial.observed[:, HALF.targets] for trial in trials[30:]])
    assert gains["found"] > gains["true"] - 0.08  # nats of 4 neurons
    correlation = {name: each_correlation(mean, observed).mean() for name, mean in means.items()}
    alone = np.concatenate([truth.unconditioned(0, t, HALF.targets).mean.numpy() for t in trials[30:]])
    assert correlation["found"] > correlation["true"] - 0.02
    assert correlation["true"] > each_correlation(alone, observed).mean() + 0.1


def test_silence_needs_a_base_model_that_knows_of_it():
    trial = Foretold(PoissonLikelihood(), torch.zeros(5, 12, 1), np.ones((5, 12)))
    with pytest.raises(OptionError, match="likelihood 'zig'"):
        taught(FlowFactors(nothing()), [trial])
    model = taught(FlowFactors(nothing(), zero_inflated=False, steps=2), [trial])
    assert model.measure_of(0) == "Lebesgue"
