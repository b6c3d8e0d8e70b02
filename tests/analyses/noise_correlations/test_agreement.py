"""A model with the right shared state agrees with the data; one with another, or none, does not."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from twofold.analyses.noise_correlations import compare_noise_correlations, noise_correlations
from twofold.errors import DataError, OptionError

N_CLIPS, N_REPEATS, N_FRAMES, N_NEURONS = 6, 8, 60, 12
SIGNAL = 2 * np.random.default_rng(99).normal(size=(N_CLIPS, 1, N_FRAMES, N_NEURONS))


def draw(rng: np.random.Generator, w: np.ndarray, signal: np.ndarray = SIGNAL, n: int = N_REPEATS):
    """Responses that share one state through weights (neuron,), and private noise."""
    state = rng.normal(size=(N_CLIPS, n, N_FRAMES, 1))
    return list(signal + state * w + rng.normal(size=(N_CLIPS, n, N_FRAMES, N_NEURONS)))


def weights(seed: int) -> np.ndarray:
    return np.random.default_rng([0, seed]).normal(size=N_NEURONS)


@pytest.fixture(scope="module")
def right():
    rng, w = np.random.default_rng(1), weights(0)
    return w, draw(rng, w), draw(rng, w, n=20)


def test_the_right_model_agrees_as_well_as_the_data_with_themselves(right):
    w, data, model = right
    found = compare_noise_correlations(data, model, n_bootstrap=200, n_permutations=99)
    truth = np.outer(w, w) / np.sqrt(np.outer(1 + w**2, 1 + w**2))
    assert found.p == 0.01
    assert found.correlation.value > 0.95
    above = np.triu_indices(N_NEURONS, 1)
    reached = np.corrcoef(found.data_pairs, truth[above])[0, 1]
    assert found.ceiling == pytest.approx(reached, abs=0.02)
    assert found.data.value == pytest.approx(truth[above].mean(), abs=0.03)
    assert found.model.value == pytest.approx(truth[above].mean(), abs=0.03)
    np.testing.assert_allclose(found.data_pairs, noise_correlations(data)[above])
    np.testing.assert_allclose(found.model_pairs, noise_correlations(model)[above])


def test_expected_responses_instead_of_draws_would_correlate_far_too_much():
    state = np.random.default_rng(2).normal(size=(N_CLIPS, N_REPEATS, N_FRAMES, 1))
    small = 0.3 * np.abs(weights(0))
    found = compare_noise_correlations(
        draw(np.random.default_rng(3), small), list(state * small), n_bootstrap=20, n_permutations=9
    )
    assert found.data.value < 0.1
    assert found.model.value > 0.99


def test_the_right_model_of_a_weak_state_is_held_back_by_the_data_alone():
    rng, w = np.random.default_rng(4), 0.25 * weights(1)
    found = compare_noise_correlations(
        draw(rng, w, n=4), draw(rng, w, n=400), n_bootstrap=20, n_permutations=9
    )
    assert found.ceiling < 0.95
    assert found.correlation.value == pytest.approx(found.ceiling, abs=0.08)


def test_models_without_the_state_or_with_another_are_seldom_believed():
    p = {"none": [], "another": [], "right": []}
    for seed in range(40):
        rng = np.random.default_rng([5, seed])
        data = draw(rng, 0.5 * weights(seed), n=4)
        models = {"none": np.zeros(N_NEURONS), "another": weights(seed + 1000), "right": 0.5 * weights(seed)}
        for name, w in models.items():
            found = compare_noise_correlations(
                data, draw(rng, w), n_bootstrap=2, n_permutations=39, random_state=seed
            )
            p[name].append(found.p <= 0.05)
    assert np.sum(p["none"]) <= binom.ppf(0.99, 40, 0.05)
    assert np.sum(p["another"]) <= binom.ppf(0.99, 40, 0.05)
    assert np.mean(p["right"]) >= 0.9


def test_a_model_that_knows_the_signals_alone_has_no_agreement_though_responses_correlate():
    rng = np.random.default_rng(6)
    alike = 2 * rng.normal(size=(N_CLIPS, 1, N_FRAMES, 1)) * weights(7)
    data, model = draw(rng, np.zeros(N_NEURONS), alike), draw(rng, np.zeros(N_NEURONS), alike)
    above = np.triu_indices(N_NEURONS, 1)
    total = [np.corrcoef(np.concatenate(list(map(np.concatenate, part))).T)[above] for part in (data, model)]
    assert np.corrcoef(*total)[0, 1] > 0.9
    found = compare_noise_correlations(data, model, n_bootstrap=200, n_permutations=99)
    assert abs(found.correlation.value) < 0.3
    assert found.p > 0.05
    assert 0.0 in found.data


def test_spans_of_the_mean_hold_the_truth():
    w = 0.5 * np.ones(N_NEURONS)
    truth, held = 0.25 / 1.25, []
    for seed in range(60):
        rng = np.random.default_rng([8, seed])
        found = compare_noise_correlations(draw(rng, w), draw(rng, w), n_bootstrap=100, n_permutations=1)
        held.append(truth in found.data)
    assert np.mean(held) >= 0.88


def test_few_repeats_tell_no_reliability(right):
    _, data, model = right
    found = compare_noise_correlations([clip[:3] for clip in data], model, n_bootstrap=2, n_permutations=1)
    assert np.isnan(found.reliability)
    assert np.isnan(found.ceiling)


def test_the_same_seed_gives_the_same_numbers(right):
    _, data, model = right
    one, two = (compare_noise_correlations(data, model, n_bootstrap=20, n_permutations=5) for _ in range(2))
    assert one.correlation == two.correlation
    np.testing.assert_array_equal(one.chance.surrogates, two.chance.surrogates)


def test_what_cannot_be_compared_is_refused(right):
    _, data, model = right
    with pytest.raises(DataError, match="data have 6 clips of 12 neurons, model 5 of 12"):
        compare_noise_correlations(data, model[:5])
    with pytest.raises(DataError, match="at least 3 neurons"):
        compare_noise_correlations([clip[..., :2] for clip in data], [clip[..., :2] for clip in model])
    with pytest.raises(DataError, match="model: neuron 0"):
        compare_noise_correlations(data, [np.ones((3, 4, 12))] * 6)
    with pytest.raises(OptionError, match="n_permutations"):
        compare_noise_correlations(data, model, n_permutations=0)
