"""Preprocessing against loops and scikit-learn, with statistics of the named part alone."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.preprocessing import StandardScaler

from twofold.errors import DataError
from twofold.recordings import LazyArray, Neurons, Recording, Stimulus, Trials
from twofold.recordings.preprocess import (
    Preprocessing,
    fit_preprocessing,
    fit_to_responses,
    silent_units,
    top_variance_units,
)

# --- units ---------------------------------------------------------------------------------------

counts = st.tuples(st.integers(1, 12), st.integers(1, 6)).flatmap(
    lambda shape: st.tuples(
        arrays(np.int64, shape, elements=st.sampled_from([0, 0, 0, 1, 5])),
        arrays(np.int64, shape[0], elements=st.integers(0, 3)),
    )
)


@given(counts)
def test_silent_units_are_those_of_a_loop_over_presentations(drawn):
    responses, trial = drawn
    expected = [any((unit[trial == t] == 0).all() for t in set(trial.tolist())) for unit in responses.T]
    assert silent_units(responses, trial).tolist() == expected


@given(
    arrays(np.float64, (6, 5), elements=st.integers(-50, 50).map(float)),
    st.sampled_from([0.1, 0.5, 0.8, 0.95, 1.0]),
)
def test_no_smaller_set_of_units_reaches_the_share_of_the_variance(responses, share):
    total = np.trace(np.cov(responses.T))
    keep = top_variance_units(responses, share)

    def reached(units) -> float:
        return np.trace(np.atleast_2d(np.cov(responses.T[list(units)]))) / total if len(units) else 0.0

    if total == 0:
        return
    kept = np.flatnonzero(keep)
    assert reached(kept) >= share - 1e-9
    smaller = combinations(range(5), len(kept) - 1)
    assert all(reached(units) < share for units in smaller)
    assert reached(kept) == pytest.approx(max(map(reached, combinations(range(5), len(kept)))))


@pytest.mark.parametrize("share", [0.0, 1.1, -1.0])
def test_a_share_is_above_zero_and_at_most_one(share):
    with pytest.raises(DataError, match="above 0 and at most 1"):
        top_variance_units(np.ones((2, 2)), share)


# --- statistics ----------------------------------------------------------------------------------


@pytest.fixture
def frames() -> Recording:
    """Two repeats of one clip of 8 frames, a row per frame; three units."""
    start = np.array([0.0, 8.0])
    columns = {"stimulus": "clip", "repeat": [0, 1], "tier": "all", "start_s": start, "stop_s": start + 8}
    counts = np.random.default_rng(0).poisson(3.0, size=(16, 3)).astype(np.float32)
    return Recording(
        responses=LazyArray(counts),
        time_s=np.arange(16) + 0.5,
        bin_s=1.0,
        neurons=Neurons(pd.DataFrame(index=range(3))),
        trials=Trials(pd.DataFrame(columns)),
        stimuli={"clip": Stimulus(np.arange(8), 1.0)},
    )


def test_the_root_is_standardised_as_scikit_learn_does(frames):
    train, test = frames.repeats([0]), frames.repeats([1])
    fitted = fit_preprocessing(train, Preprocessing(), "repeat 0")
    scaler = StandardScaler().fit(np.sqrt(train.responses[:]))
    for part in (train, test):
        expected = scaler.transform(np.sqrt(part.responses[:]))
        np.testing.assert_allclose(fitted(part).responses[:], expected, atol=1e-5)
        assert fitted(part).responses.dtype == np.float32
    assert fitted(test).history[-1] == "kept 3 units and scaled them by statistics of repeat 0"
    np.testing.assert_array_equal(fitted(test).frame_ids, test.frame_ids)


def test_what_is_not_in_the_named_part_changes_nothing(frames):
    values = frames.responses[:].copy()
    values[frames.per_row("repeat") == 1] += 100 * np.random.default_rng(0).random((8, 3)).astype(np.float32)
    options = Preprocessing(top_variance=0.9)
    one, other = (
        fit_preprocessing(recording.repeats([0]), options, "repeat 0")
        for recording in (frames, replace(frames, responses=LazyArray(values)))
    )
    for name in ("kept", "mean", "scale"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    moved = fit_preprocessing(replace(frames, responses=LazyArray(values)), options, "all")
    assert not np.array_equal(moved.mean, one.mean[: len(moved.mean)])


def test_units_silent_in_a_repeat_go_first_and_the_share_is_of_the_rest():
    rng = np.random.default_rng(0)
    responses = rng.poisson(5.0, (40, 4)).astype(float)
    responses[:, 0] *= 100  # most of the variance
    responses[:20, 0] = 0
    responses[:, 3] *= 10
    fitted = fit_to_responses(
        responses, np.repeat([0, 1], 20), Preprocessing(top_variance=0.9), "the training repeats"
    )
    assert fitted.kept.tolist() == [3]
    keeping = Preprocessing(top_variance=0.9, drop_silent=False)
    assert fit_to_responses(responses, np.repeat([0, 1], 20), keeping, "it").kept.tolist() == [0]


def test_only_units_that_stay_are_kept_in_the_recording(frames):
    silent = frames.responses[:].copy()
    silent[frames.per_row("repeat") == 1, 1] = 0
    quiet = replace(frames, responses=LazyArray(silent), neurons=Neurons(pd.DataFrame({"area": list("abc")})))
    fitted = fit_preprocessing(quiet, Preprocessing(), "all repeats")
    assert fitted.kept.tolist() == [0, 2]
    assert fitted(quiet).neurons.column("area").tolist() == ["a", "c"]
    assert fitted(quiet).responses.shape == (16, 2)


def test_nothing_is_done_that_was_not_asked_for():
    responses = np.random.default_rng(0).normal(size=(10, 3))
    off = Preprocessing(drop_silent=False, square_root=False, standardise=False)
    fitted = fit_to_responses(responses, np.zeros(10, int), off, "all")
    np.testing.assert_allclose(fitted.transform(responses), responses, rtol=1e-6)


@given(st.floats(0.01, 1e3), st.integers(2, 300), st.booleans())
def test_a_constant_unit_stays_at_zero_and_does_not_explode_elsewhere(level, n_time, square_root):
    """Rounding gives many a constant column a standard deviation of 1e-16; dividing by it would blow up."""
    responses = np.full((n_time, 1), level)
    fitted = fit_to_responses(
        responses, np.zeros(n_time, int), Preprocessing(square_root=square_root), "training"
    )
    np.testing.assert_allclose(fitted.transform(responses), 0, atol=1e-6 * max(level, 1))
    there = np.sqrt(level + 1) - np.sqrt(level) if square_root else 1.0
    np.testing.assert_allclose(fitted.transform(responses + 1), there, rtol=1e-3, atol=1e-4)


def test_negative_responses_have_no_root_and_the_way_out_is_told():
    responses = np.array([[1.0, 2.0], [3.0, 1.0]])
    below, rows = responses - 2, np.zeros(2, int)
    with pytest.raises(DataError, match="set square_root=false"):
        fit_to_responses(below, rows, Preprocessing(), "training")
    fitted = fit_to_responses(responses, rows, Preprocessing(), "training")
    with pytest.raises(DataError, match="set square_root=false"):
        fitted.transform(below)
    without = fit_to_responses(below, rows, Preprocessing(square_root=False), "training")
    np.testing.assert_allclose(without.transform(below), [[-1, 1], [1, -1]])


def test_a_part_in_which_no_unit_is_active_is_refused():
    with pytest.raises(DataError, match="no unit is active in every repeat of the training repeats"):
        fit_to_responses(np.zeros((4, 2)), np.array([0, 0, 1, 1]), Preprocessing(), "the training repeats")


# --- laziness ------------------------------------------------------------------------------------


class Watched:
    """An array that remembers which rows were read."""

    def __init__(self, values: np.ndarray) -> None:
        self.values, self.shape, self.dtype = values, values.shape, values.dtype
        self.rows: set[int] = set()

    def __getitem__(self, key: slice) -> np.ndarray:
        self.rows |= set(range(len(self.values))[key])
        return self.values[key]


def test_choosing_reads_nothing_and_fitting_reads_its_part_alone(frames):
    source = Watched(frames.responses[:])
    watched = replace(frames, responses=LazyArray(source))
    second = watched.in_trials().tier("all").repeats([1]).select_neurons(np.array([2, 0]))
    assert source.rows == set()
    fit_preprocessing(second, Preprocessing(), "repeat 1")
    assert source.rows == set(np.flatnonzero(frames.per_row("repeat") == 1).tolist())
