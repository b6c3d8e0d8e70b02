"""Intervals hold what they promise for right predictions; silence is counted as one outcome."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from twofold.analyses.calibration import interval_coverage, pit_coverage, randomised_pit
from twofold.errors import DataError, OptionError

RHO = 0.005


@pytest.mark.parametrize("level", [0.5, 0.9])
@pytest.mark.parametrize("sd", [0.7, 1.0])
def test_coverage_of_gaussian_intervals_is_the_closed_form(clip, level, sd):
    y = np.random.default_rng(0).normal(size=(1200, 40))
    end = np.full(y.shape, sd * norm.ppf((1 + level) / 2))
    found = interval_coverage(y, -end, end, clip, level=level, silent_below=-np.inf)
    expected = 2 * norm.cdf(end[0, 0]) - 1
    assert found.mean.value == pytest.approx(expected, abs=0.01)
    assert (found.promised in found.mean) == (sd == 1.0)
    np.testing.assert_allclose(found.per_neuron, (np.abs(y) <= end).mean(axis=0))


def test_closed_intervals_hold_all_of_silence_and_those_of_the_transform_what_they_promise(zig, clip):
    rng = np.random.default_rng(1)
    y = zig.draw(rng)
    inside = interval_coverage(y, zig.quantile(0.25), zig.quantile(0.75), clip, level=0.5, silent_below=RHO)
    holds = zig.at(zig.quantile(0.75)) - zig.below(zig.quantile(0.25))
    assert inside.mean.value == pytest.approx(holds.mean(), abs=0.01)
    assert inside.mean.low > 0.55
    cut = pit_coverage(randomised_pit(zig.below(y), zig.at(y), rng), clip, level=0.5)
    assert cut.promised in cut.mean


def test_ends_that_cut_silence_in_two_do_not_lose_half_of_it(zig, clip):
    """The package spreads silence over (0, rho); recorded silence is 0, below the low end of its interval."""
    y = zig.draw(np.random.default_rng(2))
    low = np.where(zig.q < 0.95, RHO * 0.05 / (1 - zig.q), zig.quantile(0.05))
    high = np.maximum(zig.quantile(0.95), low)
    lost = interval_coverage(y, low, high, clip, level=0.9)
    kept = interval_coverage(y, low, high, clip, level=0.9, silent_below=RHO)
    assert lost.mean.value < 0.6
    assert kept.mean.value > 0.9


def test_spans_hold_the_promise_of_right_predictions(zig, clip):
    missed = []
    for seed in range(60):
        rng = np.random.default_rng([3, seed])
        y = zig.draw(rng)
        u = randomised_pit(zig.below(y), zig.at(y), rng)
        missed.append(0.9 not in pit_coverage(u, clip, level=0.9, random_state=seed).mean)
    assert np.mean(missed) <= 0.05


def test_one_wrong_neuron_is_seen_among_right_ones(zig, clip):
    y = zig.draw(np.random.default_rng(4))
    y[:, 7] *= 5
    u = randomised_pit(zig.below(y), zig.at(y), np.random.default_rng(5))
    per_neuron = pit_coverage(u, clip, level=0.9).per_neuron
    assert per_neuron.argmin() == 7
    assert np.delete(per_neuron, 7).min() > 0.86 > 0.8 > per_neuron[7]


def test_what_does_not_fit_is_refused(clip):
    y = np.zeros((1200, 2))
    with pytest.raises(DataError, match="same shape"):
        interval_coverage(y, y[:3], y, clip, level=0.9)
    with pytest.raises(DataError, match="from 1 to 0"):
        interval_coverage(y, y + 1, y, clip, level=0.9)
    with pytest.raises(DataError, match="one clip for each row"):
        pit_coverage(y, clip[:5], level=0.9)
    with pytest.raises(OptionError, match=r"level=90"):
        pit_coverage(y, clip, level=90)
