"""What would stop a training in the middle is told before it begins."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np

from twofold.encoding.population import Population
from twofold.encoding.video_options import VideoOptions
from twofold.errors import DataError, did_you_mean
from twofold.recordings import Recording
from twofold.sampling import TrialClips


@runtime_checkable
class Named(Protocol):
    """A model that knows its recordings."""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the recordings, in order."""
        ...


@runtime_checkable
class Predicting(Named, Protocol):
    """What of a model decides which trials it can predict."""

    options: VideoOptions
    frame_shape: tuple[int, int]

    @property
    def frames_lost(self) -> int:
        """Frames at the beginning of a clip for which there is no prediction."""
        ...

    def population(self, number: int) -> Population:
        """What a recording has of its own."""
        ...


def check_recordings(
    recordings: Sequence[Recording], trials: Sequence[TrialClips], options: VideoOptions
) -> tuple[int, int]:
    """Height and width of the frames that all recordings share.

    Raises
    ------
    DataError
        If there is no recording, two have one name, frames differ in size, or frames or clips are too small
        for the core.
    """
    if not recordings:
        raise DataError("there is no recording to make a model for; give at least one")
    names = [recording.name for recording in recordings]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise DataError(f"two recordings are called {twice[0]!r}; give each a name of its own")
    shapes: dict[tuple[int, int], str] = {}
    for recording, own in zip(recordings, trials, strict=True):
        for span in own.spans:
            frames = recording.stimuli[span.stimulus].frames
            assert frames is not None
            shapes.setdefault((frames.shape[1], frames.shape[2]), f"{recording.name!r}, trial {span.trial}")
    if len(shapes) > 1:
        told = " and ".join(f"{h} x {w} pixels in {where}" for (h, w), where in list(shapes.items())[:2])
        raise DataError(f"frames differ in size: {told}; scale the videos to one size before importing them")
    height, width = next(iter(shapes))
    _check_size(options, height, width, trials)
    return height, width


def _check_size(options: VideoOptions, height: int, width: int, trials: Sequence[TrialClips]) -> None:
    if min(options.map_shape(height, width)) < 1:
        lost = sum(options.spatial) - len(options.spatial)
        raise DataError(
            f"frames of {height} x {width} pixels are smaller than the kernels {options.spatial}, which need "
            f"{lost + 1}; use --preset tiny or --set spatial=... with smaller ones"
        )
    for own in trials:
        check_length(own, options.frames_lost)


def check_length(trials: TrialClips, frames_lost: int) -> None:
    """Refuse trials of which nothing is left behind the core.

    Raises
    ------
    DataError
        With the first such trial.
    """
    short = np.flatnonzero(trials.n_frames <= frames_lost)
    if len(short):
        span = trials.spans[short[0]]
        raise DataError(
            f"{trials.recording.name!r}, trial {span.trial} has {span.n_frames} frames, and the core needs "
            f"{frames_lost + 1} for one prediction; leave the trial out, or use --preset tiny or "
            "--set temporal=... with shorter kernels"
        )


def check_frames(trials: TrialClips, frame_shape: tuple[int, int]) -> None:
    """Refuse videos of another size than the model was made for.

    Raises
    ------
    DataError
        With the first such trial.
    """
    for span in trials.spans:
        frames = trials.recording.stimuli[span.stimulus].frames
        assert frames is not None
        if tuple(frames.shape[1:]) != frame_shape:
            found, usual = (" x ".join(map(str, shape)) for shape in (frames.shape[1:], frame_shape))
            raise DataError(
                f"{trials.recording.name!r}, trial {span.trial} has frames of {found} pixels, the model was "
                f"made for {usual}; scale the videos before importing them"
            )


def population_of(model: Named, recording: Recording) -> int:
    """Number of a recording in a model.

    Raises
    ------
    DataError
        If the model does not know it.
    """
    return number_of(model, recording.name)


def number_of(model: Named, name: str) -> int:
    """Number of a recording in a model, by its name.

    Raises
    ------
    DataError
        If the model does not know it.
    """
    if name not in model.names:
        raise DataError(
            f"the model was not fitted to {name!r}, {did_you_mean(name, model.names)} "
            "For a new recording: model.adapt(recording)"
        )
    return model.names.index(name)


def trials_to_predict(model: Predicting, recording: Recording, *tiers: str) -> tuple[int, TrialClips]:
    """Number of a recording in a model, and those of its trials that are to be predicted.

    Raises
    ------
    DataError
        If the model does not know the recording, its neurons or its frames, or a trial is too short.
    """
    number = population_of(model, recording)
    check_neurons(recording, model.population(number).n_neurons)
    trials = TrialClips(recording, *tiers, signals=model.options.signals)
    check_frames(trials, model.frame_shape)
    check_length(trials, model.frames_lost)
    return number, trials


def check_neurons(recording: Recording, n_neurons: int) -> None:
    """Refuse a recording of other neurons.

    Raises
    ------
    DataError
        If it has another number of them.
    """
    found = len(recording.neurons)
    if found != n_neurons:
        raise DataError(
            f"{recording.name!r} has {found} neurons, the model was made for {n_neurons} under this name; "
            "give a recording of the same neurons, in the same order"
        )
