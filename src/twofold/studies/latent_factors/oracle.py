"""What the other repeats of a video tell of each response: the bound of models that know the video alone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from twofold.encoding.bounds import moment_matched_null
from twofold.errors import DataError
from twofold.metrics.bayesian_oracle import bayesian_oracle
from twofold.metrics.oracle_sizes import GammaSizes
from twofold.recordings import Recording
from twofold.runs.jobs import Arrays
from twofold.sampling import TrialClips

ORACLE = "Bayesian oracle"


def score_oracle(recordings: Sequence[Recording], tier: str, lost: int) -> Arrays:
    """Bits of the Bayesian oracle, and of the null that scores begin at.

    Parameters
    ----------
    recordings
        Zero-inflated, on the scale of the models.
    tier
        To score on.
    lost
        Frames at the beginning of each trial that models do not predict.

    Returns
    -------
    Arrays
        For mouse m "m/oracle" and "m/null" (clip, neuron), NaN for videos that were shown once, or not for
        as long each time; "m/repeats" (), the fewest of the others; "m/missing", with the reason, where fewer
        than two videos are left.
    """
    found = Arrays()
    for number, recording in enumerate(recordings):
        try:
            own = _bounds(recording, tier, lost)
        except DataError as error:
            own = {"missing": np.array(str(error))}
        found |= {f"{number}/{name}": values for name, values in own.items()}
    return found


def _bounds(recording: Recording, tier: str, lost: int) -> Arrays:
    trials = TrialClips(recording, tier)
    shown = np.array([span.stimulus for span in trials.spans])
    begun = np.array([span.first_frame for span in trials.spans])
    names = np.unique(shown)
    videos: dict[int, np.ndarray] = {}
    for place, name in enumerate(names):
        repeats = np.flatnonzero(shown == name)
        alike = len(set(zip(trials.n_frames[repeats], begun[repeats], strict=True))) == 1
        if len(repeats) > 1 and alike:
            videos[place] = np.stack([trials.responses(number)[lost:] for number in repeats.tolist()])
    bounds = bayesian_oracle(list(videos.values()), sizes=GammaSizes)  # refuses fewer than two
    null = moment_matched_null(recording)
    found = {name: np.full((len(names), len(recording.neurons)), np.nan) for name in ("oracle", "null")}
    found["repeats"] = np.array(min(len(video) for video in videos.values()))
    for (place, video), nats in zip(videos.items(), bounds, strict=True):
        found["oracle"][place] = nats.mean(axis=(0, 1)) / np.log(2)
        found["null"][place] = null.log_prob(torch.from_numpy(video)).double().mean((0, 1)) / np.log(2)
    return found


def normalised(bits: np.ndarray, oracle: np.ndarray, null: np.ndarray) -> float:
    """(L - null) / (oracle - null) of means over the entries that all have; NaN where there is no room.

    Examples
    --------
    >>> normalised(np.array([[-1.0, np.nan]]), oracle=np.array([[-0.5, 0.0]]), null=np.array([[-2.0, 0.0]]))
    0.6666666666666666
    """
    there = np.isfinite(bits) & np.isfinite(oracle)
    room = float((oracle - null)[there].mean()) if there.any() else 0.0
    return float((bits - null)[there].mean()) / room if room > 0 else float("nan")
