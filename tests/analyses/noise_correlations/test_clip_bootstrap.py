from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import t

from twofold.analyses.noise_correlations.clip_bootstrap import ClipBootstrap
from twofold.errors import OptionError


def test_the_span_of_a_mean_is_that_of_student():
    x = np.random.default_rng(0).normal(size=6)
    found = ClipBootstrap(0.9, 20_000).interval(lambda w: float(w @ x / w.sum()), 6, np.random.default_rng(1))
    low, high = t.interval(0.9, 5, x.mean(), x.std(ddof=1) / np.sqrt(6))
    assert (found.value, found.low, found.high) == pytest.approx((x.mean(), low, high), abs=0.02)
    assert found.n == 6


def test_one_clip_has_no_span():
    found = ClipBootstrap().interval(lambda w: float(w.sum()), 1, np.random.default_rng(0))
    assert (found.value, found.low, found.high) == (1.0, None, None)


@pytest.mark.parametrize("options", [{"level": 0.0}, {"level": 95}, {"n": 1}])
def test_options_that_cannot_work_are_refused(options):
    with pytest.raises(OptionError, match="level"):
        ClipBootstrap(**options)
