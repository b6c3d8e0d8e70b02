"""The recipe of the synthetic latents, against its closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from twofold.errors import OptionError
from twofold.simulate.synthetic_latents import (
    CouplingFlow,
    simulate_synthetic_classes,
    simulate_synthetic_latents,
)


@pytest.fixture(scope="module")
def drawn():
    return simulate_synthetic_latents(6_000, 20, random_state=3)


def test_the_label_is_uniform_and_the_latents_are_normal_around_it(drawn):
    u, z = drawn.label, drawn.latents
    assert stats.kstest(u / (2 * np.pi), "uniform").pvalue > 1e-3
    bend = np.abs(np.sin(u))
    standard = [(z[:, 0] - u) / np.sqrt(0.6 - 0.3 * bend), (z[:, 1] - 2 * np.sin(u)) / np.sqrt(0.3 * bend)]
    for values in standard:
        assert stats.kstest(values, "norm").pvalue > 1e-3
    assert abs(np.corrcoef(standard)[0, 1]) < 4 / np.sqrt(len(u))


def test_rates_stay_in_their_range_and_counts_are_poisson_around_them(drawn):
    assert np.all(np.abs(np.log(drawn.rates)) <= 2.2)
    assert np.array_equal(drawn.responses, np.round(drawn.responses))
    surprise = (drawn.responses - drawn.rates) ** 2 / drawn.rates
    assert surprise.mean() == pytest.approx(1.0, abs=0.02)


def test_every_neuron_depends_on_the_latents_and_on_nothing_else(drawn):
    flow = CouplingFlow.random(20, random_state=9)
    one, two = (simulate_synthetic_latents(500, 20, flow=flow, random_state=s) for s in (0, 1))
    assert np.all(one.rates.std(axis=0) > 0.01)
    padded = np.pad(two.latents, ((0, 0), (0, 18)))
    np.testing.assert_allclose(np.exp(2.2 * np.tanh(flow(padded))), two.rates)


def test_the_mixing_is_undone_by_its_inverse_and_is_not_linear():
    flow = CouplingFlow.random(8, random_state=0)
    z = np.random.default_rng(0).normal(size=(40, 8))
    np.testing.assert_allclose(flow.inverse(flow(z)), z, atol=1e-10)
    assert not np.allclose(flow(2 * z), 2 * flow(z), rtol=0.01)


def test_a_coupling_is_the_formula_by_hand():
    weights = (np.array([[1.0]]), np.array([[2.0]]), np.array([[0.5, -1.0]]))
    flow = CouplingFlow((weights,), ())
    a, b = 3.0, 7.0
    hidden = max(2.0 * max(1.0 * a, 0), 0)
    expected = [b * np.exp(0.1 * np.tanh(0.5 * hidden)) - hidden, a]
    np.testing.assert_allclose(flow(np.array([[a, b]])), [expected])


@pytest.mark.parametrize(
    ("noise", "law"),
    [
        ("gaussian", lambda rate: stats.truncnorm(-rate, np.inf, loc=rate)),
        ("uniform", lambda rate: stats.uniform(rate, 2)),
        ("t", lambda rate: stats.t(2, loc=rate)),
    ],
)
def test_other_noises_have_their_law_around_the_rate(noise, law):
    drawn = simulate_synthetic_latents(300, 10, noise=noise, random_state=4)
    shares = law(drawn.rates).cdf(drawn.responses)
    assert stats.kstest(shares.ravel(), "uniform").pvalue > 1e-3


def test_laplace_noise_is_clipped_at_zero():
    drawn = simulate_synthetic_latents(600, 10, noise="laplace", random_state=4)
    assert np.mean(drawn.responses == 0) == pytest.approx(np.mean(0.5 * np.exp(-drawn.rates)), abs=0.01)
    above = drawn.responses > drawn.rates
    assert above.mean() == pytest.approx(0.5, abs=0.02)
    assert (drawn.responses - drawn.rates)[above].mean() == pytest.approx(1.0, abs=0.05)


def test_seeds_give_the_same_bits_and_noise_does_not_move_the_latents():
    first, again, other = (simulate_synthetic_latents(50, 10, random_state=s) for s in (0, 0, 1))
    assert np.array_equal(first.responses, again.responses)
    assert not np.array_equal(first.latents, other.latents)
    noisier = simulate_synthetic_latents(50, 10, noise="t", random_state=0)
    assert np.array_equal(first.rates, noisier.rates)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"n_neurons": 7}, "even number"),
        ({"n_neurons": 2}, "from 4"),
        ({"n_samples": 0}, "1 or more"),
        ({"noise": "possion"}, "did you mean 'poisson'"),
    ],
)
def test_sizes_and_noises_that_cannot_be_are_refused(wrong, says):
    with pytest.raises(OptionError, match=says):
        simulate_synthetic_latents(**wrong)


def test_classes_have_the_moments_of_the_recipe():
    drawn = simulate_synthetic_classes(20_000, 10, random_state=3)
    assert set(drawn.label) == set(range(5))
    mean = np.array([drawn.latents[drawn.label == k].mean(0) for k in range(5)])
    variance = np.array([drawn.latents[drawn.label == k].var(0) for k in range(5)])
    assert np.abs(mean).max() < 5.1
    assert (variance > 0.45).all() and (variance < 3.2).all()
    assert drawn.rates.min() >= np.exp(-2) and drawn.rates.max() <= np.exp(2)
    ratio = drawn.responses.sum() / drawn.rates.sum()
    assert ratio == pytest.approx(1, abs=0.01)


def test_a_number_of_classes_that_cannot_work_is_refused():
    with pytest.raises(OptionError, match="n_classes=0"):
        simulate_synthetic_classes(n_classes=0)
