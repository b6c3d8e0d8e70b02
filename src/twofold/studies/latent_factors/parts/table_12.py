"""Table 12 and figure 10: what the state tells of the animal's behaviour, beside the paper's leaky way.

Honest are folds of whole videos, standardised by their training part, against behaviour that is turned in a
circle or belongs to other clips or repeats; also without what the video tells of both, since the pupil
follows luminance. Leaky are shuffled single frames (the paper's folds), which their neighbours tell.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float
from sklearn.decomposition import PCA

from twofold.analyses.behaviour import BehaviourCorrelation, behaviour_correlation
from twofold.analyses.chance import Chance
from twofold.analyses.clip_rows import leaky_frame_folds
from twofold.decoders import GroupedRidge
from twofold.encoding import LatentVideoModel
from twofold.errors import DataError
from twofold.recordings import Recording
from twofold.runs.jobs import Arrays
from twofold.studies.latent_factors.parts.held_out import HeldOut, latent_axes, model_name, posterior_mean
from twofold.studies.latent_factors.parts.numbers import Told, all_rows, number, of_each_mouse
from twofold.studies.result import Row

TABLE, FIGURE = "table-12", "figure-10"
WAYS = {"honest": "", "beyond video": ", without what the video tells", "leaky": ", leaky frames"}
NULLS = ("circular shifts", "swaps of clips", "swaps of repeats")
PAPER = {"pupil_dilation": 0.57, "running_speed": 0.40, "treadmill_speed": 0.40}
MOST_MISSING, MOST_OUTPUTS = 0.2, 1000


def table_12(
    recordings: Sequence[Recording],
    model: LatentVideoModel,
    *,
    seed: int,
    signals: Sequence[str] | None = None,
    n_surrogates: int = 200,
    folds: int = 5,
    components: int = 20,
) -> Arrays:
    """Canonical correlations of state and signals on held-out trials, and one video of each signal as told.

    Parameters
    ----------
    recordings, model
        Mice, and a model that was fitted to them, in this order.
    seed
        Of surrogates and leaky folds.
    signals
        Which; all by default.
    n_surrogates
        Of each kind.
    folds
        Of videos; and of frames, in the leaky way.
    components
        Principal components of the video model's output that are partialled out.
    """

    def measure(m: int, recording: Recording) -> Arrays:
        held = HeldOut.of(model, recording)
        latents, shown = _latents_and_video(held, components)
        found: Arrays = {}
        for name in recording.signals if signals is None else signals:
            behaviour = _filled(held.part.signal(name)[held.rows])
            if behaviour is not None:
                rng = np.random.default_rng([seed, m])
                found |= _of_signal(held, name, latents, behaviour, shown, rng, n_surrogates, folds)
        if not found:
            raise DataError(f"{recording.name!r} has no signal that changes and is known in held-out trials")
        return found

    found = of_each_mouse(TABLE, recordings, measure)
    return found | _over_mice(found) | {f"{TABLE}/model": np.array(model_name(model))}


def rows(found: Arrays, mice: Sequence[str]) -> list[Row]:
    """Rows of table 12."""
    name = str(found[f"{TABLE}/model"])
    told = [
        Told(
            TABLE,
            f"{name} -> {signal}{what}",
            "canonical_correlation",
            f"{TABLE}/{signal}/{way}",
            NULLS,
            over="groups of frames" if way == "leaky" else "groups of videos",
            fitted_on="the other groups",
            paper=PAPER.get(signal) if way != "beyond video" else None,
        )
        for signal in _signals(found)
        for way, what in WAYS.items()
    ]
    if not told:
        told = [Told(TABLE, f"{name} -> behaviour", "canonical_correlation", f"{TABLE}/behaviour/honest")]
    return all_rows(told, found, mice, TABLE)


def _latents_and_video(held: HeldOut, components: int) -> tuple[np.ndarray, np.ndarray]:
    """(time, axis) state read from all neurons, (time, component) what the video tells of responses."""
    everyone, axes = np.ones(held.n_neurons, dtype=bool), latent_axes(held.model)
    state, shown = [], []
    for one in held.known(everyone):
        state.append(posterior_mean(one.state) @ axes)
        outputs = one.state.raw.flatten(1).numpy()
        shown.append(outputs[:, :: -(-outputs.shape[1] // MOST_OUTPUTS)])
    told = np.concatenate(shown)
    pca = PCA(min(components, *told.shape), svd_solver="randomized", random_state=0)
    return np.concatenate(state), pca.fit_transform(told).astype(float)


def _of_signal(
    held: HeldOut,
    name: str,
    latents: Float[np.ndarray, "time axis"],
    behaviour: Float[np.ndarray, " time"],
    shown: Float[np.ndarray, "time component"],
    rng: np.random.Generator,
    n_surrogates: int,
    folds: int,
) -> Arrays:
    common: dict[str, Any] = {"trial": held.trial, "video": held.video, "random_state": rng}
    honest = behaviour_correlation(latents, behaviour, n_surrogates=n_surrogates, **common)
    beyond = behaviour_correlation(
        latents,
        behaviour,
        video_prediction=shown,
        regressor=GroupedRidge(per_target=True),
        n_surrogates=n_surrogates,
        **common,
    )
    frames = leaky_frame_folds(len(latents), folds, rng)
    leaky = behaviour_correlation(latents, behaviour, folds=frames, n_surrogates=n_surrogates, **common)
    found: Arrays = {}
    for way, one in zip(WAYS, (honest, beyond, leaky), strict=True):
        nulls = [null for null in (one.circular_shifts, one.clip_swaps, one.repeat_swaps) if null is not None]
        found |= number(f"{TABLE}/{name}/{way}", one.value, *nulls)
    return found | _trace(held, name, honest)


def _trace(held: HeldOut, name: str, found: BehaviourCorrelation) -> Arrays:
    """The signal and what the state says of it, in standard deviations, through all trials of one video."""
    rows = np.flatnonzero(np.isfinite(found.behaviour_variate))
    rows = rows[held.video[rows] == held.video[rows[0]]]
    return {
        f"{FIGURE}/{name}/time_s": held.part.time_s[held.rows[rows]],
        f"{FIGURE}/{name}/trial": held.trial[rows],
        f"{FIGURE}/{name}/observed": found.behaviour_variate[rows],
        f"{FIGURE}/{name}/predicted": found.value.value * found.latents_variate[rows],
    }


def _filled(signal: Float[np.ndarray, " time"]) -> Float[np.ndarray, " time"] | None:
    """The signal, gaps interpolated; None where over a fifth is missing or nothing changes."""
    there = np.isfinite(signal)
    if 1 - there.mean() > MOST_MISSING or np.ptp(signal[there]) == 0:
        return None
    time = np.arange(len(signal))
    return np.interp(time, time[there], signal[there])


def _signals(found: Arrays) -> list[str]:
    """Names of the signals that any mouse has a number for."""
    names = [name.split("/") for name in found if name.startswith(f"{TABLE}/") and name.endswith("/interval")]
    return list(dict.fromkeys("/".join(parts[2:-2]) for parts in names))


def _over_mice(found: Arrays) -> Arrays:
    """Draws of chance of the mean over mice, by the null that is hardest to beat on average."""
    nulls: Arrays = {}
    for signal in _signals(found):
        draws = [
            values
            for name, values in found.items()
            if name.endswith(f"/{signal}/honest/null") and name.startswith(f"{TABLE}/")
        ]
        hardest = [max(own, key=lambda one: Chance(one).high) for own in draws]
        nulls[f"{TABLE}/{signal}/null"] = np.mean(hardest, axis=0)
    return nulls
