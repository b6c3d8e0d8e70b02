from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from twofold.recordings import LazyArray, Neurons, Recording, Signal, Stimulus, Trials
from twofold.recordings.check import Findings, check

N_TIME = 4


def sound_recording(n_repeats=3, clips=("a", "b"), n_neurons=5):
    """Nothing is wrong with it: 1-s bins, clips of 4 s shown back to back."""
    n_trials = n_repeats * len(clips)
    responses = np.random.default_rng(0).uniform(1, 2, (n_trials * N_TIME, n_neurons))
    time_s = np.arange(len(responses)) + 0.5
    start = np.arange(n_trials) * float(N_TIME)
    trials = pd.DataFrame(
        {
            "stimulus": np.tile(clips, n_repeats),
            "repeat": np.repeat(np.arange(n_repeats), len(clips)),
            "tier": "all",
            "start_s": start,
            "stop_s": start + N_TIME,
        }
    )
    return Recording(
        responses=LazyArray(responses),
        time_s=time_s,
        bin_s=1.0,
        neurons=Neurons(pd.DataFrame(np.zeros((n_neurons, 3)), columns=["x_um", "y_um", "z_um"])),
        trials=Trials(trials),
        signals={"running": Signal(np.arange(100.0), np.arange(100) * 0.25)},
        stimuli={name: Stimulus(frame_ids=np.arange(N_TIME), rate_hz=1.0) for name in clips},
    )


def with_responses(place, value, of=None):
    recording = of or sound_recording()
    values = recording.responses[:].copy()
    values[place] = value
    return replace(recording, responses=LazyArray(values))


def with_trials(column, trial, value, of=None):
    recording = of or sound_recording()
    table = recording.trials.table.copy()
    table.loc[trial, column] = value
    return replace(recording, trials=Trials(table))


def with_signal(values, time_s):
    return replace(
        sound_recording(), signals={"pupil": Signal(np.asarray(values, float), np.asarray(time_s, float))}
    )


def with_times(row, value):
    recording = sound_recording()
    time_s = recording.time_s.copy()
    time_s[row] = value
    return replace(recording, time_s=time_s)


def without_rows(rows):
    recording = sound_recording()
    return replace(
        recording,
        responses=LazyArray(np.delete(recording.responses[:], rows, axis=0)),
        time_s=np.delete(recording.time_s, rows),
    )


def without_trials(trials):
    recording = sound_recording()
    return replace(recording, trials=Trials(recording.trials.table.drop(index=trials).reset_index(drop=True)))


def with_position(neuron, value):
    table = sound_recording().neurons.table.copy()
    table.loc[neuron, "y_um"] = value
    return replace(sound_recording(), neurons=Neurons(table))


def test_a_sound_recording_has_no_findings():
    assert check(sound_recording()) == Findings()
    assert check(sound_recording()).ok


NAN = float("nan")

ERRORS = {
    "nan": (
        with_responses((5, 2), NAN),
        "1 responses are NaN or infinite, in 1 of 5 neurons, the first at neuron 2, "
        "trial 1, 5.5 s; declare missing values",
    ),
    "inf": (
        with_responses(([9, 8], [0, 1]), np.inf),
        "2 responses are NaN or infinite, in 2 of 5 neurons, the first at neuron 1, trial 2, 8.5 s",
    ),
    "doubled times": (
        with_times(7, 6.5),
        "1 of 24 response times are not after the one before, the first at row 7 (6.5 s)",
    ),
    "nan time": (
        with_times(7, NAN),
        "2 of 24 response times are not after the one before, the first at row 7",
    ),
    "missing sample": (
        without_rows([5]),
        "1 of 22 spacings between time points do not fit bins of 1 s, the first 2 s "
        "after row 4 (4.5 s, trial 1)",
    ),
    "unequal samples": (
        without_rows([7]),
        "1 of 6 trials have another number of samples than most of their clip: 1; "
        "trial 1 has 3, others of b have 4",
    ),
    "wrong bin": (
        replace(sound_recording(), bin_s=1.05),
        "time points are 1 s apart but bins are 1.05 s wide",
    ),
    "no bin": (replace(sound_recording(), bin_s=0.0), "the width of a bin is 0 s; it must be above 0"),
    "backward trial": (
        with_trials("stop_s", 3, 11.0),
        "1 of 6 trials do not stop after they start: 3; trial 3 runs from 12 to 11 s",
    ),
    "nan trial": (with_trials("start_s", 3, NAN), "1 of 6 trials do not stop after they start: 3"),
    "unsorted trials": (
        with_trials("start_s", 3, 3.0),
        "1 of 6 trials start before the one above them: 3; sort",
    ),
    "overlap": (
        with_trials("stop_s", 2, 13.0),
        "1 of 6 trials start before the one above them has stopped: 3; "
        "trial 2 stops at 13 s, trial 3 starts at 12 s",
    ),
    "no samples": (
        without_rows([8, 9, 10, 11]),
        "1 of 6 trials hold no time point of the responses: 2; drop them",
    ),
    "twice": (
        with_trials("repeat", 4, 1),
        "1 of 6 trials are a repeat that an earlier trial has: 4; trial 4 is again repeat 1 of a",
    ),
    "clip length": (
        replace(
            sound_recording(), stimuli={"a": Stimulus(np.arange(4), 1.0), "b": Stimulus(np.arange(6), 1.0)}
        ),
        "3 of 6 trials do not last as long as their clip: 1, 3, 5; trial 1 lasts 4 s, its clip 6 s",
    ),
    "signal order": (
        with_signal([1, 2, 3, 4], [0, 1, 1, 30]),
        "signal 'pupil': 1 of 4 times are not after the one before, the first at sample 2 (1 s)",
    ),
    "signal inf": (
        with_signal([1, np.inf, 3], [0, 12, 24]),
        "signal 'pupil': 1 of 3 samples are infinite, the first at 12 s",
    ),
    "signal clock": (
        with_signal([1, 2], [100, 101]),
        "signal 'pupil' is known at no time point of the responses: it "
        "runs from 100 to 101 s, they from 0.5 to 23.5 s",
    ),
    "signal unknown": (with_signal([NAN, NAN], [0, 24]), "signal 'pupil' has no known value; leave it out"),
}

WARNINGS = {
    "silent": (with_responses((slice(None), [1, 3]), 0), "2 of 5 neurons never respond: 1, 3; drop them"),
    "constant": (
        with_responses((slice(None), 4), 7),
        "1 of 5 neurons always give the same response: 4; drop",
    ),
    "silent repeat": (
        with_responses((slice(8, 16), 2), 0),
        "1 of 5 neurons are silent in a whole repeat, most in repeat 1: 2",
    ),
    "negative": (
        with_responses((3, 0), -0.1),
        "1 of 5 neurons have negative responses: 0; Poisson and zero-inflated "
        "gamma likelihoods will refuse them",
    ),
    "signal nan": (
        with_signal(np.where(np.arange(24) < 6, NAN, 1), np.arange(24) + 0.5),
        "signal 'pupil' is not known at 25.0% of the time points",
    ),
    "signal short": (
        with_signal(np.ones(12), np.arange(12) + 0.5),
        "signal 'pupil' is not known at 50.0% of the",
    ),
    "position": (with_position(3, NAN), "1 of 5 neurons have no finite position: 3"),
    "one repeat": (sound_recording(n_repeats=1), "every clip was shown once: there is no noise ceiling"),
    "unequal repeats": (
        without_trials([5]).in_trials(),
        "unequal repeats in tier 'all': most clips have 3, but b has 2 (trials 1, 3); drop",
    ),
    "shared clips": (
        with_trials("tier", [4, 5], "oracle"),
        "2 clips are shown in more than one tier: a, b in all and oracle; a model fitted on one",
    ),
    "withheld": (
        with_trials("withheld", [0, 1, 2, 3, 4, 5], [True, False, False, True, False, False]),
        "responses of 2 of 6 trials are withheld (all 0), in tier all; scoring refuses them",
    ),
    "no trial": (without_trials([4, 5]), "8 of 24 time points lie in no trial"),
}


@pytest.mark.parametrize("case", ERRORS)
def test_every_error_says_what_and_where(case):
    recording, message = ERRORS[case]
    findings = check(recording)
    assert not findings.ok
    assert any(re.search(re.escape(message), text) for text in findings.errors), findings.errors


@pytest.mark.parametrize("case", WARNINGS)
def test_every_warning_leaves_the_recording_usable(case):
    recording, message = WARNINGS[case]
    findings = check(recording)
    assert findings.ok, findings.errors
    assert len(findings.warnings) == 1
    assert message in findings.warnings[0]


@pytest.mark.parametrize(
    "case", ["nan", "unequal samples", "twice", "wrong bin", "clip length", "signal clock"]
)
def test_one_fault_is_told_once(case):
    assert len(check(ERRORS[case][0]).errors) == 1


def test_all_problems_are_told_at_once():
    recording = with_responses((5, 2), NAN, of=with_trials("repeat", 4, 1))
    recording = with_responses((slice(None), 1), 0, of=recording)
    findings = check(replace(recording, signals={"pupil": Signal(np.full(2, NAN), np.arange(2.0))}))
    assert [text.split()[0] for text in findings.errors] == ["1", "1", "signal"]
    assert [text.split(":")[0] for text in findings.warnings] == ["1 of 5 neurons never respond"]


def test_thousands_of_silent_neurons_are_one_short_message():
    recording = sound_recording(n_neurons=3000)
    findings = check(with_responses((slice(None), slice(0, 2000)), 0, of=recording))
    assert findings.warnings == (
        "2000 of 3000 neurons never respond: 0, 1, 2, 3, 4 and 1995 more; "
        "drop them, they carry no information",
    )


def test_repeats_are_compared_within_a_tier():
    recording = sound_recording(clips=("a", "b", "c"))
    table = recording.trials.table
    table = table.assign(tier=np.where(table["stimulus"] == "c", "train", "oracle"))
    rows = ~((table["stimulus"] == "c") & (table["repeat"] > 0))
    recording = replace(recording, trials=Trials(table)).select_trials(rows.to_numpy())
    assert check(recording).ok


def test_gaps_between_trials_are_allowed():
    recording = sound_recording()
    later = np.repeat(np.arange(6) * 10.0, N_TIME)
    table = recording.trials.table
    shift = np.arange(6) * 10.0
    moved = table.assign(start_s=table["start_s"] + shift, stop_s=table["stop_s"] + shift)
    recording = replace(recording, time_s=recording.time_s + later, trials=Trials(moved), signals={})
    assert check(recording) == Findings()


def test_an_empty_recording_is_an_error_not_a_crash():
    recording = sound_recording()
    empty = replace(recording, responses=LazyArray(np.empty((0, 5))), time_s=np.empty(0))
    assert "there are no responses: 0 time points x 5 neurons" in check(empty).errors[0]
    nobody = recording.select_neurons(np.empty(0, dtype=int))
    assert "there are no responses: 24 time points x 0 neurons" in check(nobody).errors[0]
