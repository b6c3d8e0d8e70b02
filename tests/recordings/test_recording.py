"""One clock: which trial and frame each row belongs to, and what choosing a part leaves."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twofold.errors import DataError
from twofold.recordings import LazyArray, Neurons, Recording, Signal, Stimulus, Trials


def trial_table(stimulus, repeat, tier, start_s, stop_s) -> Trials:
    columns = {"stimulus": stimulus, "repeat": repeat, "tier": tier, "start_s": start_s, "stop_s": stop_s}
    return Trials(pd.DataFrame(columns))


def two_clips(rate_hz: float = 120.0) -> Recording:
    """Clips of 3 and 2 frames at 30 Hz, shown three times, with a gap; sampled at `rate_hz` throughout."""
    starts = np.array([0.0, 0.1, 0.3])
    stops = starts + np.array([0.1, 2 / 30, 0.1])
    time_s = (np.arange(round(0.5 * rate_hz)) + 0.5) / rate_hz
    return Recording(
        responses=LazyArray(np.arange(len(time_s) * 4).reshape(-1, 4)),
        time_s=time_s,
        bin_s=1 / rate_hz,
        neurons=Neurons(
            pd.DataFrame({"region": list("abcd"), "x_um": 0.0, "y_um": 1.0, "z_um": [1.0, 2, 3, 4]})
        ),
        trials=trial_table(["cat", "dog", "cat"], [0, 0, 1], ["train", "train", "test"], starts, stops),
        stimuli={
            "cat": Stimulus(np.array([10, 11, 12]), 30.0, features={"mean": np.array([[0.0], [1.0], [2.0]])}),
            "dog": Stimulus(np.array([20, 10]), 30.0, features={"mean": np.array([[5.0], [6.0]])}),
        },
    )


# --- what each row is ----------------------------------------------------------------------------


def test_at_120_hz_each_30_hz_frame_spans_four_rows():
    shown = [10] * 4 + [11] * 4 + [12] * 4 + [20] * 4 + [10] * 4 + [-1] * 16 + [10] * 4 + [11] * 4 + [12] * 4
    np.testing.assert_array_equal(two_clips().frame_ids, shown + [-1] * 12)
    trial = [0] * 12 + [1] * 8 + [-1] * 16 + [2] * 12 + [-1] * 12
    np.testing.assert_array_equal(two_clips().trial_of_row, trial)


def test_at_10_hz_a_row_shows_the_frame_at_the_centre_of_its_bin():
    np.testing.assert_array_equal(two_clips(10.0).frame_ids, [11, 10, -1, 11, -1])


@given(start_s=st.floats(0, 5000), frames_per_bin=st.sampled_from([2, 4, 6]))
def test_a_row_on_the_border_of_two_frames_shows_the_later_whatever_the_rounding(start_s, frames_per_bin):
    n, bin_s = 50, frames_per_bin / 30
    recording = Recording(
        responses=LazyArray(np.zeros((n, 1))),
        time_s=start_s + (np.arange(n) + 0.5) * bin_s,
        bin_s=bin_s,
        neurons=Neurons(pd.DataFrame(index=range(1))),
        trials=trial_table(["m"], [0], ["all"], [start_s], [start_s + n * bin_s]),
        stimuli={"m": Stimulus(np.arange(n * frames_per_bin), 30.0)},
    )
    np.testing.assert_array_equal(recording.frame_ids, (2 * np.arange(n) + 1) * frames_per_bin // 2)


def test_rows_after_the_last_frame_of_a_longer_trial_show_none():
    recording = two_clips()
    longer = replace(recording, trials=trial_table(["cat"], [0], ["train"], [0.0], [0.5]))
    np.testing.assert_array_equal(longer.frame_ids[:13], [10] * 4 + [11] * 4 + [12] * 4 + [-1])
    assert (longer.frame_ids[12:] == -1).all()
    assert (longer.trial_of_row == 0).all()


@given(
    spans=st.lists(st.tuples(st.floats(0, 2), st.floats(0.1, 2)), max_size=5),
    times=st.lists(st.floats(-1, 12), max_size=20),
)
def test_the_trial_of_a_row_is_the_one_whose_half_open_span_holds_its_time(spans, times):
    starts, stops, now = [], [], 0.0
    for gap, length in spans:
        starts.append(now + gap)
        stops.append(now := now + gap + length)
    times = np.array(sorted(times + starts + stops))
    n = len(starts)
    recording = Recording(
        responses=LazyArray(np.zeros((len(times), 1))),
        time_s=times,
        bin_s=1.0,
        neurons=Neurons(pd.DataFrame(index=range(1))),
        trials=trial_table(["m"] * n, list(range(n)), ["all"] * n, starts, stops),
        stimuli={"m": Stimulus(np.arange(1), 1.0)},
    )
    expected = [
        next((k for k in range(n) if starts[k] <= time < stops[k]), -1) for time in times
    ]  # a trial that starts where another stops is the one that starts
    np.testing.assert_array_equal(recording.trial_of_row, expected)


def test_features_are_those_of_the_frame_shown():
    features = two_clips().in_trials().frame_features("mean")
    np.testing.assert_array_equal(features[::4, 0], [0, 1, 2, 5, 6, 0, 1, 2])
    with pytest.raises(DataError, match="did you mean 'mean'"):
        two_clips().in_trials().frame_features("means")
    with pytest.raises(DataError, match="some rows show no frame"):
        two_clips().frame_features("mean")


def test_a_column_of_the_trials_is_spread_over_rows_that_lie_in_one():
    recording = two_clips()
    with pytest.raises(DataError, match="28 rows lie in no trial"):
        recording.per_row("repeat")
    np.testing.assert_array_equal(recording.in_trials().per_row("repeat"), [0] * 20 + [1] * 12)


# --- choosing a part -----------------------------------------------------------------------------


def test_a_tier_keeps_its_rows_its_trials_and_its_clips():
    test = two_clips().tier("test")
    assert list(test.stimuli) == ["cat"]
    assert test.trials.table["repeat"].tolist() == [1]
    np.testing.assert_array_equal(test.responses[:], np.arange(240).reshape(60, 4)[36:48])
    np.testing.assert_array_equal(test.time_s, two_clips().time_s[36:48])
    np.testing.assert_array_equal(test.frame_ids, np.repeat([10, 11, 12], 4))
    assert len(two_clips().tier("test", "train").time_s) == 32


def test_choices_follow_each_other():
    part = two_clips().select_neurons(np.array([3, 0])).repeats([0]).select_trials(np.array([False, True]))
    np.testing.assert_array_equal(part.responses[:], np.arange(240).reshape(60, 4)[12:20][:, [3, 0]])
    assert part.neurons.column("region").tolist() == ["d", "a"]
    np.testing.assert_array_equal(part.neurons.position_um, [[0, 1, 4], [0, 1, 1]])
    assert part.trials.column("stimulus").tolist() == ["dog"]


def test_a_mask_of_neurons_keeps_their_order():
    part = two_clips().select_neurons(np.array([True, False, True, False]))
    assert part.neurons.table["region"].tolist() == ["a", "c"]
    np.testing.assert_array_equal(part.responses[5], [20, 22])


def test_trials_are_chosen_in_order_of_time():
    part = two_clips().select_trials(np.array([2, 0]))
    assert part.trials.table["start_s"].tolist() == [0.0, 0.3]
    assert (np.diff(part.time_s) > 0).all()


def test_a_span_of_time_keeps_the_trials_it_touches():
    part = two_clips().between(0.15, 0.31)
    assert part.trials.column("stimulus").tolist() == ["dog", "cat"]
    assert part.time_s[0] >= 0.15
    assert part.time_s[-1] < 0.31
    np.testing.assert_array_equal(part.frame_ids, two_clips().frame_ids[18:37])


def test_selecting_copies_nothing():
    recording = two_clips()
    part = recording.tier("train").select_neurons(np.array([1]))
    assert part.responses.source is recording.responses.source


def test_a_signal_follows_the_selection_and_is_unknown_outside_its_span():
    running = Signal(np.arange(10.0), np.arange(10) * 0.05, unit="cm/s")
    recording = replace(two_clips(), signals={"running": running})
    at_rows = recording.signal("running")
    inside = recording.time_s <= 0.475
    np.testing.assert_allclose(
        at_rows[recording.time_s <= 0.45], recording.time_s[recording.time_s <= 0.45] / 0.05
    )
    assert np.isnan(at_rows[~inside]).all()
    np.testing.assert_array_equal(recording.tier("test").signal("running"), at_rows[36:48])


# --- signals at another sampling -----------------------------------------------------------------


def test_a_faster_signal_is_averaged_over_the_bin():
    fast = Signal(np.random.default_rng(0).random(1000), (np.arange(1000) + 0.5) / 1000, unit="cm/s")
    centres = (np.arange(20) + 0.5) / 20
    np.testing.assert_allclose(fast.at(centres, 1 / 20), fast.values.reshape(20, 50).mean(axis=1))


def test_unknown_samples_are_left_out_of_the_average_but_a_bin_of_them_is_unknown():
    values = np.arange(40.0)
    values[[3, *range(10, 20)]] = np.nan
    fast = Signal(values, (np.arange(40) + 0.5) / 40)
    found = fast.at((np.arange(4) + 0.5) / 4, 1 / 4)
    np.testing.assert_allclose(found, [np.nanmean(values[:10]), np.nan, 24.5, 34.5])


def test_a_slower_signal_is_interpolated_and_unknown_next_to_a_gap():
    slow = Signal(np.array([0.0, 1.0, np.nan, 3.0]), np.array([0.0, 1.0, 2.0, 3.0]))
    found = slow.at(np.array([0.25, 0.75, 1.5, 2.5, 3.0, 4.0]), 0.5)
    np.testing.assert_array_equal(found, [0.25, 0.75, np.nan, np.nan, 3.0, np.nan])


# --- parts that do not fit -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda r: {"time_s": r.time_s[:-1]}, "60 response samples but 59 times"),
        (lambda r: {"neurons": Neurons(r.neurons.table[:3])}, "4 neurons but the neuron table has 3 rows$"),
        (
            lambda r: {"neurons": Neurons(pd.DataFrame(index=range(60)))},
            "the axes look swapped, time comes first",
        ),
        (lambda r: {"stimuli": {"cat": r.stimuli["cat"]}}, "stimuli that are not given: dog"),
    ],
)
def test_parts_that_do_not_fit_are_refused(change, said):
    recording = two_clips()
    with pytest.raises(DataError, match=said):
        replace(recording, **change(recording))


@pytest.mark.parametrize(
    ("choose", "said"),
    [
        (lambda r: r.tier("tset"), "no tier 'tset'; did you mean 'test'"),
        (lambda r: r.repeats([0, 5]), "no repeat 5; there are 0 to 1"),
        (lambda r: r.signal("pupil"), "no signal 'pupil'; there are none"),
        (lambda r: r.neurons.column("regoin"), "did you mean 'region'"),
        (lambda r: r.trials.column("start"), "did you mean 'start_s'"),
    ],
)
def test_what_is_not_there_is_answered_with_what_is(choose, said):
    with pytest.raises(DataError, match=said):
        choose(two_clips())


def test_a_trial_table_needs_its_five_columns():
    with pytest.raises(DataError, match="lacks tier, stop_s"):
        Trials(pd.DataFrame({"stimulus": ["a"], "repeat": [0], "start_s": [0.0]}))


def test_a_stimulus_needs_a_rate_and_one_feature_row_per_frame():
    with pytest.raises(DataError, match="positive frame rate"):
        Stimulus(np.arange(3), 0.0)
    with pytest.raises(DataError, match="feature 'mean': 2 frames, but the clip has 3"):
        Stimulus(np.arange(3), 30.0, features={"mean": np.zeros((2, 1))})
    with pytest.raises(DataError, match="frames: 4 frames, but the clip has 3"):
        Stimulus(np.arange(3), 30.0, frames=np.zeros((4, 2, 2)))
    with pytest.raises(DataError, match="one per sample"):
        Signal(np.zeros(3), np.zeros(2))
