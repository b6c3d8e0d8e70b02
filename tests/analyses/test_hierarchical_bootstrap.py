"""Spans over mice hold the truth; those that take neurons for mice do not."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from scipy.stats import bootstrap

from twofold.analyses.hierarchical_bootstrap import (
    difference_over_mice,
    hierarchical_bootstrap,
    mean_by_clip,
)
from twofold.errors import DataError, OptionError
from twofold.metrics.intervals import paired_difference


def mice(rng: np.random.Generator, n: int = 6, clips: int = 5, neurons: int = 30) -> list[np.ndarray]:
    """True mean 0; sd 0.1 of mice, 0.1 of a mouse's clips, 0.3 of its neurons, and noise of 0.3."""
    return [
        0.1 * rng.normal()
        + 0.1 * rng.normal(size=(clips, 1))
        + 0.3 * rng.normal(size=(1, neurons))
        + 0.3 * rng.normal(size=(clips, neurons))
        for _ in range(n)
    ]


def test_the_span_holds_the_truth_and_that_of_pooled_neurons_does_not():
    n, honest, leaky = 150, 0, 0
    for seed in range(n):
        values = mice(np.random.default_rng(seed))
        honest += 0.0 in hierarchical_bootstrap(values, n_bootstrap=300, random_state=seed)
        pooled = np.concatenate([mouse.ravel() for mouse in values])
        sem = pooled.std(ddof=1) / np.sqrt(len(pooled))
        leaky += abs(pooled.mean()) < 1.96 * sem
    assert honest / n > 0.9
    assert leaky / n < 0.6


def test_three_mice_with_one_number_each_are_drawn_as_all_27_ways_say():
    values = [0.0, 1.0, 5.0]
    found = hierarchical_bootstrap(
        [np.full((1, 1), value) for value in values], level=0.5, n_bootstrap=20_000, random_state=1
    )
    every = np.sort([np.mean(way) for way in product(values, repeat=3)])
    low, high = np.quantile(np.repeat(every, 1000), [0.25, 0.75])
    assert (found.value, found.low, found.high) == pytest.approx((2.0, low, high))


@pytest.mark.parametrize("shape", [(12, 1), (1, 12)])
def test_one_mouse_with_clips_or_neurons_alone_has_the_percentile_span_of_scipy(shape):
    x = np.random.default_rng(0).normal(size=12)
    found = hierarchical_bootstrap([x.reshape(shape)], level=0.9, n_bootstrap=20_000)
    peer = bootstrap(
        (x,), np.mean, confidence_level=0.9, method="percentile", n_resamples=20_000, random_state=1
    ).confidence_interval
    assert (found.low, found.high) == pytest.approx((peer.low, peer.high), abs=0.02)


def test_clips_and_neurons_cross_each_other():
    """Neurons drawn anew for every clip would hide how much they differ."""
    per_neuron = np.random.default_rng(1).normal(size=16)
    found = hierarchical_bootstrap([np.tile(per_neuron, (40, 1))], n_bootstrap=4000)
    alone = hierarchical_bootstrap([per_neuron[None]], n_bootstrap=4000)
    assert found.high - found.low == pytest.approx(alone.high - alone.low, rel=0.08)
    assert found.high - found.low == pytest.approx(2 * 1.96 * per_neuron.std() / 4, rel=0.1)


def test_every_mouse_counts_the_same_and_missing_entries_do_not():
    big, small = np.ones((50, 40)), np.zeros((2, 3))
    assert hierarchical_bootstrap([big, small], n_bootstrap=10).value == 0.5
    holes = np.where(np.random.default_rng(0).random((6, 5)) < 0.4, np.nan, 3.0)
    found = hierarchical_bootstrap([holes], n_bootstrap=200)
    assert (found.value, found.low, found.high) == (3.0, 3.0, 3.0)


def test_seeds_are_averaged_and_do_not_count_as_mice():
    """Ten runs of the same two mice tell no more of other mice than one run does."""
    rng = np.random.default_rng(2)
    one = [rng.normal(size=(1, 4, 5)) for _ in range(2)]
    ten = [np.repeat(mouse, 10, axis=0) for mouse in one]
    a, b = (hierarchical_bootstrap(values, n_bootstrap=500) for values in (one, ten))
    assert (a.low, a.high, a.n) == pytest.approx((b.low, b.high, 2))


def test_the_same_seed_gives_the_same_span():
    values = mice(np.random.default_rng(3))
    one, two = (hierarchical_bootstrap(values, n_bootstrap=50, random_state=4) for _ in range(2))
    assert one == two
    assert one != hierarchical_bootstrap(values, n_bootstrap=50, random_state=5)


# --- differences ---------------------------------------------------------------------------------


def test_differences_are_paired_before_they_are_drawn():
    """What mice, clips and neurons have in common cancels; unpaired spans would overlap."""
    rng = np.random.default_rng(4)
    b = [10 * mouse for mouse in mice(rng)]
    a = [mouse + 0.05 + 0.01 * rng.normal(size=mouse.shape) for mouse in b]
    found = difference_over_mice(a, b)
    assert found.difference.value == pytest.approx(0.05, abs=0.005)
    assert found.difference.low > 0.04
    alone = hierarchical_bootstrap(a)
    assert alone.low < hierarchical_bootstrap(b).high
    np.testing.assert_allclose(
        found.per_mouse, [one.mean() - other.mean() for one, other in zip(a, b, strict=True)]
    )
    assert found.p == paired_difference(found.per_mouse, np.zeros(6)).p == 2 / 2**6


def test_two_equal_models_are_seldom_told_apart():
    alarms = [
        0.0
        not in difference_over_mice(
            mice(np.random.default_rng([0, seed])), mice(np.random.default_rng([1, seed])), n_bootstrap=200
        ).difference
        for seed in range(60)
    ]
    assert np.mean(alarms) <= 0.05


def test_seeds_are_shown_apart():
    difference = np.array([0.0, 0.3])[:, None, None] * np.ones((2, 3, 4))
    found = difference_over_mice([difference, difference + 0.1], [np.zeros((2, 3, 4))] * 2)
    np.testing.assert_allclose(found.by_seed, [0.05, 0.35])
    np.testing.assert_allclose(found.per_mouse, [0.15, 0.25])


# --- tables and refusals -------------------------------------------------------------------------


def test_means_by_clip_are_those_of_pandas():
    import pandas as pd

    rng = np.random.default_rng(5)
    values, clip = rng.normal(size=(40, 3)), rng.choice(["b", "a", "c"], 40)
    np.testing.assert_allclose(mean_by_clip(values, clip), pd.DataFrame(values).groupby(clip).mean())


@pytest.mark.parametrize(
    ("values", "match"),
    [
        ([], "no mice"),
        ([np.ones((2, 2)), np.full((2, 2), np.nan)], "mouse 1"),
        ([np.full((1, 1), np.inf)], "mouse 0"),
        ([np.ones((1, 1, 1, 1))], r"\(seed, clip, neuron\)"),
    ],
)
def test_mice_without_values_are_refused(values, match):
    with pytest.raises(DataError, match=match):
        hierarchical_bootstrap(values)


def test_what_does_not_fit_is_refused():
    with pytest.raises(DataError, match="a and b differ"):
        difference_over_mice([np.ones((2, 3))], [np.ones((3, 2))])
    with pytest.raises(DataError, match="seeds"):
        difference_over_mice(
            [np.ones((1, 2, 3)), np.ones((2, 2, 3))], [np.ones((1, 2, 3)), np.ones((2, 2, 3))]
        )
    with pytest.raises(OptionError, match="level"):
        hierarchical_bootstrap([np.ones((1, 1))], level=1.0)
    with pytest.raises(DataError, match="one clip for each row"):
        mean_by_clip(np.ones((3, 1)), np.arange(2))
