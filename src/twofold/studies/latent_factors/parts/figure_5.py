"""Figure 5: responses of single neurons in one held-out clip, beside what the model says of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int

from twofold.encoding import LatentVideoModel
from twofold.metrics.intervals import mean_and_sem
from twofold.metrics.responses import correlation
from twofold.recordings import Recording
from twofold.runs.jobs import Arrays
from twofold.studies.latent_factors.parts.held_out import HeldOut, KnownTrial, model_name
from twofold.studies.latent_factors.parts.numbers import Told, all_rows, number, of_each_mouse
from twofold.studies.result import Row

FIGURE = "figure-5"
MOST_FRAMES, MOST_OTHERS = 300, 5


def figure_5(
    recordings: Sequence[Recording],
    model: LatentVideoModel,
    *,
    seed: int,
    neurons: int = 8,
    level: float = 0.9,
) -> Arrays:
    """Traces of some neurons that are not given, with the band of the conditioned prediction.

    The neurons are those told best in *other* held-out trials.

    Parameters
    ----------
    recordings, model
        Mice, and a model that was fitted to them, in this order.
    seed
        Of nothing here: nothing is drawn.
    neurons
        How many.
    level
        Share of the responses that the band promises to hold.
    """

    def measure(m: int, recording: Recording) -> Arrays:
        held = HeldOut.of(model, recording)
        shown, *others = next(iter(held.videos.values()))
        others = others or [t for t in range(len(held.trials)) if t != shown]
        chosen = _told_best(held, others[:MOST_OTHERS])[:neurons]
        return _trace(held, next(held.known(held.given, [shown])), chosen, level)

    found = of_each_mouse(FIGURE, recordings, measure)
    return found | {f"{FIGURE}/model": np.array(model_name(model)), f"{FIGURE}/level": np.array(level)}


def rows(found: Arrays, mice: Sequence[str]) -> list[Row]:
    """Rows of figure 5: of the neurons and the clip that it shows."""
    name, level = str(found[f"{FIGURE}/model"]), float(found[f"{FIGURE}/level"])
    chosen = "neurons that are told best in other trials"
    told = [
        Told(
            FIGURE,
            f"{name}, given half of the neurons",
            "correlation",
            f"{FIGURE}/r-conditioned",
            over="neurons",
            chance=0.0,
            note=chosen,
        ),
        Told(FIGURE, f"{name}, video only", "correlation", f"{FIGURE}/r-video", over="neurons", chance=0.0),
        Told(
            FIGURE,
            f"{name}, given half of the neurons",
            f"coverage_{100 * level:g}",
            f"{FIGURE}/coverage",
            over="neurons",
            chance=level,
            note="silence lies in its band whole, which therefore holds more than it promises",
        ),
    ]
    return all_rows(told, found, mice, FIGURE)


def _told_best(held: HeldOut, trials: Sequence[int]) -> Int[np.ndarray, " neuron"]:
    """Neurons that are not given, by the correlation of their conditioned prediction in some trials."""
    targets = np.flatnonzero(~held.given)
    pairs = [
        (one.clip.responses[held.model.frames_lost :, targets], one.state.distribution(targets).mean.numpy())
        for one in held.known(held.given, trials)
    ]
    true, predicted = (np.concatenate(part) for part in zip(*pairs, strict=True))
    return targets[np.argsort(-_correlations(true, predicted), kind="stable")]


def _trace(held: HeldOut, one: KnownTrial, neurons: Int[np.ndarray, " neuron"], level: float) -> Arrays:
    span = held.trials.spans[one.number]
    time = slice(held.model.frames_lost, min(span.n_frames, MOST_FRAMES))
    rows = slice(0, time.stop - time.start)
    conditioned = one.state.distribution(neurons)
    video_only = one.state.distribution(neurons, conditioned=False).mean.numpy()[rows].T
    low, high = (end.numpy()[rows].T for end in conditioned.interval(level))
    mean, observed = conditioned.mean.numpy()[rows].T, one.clip.responses[time, neurons].T
    inside = (observed >= low) & (observed <= high) | (observed <= low)
    return {
        f"{FIGURE}/time_s": one.clip.time_s[time],
        f"{FIGURE}/observed": observed,
        f"{FIGURE}/video_only": video_only,
        f"{FIGURE}/conditioned": mean,
        f"{FIGURE}/low": low,
        f"{FIGURE}/high": high,
        f"{FIGURE}/neuron": neurons,
        f"{FIGURE}/frames": _grey(one.clip.video[: time.stop]),
        f"{FIGURE}/frame_of_time": np.arange(time.start, time.stop),
        **number(f"{FIGURE}/r-conditioned", mean_and_sem(_correlations(observed.T, mean.T))),
        **number(f"{FIGURE}/r-video", mean_and_sem(_correlations(observed.T, video_only.T))),
        **number(f"{FIGURE}/coverage", mean_and_sem(inside.mean(axis=1))),
    }


def _correlations(
    true: Float[np.ndarray, "time neuron"], predicted: Float[np.ndarray, "time neuron"]
) -> Float[np.ndarray, " neuron"]:
    """Pearson's r of each neuron; 0 where one side never changes."""
    found = np.zeros(true.shape[1])
    varies = (np.ptp(true, axis=0) > 0) & (np.ptp(predicted, axis=0) > 0)
    if varies.any():
        found[varies] = correlation(true[:, varies], predicted[:, varies], average=None)
    return found


def _grey(frames: np.ndarray) -> np.ndarray:
    """(frame, height, width) uint8; other scales of grey are stretched to 0 to 255."""
    if frames.dtype == np.uint8:
        return frames
    low, high = float(frames.min()), float(frames.max())
    if low < 0 or high > 255 or high <= 1:
        frames = (frames - low) / max(high - low, np.finfo(float).tiny) * 255
    return np.rint(frames).astype(np.uint8)
