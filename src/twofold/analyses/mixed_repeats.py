r"""Is what conditioning adds the state of the trial, or the stimulus once more? Repeats are mixed to see.

The responses of repeat s are predicted from the video and the other neurons of repeat r of the same video:

.. math::

    \mathrm{same}: r = s, \quad \mathrm{mixed}: r \ne s, \quad
    \mathrm{locked\ share} = \frac{\mathrm{mixed} - \mathrm{video}}{\mathrm{same} - \mathrm{video}}

each a Pearson correlation over the frames of a video, averaged over pairs of repeats, videos and neurons;
video is the prediction without other neurons. State alone brings mixed down to video or below, so the share
to 0 or less; latents that follow the stimulus leave it at 1. Source: paper B, section 5.5 and table 4.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Num

from twofold.errors import DataError, OptionError
from twofold.metrics.intervals import Interval

Scores = Float[np.ndarray, "video neuron"]


@dataclass(frozen=True, eq=False)
class RepeatPredictions:
    """Predictions and responses of one video, at the same frames and neurons.

    Parameters
    ----------
    conditioned
        (repeat, frame, neuron) predicted from the video and the other neurons of this repeat.
    video_only
        (frame, neuron) predicted from the video alone.
    responses
        (repeat, frame, neuron) recorded in the same repeats.

    Raises
    ------
    DataError
        If shapes do not fit, there are fewer than 2 repeats or frames, or a number is not finite.

    Examples
    --------
    >>> zeros = np.zeros((3, 40, 5))
    >>> RepeatPredictions(conditioned=zeros, video_only=zeros[0], responses=zeros).n_repeats
    3
    """

    conditioned: Num[np.ndarray, "_ _ _"]
    video_only: Num[np.ndarray, "_ _"]
    responses: Num[np.ndarray, "_ _ _"]

    def __post_init__(self) -> None:
        shapes = self.conditioned.shape, self.video_only.shape, self.responses.shape
        if shapes[0] != shapes[2] or shapes[0][1:] != shapes[1]:
            raise DataError(
                f"conditioned {shapes[0]}, video_only {shapes[1]}, responses {shapes[2]}: give the same "
                "frames and neurons, and a prediction for each repeat"
            )
        if min(shapes[0][:2]) < 2:
            raise DataError(f"{shapes[0][0]} repeats of {shapes[0][1]} frames; at least 2 of each are needed")
        for name in ("conditioned", "video_only", "responses"):
            finite = np.isfinite(getattr(self, name))
            if not finite.all():
                raise DataError(f"{name}: not finite at {tuple(np.argwhere(~finite)[0].tolist())}")

    @property
    def n_repeats(self) -> int:
        """How many repeats."""
        return len(self.responses)

    def correlations(self) -> Float[np.ndarray, "kind neuron"]:
        """(3, neuron) same, mixed and video-only; what never changes has 0, as in the competitions."""
        P, V, Y = (_standard(part) for part in (self.conditioned, self.video_only, self.responses))
        n, n_frames = self.n_repeats, len(V)
        same = np.einsum("rfn,rfn->n", P, Y)
        # all pairs at once: the sum over r and s of P_r Y_s is the product of two sums
        responses = Y.sum(axis=0)
        every_pair = (P.sum(axis=0) * responses).sum(axis=0)
        video = (V * responses).sum(axis=0)
        return np.stack([same / n, (every_pair - same) / (n * (n - 1)), video / n]) / n_frames


@dataclass(frozen=True, eq=False)
class MixedRepeats:
    """Correlations under the three kinds of prediction, and what they say together.

    Parameters
    ----------
    same, mixed, video_only
        Means over videos and neurons, with the interval of a bootstrap over videos.
    gain
        same - video_only.
    locked_share
        (mixed - video_only) / (same - video_only); without ends where the gain's interval reaches 0, since
        then there is nothing to have a share of.
    per_video
        (3, video, neuron) of same, mixed and video-only, for a bootstrap over mice, videos and neurons.
    """

    same: Interval
    mixed: Interval
    video_only: Interval
    gain: Interval
    locked_share: Interval
    per_video: Float[np.ndarray, "kind video neuron"]


def mixed_repeats(
    videos: Sequence[RepeatPredictions],
    *,
    n_bootstrap: int = 2000,
    confidence: float = 0.95,
    random_state: int | np.random.Generator = 0,
) -> MixedRepeats:
    """Same, mixed and video-only correlations, and the stimulus-locked share of the conditioning gain.

    Intervals are percentiles over videos drawn with replacement, each with all its repeats and neurons; with
    few videos they are too narrow.

    Parameters
    ----------
    videos
        Predictions and responses of each video, of the same neurons.
    n_bootstrap
        How many draws.
    confidence
        Of the intervals.
    random_state
        Seed or generator of the draws.

    Raises
    ------
    DataError
        If there are no videos, or their neurons differ in number.
    OptionError
        If options cannot work.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> shown, state = rng.normal(size=(6, 1, 200, 9)), rng.normal(size=(6, 4, 200, 1))
    >>> responses = shown + state + rng.normal(size=(6, 4, 200, 9))
    >>> videos = [RepeatPredictions(s + z, s[0], y) for s, z, y in zip(shown, state, responses)]
    >>> found = mixed_repeats(videos)
    >>> [round(one.value, 1) for one in (found.same, found.mixed, found.video_only)]
    [0.8, 0.4, 0.6]
    >>> found.locked_share.high < 0
    True
    """
    _check(videos, n_bootstrap, confidence)
    per_video = np.stack([video.correlations() for video in videos], axis=1)
    rng = np.random.default_rng(random_state)
    drawn = rng.integers(len(videos), size=(n_bootstrap, len(videos)))
    mean = per_video.mean(axis=2)
    same, mixed, video_only = np.column_stack([mean.mean(axis=1), mean[:, drawn].mean(axis=2)])
    above, gain = mixed - video_only, same - video_only
    share = np.divide(above, gain, out=np.full_like(gain, np.nan), where=gain != 0)
    gain_interval = _interval(gain, len(videos), confidence)
    shared = gain_interval.low is not None and gain_interval.low > 0
    return MixedRepeats(
        same=_interval(same, len(videos), confidence),
        mixed=_interval(mixed, len(videos), confidence),
        video_only=_interval(video_only, len(videos), confidence),
        gain=gain_interval,
        locked_share=_interval(share if shared else share[:1], len(videos), confidence),
        per_video=per_video,
    )


def _interval(value_and_draws: Float[np.ndarray, " draw"], n: int, confidence: float) -> Interval:
    """The first number and the percentiles of the others; no span where there is one video or no draw."""
    value, draws = float(value_and_draws[0]), value_and_draws[1:]
    draws = draws[np.isfinite(draws)]
    if n < 2 or not len(draws):
        return Interval(value, None, None, n)
    low, high = np.quantile(draws, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Interval(value, float(low), float(high), n)


def _check(videos: Sequence[RepeatPredictions], n_bootstrap: int, confidence: float) -> None:
    if n_bootstrap < 1:
        raise OptionError(f"n_bootstrap={n_bootstrap}: give 1 draw or more, such as 2000")
    if not 0 < confidence < 1:
        raise OptionError(f"confidence={confidence}: give a share between 0 and 1, such as 0.95")
    if not videos:
        raise DataError("there are no videos; give the repeats of at least one")
    sizes = sorted({video.video_only.shape[1] for video in videos})
    if len(sizes) > 1:
        raise DataError(f"videos of {sizes[0]} to {sizes[-1]} neurons; give the same neurons in all")


def _standard(responses: np.ndarray) -> np.ndarray:
    """Each neuron with mean 0 and variance 1 over frames; one that never changes is 0."""
    x = np.asarray(responses, dtype=float)
    x = x - x.mean(axis=-2, keepdims=True)
    deviation = np.sqrt((x**2).mean(axis=-2, keepdims=True))
    still = np.ptp(responses, axis=-2, keepdims=True) == 0
    return np.divide(x, deviation, out=np.zeros_like(x), where=~still)
