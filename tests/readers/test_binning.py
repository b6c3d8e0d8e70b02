from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twofold.errors import DataError
from twofold.readers import binning
from twofold.readers.binning import Bins, SpikeCounts, count_spikes
from twofold.readers.series_in_bins import SeriesInBins, covered

times = st.integers(-20, 400).map(lambda tick: tick / 8)  # many fall on edges


@st.composite
def bins_and_trains(draw):
    widths = draw(st.lists(st.integers(1, 24), min_size=1, max_size=30))
    gaps = draw(st.lists(st.sampled_from([0, 0, 0, 1, 9, 60]), min_size=len(widths), max_size=len(widths)))
    start = np.cumsum(gaps) + np.append(0, np.cumsum(widths)[:-1])
    bins = Bins(start / 8, (start + widths) / 8)
    trains = draw(
        st.lists(st.lists(times, max_size=40).map(lambda one: np.sort(one)), min_size=1, max_size=4)
    )
    return bins, trains


def by_hand(bins: Bins, trains) -> np.ndarray:
    """Every spike held against every bin."""
    counts = np.zeros((len(bins), len(trains)), int)
    for k, (start, stop) in enumerate(zip(bins.start_s, bins.stop_s, strict=True)):
        for unit, spikes in enumerate(trains):
            counts[k, unit] = sum(start <= spike < stop for spike in spikes)
    return counts


@given(bins_and_trains())
@settings(max_examples=150)
def test_counts_equal_holding_every_spike_against_every_bin(case):
    bins, trains = case
    np.testing.assert_array_equal(count_spikes(trains, bins), by_hand(bins, trains))
    np.testing.assert_array_equal(SpikeCounts(trains, bins)[:], by_hand(bins, trains))


@given(bins_and_trains(), st.integers(0, 30), st.integers(0, 30))
@settings(max_examples=60)
def test_any_slice_of_rows_is_the_slice_of_all(case, start, stop):
    bins, trains = case
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(binning, "ROWS_PER_BORDER", 4)
        lazy = SpikeCounts(trains, bins)
        np.testing.assert_array_equal(lazy[start:stop], by_hand(bins, trains)[start:stop])


@pytest.mark.parametrize("offset", [0.0, 1e4, 1e7])
def test_counts_equal_numpy_histogram_on_an_uneven_clock_far_from_zero(offset):
    rng = np.random.default_rng(0)
    edges = offset + np.cumsum(rng.uniform(0.008, 0.009, 5001))
    trains = [np.sort(rng.uniform(edges[0], edges[-1], 3000)) for _ in range(3)]
    trains.append(edges[rng.integers(0, 5000, 2000)])  # exactly on edges
    trains[-1].sort()
    counts = count_spikes(trains, Bins(edges[:-1], edges[1:]))
    for unit, spikes in enumerate(trains):
        np.testing.assert_array_equal(counts[:, unit], np.histogram(spikes, edges)[0])


def test_bins_of_very_different_widths_are_searched_by_bisection_with_the_same_result():
    edges = np.array([0.0, 1e-9, 1.0, 50.0, 5000.0])
    spikes = np.array([0.0, 1e-9, 0.5, 1.0, 49.0, 60.0])
    bins = Bins(edges[:-1], edges[1:])
    assert count_spikes([spikes], bins)[:, 0].tolist() == np.histogram(spikes, edges)[0].tolist()


def test_the_type_of_counts_holds_the_most_crowded_bin():
    bins = Bins(np.arange(3.0), np.arange(3.0) + 1)
    crowded = np.linspace(1.0, 1.9, 300)
    assert SpikeCounts([crowded[:200]], bins).dtype == np.uint8
    lazy = SpikeCounts([crowded, crowded[:3]], bins)
    assert lazy.dtype == np.uint16
    assert lazy[:].tolist() == [[0, 0], [300, 3], [0, 0]]


def test_means_per_frame_are_the_counts_over_the_number_of_bins():
    bins = Bins(np.arange(2.0), np.arange(2.0) + 1)
    lazy = SpikeCounts([np.array([0.1, 0.2, 0.3])], bins, mean_of=4)
    assert (lazy.dtype, lazy[:].tolist()) == (np.float32, [[0.75], [0.0]])


def test_spikes_out_of_order_are_counted_all_the_same():
    bins = Bins(np.arange(2.0), np.arange(2.0) + 1)
    assert SpikeCounts([np.array([1.5, 0.5, 0.6])], bins)[:].tolist() == [[2], [1]]


def test_bad_times_are_told_with_their_place():
    bins = Bins(np.arange(2.0), np.arange(2.0) + 1)
    with pytest.raises(DataError, match="unit 1: spike 2 is at nan s"):
        SpikeCounts([np.zeros(0), np.array([0.0, 1.0, np.nan])], bins)
    with pytest.raises(DataError, match=re.escape("bin 1 runs from 0.5 to 2.0 s")):
        Bins(np.array([0.0, 0.5]), np.array([1.0, 2.0]))


# --- sampled responses ---------------------------------------------------------------------------


def test_a_slow_series_is_interpolated_as_numpy_does():
    rng = np.random.default_rng(0)
    time_s, samples = np.arange(50) * 0.13, rng.normal(size=(50, 3))
    start = np.concatenate([np.arange(20) * 0.1 + 0.4, np.arange(15) * 0.1 + 4.0])
    bins = Bins(start, start + 0.1 - 1e-12)
    expected = np.stack([np.interp(bins.centre_s, time_s, column) for column in samples.T], axis=1)
    np.testing.assert_allclose(SeriesInBins(samples, time_s, bins)[:], expected, rtol=1e-9)
    np.testing.assert_array_equal(
        SeriesInBins(samples, time_s, bins)[13:27], SeriesInBins(samples, time_s, bins)[:][13:27]
    )


def test_a_fast_series_is_the_mean_of_the_samples_in_each_bin():
    rng = np.random.default_rng(0)
    time_s, samples = np.arange(400) * 0.01 + 0.003, rng.normal(size=(400, 2)).astype(np.float32)
    start = np.array([0.1, 0.2, 0.3, 2.0, 2.1])
    bins = Bins(start, start + 0.1 - 1e-12)
    expected = [
        samples[(time_s >= a) & (time_s < b)].mean(0) for a, b in zip(start, bins.stop_s, strict=True)
    ]
    found = SeriesInBins(samples, time_s, bins, conversion=2.0, offset=1.0)[:]
    np.testing.assert_allclose(found, np.array(expected) * 2 + 1, rtol=1e-5)
    assert found.dtype == np.float32


def test_samples_at_the_centres_come_back_bit_by_bit():
    samples = np.random.default_rng(0).normal(size=(30, 2))
    edges = np.arange(31) / 30
    bins = Bins(edges[:-1], edges[1:])
    np.testing.assert_array_equal(SeriesInBins(samples, bins.centre_s, bins)[:], samples)


def test_nothing_is_made_up_outside_and_in_gaps():
    time_s = np.array([0.0, 1.0, 2.0, 6.0, 7.0])
    bins = Bins(np.arange(-1.0, 8.0), np.arange(0.0, 9.0))
    assert covered(time_s, bins).tolist() == [False, True, True, False, False, False, False, True, False]
    with pytest.raises(DataError, match=re.escape("nothing was sampled at -0.5 s")):
        SeriesInBins(np.zeros((5, 1)), time_s, bins)


class Counting:
    """An array that notes how many rows were read."""

    def __init__(self, values):
        self.values, self.shape, self.dtype, self.read = values, values.shape, values.dtype, 0

    def __getitem__(self, key):
        found = self.values[key]
        self.read += len(found)
        return found


def test_a_slice_of_a_long_recording_reads_only_what_lies_around_it():
    """Files may be larger than memory."""
    bins = Bins(np.arange(100_000.0), np.arange(100_000.0) + 1)
    trains = [Counting(np.sort(np.random.default_rng(u).uniform(0, 1e5, 200_000))) for u in range(2)]
    lazy = SpikeCounts(trains, bins)
    for train in trains:
        train.read = 0
    expected = [np.histogram(train.values, np.arange(50_000, 50_011))[0] for train in trains]
    np.testing.assert_array_equal(lazy[50_000:50_010], np.transpose(expected))
    assert 0 < max(train.read for train in trains) < 20_000
    samples = Counting(np.random.default_rng(0).normal(size=(200_000, 3)))
    series = SeriesInBins(samples, np.arange(200_000) * 0.5, bins)
    assert samples.read == 0
    np.testing.assert_allclose(
        series[70_000:70_010], samples.values[140_000:140_020].reshape(10, 2, 3).mean(axis=1)
    )
    assert samples.read == 20
