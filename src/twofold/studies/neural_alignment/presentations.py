"""A recording of repeated clips as one array: repeats, frames, neurons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import product
from typing import Any, NoReturn

import numpy as np

from twofold.errors import DataError
from twofold.recordings import Recording
from twofold.recordings.preprocess import bin_to_frames

LARGE = 5000  # rows: beyond, what has to be trained is scored on one split


@dataclass(frozen=True, eq=False)
class Presentations:
    """Every frame of every repeat, in the order shown.

    Parameters
    ----------
    responses
        (repeat, frame, neuron) mean response during each frame; clips stand one after the other.
    clip
        (frame,) which clip each frame is from.
    label
        (frame,) what a decoder is to say: the place of the first frame that shows the same picture.
    block
        (repeat,) block of each repeat, or None where there is only one.
    signals
        (repeat, frame) by name.
    pictures
        (frame, height, width), or None.
    frame_s
        How long a frame lasts, in seconds.
    features
        (frame, feature) what each frame looks like, or its place in its clip where nothing else is known.
    label_name
        What the labels are, in the singular: "frame", "direction", "position".
    circular
        Whether the last label is next to the first, as directions are.
    regions
        (neuron,) where each unit lies, or None.
    """

    responses: np.ndarray
    clip: np.ndarray
    label: np.ndarray
    block: np.ndarray | None
    signals: Mapping[str, np.ndarray]
    pictures: np.ndarray | None
    frame_s: float
    features: np.ndarray | None = None
    label_name: str = "frame"
    circular: bool = False
    regions: np.ndarray | None = None

    @property
    def n_repeats(self) -> int:
        """How often each frame was shown."""
        return self.responses.shape[0]

    @property
    def n_frames(self) -> int:
        """How many different frames there are, over all clips."""
        return self.responses.shape[1]

    @property
    def is_large(self) -> bool:
        """Whether there are as many rows as in the paper, so that what is trained is fitted once."""
        return self.n_repeats * self.n_frames > LARGE

    def of_units(self, units: np.ndarray) -> Presentations:
        """The same presentations, of some units."""
        regions = None if self.regions is None else self.regions[units]
        return replace(self, responses=self.responses[..., units], regions=regions)

    def summary(self) -> dict[str, Any]:
        """Sizes, for the result file."""
        return {
            "n_units": self.responses.shape[-1],
            "n_repeats": self.n_repeats,
            "n_frames": self.n_frames,
            "n_clips": int(self.clip.max()) + 1,
            "frame_s": round(self.frame_s, 6),
            "blocks": 1 if self.block is None else len(np.unique(self.block)),
            "signals": list(self.signals),
            "label": self.label_name,
        }

    def rows(self, repeats: np.ndarray) -> Rows:
        """The rows of some repeats, one after the other."""
        chosen = self.responses[repeats]
        n = len(repeats)
        return Rows(
            responses=chosen.reshape(n * self.n_frames, -1),
            frame=np.tile(self.label, n),
            repeat=np.repeat(repeats, self.n_frames),
            trial=(np.repeat(repeats, self.n_frames) * (self.clip.max() + 1) + np.tile(self.clip, n)),
            place=(repeats[:, None] * self.n_frames + np.arange(self.n_frames)).reshape(-1),
            table=self.features,
        )


@dataclass(frozen=True, eq=False)
class Rows:
    """Responses (time, neuron) with the frame, repeat and trial of each row.

    `counts` (time, neuron) are the same responses before any preprocessing, `place` (time,) is where the row
    lies among all rows of the recording, and `table` (frame, feature) what each frame looks like.
    """

    responses: np.ndarray
    frame: np.ndarray
    repeat: np.ndarray
    trial: np.ndarray
    counts: np.ndarray | None = None
    place: np.ndarray | None = None
    table: np.ndarray | None = None

    @property
    def appearance(self) -> np.ndarray:
        """(frame, feature) what each frame looks like; its number, where nothing is known."""
        return np.arange(self.frame.max() + 1.0)[:, None] if self.table is None else self.table

    def of_units(self, units: np.ndarray) -> Rows:
        """The same rows, of some units."""
        counts = None if self.counts is None else self.counts[:, units]
        return replace(self, responses=self.responses[:, units], counts=counts)

    def take(self, index: np.ndarray) -> Rows:
        """Some of the rows."""
        optional = {name: getattr(self, name) for name in ("counts", "place")}
        return Rows(
            self.responses[index],
            self.frame[index],
            self.repeat[index],
            self.trial[index],
            **{name: None if part is None else part[index] for name, part in optional.items()},
            table=self.table,
        )


def presentations(recording: Recording) -> Presentations:
    """Arrange a recording of repeated clips as (repeat, frame, neuron), binned to frames by the mean.

    Raises
    ------
    DataError
        If there are fewer than 3 repeats, clips differ in their repeats, a response is missing,
        or a presentation is cut short.
    """
    recording = bin_to_frames(recording, "mean")
    repeat, names = recording.trials.column("repeat"), recording.trials.column("stimulus")
    clips = list(dict.fromkeys(names.tolist()))
    repeats = np.unique(repeat)
    if len(repeats) < 3:
        raise DataError(
            f"the study needs at least 3 repeats of the same clip, there are {len(repeats)}; "
            "name the repeat axis when importing"
        )
    order, clip = _order(recording, repeats, clips)
    responses = np.asarray(recording.responses)
    if not np.isfinite(responses).all():
        time, neuron = np.argwhere(~np.isfinite(responses))[0]
        where = f"repeat {recording.per_row('repeat')[time]}, neuron {neuron}"
        raise DataError(
            f"responses are missing (first in {where}); import again with --drop-units-missing and "
            "--drop-repeats-missing"
        )
    shape = (len(repeats), len(clip))
    return Presentations(
        responses=responses[order].astype(np.float32).reshape(*shape, -1),
        clip=clip,
        label=_labels(recording, clips),
        block=_blocks(recording, repeats),
        signals={name: recording.signal(name)[order].reshape(shape) for name in recording.signals},
        pictures=(pictures := _pictures(recording, clips)),
        frame_s=recording.bin_s,
        features=_features(recording, clips, pictures),
        regions=recording.neurons.table["region"].to_numpy() if "region" in recording.neurons.table else None,
    )


def _order(recording: Recording, repeats: np.ndarray, clips: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Row order by repeat, clip and frame; and the clip of each frame."""
    number = {name: index for index, name in enumerate(clips)}
    clip = np.array([number[name] for name in recording.per_row("stimulus")])
    repeat, frame = recording.per_row("repeat"), recording.frame_of_row
    order = np.lexsort((frame, clip, repeat))
    clip_of_frame = np.repeat(np.arange(len(clips)), [len(recording.stimuli[name]) for name in clips])
    frame_of_clip = np.concatenate([np.arange(len(recording.stimuli[name])) for name in clips])
    n = len(repeats)
    whole = np.repeat(repeats, len(clip_of_frame)), np.tile(clip_of_frame, n), np.tile(frame_of_clip, n)
    if not np.array_equal(np.stack([repeat, clip, frame])[:, order], np.stack(whole)):
        _refuse_parts(recording, repeats, clips)
    return order, clip_of_frame


def _refuse_parts(recording: Recording, repeats: np.ndarray, clips: list[str]) -> NoReturn:
    """Say which presentation is not whole, or is there twice."""
    repeat, shown = recording.per_row("repeat"), recording.per_row("stimulus")
    for name, value in product(clips, repeats):
        frames = recording.frame_of_row[(shown == name) & (repeat == value)]
        n, there = len(recording.stimuli[name]), len(np.unique(frames))
        if not len(frames) == there == n:
            twice = f", {len(frames) - there} of them more than once" if len(frames) > there else ""
            raise DataError(
                f"clip {name!r}, repeat {value}: {there} of {n} frames{twice}; "
                "the study needs every clip whole and once in every repeat (see `twofold check`)"
            )
    raise DataError("the clips are not whole in every repeat (see `twofold check`)")


def _labels(recording: Recording, clips: list[str]) -> np.ndarray:
    ids = np.concatenate([recording.stimuli[name].frame_ids for name in clips])
    _, first, inverse = np.unique(ids, return_index=True, return_inverse=True)
    return first[inverse]


def _blocks(recording: Recording, repeats: np.ndarray) -> np.ndarray | None:
    if "block" not in recording.trials.table.columns:
        return None
    first = recording.trials.table.groupby("repeat")["block"].first()
    block = first.loc[repeats].to_numpy()
    return block if len(np.unique(block)) > 1 else None


def _pictures(recording: Recording, clips: list[str]) -> np.ndarray | None:
    frames = [recording.stimuli[name].frames for name in clips]
    if any(part is None for part in frames):
        return None
    arrays = [np.asarray(part[:]) for part in frames if part is not None]
    return np.concatenate(arrays) if len({array.shape[1:] for array in arrays}) == 1 else None


def _features(recording: Recording, clips: list[str], pictures: np.ndarray | None) -> np.ndarray | None:
    """(frame, feature) the first features that every clip has, else the pixels."""
    known = [recording.stimuli[name].features for name in clips]
    for name in known[0]:
        if all(name in features and features[name].ndim == 2 for features in known):
            return np.concatenate([np.asarray(features[name], dtype=np.float32) for features in known])
    return None if pictures is None else pictures.reshape(len(pictures), -1).astype(np.float32)
