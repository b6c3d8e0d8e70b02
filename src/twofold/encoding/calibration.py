"""The first few clips of a new mouse: what is learned from, and what decides when that is enough."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from twofold.errors import DataError, did_you_mean
from twofold.recordings import Recording, Stimulus, Trials

LEARNED, STOPPING = "calibration", "calibration_end"


def calibration_clips(
    recording: Recording,
    n: int,
    *,
    tier: str = "train",
    scored: str = "live_test_main",
    stopping: float = 0.25,
    seed: int = 0,
) -> Recording:
    """Some clips in a random order, each with another video, beside the trials to be scored.

    Of each clip the beginning is in tier "calibration" and the end, as a stimulus of its own, in
    "calibration_end": also a single clip has something that is not learned from.

    Parameters
    ----------
    recording
        With both tiers.
    n
        How many clips; those of a smaller number are among those of a larger one.
    tier, scored
        From which clips are taken, and which trials are kept beside them.
    stopping
        Share of a clip that is its end.
    seed
        Of the order.

    Raises
    ------
    DataError
        If a tier is missing, or has fewer videos than clips are asked for.

    Examples
    --------
    >>> import twofold as tw
    >>> movie = tw.simulate_movie_repeats(tw.MovieRepeats.small(n_units=5, bins_per_frame=1))
    >>> movie.trials.table["tier"] = ["train"] * 8 + ["live_test_main"] * 2
    >>> calibration_clips(movie, 1).trials.table["tier"].tolist()
    ['calibration', 'calibration_end', 'live_test_main', 'live_test_main']
    """
    column = recording.trials.column("tier")
    for name in (tier, scored):
        if name not in set(column):
            raise DataError(f"{recording.name!r} has no tier {name!r}; {did_you_mean(name, set(column))}")
    order = np.random.default_rng(seed).permutation(np.flatnonzero(column == tier))
    shown = recording.trials.table["stimulus"].to_numpy()[order].astype(str)
    order = order[np.sort(np.unique(shown, return_index=True)[1])]
    if len(order) < n:
        raise DataError(
            f"{recording.name!r} has {len(order)} videos in tier {tier!r}, and {n} clips are asked for; give "
            f"clips up to {len(order)}"
        )
    kept = recording.select_trials(np.concatenate([order[:n], np.flatnonzero(column == scored)]))
    return _in_two(kept, tier, stopping)


def _in_two(recording: Recording, tier: str, stopping: float) -> Recording:
    """The same with each trial of a tier cut."""
    rows, stimuli = [], dict(recording.stimuli)
    for row in recording.trials.table.to_dict("records"):
        if row["tier"] != tier:
            rows.append(row)
            continue
        clip = recording.stimuli[row["stimulus"]]
        cut = len(clip) - round(stopping * len(clip))
        end, cut_s = f"{row['stimulus']}/end", row["start_s"] + cut / clip.rate_hz
        stimuli[end] = _from_frame(clip, cut)
        rows.append(row | {"tier": LEARNED, "stop_s": cut_s})
        rows.append(row | {"tier": STOPPING, "start_s": cut_s, "stimulus": end})
    return replace(recording, trials=Trials(pd.DataFrame(rows)), stimuli=stimuli)


def _from_frame(clip: Stimulus, first: int) -> Stimulus:
    frames = None if clip.frames is None else clip.frames[first:]
    features = {name: values[first:] for name, values in clip.features.items()}
    return replace(clip, frame_ids=clip.frame_ids[first:], frames=frames, features=features)
