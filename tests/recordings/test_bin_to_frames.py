"""Binning to frames gives what loops over trials and frames give."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from twofold.errors import DataError
from twofold.recordings import LazyArray, Neurons, Recording, Stimulus, Trials
from twofold.recordings.preprocess import bin_to_frames

FRAME_HZ = 30.0
CLIPS = {
    "forest": Stimulus(np.array([5, 6, 7, 5, 9]), FRAME_HZ),
    "street": Stimulus(np.array([20, 21, 22]), FRAME_HZ),
}


def fast_recording(bins_per_frame: int, seed: int = 0) -> Recording:
    """Four presentations with unlike pauses; a trial lasts two frames longer than its clip."""
    names = ["forest", "street", "street", "forest"]
    pause_s = np.array([3, 1, 7, 2]) / FRAME_HZ
    length_s = np.array([len(CLIPS[name]) + 2 for name in names]) / FRAME_HZ
    stop = np.cumsum(pause_s + length_s)
    start = stop - length_s
    bin_s = 1 / FRAME_HZ / bins_per_frame
    time_s = (np.arange(round((stop[-1] + 4 / FRAME_HZ) / bin_s)) + 0.5) * bin_s
    trials = pd.DataFrame(
        {"stimulus": names, "repeat": [0, 0, 1, 1], "tier": "all", "start_s": start, "stop_s": stop}
    )
    responses = np.random.default_rng(seed).poisson(2.0, size=(len(time_s), 3))
    return Recording(
        responses=LazyArray(responses),
        time_s=time_s,
        bin_s=bin_s,
        neurons=Neurons(pd.DataFrame(index=range(3))),
        trials=Trials(trials),
        stimuli=CLIPS,
    )


def binned_by_loops(recording: Recording, how: str) -> tuple[np.ndarray, list[int], list[int]]:
    """Responses of each shown frame, its id and its trial."""
    responses, frame_ids, trial_of_frame = [], [], []
    for number, trial in recording.trials.table.iterrows():
        clip = recording.stimuli[trial["stimulus"]]
        for frame in range(len(clip)):
            since = recording.time_s - trial["start_s"]
            during = (since >= frame / FRAME_HZ) & (since < (frame + 1) / FRAME_HZ)
            during &= (since >= 0) & (recording.time_s < trial["stop_s"])
            if during.any():
                bins = recording.responses[np.flatnonzero(during)]
                responses.append(bins.mean(axis=0) if how == "mean" else bins.sum(axis=0))
                frame_ids.append(int(clip.frame_ids[frame]))
                trial_of_frame.append(number)
    return np.array(responses), frame_ids, trial_of_frame


@pytest.mark.parametrize("how", ["mean", "sum"])
@pytest.mark.parametrize("bins_per_frame", [1, 3, 4])
def test_binning_to_frames_is_what_a_loop_over_frames_gives(how, bins_per_frame):
    recording = fast_recording(bins_per_frame)
    binned = bin_to_frames(recording, how)
    responses, frame_ids, trials = binned_by_loops(recording, how)
    assert len(responses) == 2 * (5 + 3)
    np.testing.assert_allclose(binned.responses[:], responses, rtol=1e-6)
    assert binned.frame_ids.tolist() == frame_ids
    assert binned.trial_of_row.tolist() == trials
    assert binned.bin_s == 1 / FRAME_HZ
    centre = binned.trials.column("start_s")[trials] + (binned.frame_of_row + 0.5) / FRAME_HZ
    np.testing.assert_allclose(binned.time_s, centre)
    assert len(binned.history) == len(recording.history) + 1


@pytest.mark.parametrize("how", ["mean", "sum"])
def test_bins_that_do_not_divide_a_frame_go_where_their_centre_lies(how):
    recording = fast_recording(1)
    time_s = np.arange(0.005, recording.time_s[-1], 0.01)
    values = np.random.default_rng(0).normal(size=(len(time_s), 3))
    uneven = replace(recording, time_s=time_s, responses=LazyArray(values), bin_s=0.01)
    responses, frame_ids, _ = binned_by_loops(uneven, how)
    binned = bin_to_frames(uneven, how)
    np.testing.assert_allclose(binned.responses[:], responses, rtol=1e-5, atol=1e-6)
    assert binned.frame_ids.tolist() == frame_ids


def test_a_recording_whose_bins_are_frames_comes_back_as_it_is():
    binned = bin_to_frames(fast_recording(4))
    again = bin_to_frames(binned)
    assert again.history == binned.history
    np.testing.assert_array_equal(again.responses[:], binned.responses[:])
    np.testing.assert_array_equal(again.time_s, binned.time_s)


def back_to_back(n_frames: int, trial_s: float) -> Recording:
    """Two trials without a pause, quarter-second bins, frames of a second."""
    start = np.array([0.0, trial_s])
    columns = {
        "stimulus": "clip",
        "repeat": [0, 1],
        "tier": "all",
        "start_s": start,
        "stop_s": start + trial_s,
    }
    n_time = round(2 * trial_s * 4)
    return Recording(
        responses=LazyArray(np.arange(float(n_time))[:, None]),
        time_s=np.arange(n_time) * 0.25 + 0.125,
        bin_s=0.25,
        neurons=Neurons(pd.DataFrame(index=range(1))),
        trials=Trials(pd.DataFrame(columns)),
        stimuli={"clip": Stimulus(np.arange(n_frames), 1.0)},
    )


def test_a_frame_that_is_cut_short_stays_in_its_trial():
    """The third frame of each trial has a single bin."""
    binned = bin_to_frames(back_to_back(n_frames=3, trial_s=2.25))
    assert binned.trial_of_row.tolist() == [0, 0, 0, 1, 1, 1]
    assert binned.frame_of_row.tolist() == [0, 1, 2, 0, 1, 2]
    assert binned.responses[:, 0].tolist() == [1.5, 5.5, 8.0, 10.5, 14.5, 17.0]


def test_a_picture_that_is_shown_twice_in_a_row_is_two_frames():
    binned = bin_to_frames(back_to_back(n_frames=1, trial_s=1.0))
    assert binned.trial_of_row.tolist() == [0, 1]
    assert binned.responses[:, 0].tolist() == [1.5, 5.5]


def test_what_cannot_be_binned_is_refused():
    recording = fast_recording(4)
    slower = {**CLIPS, "street": Stimulus(np.arange(3), 25.0)}
    with pytest.raises(DataError, match=r"one frame rate, there are \[25.0, 30.0\] Hz"):
        bin_to_frames(replace(recording, stimuli=slower))
    none = {name: Stimulus(np.zeros(0, int), FRAME_HZ) for name in CLIPS}
    with pytest.raises(DataError, match="no row shows a frame"):
        bin_to_frames(replace(recording, stimuli=none))
    with pytest.raises(DataError, match="no row shows a frame"):
        bin_to_frames(replace(recording, trials=Trials(recording.trials.table.iloc[:0])))


class Watched:
    """An array that remembers which rows were read."""

    def __init__(self, values: np.ndarray) -> None:
        self.values, self.shape, self.dtype = values, values.shape, values.dtype
        self.rows: set[int] = set()

    def __getitem__(self, key: slice) -> np.ndarray:
        self.rows |= set(range(len(self.values))[key])
        return self.values[key]


def test_binning_reads_only_rows_that_show_a_frame():
    recording = fast_recording(4)
    source = Watched(recording.responses[:])
    bin_to_frames(replace(recording, responses=LazyArray(source)).repeats([1]))
    chosen = np.isin(recording.trial_of_row, [2, 3]) & (recording.frame_of_row >= 0)
    assert source.rows == set(np.flatnonzero(chosen).tolist())
