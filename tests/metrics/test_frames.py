from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twofold.errors import DataError, OptionError
from twofold.metrics import frame_chance, frame_scores, permutation_interval

ids = st.lists(st.integers(-40, 40), min_size=1, max_size=12).map(np.array)


def scores_of_all_pairs(guesses, shown, frame_seconds):
    """The slow, obvious reference: every guess against every sample."""
    error = np.abs(np.subtract.outer(guesses, shown)).ravel()
    within = (error * frame_seconds < 1).mean() if frame_seconds < 1 else None
    return (error == 0).mean(), within, error.mean(), np.median(error)


def test_scores_of_a_hand_made_case():
    scores = frame_scores(np.array([0, 10, 20, 30]), np.array([0, 11, 14, 60]), frame_seconds=0.2)
    assert (scores.exact_accuracy, scores.within_1s_accuracy) == (0.25, 0.5)
    assert (scores.mae_frames, scores.median_error_frames, scores.n) == (37 / 4, 3.5, 4)


@pytest.mark.parametrize("rate", [24, 25, 30, 49, 59.94, 60, 120])
def test_an_error_of_one_second_is_not_within_one_second(rate):
    one_second = int(np.ceil(rate))
    true, late = np.zeros(2, dtype=int), np.array([one_second, one_second - 1])
    assert frame_scores(true, late, frame_seconds=1 / rate).within_1s_accuracy == 0.5
    rounded = round(1 / rate, 7)  # as clocks are stored
    assert frame_scores(true, late, frame_seconds=rounded).within_1s_accuracy == 0.5


@pytest.mark.parametrize("frame_seconds", [1.0, 1.5, 0.999999])
def test_frames_of_a_second_or_longer_have_no_accuracy_within_one_second(frame_seconds):
    frames = np.arange(4)
    assert frame_scores(frames, frames, frame_seconds=frame_seconds).within_1s_accuracy is None
    assert frame_chance(frames, frames, frame_seconds=frame_seconds).within_1s_accuracy is None


def test_order_places_ids_that_are_not_positions():
    order = np.array([70, 5, 200, 11])
    true, predicted = np.array([70, 5, 11]), np.array([200, 5, 5])
    assert frame_scores(true, predicted, order=order, frame_seconds=1.0).mae_frames == (2 + 0 + 2) / 3
    assert frame_scores(true, predicted, frame_seconds=1.0).mae_frames == (130 + 0 + 6) / 3
    text = np.array(["d", "a", "c", "b"])
    scores = frame_scores(np.array(["d", "b"]), np.array(["b", "b"]), order=text, frame_seconds=0.5)
    assert (scores.mae_frames, scores.within_1s_accuracy) == (1.5, 0.5)


def test_text_without_an_order_has_an_exact_accuracy_only():
    scores = frame_scores(np.array(["left", "right"]), np.array(["left", "left"]), frame_seconds=0.1)
    assert (scores.exact_accuracy, scores.within_1s_accuracy, scores.mae_frames) == (0.5, None, None)
    chance = frame_chance(np.array(["a", "b", "b"]), np.array(["a", "c"]), frame_seconds=0.1)
    assert (chance.exact_accuracy, chance.median_error_frames, chance.n) == (0.25, None, 2)


def test_ids_outside_or_twice_in_the_order_are_refused():
    frames = np.array([1, 2])
    with pytest.raises(DataError, match="id 2 is not in order"):
        frame_scores(frames, frames, order=np.array([1, 3]), frame_seconds=1.0)
    with pytest.raises(DataError, match="named once"):
        frame_scores(frames, frames, order=np.array([1, 2, 1]), frame_seconds=1.0)


def test_labels_that_do_not_pair_and_senseless_seconds_are_refused():
    with pytest.raises(DataError, match="2 true labels but 1 predicted"):
        frame_scores(np.arange(2), np.arange(1), frame_seconds=1.0)
    with pytest.raises(DataError, match="0 true labels"):
        frame_scores(np.arange(0), np.arange(0), frame_seconds=1.0)
    with pytest.raises(OptionError, match="frame_seconds=0"):
        frame_scores(np.arange(2), np.arange(2), frame_seconds=0.0)
    with pytest.raises(DataError, match="candidate"):
        frame_chance(np.arange(0), np.arange(2), frame_seconds=1.0)


@settings(max_examples=60, deadline=None)
@given(ids, ids, st.sampled_from([1 / 30, 0.1, 0.5, 1.0, 2.0]))
def test_chance_equals_the_scores_over_all_pairs(candidates, test, frame_seconds):
    chance = frame_chance(candidates, test, frame_seconds=frame_seconds)
    exact, within, mae, median = scores_of_all_pairs(np.unique(candidates), test, frame_seconds)
    assert chance.exact_accuracy == pytest.approx(exact)
    assert chance.within_1s_accuracy == (None if within is None else pytest.approx(within))
    assert chance.mae_frames == pytest.approx(mae)
    assert chance.median_error_frames == median
    assert chance.n == len(test)


def test_chance_follows_the_order_of_the_clip():
    order = np.array([9, 100, 3, 50])
    chance = frame_chance(order, np.array([9]), order=order, frame_seconds=1.0)
    assert chance.mae_frames == (0 + 1 + 2 + 3) / 4


def test_chance_is_what_a_guessing_decoder_gets():
    rng = np.random.default_rng(0)
    test = np.tile(np.arange(90), 400)
    guessed = frame_scores(test, rng.integers(0, 90, len(test)), frame_seconds=1 / 30)
    chance = frame_chance(test, test, frame_seconds=1 / 30)
    assert guessed.exact_accuracy == pytest.approx(chance.exact_accuracy, rel=0.15)
    assert guessed.within_1s_accuracy == pytest.approx(chance.within_1s_accuracy, rel=0.02)
    assert guessed.mae_frames == pytest.approx(chance.mae_frames, rel=0.02)
    assert guessed.median_error_frames == pytest.approx(chance.median_error_frames, abs=1)


def test_permutation_mean_agrees_with_its_closed_form():
    rng = np.random.default_rng(1)
    true, predicted, groups = rng.integers(0, 4, 200), rng.integers(0, 6, 200), rng.integers(0, 5, 200)
    expected = (
        sum(
            (true[groups == g] == label).sum() * (predicted[groups == g] == label).sum() / (groups == g).sum()
            for g in range(5)
            for label in range(6)
        )
        / 200
    )
    interval = permutation_interval(true, predicted, groups=groups, n=2000)
    spread = (interval.high - interval.low) / (2 * 2.58)
    assert interval.value == pytest.approx(expected, abs=4 * spread / np.sqrt(2000))


def test_permutation_interval_holds_its_level_of_independent_labels():
    rng = np.random.default_rng(2)
    inside = []
    for seed in range(200):
        true, predicted = rng.integers(0, 10, 300), rng.integers(0, 10, 300)
        interval = permutation_interval(true, predicted, n=200, level=0.9, random_state=seed)
        inside.append((true == predicted).mean() in interval)
    # accuracies are whole numbers of samples, so the interval holds a little more than its level
    assert 0.86 < np.mean(inside) < 0.985


def test_groups_keep_labels_within_their_repeat():
    # repeats with labels of their own: a guess of the right repeat is no better than chance inside it
    groups = np.repeat(np.arange(10), 2)
    true = np.arange(20)
    predicted = true ^ 1
    assert permutation_interval(true, predicted, groups=groups).value == pytest.approx(0.5, abs=0.02)
    assert permutation_interval(true, predicted).value == pytest.approx(0.05, abs=0.01)


def test_permutation_interval_takes_text_and_repeats_with_its_seed():
    labels = np.array(["left", "right", "up"] * 20)
    one = permutation_interval(labels, labels, random_state=4)
    assert one == permutation_interval(labels, labels, random_state=4)
    assert one != permutation_interval(labels, labels, random_state=5)
    assert 1.0 not in one


def test_permutations_too_few_for_the_level_are_refused():
    frames = np.arange(5)
    with pytest.raises(OptionError, match="use n=200 or more"):
        permutation_interval(frames, frames, n=100)
    with pytest.raises(OptionError, match="level=99"):
        permutation_interval(frames, frames, level=99)
    with pytest.raises(DataError, match="5 labels but 4 groups"):
        permutation_interval(frames, frames, groups=np.arange(4))
