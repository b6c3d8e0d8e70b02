from __future__ import annotations

import numpy as np
import pytest
from sklearn.calibration import calibration_curve

from twofold.analyses.calibration import silent_fraction
from twofold.errors import DataError, OptionError


def test_right_probabilities_are_seldom_called_wrong(zig, clip):
    alarms = []
    for seed in range(60):
        silent = zig.draw(np.random.default_rng([0, seed])) == 0
        alarms.append(0.0 not in silent_fraction(1 - zig.q, silent, clip, random_state=seed).excess)
    assert np.mean(alarms) <= 0.05


def test_too_little_silence_is_found_with_its_sign_and_size(zig, clip):
    silent = zig.draw(np.random.default_rng(1)) == 0
    found = silent_fraction(np.maximum(1 - zig.q - 0.05, 0), silent, clip)
    assert found.excess.low > 0
    assert found.excess.value == pytest.approx(0.05, abs=0.01)


def test_a_right_mean_of_wrong_probabilities_is_seen_in_the_curve(zig, clip):
    """Predictions that are too sure: no excess, and a curve that is not the diagonal."""
    p = np.random.default_rng(2).random((1200, 20))
    silent = np.random.default_rng(3).random(p.shape) < 0.25 + 0.5 * p
    found = silent_fraction(p, silent, clip, bins=5)
    assert 0.0 in found.excess
    np.testing.assert_allclose(found.seen, 0.25 + 0.5 * found.told, atol=0.03)


def test_the_curve_is_that_of_scikit_learn(zig, clip):
    silent = zig.draw(np.random.default_rng(4)) == 0
    found = silent_fraction(1 - zig.q, silent, clip, bins=10)
    seen, told = calibration_curve(silent.ravel(), (1 - zig.q).ravel(), n_bins=10)
    np.testing.assert_allclose(found.seen, seen)
    np.testing.assert_allclose(found.told, told)
    assert found.n.sum() == silent.size
    np.testing.assert_allclose(found.observed, silent.mean(axis=0))
    np.testing.assert_allclose(found.predicted, (1 - zig.q).mean(axis=0))


def test_what_is_no_probability_is_refused(clip):
    p, silent = np.full((1200, 2), 0.5), np.zeros((1200, 2), dtype=bool)
    with pytest.raises(DataError, match=r"row 3, neuron 1: 1.5 is no probability"):
        silent_fraction(np.where(np.arange(2400).reshape(1200, 2) == 7, 1.5, p), silent, clip)
    with pytest.raises(DataError, match=r"\(time, neuron\)"):
        silent_fraction(p[:, :1], silent, clip)
    with pytest.raises(OptionError, match="bins"):
        silent_fraction(p, silent, clip, bins=0)
