"""A recording of repeated clips becomes (repeat, frame, neuron), as loops over its table would make it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twofold.errors import DataError
from twofold.recordings import LazyArray, Neurons, Recording, Signal, Stimulus, Trials
from twofold.simulate import MovieRepeats, simulate_movie_repeats
from twofold.studies.neural_alignment.presentations import presentations

BIN_S = 1 / 120


def a_recording(shown, lengths, *, bins=3, n_neurons=4, gap=5, seed=0, **parts) -> Recording:
    """Clips in the order of `shown`, (clip, repeat) each, `bins` of 120 Hz per frame, with gaps between."""
    rng = np.random.default_rng(seed)
    rows, table, now = [], [], 7
    for clip, repeat in shown:
        n = bins * lengths[clip]
        rows.append(now + np.arange(n))
        table.append((clip, repeat, "all", now * BIN_S, (now + n) * BIN_S))
        now += n + gap
    time_s = (np.concatenate(rows) + 0.5) * BIN_S
    first = np.cumsum([0, *lengths.values()])
    stimuli = {
        clip: Stimulus(frame_ids=first[i] + np.arange(n), rate_hz=120 / bins)
        for i, (clip, n) in enumerate(lengths.items())
    }
    trials = pd.DataFrame(table, columns=["stimulus", "repeat", "tier", "start_s", "stop_s"])
    given = {
        "responses": LazyArray(rng.poisson(3, (len(time_s), n_neurons))),
        "time_s": time_s,
        "bin_s": BIN_S,
        "neurons": Neurons(pd.DataFrame(index=range(n_neurons))),
        "trials": Trials(trials),
        "signals": {"speed": Signal(rng.normal(size=len(time_s)), time_s)},
        "stimuli": stimuli,
    }
    return Recording(**{**given, **parts})


def every(lengths, n_repeats) -> list[tuple[str, int]]:
    return [(clip, repeat) for repeat in range(n_repeats) for clip in lengths]


def by_hand(recording: Recording, bins: int, values: np.ndarray) -> np.ndarray:
    """(repeat, frame, ...) one presentation and one frame at a time."""
    trials = recording.trials.table
    clips = list(dict.fromkeys(trials["stimulus"]))
    out = []
    for repeat in sorted(set(trials["repeat"])):
        frames = []
        for clip in clips:
            (start,) = trials[(trials["stimulus"] == clip) & (trials["repeat"] == repeat)]["start_s"]
            for frame in range(len(recording.stimuli[clip])):
                low = start + frame * bins * BIN_S
                inside = (recording.time_s > low) & (recording.time_s < low + bins * BIN_S)
                assert inside.sum() == bins
                frames.append(values[inside].mean(axis=0))
        out.append(frames)
    return np.array(out)


@pytest.mark.parametrize("lengths", [{"movie": 11}, {"rain": 5, "city": 8, "sea": 3}], ids=["one", "three"])
@given(bins=st.integers(1, 4), seed=st.integers(0, 99), order=st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=15)
def test_frames_of_every_repeat_are_the_mean_of_their_bins(lengths, bins, seed, order):
    """Also where the clips were shown in any order."""
    shown = every(lengths, 4)
    order.shuffle(shown)
    recording = a_recording(shown, lengths, bins=bins, seed=seed)
    data = presentations(recording)
    clips = list(dict.fromkeys(clip for clip, _ in shown))
    np.testing.assert_allclose(
        data.responses, by_hand(recording, bins, np.asarray(recording.responses)), rtol=1e-6
    )
    np.testing.assert_allclose(
        data.signals["speed"], by_hand(recording, bins, recording.signals["speed"].values), atol=1e-9
    )
    assert data.clip.tolist() == [i for i, clip in enumerate(clips) for _ in range(lengths[clip])]
    assert data.label.tolist() == list(range(sum(lengths.values())))
    assert data.frame_s == pytest.approx(bins * BIN_S)
    assert (data.n_repeats, data.n_frames) == data.responses.shape[:2]


def test_rows_of_some_repeats_say_what_they_are():
    lengths = {"rain": 3, "sea": 2}
    data = presentations(a_recording(every(lengths, 4), lengths))
    rows = data.rows(np.array([3, 1]))
    assert rows.repeat.tolist() == [3] * 5 + [1] * 5
    assert rows.frame.tolist() == [0, 1, 2, 3, 4] * 2
    assert len(set(rows.trial)) == 4
    assert all(len(set(rows.repeat[rows.trial == trial])) == 1 for trial in rows.trial)
    np.testing.assert_array_equal(rows.responses[5:], data.responses[1])


def test_identical_frames_share_the_label_of_the_first_also_across_clips():
    lengths = {"rain": 4, "sea": 3}
    ids = {"rain": np.array([7, 7, 9, 7]), "sea": np.array([9, 2, 7])}
    stimuli = {clip: Stimulus(frame_ids=frames, rate_hz=40.0) for clip, frames in ids.items()}
    data = presentations(a_recording(every(lengths, 3), lengths, stimuli=stimuli))
    assert data.label.tolist() == [0, 0, 2, 0, 2, 5, 0]


def test_held_frames_of_a_simulation_share_their_label():
    movie = simulate_movie_repeats(MovieRepeats.small(n_units=4, n_frames=40, identical_adjacent=2))
    data = presentations(movie)
    ids = movie.stimuli["movie"].frame_ids
    assert len(set(data.label)) == len(set(ids)) < data.n_frames
    assert all((data.label[i] == data.label[j]) == (ids[i] == ids[j]) for i in range(40) for j in range(40))


def test_blocks_are_per_repeat_and_a_single_one_is_none():
    lengths = {"movie": 4}
    one = a_recording(every(lengths, 4), lengths)
    assert presentations(one).block is None
    for block, found in ((3, None), ([0, 0, 1, 1], [0, 0, 1, 1])):
        table = one.trials.table.assign(block=block)
        data = presentations(replace(one, trials=Trials(table)))
        assert (None if data.block is None else data.block.tolist()) == found


def test_pictures_of_all_clips_or_none():
    lengths = {"rain": 3, "sea": 2}
    pictures = {"rain": np.ones((3, 4, 5)), "sea": np.zeros((2, 4, 5))}

    def shown(frames) -> dict[str, Stimulus]:
        return {clip: Stimulus(np.arange(n), 40.0, frames=frames.get(clip)) for clip, n in lengths.items()}

    recording = a_recording(every(lengths, 3), lengths, stimuli=shown(pictures))
    np.testing.assert_array_equal(presentations(recording).pictures[:, 0, 0], [1, 1, 1, 0, 0])
    some = replace(recording, stimuli=shown({"rain": pictures["rain"]}))
    assert presentations(some).pictures is None


# --- refused -------------------------------------------------------------------------------------


def test_fewer_than_three_repeats_are_refused():
    lengths = {"movie": 4}
    with pytest.raises(
        DataError, match="at least 3 repeats of the same clip, there are 2; name the repeat axis"
    ):
        presentations(a_recording(every(lengths, 2), lengths))


def test_unequal_repeats_are_refused_with_the_clip_and_the_repeat():
    lengths = {"rain": 4, "sea": 3}
    shown = [one for one in every(lengths, 4) if one != ("sea", 2)]
    with pytest.raises(DataError, match="clip 'sea', repeat 2: 0 of 3 frames"):
        presentations(a_recording(shown, lengths))


def test_a_presentation_that_is_there_twice_does_not_stand_in_for_one_that_is_missing():
    """As many rows as there should be, but not of the right frames."""
    lengths = {"rain": 4, "sea": 4}
    shown = [("sea", 1) if one == ("sea", 2) else one for one in every(lengths, 4)]
    with pytest.raises(DataError, match=r"clip 'sea', repeat 1: 4 of 4 frames, .* more than once"):
        presentations(a_recording(shown, lengths))


@pytest.mark.parametrize("cut", [1, 5])
def test_a_presentation_cut_short_is_refused(cut):
    """Its last bins were not recorded; one missing bin of three still is a frame."""
    lengths = {"movie": 6}
    whole = a_recording(every(lengths, 4), lengths)
    last = np.flatnonzero(whole.trial_of_row == 2)[-cut:]
    rows = np.setdiff1d(np.arange(len(whole.time_s)), last)
    short = replace(whole, responses=whole.responses.select(rows=rows), time_s=whole.time_s[rows])
    if cut < 3:
        assert presentations(short).n_frames == 6
        return
    with pytest.raises(DataError, match=r"clip 'movie', repeat 2: 5 of 6 frames; .*twofold check"):
        presentations(short)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_missing_responses_are_refused_with_the_first_of_them(bad):
    lengths = {"movie": 4}
    whole = a_recording(every(lengths, 4), lengths)
    responses = np.asarray(whole.responses).astype(float)
    responses[np.flatnonzero(whole.trial_of_row == 3)[2], 1] = bad
    with pytest.raises(DataError, match=r"first in repeat 3, neuron 1.*--drop-units-missing"):
        presentations(replace(whole, responses=LazyArray(responses)))


def test_clips_of_different_frame_rates_are_refused():
    lengths = {"rain": 4, "sea": 4}
    whole = a_recording(every(lengths, 3), lengths)
    slow = Stimulus(np.arange(4), rate_hz=20.0)
    with pytest.raises(DataError, match="one frame rate"):
        presentations(replace(whole, stimuli={**whole.stimuli, "sea": slow}))
