"""Checks of the clock and of the trials: what was shown when, and how often."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from twofold.recordings.recording import Recording
from twofold.recordings.withheld import withheld_trials
from twofold.recordings.wording import first_few

JITTER = 0.1  # of a bin: how far one spacing may be off
DRIFT = 0.01  # of a bin: how far the usual spacing may be off


def times_out_of_order(recording: Recording) -> Iterator[str]:
    """Response times that do not increase."""
    back = np.flatnonzero(~(np.diff(recording.time_s) > 0))
    if back.size:
        row = back[0] + 1
        yield (
            f"{back.size} of {len(recording.time_s)} response times are not after the one before, the "
            f"first at row {row} ({recording.time_s[row]:g} s); sort the rows by time and drop doubles"
        )


def uneven_bins(recording: Recording) -> Iterator[str]:
    """Spacing of the samples inside trials that is not the width of a bin."""
    width, trial = recording.bin_s, recording.trial_of_row
    if not width > 0:
        yield f"the width of a bin is {width:g} s; it must be above 0"
        return
    step = np.diff(recording.time_s)
    inside = (np.diff(trial) == 0) & (trial[1:] >= 0)
    off = np.flatnonzero(
        (inside & (step > (1 + JITTER) * width)) | ((step > 0) & (step < (1 - JITTER) * width))
    )
    if off.size:
        row = off[0]
        where = f"trial {trial[row]}" if trial[row] >= 0 else "between trials"
        yield (
            f"{off.size} of {len(step)} spacings between time points do not fit bins of {width:g} s, the "
            f"first {step[row]:g} s after row {row} ({recording.time_s[row]:g} s, {where}); "
            "give each bin one sample"
        )
    elif inside.any() and abs(np.median(step[inside]) - width) > DRIFT * width:
        yield (
            f"time points are {np.median(step[inside]):g} s apart but bins are {width:g} s wide; "
            "correct the width of a bin or the times"
        )


def impossible_spans(recording: Recording) -> Iterator[str]:
    """Trials that stop before they start, or whose times are not known."""
    start, stop = _spans(recording)
    wrong = np.flatnonzero(~(stop > start))
    if wrong.size:
        yield (
            f"{wrong.size} of {len(start)} trials do not stop after they start: {first_few(wrong)}; "
            f"trial {wrong[0]} runs from {start[wrong[0]]:g} to {stop[wrong[0]]:g} s; correct its span"
        )


def overlapping_trials(recording: Recording) -> Iterator[str]:
    """Trials that are not in order of time, or start before the one before has stopped."""
    start, stop = _spans(recording)
    back = np.flatnonzero(start[1:] < start[:-1]) + 1
    if back.size:
        yield (
            f"{back.size} of {len(start)} trials start before the one above them: {first_few(back)}; "
            "sort the trials by start_s"
        )
        return
    over = np.flatnonzero(start[1:] < stop[:-1] - 1e-6 * recording.bin_s) + 1
    if over.size:
        trial = over[0]
        yield (
            f"{over.size} of {len(start)} trials start before the one above them has stopped: "
            f"{first_few(over)}; trial {trial - 1} stops at {stop[trial - 1]:g} s, "
            f"trial {trial} starts at {start[trial]:g} s; correct their spans"
        )


def trials_without_samples(recording: Recording) -> Iterator[str]:
    """Trials during which nothing was recorded."""
    if _is_disordered(recording):
        return
    empty = np.flatnonzero(_samples(recording) == 0)
    if empty.size:
        yield (
            f"{empty.size} of {len(recording.trials)} trials hold no time point of the responses: "
            f"{first_few(empty)}; drop them, or put trials and responses on one clock"
        )


def unequal_repeats(recording: Recording) -> Iterator[str]:
    """Clips of one tier that were not shown equally often."""
    table = recording.trials.table.reset_index(drop=True)
    for tier, trials in table.groupby("tier", sort=False):
        count = trials["stimulus"].value_counts(sort=False)
        usual = int(count.mode().max())
        other = [
            f"{name} has {n} (trials {first_few(trials.index[trials['stimulus'] == name])})"
            for name, n in count.items()
            if n != usual
        ]
        if other:
            yield (
                f"unequal repeats in tier {tier!r}: most clips have {usual}, but {first_few(other)}; "
                "drop the surplus repeats, or move these clips to another tier, if a study needs them equal"
            )


def clips_in_several_tiers(recording: Recording) -> Iterator[str]:
    """Tiers that show the same clips: what is fitted on one has seen the other."""
    table = recording.trials.table[["stimulus", "tier"]].drop_duplicates()
    shared = table[table.duplicated("stimulus", keep=False)]
    if len(shared):
        tiers = shared.groupby("stimulus", sort=False)["tier"].agg(" and ".join)
        told = [f"{first_few(names.index)} in {which}" for which, names in tiers.groupby(tiers, sort=False)]
        yield (
            f"{len(tiers)} clips are shown in more than one tier: {'; '.join(told)}; "
            "a model fitted on one of these tiers has seen the stimuli of the other: split by clip"
        )


def withheld_responses(recording: Recording) -> Iterator[str]:
    """Trials whose responses were not given."""
    withheld = withheld_trials(recording)
    if withheld.any():
        tiers = first_few(dict.fromkeys(recording.trials.column("tier")[withheld]))
        yield (
            f"responses of {withheld.sum()} of {len(withheld)} trials are withheld (all 0), in tier {tiers}; "
            "scoring refuses them, predicting does not"
        )


def repeats_given_twice(recording: Recording) -> Iterator[str]:
    """Trials that claim to be the same repeat of the same clip."""
    table = recording.trials.table
    twice = np.flatnonzero(table.duplicated(["stimulus", "repeat"]))
    if twice.size:
        first = table.iloc[twice[0]]
        yield (
            f"{twice.size} of {len(table)} trials are a repeat that an earlier trial has: "
            f"{first_few(twice)}; trial {twice[0]} is again repeat {first['repeat']} of {first['stimulus']}; "
            "number the repeats of a clip 0, 1, ..."
        )


def unequal_samples(recording: Recording) -> Iterator[str]:
    """Trials of one clip with different numbers of samples."""
    if _is_disordered(recording):
        return
    samples, names = _samples(recording), recording.trials.column("stimulus")
    other, usual = [], {}
    for name in dict.fromkeys(names):
        trials = np.flatnonzero((names == name) & (samples > 0))
        if trials.size:
            values, counts = np.unique(samples[trials], return_counts=True)
            usual[name] = values[np.argmax(counts)]
            other += [int(trial) for trial in trials if samples[trial] != usual[name]]
    if other:
        trial = min(other)
        yield (
            f"{len(other)} of {len(names)} trials have another number of samples than most of their clip: "
            f"{first_few(sorted(other))}; trial {trial} has {samples[trial]}, others of {names[trial]} have "
            f"{usual[names[trial]]}: cut all to the same length, or drop these trials"
        )


def clip_length_mismatch(recording: Recording) -> Iterator[str]:
    """Trials whose span is not the length of their clip, to one bin."""
    start, stop = _spans(recording)
    seconds = np.array([recording.stimuli[name].seconds for name in recording.trials.column("stimulus")])
    off = np.flatnonzero(np.abs(seconds - (stop - start)) > (1 + 1e-6) * recording.bin_s)
    if off.size:
        trial = off[0]
        yield (
            f"{off.size} of {len(start)} trials do not last as long as their clip: {first_few(off)}; "
            f"trial {trial} lasts {stop[trial] - start[trial]:g} s, its clip {seconds[trial]:g} s; "
            "correct the clip's frame rate or the span"
        )


def rows_in_no_trial(recording: Recording) -> Iterator[str]:
    """Time points between trials."""
    outside = int((recording.trial_of_row < 0).sum())
    if outside and not _is_disordered(recording):
        yield (
            f"{outside} of {len(recording.time_s)} time points lie in no trial; "
            "studies leave them out, as recording.in_trials() does"
        )


def only_one_repeat(recording: Recording) -> Iterator[str]:
    """A recording in which nothing was shown twice."""
    names = recording.trials.table["stimulus"]
    if len(names) and not names.duplicated().any():
        yield "every clip was shown once: there is no noise ceiling, and repeats cannot be left out"


def _spans(recording: Recording) -> tuple[np.ndarray, np.ndarray]:
    """(trial,) start and stop, in seconds."""
    trials = recording.trials
    return trials.column("start_s").astype(float), trials.column("stop_s").astype(float)


def _is_disordered(recording: Recording) -> bool:
    """Whether no sample can be told its trial, so that counting samples would only repeat that news."""
    return any(True for one in (impossible_spans, overlapping_trials) for _ in one(recording))


def _samples(recording: Recording) -> np.ndarray:
    """(trial,) number of rows in each trial."""
    trial = recording.trial_of_row
    return np.bincount(trial[trial >= 0], minlength=len(recording.trials))
