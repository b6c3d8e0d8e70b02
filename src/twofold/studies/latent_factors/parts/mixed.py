"""Mixed repeats (table 4): whether what other neurons add is the state of the trial, or the video once more.

With neighbours on both sides of the split, neuropil alone lets one half tell the other; so the same is asked
of halves that lie at least 30 um apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Bool

from twofold.analyses.mixed_repeats import MixedRepeats, RepeatPredictions, mixed_repeats
from twofold.analyses.topography import separate_neurons
from twofold.encoding import LatentVideoModel
from twofold.errors import DataError
from twofold.recordings import Recording
from twofold.runs.jobs import Arrays
from twofold.studies.latent_factors.parts.held_out import HeldOut, model_name, repeated
from twofold.studies.latent_factors.parts.numbers import Told, all_rows, number, of_each_mouse
from twofold.studies.result import Row

PART, TABLE = "mixed", "table-4"
KINDS = {"same": ("same repeat", 0.20), "mixed": ("mixed repeats", 0.16), "video": ("video only", 0.15)}
SPLITS = {"half": "", "apart": ", neighbours apart"}


def mixed(
    recordings: Sequence[Recording],
    model: LatentVideoModel,
    *,
    seed: int,
    n_bootstrap: int = 1000,
    at_least_um: float = 30.0,
) -> Arrays:
    """Correlations of predictions from the video and the same or another repeat, on held-out videos.

    Parameters
    ----------
    recordings, model
        Mice, and a model that was fitted to them, in this order.
    seed
        Of the bootstrap, and of the split by position.
    n_bootstrap
        Draws of videos.
    at_least_um
        Distance between neurons given and scored in the second split.
    """

    def measure(m: int, recording: Recording) -> Arrays:
        held = HeldOut.of(model, recording)
        videos = repeated(held)
        found: Arrays = {}
        for split, (given, targets) in _splits(held, at_least_um, seed).items():
            predictions = [_of_video(held, trials, given, targets) for trials in videos.values()]
            one = mixed_repeats(predictions, n_bootstrap=n_bootstrap, random_state=seed)
            found |= _numbers(split, one)
            if split == "half":
                found |= {
                    f"{PART}/{kind}": values.mean(axis=0)
                    for kind, values in zip(KINDS, one.per_video, strict=True)
                }
        return found

    found = of_each_mouse(PART, recordings, measure)
    return found | {f"{PART}/model": np.array(model_name(model))}


def rows(found: Arrays, mice: Sequence[str]) -> list[Row]:
    """Rows of table 4 on repeats."""
    name = str(found[f"{PART}/model"])
    told = []
    for split, apart in SPLITS.items():
        common: dict[str, Any] = {
            "kind": "bootstrap_95",
            "over": "videos",
            "chance": 0.0,
            "without": "positions are not known",
        }
        told += [
            Told(
                TABLE,
                f"{name}, {what}{apart}",
                "correlation",
                f"{PART}/{split}/{kind}",
                paper=None if apart else paper,
                **common,
            )
            for kind, (what, paper) in KINDS.items()
        ]
        told.append(
            Told(
                TABLE,
                f"{name}, gain of conditioning{apart}",
                "correlation_difference",
                f"{PART}/{split}/gain",
                **common,
            )
        )
        common["without"] = "conditioning adds nothing here, of which to take a share"
        told.append(
            Told(
                TABLE,
                f"{name}, locked share of the gain{apart}",
                "share",
                f"{PART}/{split}/share",
                note="0 or below for state alone, 1 for what follows the video",
                **common,
            )
        )
    return all_rows(told, found, mice, PART)


def _splits(
    held: HeldOut, at_least_um: float, seed: int
) -> dict[str, tuple[Bool[np.ndarray, " neuron"], np.ndarray]]:
    """Who is given and who is scored: as in validation, and, where positions are known, further apart."""
    found = {"half": (held.given, np.flatnonzero(~held.given))}
    position = held.part.neurons.position_um
    if position is not None and np.isfinite(position).all():
        try:
            apart = separate_neurons(position, at_least_um=at_least_um, random_state=seed)
        except DataError:  # all in one place: there is no such split
            return found
        given = np.isin(np.arange(held.n_neurons), apart.given)
        found["apart"] = (given, apart.scored)
    return found


def _of_video(
    held: HeldOut, trials: Sequence[int], given: np.ndarray, targets: np.ndarray
) -> RepeatPredictions:
    conditioned, responses, video_only = [], [], None
    for one in held.known(given, trials):
        conditioned.append(one.state.distribution(targets).mean.numpy())
        responses.append(one.clip.responses[held.model.frames_lost :, targets])
        if video_only is None:
            video_only = one.state.distribution(targets, conditioned=False).mean.numpy()
    assert video_only is not None
    return RepeatPredictions(np.stack(conditioned), video_only, np.stack(responses))


def _numbers(split: str, found: MixedRepeats) -> Arrays:
    same, mixed, video = found.per_video
    has_gain = found.gain.value > 0
    share = number(f"{PART}/{split}/share", found.locked_share) if has_gain else {}
    return {
        **number(f"{PART}/{split}/same", found.same, entries=same),
        **number(f"{PART}/{split}/mixed", found.mixed, entries=mixed),
        **number(f"{PART}/{split}/video", found.video_only, entries=video),
        **number(f"{PART}/{split}/gain", found.gain, entries=same - video),
        **share,
    }
