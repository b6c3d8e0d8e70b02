"""Table 4: how much of the state the video explains, beside the paper's leaky way.

Honest are contrast, luminance and motion energy of the last second, with a penalty, fitted to training trials
of many videos and scored on held-out ones. The paper regresses contrast at thousands of receptive
fields on few videos, without a penalty, and on shuffled clips, so that a video is on both sides: once more
here, with one change at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float

from twofold.analyses.alignment import Regressor
from twofold.analyses.chance import Chance
from twofold.analyses.clip_rows import leaky_clip_folds
from twofold.analyses.stimulus_features import (
    CORE_KERNELS,
    FEATURES,
    core_contrast,
    global_features,
    local_features,
    with_lags,
)
from twofold.analyses.stimulus_independence import LeastSquares, StimulusR2, stimulus_r2
from twofold.decoders import GroupedRidge
from twofold.encoding import LatentVideoModel
from twofold.errors import DataError
from twofold.metrics.intervals import Interval
from twofold.recordings import Recording
from twofold.recordings.splits import Split
from twofold.runs.jobs import Arrays
from twofold.studies.latent_factors.parts.held_out import HeldOut, model_name
from twofold.studies.latent_factors.parts.numbers import Told, all_rows, number, of_each_mouse
from twofold.studies.latent_factors.parts.receptive_fields import centres_px
from twofold.studies.result import Row

TABLE = "table-4"
LOCAL = "contrast at receptive fields"
NAMES = dict(zip(FEATURES, ("contrast", "luminance", "motion energy"), strict=True))


class Way(NamedTuple):
    """One way to regress: features, in words; whether without a penalty; whether on shuffled clips."""

    features: str
    what: str
    no_penalty: bool = False
    is_leaky: bool = False


class Shown(NamedTuple):
    """Rows of some trials: the state, features of the video by name, and trial and video of each."""

    latents: Float[np.ndarray, "time axis"]
    features: dict[str, Float[np.ndarray, "time feature"]]
    trial: np.ndarray
    video: np.ndarray


HONEST = {
    **{name: Way(name, words) for name, words in NAMES.items()},
    "all": Way("all", "all three"),
    "local": Way("local", LOCAL),
}
LIKE_PAPER = {
    "no-penalty": Way("local", f"{LOCAL}, no penalty", no_penalty=True),
    "shuffled": Way("local", f"{LOCAL}, leaky: shuffled clips", is_leaky=True),
    "paper": Way("local", f"{LOCAL}, leaky: shuffled clips, no penalty", no_penalty=True, is_leaky=True),
}


def table_4(
    recordings: Sequence[Recording],
    model: LatentVideoModel,
    *,
    seed: int,
    n_surrogates: int = 100,
    lag_s: float = 1.0,
    step_s: float = 0.1,
    positions: int = 100,
    training_clips: int = 100,
    folds: int = 5,
) -> Arrays:
    """R2 of the state from features of the video, in every way.

    Parameters
    ----------
    recordings, model
        Mice, and a model that was fitted to them, in this order.
    seed
        Of surrogates, shuffled clips and chosen receptive fields.
    n_surrogates
        The state turned in a circle so many times.
    lag_s, step_s
        Largest lag of the features, and step from lag to lag.
    positions
        Receptive fields at which contrast is taken, at most.
    training_clips
        Training trials that the honest regression is fitted to, at most.
    folds
        Groups of held-out videos; and of shuffled clips.
    """

    def measure(m: int, recording: Recording) -> Arrays:
        held, rng = HeldOut.of(model, recording), np.random.default_rng([seed, m])
        centres = centres_px(model, held.number)
        centres = centres[np.sort(rng.permutation(len(centres))[:positions])]
        shown = _shown(held, centres, lag_s, step_s)
        taught = HeldOut.of_trials(model, _training_trials(recording, held, training_clips))
        both, honest = _joined(shown, _shown(taught, centres, lag_s, step_s), folds)
        shuffled = leaky_clip_folds(shown.trial, folds, rng)
        found: Arrays = {}
        for key, way in HONEST.items():
            found |= _numbers(key, _r2(both, way, honest, n_surrogates, rng))
        for key, way in LIKE_PAPER.items():
            one = _r2(shown, way, shuffled if way.is_leaky else None, n_surrogates, rng)
            found |= _numbers(key, one)
            if key == "paper":
                by_dimension = Chance(one.chance_per_dimension.mean(axis=1))
                mean = Interval(one.mean_over_dimensions, None, None, len(one.folds))
                found |= number(f"{TABLE}/paper-mean", mean, by_dimension)
        return found

    found = of_each_mouse(TABLE, recordings, measure)
    return found | {f"{TABLE}/model": np.array(model_name(model))}


def rows(found: Arrays, mice: Sequence[str]) -> list[Row]:
    """Rows of table 4 on features of the video."""
    name = str(found[f"{TABLE}/model"])
    shifts = ("circular shifts",)
    told = [
        Told(TABLE, f"{name} <- {way.what}", "r2", f"{TABLE}/{key}", shifts) for key, way in HONEST.items()
    ]
    others: dict[str, Any] = {"nulls": shifts, "fitted_on": "the other groups"}
    told += [
        Told(
            TABLE,
            f"{name} <- {way.what}",
            "r2",
            f"{TABLE}/{key}",
            over="groups of clips" if way.is_leaky else "groups of videos",
            **others,
        )
        for key, way in LIKE_PAPER.items()
    ]
    row, mean = f"{name} <- {LIKE_PAPER['paper'].what}", "r2_mean_over_latents"
    told.append(Told(TABLE, row, mean, f"{TABLE}/paper-mean", over="groups of clips", paper=0.02, **others))
    return all_rows(told, found, mice, TABLE)


def _r2(
    shown: Shown, way: Way, folds: Sequence[Split] | None, n_surrogates: int, rng: np.random.Generator
) -> StimulusR2:
    regressor: Regressor = LeastSquares() if way.no_penalty else GroupedRidge(per_target=True)
    return stimulus_r2(
        shown.features[way.features],
        shown.latents,
        trial=shown.trial,
        video=shown.video,
        regressor=regressor,
        folds=folds,
        n_surrogates=n_surrogates,
        random_state=rng,
    )


def _numbers(key: str, found: StimulusR2) -> Arrays:
    per_dimension = {f"{TABLE}/{key}/per_dimension": found.per_dimension}
    return number(f"{TABLE}/{key}", found.value, found.chance) | per_dimension


def _training_trials(recording: Recording, held: HeldOut, at_most: int) -> Recording:
    """Trials of the training tier, evenly over the session, of videos that are not held out."""
    part = recording.tier("train")
    others = np.flatnonzero(~np.isin(part.trials.column("stimulus").astype(str), list(held.videos)))
    if len(np.unique(part.trials.column("stimulus")[others])) < 2:
        raise DataError(f"{recording.name!r}: fewer than 2 training videos to fit a regression to")
    return part.select_trials(others[np.unique(np.linspace(0, len(others) - 1, at_most).astype(int))])


def _joined(shown: Shown, taught: Shown, folds: int) -> tuple[Shown, list[Split]]:
    """Both, and folds that are fitted to the second and scored on a group of the videos of the first."""
    n = len(shown.video)
    video = np.concatenate([shown.video, shown.video.max() + 1 + taught.video])
    trial = np.concatenate([shown.trial, shown.trial.max() + 1 + taught.trial])
    features = {
        name: np.concatenate([values, taught.features[name]]) for name, values in shown.features.items()
    }
    splits = [
        Split(np.arange(n, len(video)), np.flatnonzero(shown.video % folds == group), (group,))
        for group in np.unique(shown.video % folds)
    ]
    return Shown(np.concatenate([shown.latents, taught.latents]), features, trial, video), splits


def _shown(held: HeldOut, centres: np.ndarray, lag_s: float, step_s: float) -> Shown:
    """The state as half of the neurons show it, and what was shown, at the rows that the model predicts."""
    by_video: dict[str, dict[str, np.ndarray]] = {}
    rows: dict[str, list[np.ndarray]] = {}
    for span in held.trials.spans:
        clip = held.part.stimuli[span.stimulus]
        if span.stimulus not in by_video:
            assert clip.frames is not None
            frames = np.asarray(clip.frames[:])
            own = _of_clip(frames, clip.rate_hz, lag_s, step_s)
            by_video[span.stimulus] = own | {"local": _local_contrast(frames, centres, clip.rate_hz)}
        part = slice(span.first_frame + held.model.frames_lost, span.first_frame + span.n_frames)
        for name, values in by_video[span.stimulus].items():
            rows.setdefault(name, []).append(values[part])
    features = {name: np.concatenate(parts) for name, parts in rows.items()}
    return Shown(held.latents(held.given), features, held.trial, held.video)


def _of_clip(frames: np.ndarray, rate_hz: float, lag_s: float, step_s: float) -> dict[str, np.ndarray]:
    statistics = global_features(frames, rate_hz)
    lagged = {
        name: with_lags(statistics[:, [column]], rate_hz, up_to_s=lag_s, step_s=step_s)
        for column, name in enumerate(FEATURES)
    }
    return lagged | {"all": np.concatenate(list(lagged.values()), axis=1)}


def _local_contrast(
    frames: np.ndarray, centres: np.ndarray, rate_hz: float
) -> Float[np.ndarray, "frame position"]:
    """The paper's contrast, or, where pictures are smaller than its receptive field, that in a window."""
    reach = sum(size - 1 for size in CORE_KERNELS)
    if min(frames.shape) > reach:
        contrast = core_contrast(frames, centres)
        return np.concatenate([np.repeat(contrast[:1], reach, axis=0), contrast])
    window = max(min(frames.shape[1:]) / 8, 1.0)
    return local_features(frames, centres, rate_hz, sd_px=window)[..., FEATURES.index("contrast")]
