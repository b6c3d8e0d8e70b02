r"""Which share of the latents' variance is locked to the stimulus: what repeats of a video have in common.

Noise of different repeats is unrelated, so with z_vr(t) the latents of repeat r of video v

.. math::

    Q_v = \langle z_{vr} z_{vs} \rangle_{t,\, r \ne s}, \quad
    A_v = \langle z_{vr}^2 \rangle_{t, r}, \quad
    M = \Bigl(\sum_v w_v \mu_v\Bigr)^2 - \sum_v w_v^2 \mu_v^2 + \sum_v w_v^2 P_v

with mu_v the mean of a video, P_v that of \bar z_vr \bar z_vs over pairs of repeats, and w_v = 1 / videos: M
is the squared mean of all without the noise's own part. Signal variance is sum_v w_v Q_v - M and the total is
sum_v w_v A_v - M. Neither is biased by noise, however slow it is within a clip.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Num
from scipy.stats import t as student_t

from twofold.analyses.chance import Chance
from twofold.errors import DataError, OptionError
from twofold.metrics.intervals import Interval

Repeats = Num[np.ndarray, "_ _ _"]
PerDimension = Float[np.ndarray, " dimension"]


@dataclass(frozen=True, eq=False)
class LockedShare:
    """Signal variance over total variance: 0 for latents that ignore the video, 1 for those that follow it.

    Parameters
    ----------
    value
        In total over dimensions, whatever their axes, with a 95 % interval over videos.
    per_dimension
        One for each dimension.
    chance
        In total for repeats dealt out to the videos anew; what all videos share, such as a rise at the onset
        of every clip, remains in it.
    chance_per_dimension
        (surrogate, dimension).
    """

    value: Interval
    per_dimension: tuple[Interval, ...]
    chance: Chance
    chance_per_dimension: Float[np.ndarray, "surrogate dimension"]

    @property
    def p(self) -> float:
        """Share of surrogates that reach the value, the real one counted in."""
        return self.chance.p(self.value.value)

    @property
    def p_per_dimension(self) -> PerDimension:
        """(dimension,) the same, corrected for the number of dimensions by the best of each surrogate."""
        best = Chance(self.chance_per_dimension.max(axis=1))
        return np.array([best.p(share.value) for share in self.per_dimension])


def locked_share(
    videos: Sequence[Repeats],
    *,
    n_surrogates: int = 200,
    confidence: float = 0.95,
    random_state: int | np.random.Generator = 0,
) -> LockedShare:
    """Share of the latents' variance that repeats with the stimulus.

    Repeats of a video must lie apart in time, other videos between them: a drift over the session is shared
    by neighbouring trials, and would be taken for the stimulus.

    Parameters
    ----------
    videos
        (repeat, frame, dimension) latents of each video, all of as many frames; repeats may differ in number.
    n_surrogates
        How many.
    confidence
        Of the intervals: Student's t on the jackknife over videos. They say nothing with one video.
    random_state
        Seed or generator of the surrogates.

    Raises
    ------
    DataError
        If a video has fewer than 2 repeats, videos differ in frames or dimensions, a number is not finite, or
        a latent never changes.
    OptionError
        If options cannot work.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> shown = rng.normal(size=(8, 1, 300, 2)) * np.array([1.0, 0.0])
    >>> share = locked_share(list(shown + rng.normal(size=(8, 10, 300, 2))), n_surrogates=99)
    >>> [round(one.value, 2) + 0.0 for one in share.per_dimension], share.p
    ([0.49, 0.0], 0.01)
    """
    _check(videos, n_surrogates, confidence)
    rng = np.random.default_rng(random_state)
    trials = np.concatenate([np.asarray(video, dtype=float) for video in videos])
    trials = trials - trials.mean(axis=(0, 1))
    video_of = np.repeat(np.arange(len(videos)), [len(video) for video in videos])
    moments = _Moments.of(trials, video_of)
    signal, total = moments.variances()
    if not (total > 0).all():
        raise DataError(f"latents: dimension {np.flatnonzero(~(total > 0))[0]} does not change; leave it out")
    without = [moments.variances(leave_out=v) for v in range(len(videos))] if len(videos) > 1 else []
    by_chance = [_Moments.of(trials, rng.permutation(video_of)).variances() for _ in range(n_surrogates)]
    return LockedShare(
        value=_jackknife(
            signal.sum() / total.sum(), [one.sum() / all_.sum() for one, all_ in without], confidence
        ),
        per_dimension=tuple(
            _jackknife(signal[k] / total[k], [one[k] / all_[k] for one, all_ in without], confidence)
            for k in range(len(total))
        ),
        chance=Chance(np.array([one.sum() / all_.sum() for one, all_ in by_chance])),
        chance_per_dimension=np.stack([one / all_ for one, all_ in by_chance]),
    )


@dataclass(frozen=True, eq=False)
class _Moments:
    """Q, A, mu and P of each video, (video, dimension)."""

    Q: np.ndarray
    A: np.ndarray
    mu: np.ndarray
    P: np.ndarray

    @classmethod
    def of(cls, trials: Float[np.ndarray, "trial frame dimension"], video_of: np.ndarray) -> _Moments:
        z_bar, square = trials.mean(axis=1), (trials**2).mean(axis=1)
        parts = []
        for v in range(int(video_of.max()) + 1):
            own = video_of == v
            n = int(own.sum())
            # the sum over pairs r != s is the square of the sum, less the sum of squares
            Q = ((trials[own].sum(axis=0) ** 2).mean(axis=0) - square[own].sum(axis=0)) / (n * (n - 1))
            P = (z_bar[own].sum(axis=0) ** 2 - (z_bar[own] ** 2).sum(axis=0)) / (n * (n - 1))
            parts.append((Q, square[own].mean(axis=0), z_bar[own].mean(axis=0), P))
        return cls(*(np.stack(part) for part in zip(*parts, strict=True)))

    def variances(self, leave_out: int | None = None) -> tuple[PerDimension, PerDimension]:
        """Signal and total variance, over all videos or all but one."""
        weights = np.ones(len(self.mu))
        if leave_out is not None:
            weights[leave_out] = 0.0
        w = weights / weights.sum()
        M = (w @ self.mu) ** 2 - w**2 @ self.mu**2 + w**2 @ self.P
        return w @ self.Q - M, w @ self.A - M


def _jackknife(value: float, without: list[float], confidence: float) -> Interval:
    """The value, and Student's t times its standard error from leaving out one video at a time."""
    n = len(without)
    if n < 2:
        return Interval(float(value), None, None, max(n, 1))
    error = np.sqrt((n - 1) * np.var(without))
    reach = float(student_t.ppf((1 + confidence) / 2, n - 1) * error)
    return Interval(float(value), float(value) - reach, float(value) + reach, n)


def _check(videos: Sequence[Repeats], n_surrogates: int, confidence: float) -> None:
    if n_surrogates < 1:
        raise OptionError(f"n_surrogates={n_surrogates}: give 1 or more; a share needs its chance level")
    if not 0 < confidence < 1:
        raise OptionError(f"confidence={confidence}: give a share between 0 and 1, such as 0.95")
    if not videos:
        raise DataError("there are no videos; give the repeats of at least one")
    for number, video in enumerate(videos):
        if len(video) < 2:
            raise DataError(f"video {number}: {len(video)} repeats, but 2 are needed to see what they share")
        if video.shape[1:] != videos[0].shape[1:]:
            raise DataError(
                f"video {number}: (frame, dimension) is {video.shape[1:]}, that of video 0 "
                f"{videos[0].shape[1:]}; cut all videos alike"
            )
        if not np.isfinite(video).all():
            repeat, frame, k = np.argwhere(~np.isfinite(video))[0]
            raise DataError(f"video {number}: not finite at repeat {repeat}, frame {frame}, dimension {k}")
