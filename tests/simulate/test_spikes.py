from __future__ import annotations

import numpy as np
import pytest

from twofold.simulate.spikes import CountLaw

RATES = np.broadcast_to(np.array([5.0, 60.0]), (20_000, 2))
STEADY = np.ones(20_000, dtype=int)


def draw(law, bins=1, rates=RATES, elapsed=STEADY):
    return law.draw(rates, bins, elapsed, np.random.default_rng(0))


def test_poisson_counts_have_variance_equal_to_mean():
    counts, _ = draw(CountLaw(bin_s=0.1), bins=2)
    assert counts.shape == (40_000, 2)
    assert np.allclose(counts.mean(axis=0), [0.5, 6.0], rtol=0.02)
    assert np.allclose(counts.var(axis=0), [0.5, 6.0], rtol=0.04)


def test_negative_binomial_counts_have_the_stated_variance():
    counts, _ = draw(CountLaw(bin_s=0.1, dispersion=0.5))
    mean = np.array([0.5, 6.0])
    assert np.allclose(counts.mean(axis=0), mean, rtol=0.04)
    assert np.allclose(counts.var(axis=0), mean + 0.5 * mean**2, rtol=0.08)


def test_refractoriness_lowers_the_variance_and_bounds_the_count():
    counts, _ = draw(CountLaw(bin_s=0.1, refractory_s=0.01))
    mean = np.array([0.5, 6.0])
    assert counts.max() <= 10
    assert np.allclose(counts.mean(axis=0), mean, rtol=0.04)
    assert np.allclose(counts.var(axis=0), mean * (1 - mean / 10), rtol=0.06)


def test_adaptation_lowers_rates_after_spikes_and_wears_off_in_a_gap():
    rates = np.full((40, 500), 60.0)
    elapsed = np.ones(40, dtype=int)
    elapsed[20] = 1000
    _, adapted = draw(CountLaw(bin_s=0.03, adaptation=0.3), rates=rates, elapsed=elapsed)
    assert np.array_equal(adapted[0], rates[0])
    assert adapted[15:20].mean() < 0.7 * 60
    assert adapted[20] == pytest.approx(60.0)


def test_large_counts_get_a_wider_type():
    few, _ = draw(CountLaw(bin_s=0.01))
    many, _ = draw(CountLaw(bin_s=100.0))
    assert few.dtype == np.uint8
    assert many.dtype == np.uint16
    assert many[:, 1].mean() == pytest.approx(6000, rel=0.01)
