"""Splits share no trial and no frame, cover everything once, and keep their gaps."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sklearn.model_selection import LeaveOneGroupOut

from twofold.errors import DataError
from twofold.recordings import LazyArray, Neurons, Recording, Stimulus, Trials
from twofold.recordings.splits import (
    by_block,
    by_repeat,
    by_time_block,
    by_video,
    frame_blocks,
    leave_one_out,
)

CLIP_FRAMES, PAUSE = 4, 2  # rows of 1 s


def shown(clips: list[str], between_trials: bool = True) -> Recording:
    """Clips in the order given, each presentation followed by a pause of two rows; blocks of 3 trials."""
    start = np.arange(len(clips)) * float(CLIP_FRAMES + PAUSE)
    repeat = [clips[:i].count(name) for i, name in enumerate(clips)]
    trials = pd.DataFrame(
        {"stimulus": clips, "repeat": repeat, "tier": "all", "start_s": start, "stop_s": start + CLIP_FRAMES}
    ).assign(block=np.arange(len(clips)) // 3)
    n_time = len(clips) * (CLIP_FRAMES + PAUSE)
    recording = Recording(
        responses=LazyArray(np.arange(n_time * 2.0).reshape(n_time, 2)),
        time_s=np.arange(n_time) + 0.5,
        bin_s=1.0,
        neurons=Neurons(pd.DataFrame(index=range(2))),
        trials=Trials(trials),
        stimuli={name: Stimulus(np.arange(CLIP_FRAMES), 1.0) for name in dict.fromkeys(clips)},
    )
    return recording if between_trials else recording.in_trials()


TWELVE = ["a", "b", "c"] * 4


@given(st.lists(st.integers(-3, 3), min_size=2, max_size=30))
def test_leaving_one_group_out_is_that_of_scikit_learn(groups):
    groups = np.array(groups)
    assume(len(np.unique(groups)) > 1)
    splits = leave_one_out(groups)
    expected = list(LeaveOneGroupOut().split(groups, groups=groups))
    for split, (train, test) in zip(splits, expected, strict=True):
        np.testing.assert_array_equal(split.train, train)
        np.testing.assert_array_equal(split.test, test)
        assert split.held_out == (groups[test[0]],)


@given(st.integers(2, 60), st.integers(1, 70))
def test_fewer_folds_are_spread_evenly_over_the_groups(n_groups, max_folds):
    held_out = [split.held_out[0] for split in leave_one_out(np.arange(n_groups), max_folds)]
    assert len(held_out) == min(n_groups, max_folds)
    if len(held_out) > 1:
        assert (held_out[0], held_out[-1]) == (0, n_groups - 1)
        assert np.ptp(np.diff(held_out)) <= 1


@pytest.mark.parametrize(
    ("split", "column"),
    [(by_repeat, "repeat"), (by_block, "block"), (lambda r: by_video(r, 3), "stimulus")],
    ids=["repeat", "block", "video"],
)
def test_whole_groups_are_left_out_and_every_row_is_tested_once(split, column):
    recording = shown(TWELVE, between_trials=False)
    values, trial = recording.per_row(column), recording.trial_of_row
    splits = split(recording)
    assert len(splits) == len(set(values))
    for part in splits:
        assert not set(values[part.train]) & set(values[part.test])
        assert not set(trial[part.train]) & set(trial[part.test])
        np.testing.assert_array_equal(np.union1d(part.train, part.test), np.arange(len(trial)))
    tested = np.concatenate([part.test for part in splits])
    np.testing.assert_array_equal(np.sort(tested), np.arange(len(trial)))


def test_fewer_folds_than_clips_hold_out_several_clips_at_once():
    recording = shown(["a", "b", "c", "d", "e"] * 2, between_trials=False)
    clip = recording.per_row("stimulus")
    assert [sorted(set(clip[part.test])) for part in by_video(recording, 2)] == [["a", "c", "e"], ["b", "d"]]


def test_most_folds_reach_the_repeats():
    recording = shown(TWELVE, between_trials=False)
    assert [part.held_out for part in by_repeat(recording, max_folds=2)] == [(0,), (3,)]


@given(st.integers(2, 12), st.sampled_from([0.0, 1.0, 2.0, 3.0, 7.5]))
def test_time_blocks_are_whole_trials_with_a_gap_around_them(blocks, gap_s):
    recording = shown(TWELVE)
    time_s, trial = recording.time_s, recording.trial_of_row
    splits = by_time_block(recording, blocks, gap_s)
    tested = np.concatenate([part.test for part in splits])
    np.testing.assert_array_equal(tested, np.flatnonzero(trial >= 0))
    for part in splits:
        assert (np.diff(np.unique(trial[part.test])) == 1).all()
        distance = np.abs(time_s[:, None] - time_s[part.test]).min(axis=1)
        expected = (trial >= 0) & ~np.isin(trial, trial[part.test]) & (distance > gap_s)
        np.testing.assert_array_equal(part.train, np.flatnonzero(expected))


@given(
    st.lists(st.integers(1, 12), min_size=1, max_size=8),
    st.integers(2, 6),
    st.integers(0, 3),
)
def test_unseen_frames_keep_away_from_the_seen_ones_of_their_clip(lengths, folds, gap):
    clip = np.repeat(np.arange(len(lengths)), lengths)
    frame = np.arange(len(clip))
    try:
        splits = frame_blocks(clip, folds, gap)
    except DataError as error:
        few = len(lengths) < folds and len(clip) < 2 * folds
        assert "too few" in str(error) if few else "leaves nothing" in str(error)
        return
    assert sorted(np.concatenate([part.test for part in splits])) == frame.tolist()
    assert len(splits) == folds
    for part in splits:
        if len(lengths) >= folds:
            expected = ~np.isin(clip, clip[part.test])
        else:
            near = (np.abs(frame[:, None] - part.test) <= gap) & (clip[:, None] == clip[part.test])
            expected = ~near.any(axis=1)
            assert (np.diff(part.test) == 1).all()
        np.testing.assert_array_equal(part.train, np.flatnonzero(expected))
        assert len(part.train)


def test_parts_of_one_clip_are_of_even_size():
    sizes = [len(part.test) for part in frame_blocks(np.zeros(23, int), folds=5, gap=1)]
    assert sum(sizes) == 23
    assert max(sizes) - min(sizes) <= 1


def test_splits_that_cannot_be_made_are_refused():
    recording = shown(["a", "b"] * 2)
    with pytest.raises(DataError, match="at least 2 groups, there are 1"):
        leave_one_out(np.zeros(5))
    with pytest.raises(DataError, match="8 rows lie in no trial"):
        by_repeat(recording)
    with pytest.raises(DataError, match="5 folds need at least 5 clips, there are 2"):
        by_video(recording.in_trials())
    with pytest.raises(DataError, match="5 blocks need at least 5 trials, there are 4"):
        by_time_block(recording)
    with pytest.raises(DataError, match="a gap of 100 s leaves nothing to train on"):
        by_time_block(recording, 2, gap_s=100.0)
    with pytest.raises(DataError, match="a gap of 9 frames leaves nothing to train on"):
        frame_blocks(np.zeros(10, int), 2, gap=9)
    with pytest.raises(DataError, match="9 frames are too few for 5 parts"):
        frame_blocks(np.zeros(9, int), 5, gap=0)
    for one in (
        lambda: by_video(recording, 1),
        lambda: by_time_block(recording, 1),
        lambda: frame_blocks(range(3), 0, 1),
    ):
        with pytest.raises(DataError, match="give 2 or more"):
            one()


def test_a_recording_without_blocks_says_so():
    recording = shown(["a"] * 3, between_trials=False)
    without = Trials(recording.trials.table.drop(columns="block"))
    with pytest.raises(DataError, match="trials have no column 'block'"):
        by_block(replace(recording, trials=without))
