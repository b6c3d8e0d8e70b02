"""A shared state is found, independent neurons are not, however slow they are."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import lfilter
from scipy.stats import binom, kstest

from twofold.analyses.noise_correlations import mean_noise_correlation, noise_correlations
from twofold.errors import DataError, OptionError

N_CLIPS, N_REPEATS, N_FRAMES, N_NEURONS = 5, 6, 40, 8


def slow(rng: np.random.Generator, shape: tuple[int, ...], keeps: float = 0.95) -> np.ndarray:
    """Noise of unit variance that is slow along axis 2, the frames."""
    white = rng.normal(size=(*shape[:2], shape[2] + 100, *shape[3:]))
    return np.sqrt(1 - keeps**2) * lfilter([1], [1, -keeps], white, axis=2)[:, :, 100:]


def clips(seed: int, shared: float = 0.0) -> list[np.ndarray]:
    """Signals of one kind, slow noise of each neuron, and a share of it common to all."""
    rng = np.random.default_rng(seed)
    signal = 2 * rng.normal(size=(N_CLIPS, 1, N_FRAMES, 1))
    own = slow(rng, (N_CLIPS, N_REPEATS, N_FRAMES, N_NEURONS))
    common = slow(rng, (N_CLIPS, N_REPEATS, N_FRAMES, 1))
    return list(signal + np.sqrt(1 - shared) * own + np.sqrt(shared) * common)


@pytest.fixture(scope="module")
def null():
    return [
        mean_noise_correlation(clips(seed), n_bootstrap=100, n_permutations=39, random_state=seed)
        for seed in range(120)
    ]


def test_p_of_independent_neurons_is_uniform_though_they_are_slow(null):
    p = np.array([found.p for found in null])
    assert kstest(p - np.random.default_rng(0).random(len(p)) / 40, "uniform").pvalue > 0.01
    assert (p <= 0.05).sum() <= binom.ppf(0.99, len(p), 0.05)


def test_spans_hold_the_truth(null):
    assert np.mean([0.0 in found.mean for found in null]) > 0.88
    assert np.mean([found.chance.mean for found in null]) == pytest.approx(0.0, abs=0.005)


def test_a_shared_state_is_found_with_its_size():
    found = [
        mean_noise_correlation(clips(seed, 0.2), n_bootstrap=100, n_permutations=39) for seed in range(40)
    ]
    assert np.mean([one.p <= 0.05 for one in found]) >= 0.9
    assert np.mean([one.mean.value for one in found]) == pytest.approx(0.2, abs=0.02)


def test_it_is_the_mean_over_pairs():
    given = clips(0, 0.3)
    expected = noise_correlations(given)[np.triu_indices(N_NEURONS, 1)].mean()
    found = mean_noise_correlation(given, n_bootstrap=10, n_permutations=1)
    assert found.mean.value == pytest.approx(expected)


def test_surrogates_are_noise_correlations_of_shuffled_repeats():
    """Two repeats: an order of each neuron either swaps them or not, so that all surrogates are known."""
    clip = np.random.default_rng(1).normal(size=(2, 30, 2))
    swapped = np.stack([clip[..., 0], clip[::-1, :, 1]], axis=-1)
    known = [noise_correlations([either])[0, 1] for either in (clip, swapped)]
    found = mean_noise_correlation([clip], n_bootstrap=2, n_permutations=50).chance.surrogates
    assert {float(value.round(10)) for value in found} == {float(value.round(10)) for value in known}


def test_the_same_seed_gives_the_same_numbers():
    one, two = (mean_noise_correlation(clips(2), n_bootstrap=20, n_permutations=5) for _ in range(2))
    assert one.mean == two.mean
    np.testing.assert_array_equal(one.chance.surrogates, two.chance.surrogates)


def test_what_has_no_pairs_is_refused():
    with pytest.raises(DataError, match="neuron 0 is the same in all repeats"):
        mean_noise_correlation([np.ones((3, 4, 2))])
    with pytest.raises(DataError, match="at least 2 neurons"):
        mean_noise_correlation([np.random.default_rng(0).normal(size=(3, 4, 1))])
    with pytest.raises(OptionError, match="n_permutations"):
        mean_noise_correlation(clips(0), n_permutations=0)
