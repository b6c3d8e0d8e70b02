"""Which clips a session has, and in what order they are shown."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from twofold.shapes import Frames, Ids
from twofold.simulate.sensorium.observation import FRAME_HZ
from twofold.simulate.sensorium.options import Sensorium
from twofold.simulate.sensorium.video_classes import VideoClass


class PlannedClip(NamedTuple):
    """One video: how it is called, where it belongs, what it shows and how often.

    Attributes
    ----------
    name, tier, kind, repeats
        Such as "oracle-2", "oracle", "natural" and 10.
    """

    name: str
    tier: str
    kind: VideoClass
    repeats: int


def planned_clips(options: Sensorium) -> list[PlannedClip]:
    """The clips of all tiers, training first.

    Examples
    --------
    >>> clips = planned_clips(Sensorium.preset("tiny"))
    >>> len(clips), clips[0].name, clips[-1]
    (60, 'train-00', PlannedClip(name='final_test_bonus-3', tier='final_test_bonus', kind='dots', repeats=6))
    """
    n = options.test_videos
    final = [options.final_bonus[i * len(options.final_bonus) // n] for i in range(n)]
    kinds: dict[str, list[VideoClass]] = {
        "train": ["natural"] * options.train_clips,
        "oracle": ["natural"] * n,
        "live_test_main": ["natural"] * n,
        "final_test_main": ["natural"] * n,
        "live_test_bonus": [options.live_bonus] * n,
        "final_test_bonus": final,
    }
    return [
        PlannedClip(
            name=f"{tier}-{number:0{len(str(len(of_tier) - 1))}d}",
            tier=tier,
            kind=kind,
            repeats=1 if tier == "train" else options.repeats,
        )
        for tier, of_tier in kinds.items()
        for number, kind in enumerate(of_tier)
    ]


def planned_trials(clips: list[PlannedClip], clip_frames: int, rng: np.random.Generator) -> pd.DataFrame:
    """Every clip as often as it is due, in random order and without pauses; one row per trial.

    Column `clip` is the clip's place in the list, `video_class` what it shows.
    """
    order = rng.permutation(np.repeat(np.arange(len(clips)), [clip.repeats for clip in clips]))
    shown = [clips[number] for number in order]
    start = np.arange(len(order)) * clip_frames
    return pd.DataFrame(
        {
            "stimulus": [clip.name for clip in shown],
            "repeat": pd.Series(order).groupby(order).cumcount().to_numpy(),
            "tier": [clip.tier for clip in shown],
            "start_s": start / FRAME_HZ,
            "stop_s": (start + clip_frames) / FRAME_HZ,
            "clip": order,
            "video_class": [clip.kind for clip in shown],
        }
    )


def picture_ids(frames: Frames, first: int) -> Ids:
    """(frame,) ids from `first` on, which a picture that stands still keeps.

    Examples
    --------
    >>> picture_ids(np.array([3, 3, 7]).reshape(3, 1, 1), first=10)
    array([10, 10, 12])
    """
    changed = (frames[1:] != frames[:-1]).any(axis=(1, 2))
    return first + np.maximum.accumulate(np.arange(len(frames)) * np.concatenate([[True], changed]))
