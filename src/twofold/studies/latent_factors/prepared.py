"""Recordings as the study uses them: no more than asked, and trials that neither training nor choice saw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from twofold.errors import DataError
from twofold.recordings import Recording, Trials, withheld_trials
from twofold.runs.jobs import content_hash
from twofold.studies.latent_factors.options import LatentFactorsOptions

TRAIN, VALIDATION, TEST = "train", "oracle", "live_test_main"
OTHER_VIDEOS = ("live_test_bonus", "final_test_bonus")


@dataclass(frozen=True, eq=False)
class Prepared:
    """The recordings of a study.

    Parameters
    ----------
    recordings
        Each with the tiers train, oracle and live_test_main.
    notes
        What was done otherwise than the rows' names say, in words.
    """

    recordings: tuple[Recording, ...]
    notes: tuple[str, ...]

    @property
    def names(self) -> list[str]:
        """Names of the recordings."""
        return [recording.name for recording in self.recordings]

    @property
    def have_positions(self) -> bool:
        """Whether the place of every neuron is known."""
        places = [recording.neurons.position_um for recording in self.recordings]
        return all(place is not None and np.isfinite(place).all() for place in places)

    @property
    def key(self) -> list[str]:
        """A hash of each recording, for the keys of jobs."""
        return [_hash(recording) for recording in self.recordings]


def prepare(recordings: Sequence[Recording], options: LatentFactorsOptions) -> Prepared:
    """Choose neurons and trials, and set the held-out tier apart where there is none.

    Where a recording has no tier live_test_main, or its responses were withheld, half of the videos of the
    tier oracle take its place; training then stops on the other half.

    Raises
    ------
    DataError
        If a recording lacks trials to train on or to choose with, or two have one name.
    """
    if not recordings:
        raise DataError("there is no recording to study; give at least one")
    names = [recording.name for recording in recordings]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise DataError(f"two recordings are called {twice[0]!r}; give each a name of its own")
    found, notes = [], []
    for number, recording in enumerate(recordings):
        rng = np.random.default_rng([options.seed, number])
        whole, note = _with_test(recording)
        notes += [note] if note else []
        found.append(_reduced(whole, options, rng))
    return Prepared(tuple(found), tuple(notes))


def for_training(recording: Recording, repeats: int | None) -> Recording:
    """Training trials, and of each oracle video no more than so many repeats."""
    tier = recording.trials.column("tier")
    keep = tier == TRAIN
    keep |= _first_repeats(recording, (tier == VALIDATION), repeats)
    return recording.select_trials(keep)


def _with_test(recording: Recording) -> tuple[Recording, str]:
    """The recording with a tier to score on that is not withheld, and what was done for it."""
    there = recording.trials.column("tier")
    tiers = sorted(set(map(str, there)))
    for tier, purpose in ((TRAIN, "train on"), (VALIDATION, "stop the training by")):
        if tier not in tiers:
            known = ", ".join(tiers)
            raise DataError(
                f"{recording.name!r} has no tier {tier!r} to {purpose}; its tiers are {known}, and the study "
                f"needs {TRAIN!r} and {VALIDATION!r}"
            )
    withheld = withheld_trials(recording)
    for tier in (TRAIN, VALIDATION):
        if withheld[there == tier].any():
            raise DataError(
                f"{recording.name!r}: responses of tier {tier!r} were withheld; the study needs them"
            )
    recording = recording.select_trials(~withheld) if withheld.any() else recording
    there = recording.trials.column("tier")
    if TEST in there:
        return recording, ""
    shown = recording.trials.column("stimulus")
    videos = np.unique(shown[there == VALIDATION])
    if len(videos) < 2:
        raise DataError(
            f"{recording.name!r} has no tier {TEST!r} with responses, and only one video in tier "
            f"{VALIDATION!r}: nothing is left to score on; give a recording with two such videos"
        )
    moved = (there == VALIDATION) & np.isin(shown, videos[1::2])
    table = recording.trials.table.copy()
    table["tier"] = np.where(moved, TEST, there)
    note = (
        f"{recording.name} has no tier {TEST} with responses: half of the videos of tier {VALIDATION} "
        "are scored on, and training stops by the other half"
    )
    return replace(recording, trials=Trials(table)), note


def _reduced(recording: Recording, options: LatentFactorsOptions, rng: np.random.Generator) -> Recording:
    """No more neurons, training trials and repeats than asked for."""
    tier = recording.trials.column("tier")
    of_training = np.flatnonzero(tier == TRAIN)
    most = options.most_train_clips or len(of_training)
    keep = np.zeros(len(tier), dtype=bool)
    keep[rng.permutation(of_training)[:most]] = True
    keep |= _first_repeats(recording, tier != TRAIN, options.most_repeats)
    if not keep.all():
        recording = recording.select_trials(keep)
    n_neurons = len(recording.neurons)
    if options.most_neurons is not None and options.most_neurons < n_neurons:
        recording = recording.select_neurons(np.sort(rng.permutation(n_neurons)[: options.most_neurons]))
    return recording


def _first_repeats(recording: Recording, among: np.ndarray, most: int | None) -> np.ndarray:
    """(trial,) True for the first so many trials of each video and tier, among some."""
    if most is None:
        return among.copy()
    table = recording.trials.table
    number = table[among].groupby(["tier", "stimulus"], sort=False).cumcount().to_numpy()
    keep = among.copy()
    keep[among] = number < most
    return keep


def _hash(recording: Recording) -> str:
    """Of all that a study reads: responses, pictures, trials, places and signals."""
    blocks = range(0, len(recording.time_s), 10_000)
    parts = [content_hash(np.asarray(recording.responses[slice(at, at + 10_000)])) for at in blocks]
    for name in sorted(recording.stimuli):
        frames = recording.stimuli[name].frames
        parts.append(name if frames is None else content_hash(np.asarray(frames[:])))
    parts += [content_hash(recording.signal(name)) for name in sorted(recording.signals)]
    place = recording.neurons.position_um
    parts += [] if place is None else [content_hash(place)]
    parts += [recording.name, recording.trials.table.to_json()]
    return content_hash(np.array(parts))
