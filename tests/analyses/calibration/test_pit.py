"""The transform is uniform for right predictions of responses that are often silent, and only for these."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import chisquare, kstest

from twofold.analyses.calibration import pit_histogram, pit_of_samples, randomised_pit
from twofold.errors import DataError, OptionError


def pit(model, y, seed=0):
    return randomised_pit(model.below(y), model.at(y), np.random.default_rng([9, seed]))


def test_it_is_uniform_for_right_predictions(zig):
    u = pit(zig, zig.draw(np.random.default_rng(1)))
    assert kstest(u.ravel(), "uniform").pvalue > 0.01


def test_without_randomisation_right_predictions_would_look_wrong(zig):
    u = zig.at(zig.draw(np.random.default_rng(1)))
    assert kstest(u.ravel(), "uniform").statistic > 0.25


@pytest.mark.parametrize("factor", [0.7, 1.4])
def test_it_is_not_uniform_for_wrong_amplitudes(zig, factor):
    u = pit(zig.scaled(factor), zig.draw(np.random.default_rng(1)))
    assert kstest(u.ravel(), "uniform").pvalue < 1e-6


def test_a_silent_response_falls_anywhere_in_its_probability(zig):
    y = np.zeros(zig.q.shape)
    np.testing.assert_array_less(pit(zig, y), 1 - zig.q)
    assert kstest((pit(zig, y) / (1 - zig.q)).ravel(), "uniform").pvalue > 0.01


def test_the_transform_of_samples_is_that_of_the_distribution(zig):
    rng = np.random.default_rng(2)
    y, samples = zig.draw(rng)[:100], zig.draw(rng, 400)[:, :100]
    u = pit_of_samples(samples, y, rng)
    at, below = zig.at(np.vstack([y, zig.q[100:]]))[:100], zig.below(np.vstack([y, zig.q[100:]]))[:100]
    assert (u < at + 0.1).all()
    assert (u > below - 0.1).all()


@pytest.mark.parametrize("n", [1, 4, 19])
def test_the_transform_of_few_samples_is_exactly_uniform(n):
    """By symmetry, for any number of samples; ranks alone would not be, with so many ties."""
    rng = np.random.default_rng(3)
    values = rng.poisson(0.5, size=(n + 1, 400, 50)).astype(float)
    u = pit_of_samples(values[1:], values[0], rng)
    counts = np.histogram(u, bins=20, range=(0, 1))[0]
    assert chisquare(counts).pvalue > 0.01


def test_responses_below_the_border_are_equal_to_each_other():
    rng = np.random.default_rng(4)
    samples = rng.uniform(0, 0.005, size=(9, 300, 5))
    u = pit_of_samples(samples, np.full((300, 5), 0.0), rng, silent_below=0.005)
    assert kstest(u.ravel(), "uniform").pvalue > 0.01
    assert pit_of_samples(samples, np.full((300, 5), 0.0), rng).max() < 0.1


# --- histograms ----------------------------------------------------------------------------------


def test_the_histogram_is_that_of_numpy(zig, clip):
    u = pit(zig.scaled(2.0), zig.draw(np.random.default_rng(5)))
    found = pit_histogram(u, clip, bins=8, n_bootstrap=50)
    density, edges = np.histogram(u, bins=8, range=(0, 1), density=True)
    np.testing.assert_allclose(found.density, density)
    np.testing.assert_allclose(found.edges, edges)
    cumulated = np.array([(u <= edge).mean() for edge in edges[1:]])
    assert found.distance == pytest.approx(np.abs(cumulated - edges[1:]).max())


def test_spans_hold_1_for_right_predictions_and_not_for_wrong_ones(zig, clip):
    outside = []
    for seed in range(40):
        u = pit(zig, zig.draw(np.random.default_rng([6, seed])), seed)
        found = pit_histogram(u, clip, bins=5, n_bootstrap=100, random_state=seed)
        outside.append((found.low > 1) | (found.high < 1))
    assert np.mean(outside) <= 0.05
    wrong = pit_histogram(pit(zig.scaled(0.5), zig.draw(np.random.default_rng(7))), clip, bins=5)
    assert wrong.low[-1] > 1.2


def test_predictions_that_are_too_narrow_make_a_valley_and_too_wide_ones_a_hill(clip):
    from scipy.stats import norm

    y = np.random.default_rng(8).normal(size=(1200, 5))
    narrow, wide = (pit_histogram(norm.cdf(y / sd), clip, bins=5, n_bootstrap=10) for sd in (0.5, 2.0))
    assert narrow.density[2] < 0.7 < 1.5 < narrow.density[0]
    assert wide.density[0] < 0.7 < 1.5 < wide.density[2]


def test_both_ends_are_inside():
    found = pit_histogram(np.array([[0.0], [1.0]]), np.array([0, 1]), bins=2, n_bootstrap=10)
    np.testing.assert_array_equal(found.density, 1.0)


def test_what_is_no_probability_is_refused(clip):
    ones, rng = np.ones((2, 2)), np.random.default_rng(0)
    with pytest.raises(DataError, match="row 0, neuron 0"):
        randomised_pit(ones, 0.5 * ones, rng)
    with pytest.raises(DataError, match="below is"):
        randomised_pit(ones, np.ones((3, 2)), rng)
    with pytest.raises(DataError, match="sample, time, neuron"):
        pit_of_samples(np.ones((5, 2, 3)), ones, rng)
    with pytest.raises(DataError, match="between 0 and 1"):
        pit_histogram(np.full((2, 1), np.nan), np.arange(2))
    with pytest.raises(DataError, match="one clip for each row"):
        pit_histogram(0.5 * ones, clip)
    with pytest.raises(OptionError, match="bins"):
        pit_histogram(0.5 * ones, np.arange(2), bins=0)
