"""Folds keep videos whole; surrogates are orders of all rows that move each clip away from its own."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twofold.analyses.clip_rows import (
    clips_of,
    leaky_clip_folds,
    leaky_frame_folds,
    shares_videos,
    shifted_rows,
    swapped_clips,
    swapped_repeats,
    video_folds,
)
from twofold.errors import DataError, OptionError

LENGTHS = st.lists(st.integers(1, 9), min_size=2, max_size=8)


def trials(lengths: list[int]) -> np.ndarray:
    return np.repeat(np.arange(len(lengths)), lengths)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@given(st.lists(st.integers(0, 6), min_size=8, max_size=8), st.integers(2, 5))
def test_videos_are_left_out_whole_and_each_row_once(video_of_trial, folds):
    video = np.repeat(video_of_trial, 3)
    if len(set(video_of_trial)) < 2:
        with pytest.raises(DataError, match="1 videos"):
            video_folds(video, folds)
        return
    splits = video_folds(video, folds)
    assert not shares_videos(splits, video)
    assert len(splits) == min(folds, len(set(video_of_trial)))
    assert sorted(np.concatenate([split.test for split in splits])) == list(range(24))
    for split in splits:
        assert sorted([*split.train, *split.test]) == list(range(24))


def test_leaky_folds_have_videos_on_both_sides_and_say_so():
    trial = np.repeat(np.arange(20), 5)
    video = trial % 4
    by_clip, by_frame = leaky_clip_folds(trial, 5, rng()), leaky_frame_folds(100, 5, rng())
    assert shares_videos(by_clip, video)
    assert shares_videos(by_frame, video)
    assert not shares_videos(by_clip, trial)
    assert shares_videos(by_frame, trial)
    assert [len(split.test) for split in by_frame] == [20] * 5


@given(LENGTHS, st.integers(0, 99))
def test_shifts_turn_the_session_by_half_a_clip_or_more(lengths, seed):
    trial = trials(lengths)
    n = len(trial)
    for order in shifted_rows(trial, 4, rng(seed)):
        assert (np.diff(order) % n == 1 % n).all()
        assert min(order[0], n - order[0]) >= max(1, n // len(lengths) // 2)


@given(LENGTHS, st.integers(0, 99))
def test_swaps_keep_clips_whole(lengths, seed):
    trial = trials(lengths)
    for order in swapped_clips(trial, 3, rng(seed)):
        came = trial[order]
        places = came[np.append(True, came[1:] != came[:-1])]
        assert sorted(places) == list(range(len(lengths)))
        for clip in range(len(lengths)):
            assert (np.diff(order[came == clip]) == 1).all()


@given(st.lists(st.integers(0, 3), min_size=3, max_size=9), st.integers(0, 99))
def test_repeats_change_places_with_repeats_of_the_same_video(video_of_trial, seed):
    trial = np.repeat(np.arange(len(video_of_trial)), 4)
    video = np.array(video_of_trial)[trial]
    orders = swapped_repeats(trial, video, 3, rng(seed))
    counts = np.bincount(video_of_trial)
    if counts.max() < 2:
        assert orders is None
        return
    for order in orders:
        assert sorted(order) == list(range(len(trial)))
        np.testing.assert_array_equal(video[order], video)
        np.testing.assert_array_equal(order % 4, np.arange(len(trial)) % 4)
        assert (trial[order] == trial)[counts[video] == 1].all()


def test_all_orders_of_repeats_are_drawn_equally_often_and_videos_by_themselves():
    trial = np.repeat(np.arange(5), 2)
    orders = swapped_repeats(trial, np.array([0, 1, 0, 1, 0])[trial], 2400, rng())[:, ::2] // 2
    _, counts = np.unique(orders, axis=0, return_counts=True)
    assert len(counts) == 6 * 2
    assert np.abs(counts - 200).max() < 4 * np.sqrt(200)


def test_the_same_seed_gives_the_same_orders():
    trial = np.repeat(np.arange(5), 7)
    for kind in (shifted_rows, swapped_clips):
        np.testing.assert_array_equal(kind(trial, 3, rng(4)), kind(trial, 3, rng(4)))


def test_what_cannot_work_is_told():
    with pytest.raises(OptionError, match="folds=1: give 2"):
        video_folds(np.arange(4), 1)
    with pytest.raises(DataError, match="trial 3: its rows do not follow each other"):
        clips_of(np.array([3, 3, 4, 3]))
    with pytest.raises(DataError, match="at least 2 clips"):
        swapped_clips(np.zeros(5, int), 1, rng())
    with pytest.raises(DataError, match="video 8: repeats of 2 to 3 rows"):
        swapped_repeats(np.array([0, 0, 1, 1, 1]), np.full(5, 8), 1, rng())
    with pytest.raises(DataError, match="no rows"):
        clips_of(np.zeros(0, int))
