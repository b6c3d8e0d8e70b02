from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from twofold.errors import DataError, OptionError
from twofold.metrics import noise_ceiling, r2


def brute_force(x, min_distance=1):
    """Signal power and variance of one neuron, (repeat, frame), pair by pair."""
    pairs = [(i, j) for i, j in combinations(range(len(x)), 2) if j - i >= min_distance]
    signal = np.mean([np.cov(x[i], x[j])[0, 1] for i, j in pairs])
    return signal, np.mean([np.var(row, ddof=1) for row in x])


def simulate(rng, drive_sd, repeats=6, frames=15, neurons=4000, noise_sd=1.0):
    drive = rng.normal(size=(frames, neurons))
    drive *= drive_sd / drive.std(axis=0, ddof=1)
    return drive + rng.normal(scale=noise_sd, size=(repeats, frames, neurons))


def assert_unbiased(estimates, truth):
    sem = estimates.std(ddof=1) / np.sqrt(len(estimates))
    assert abs(estimates.mean() - truth) < 4 * sem


@pytest.mark.parametrize("min_distance", [1, 2, 5])
def test_signal_power_and_variance_agree_with_brute_force_over_pairs(min_distance):
    x = np.random.default_rng(0).gamma(1.0, size=(7, 12, 5))
    ceiling = noise_ceiling(x, min_distance=min_distance)
    for neuron in range(5):
        signal, variance = brute_force(x[:, :, neuron], min_distance)
        assert ceiling.signal_power[neuron] == pytest.approx(signal)
        assert ceiling.variance[neuron] == pytest.approx(variance)
        assert ceiling.noise_power[neuron] == pytest.approx(variance - signal)


def test_noise_ceiling_is_unbiased_at_zero_signal():
    ceiling = noise_ceiling(simulate(np.random.default_rng(1), drive_sd=0.0, noise_sd=2.0))
    assert_unbiased(ceiling.signal_power, 0.0)
    assert_unbiased(ceiling.noise_power, 4.0)
    assert 0.4 < ceiling.n_negative / 4000 < 0.65


@pytest.mark.parametrize("drive_sd", [0.2, 1.5])
def test_noise_ceiling_is_unbiased_with_signal(drive_sd):
    ceiling = noise_ceiling(simulate(np.random.default_rng(2), drive_sd))
    assert_unbiased(ceiling.signal_power, drive_sd**2)
    assert_unbiased(ceiling.noise_power, 1.0)


def test_ceilings_of_single_trials_and_means_are_the_r2_of_the_true_drive():
    rng = np.random.default_rng(3)
    drive = rng.normal(size=(400, 30))
    x = drive + rng.normal(scale=2.0, size=(20, 400, 30))
    ceiling = noise_ceiling(x)
    single = np.mean([r2(repeat, drive, average="mean_over_neurons") for repeat in x])
    assert ceiling.single_trial.mean() == pytest.approx(single, abs=0.02)
    of_five = np.mean([r2(x[i : i + 5].mean(0), drive, average="mean_over_neurons") for i in (0, 5, 10, 15)])
    assert ceiling.of_mean(5).mean() == pytest.approx(of_five, abs=0.02)
    pooled = np.mean([r2(repeat, drive) for repeat in x])
    assert ceiling.variance_weighted() == pytest.approx(pooled, abs=0.02)
    keep = np.arange(30) < 5
    pooled = np.mean([r2(x[i : i + 5].mean(0), drive, keep=keep) for i in (0, 5, 10, 15)])
    assert ceiling.variance_weighted(5, keep) == pytest.approx(pooled, abs=0.03)


def test_feve_is_one_for_the_true_drive_and_zero_for_the_mean():
    rng = np.random.default_rng(4)
    drive = rng.normal(size=(300, 40))
    x = drive + rng.normal(size=(30, 300, 40))
    ceiling = noise_ceiling(x)
    assert ceiling.feve(((x - drive) ** 2).mean((0, 1))).mean() == pytest.approx(1.0, abs=0.01)
    assert ceiling.feve(((x - x.mean((0, 1))) ** 2).mean((0, 1))).mean() == pytest.approx(0.0, abs=0.01)


def test_reliability_averages_all_halvings_when_they_are_few():
    x = np.random.default_rng(5).normal(size=(4, 30, 3)) + np.sin(np.arange(30))[:, None]
    ceiling = noise_ceiling(x)
    for neuron in range(3):
        halves = [((0, 1), (2, 3)), ((0, 2), (1, 3)), ((0, 3), (1, 2))]
        means = [(x[list(a), :, neuron].mean(0), x[list(b), :, neuron].mean(0)) for a, b in halves]
        r = np.mean([np.corrcoef(a, b)[0, 1] for a, b in means])
        assert ceiling.reliability[neuron] == pytest.approx(2 * r / (1 + r))


def test_reliability_takes_every_halving_of_an_odd_number_of_repeats():
    x = np.random.default_rng(6).normal(size=(3, 20, 1)) + np.sin(np.arange(20))[:, None]
    r = [np.corrcoef(x[i, :, 0], np.delete(x[:, :, 0], i, axis=0).mean(0))[0, 1] for i in range(3)]
    assert noise_ceiling(x).reliability[0] == pytest.approx(2 * np.mean(r) / (1 + np.mean(r)))


def test_reliability_is_the_correlation_with_as_many_new_repeats():
    rng = np.random.default_rng(7)
    drive = rng.normal(size=(2000, 8))
    old, new = (drive + rng.normal(scale=3.0, size=(12, 2000, 8)) for _ in range(2))
    expected = [np.corrcoef(old.mean(0)[:, i], new.mean(0)[:, i])[0, 1] for i in range(8)]
    assert noise_ceiling(old).reliability.mean() == pytest.approx(np.mean(expected), abs=0.02)


def test_random_halvings_come_from_the_seed_alone():
    x = np.random.default_rng(8).normal(size=(14, 10, 4)) + np.sin(np.arange(10))[:, None]
    one, same, other = (noise_ceiling(x, random_state=seed).reliability for seed in (0, 0, 1))
    np.testing.assert_array_equal(one, same)
    assert (one != other).all()


def test_far_pairs_remove_signal_that_neighbouring_repeats_share():
    rng = np.random.default_rng(9)
    noise = rng.normal(size=(11, 20, 3000))
    x = noise[:-1] + noise[1:]  # neighbours share half of their variance, others nothing
    assert noise_ceiling(x).signal_power.mean() == pytest.approx(2 / 10, abs=0.01)
    assert_unbiased(noise_ceiling(x, min_distance=2).signal_power, 0.0)


def test_levels_that_differ_between_repeats_are_not_signal():
    rng = np.random.default_rng(10)
    x = rng.normal(size=(5, 10, 20))
    shifted = noise_ceiling(x + 100 * rng.normal(size=(5, 1, 20)))
    np.testing.assert_allclose(shifted.signal_power, noise_ceiling(x).signal_power, atol=1e-9)


def test_silent_neurons_have_no_ceiling_and_touch_no_average():
    x = np.random.default_rng(11).normal(size=(5, 30, 3)) + np.sin(np.arange(30))[:, None]
    with_silent = np.concatenate([x, np.full((5, 30, 1), 0.1)], axis=2)
    ceiling = noise_ceiling(with_silent)
    assert np.isnan([ceiling.single_trial[3], ceiling.reliability[3], ceiling.feve(np.zeros(4))[3]]).all()
    assert ceiling.variance_weighted() == pytest.approx(noise_ceiling(x).variance_weighted())
    assert np.isnan(noise_ceiling(with_silent[:, :, 3:]).variance_weighted())


def test_negative_signal_power_is_kept_and_counted():
    x = np.stack([np.arange(6.0), -np.arange(6.0)])[:, :, None]
    ceiling = noise_ceiling(x)
    assert ceiling.n_negative == 1
    assert ceiling.single_trial[0] == pytest.approx(-1.0)
    assert np.isnan(ceiling.feve(np.ones(1))[0])
    assert np.isnan(ceiling.of_mean(2)[0])
    assert np.isnan(ceiling.reliability[0])


def test_counts_are_read_in_double_precision():
    counts = np.random.default_rng(12).poisson(90, size=(4, 10, 3)).astype(np.uint8)
    np.testing.assert_allclose(
        noise_ceiling(counts).signal_power, noise_ceiling(counts.astype(float)).signal_power
    )


def test_bad_input_is_refused_and_placed():
    x = np.ones((3, 4, 2))
    with pytest.raises(DataError, match="got 1 of 4"):
        noise_ceiling(x[:1])
    with pytest.raises(OptionError, match="lie 1 to 2 apart"):
        noise_ceiling(x, min_distance=3)
    with pytest.raises(OptionError, match="n_splits=0"):
        noise_ceiling(x, n_splits=0)
    with pytest.raises(OptionError, match="at least 1 repeat"):
        noise_ceiling(x).of_mean(0)
    x[2, 1, 0] = np.nan
    with pytest.raises(DataError, match="repeat 2, frame 1, neuron 0"):
        noise_ceiling(x)
