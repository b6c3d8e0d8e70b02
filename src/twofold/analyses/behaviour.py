r"""How well latents tell the animal's behaviour: canonical correlation on clips that were left out.

.. math::

    (a, b) = \arg\max \operatorname{corr}(Z_{\mathrm{train}} a, B_{\mathrm{train}} b), \quad
    r = \operatorname{corr}(Z_{\mathrm{test}} a, B_{\mathrm{test}} b)

Z are latents and B behaviour, standardised by the training part. Source: paper B, appendix H, made honest:
its folds are shuffled single frames, which their neighbours tell (`leaky_frame_folds`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int, Num, Shaped

from twofold.analyses.alignment import Regressor
from twofold.analyses.chance import Chance
from twofold.analyses.clip_rows import (
    shares_videos,
    shifted_rows,
    swapped_clips,
    swapped_repeats,
    video_folds,
)
from twofold.errors import DataError, OptionError
from twofold.metrics.intervals import Interval, mean_and_sem
from twofold.recordings.splits import Split
from twofold.shapes import PerTime

NO_VARIANCE = 1e-10  # share of the largest variance, below which a direction has none
PerRow = Shaped[np.ndarray, "_"]  # lengths are compared by hand, to say which is wrong
LatentsByTime = Float[np.ndarray, "time dimension"]
Behaviour = Float[np.ndarray, "time signal"]


@dataclass(frozen=True, eq=False)
class BehaviourCorrelation:
    """Held-out canonical correlation of latents and behaviour, with its nulls.

    Parameters
    ----------
    folds
        (fold,) correlations, without folds in which the behaviour does not change.
    circular_shifts
        Mean over folds for behaviour turned in a circle within the session.
    clip_swaps
        The same for behaviour of other clips.
    repeat_swaps
        The same for behaviour of other repeats of the same video, in which all stays that follows the video;
        None where no video was shown twice.
    latents_variate, behaviour_variate
        (time,) both sides in standard deviations of the training part, each row by the fold that left it
        out; NaN in rows that none did.
    leaky
        Whether a video was on both sides of a fold.
    """

    folds: Float[np.ndarray, " fold"]
    circular_shifts: Chance
    clip_swaps: Chance
    repeat_swaps: Chance | None
    latents_variate: Float[np.ndarray, " time"]
    behaviour_variate: Float[np.ndarray, " time"]
    leaky: bool

    @property
    def value(self) -> Interval:
        """Mean over folds, one s.e.m. to either side."""
        return mean_and_sem(self.folds)

    @property
    def p(self) -> float:
        """The larger p of circular shifts and of swaps of clips: a finding must stand against both."""
        return max(null.p(self.value.value) for null in (self.circular_shifts, self.clip_swaps))

    @property
    def p_beyond_video(self) -> float | None:
        """The largest p of all three: whether there is more than both sides following the video."""
        return None if self.repeat_swaps is None else max(self.p, self.repeat_swaps.p(self.value.value))


def behaviour_correlation(
    latents: Num[np.ndarray, "_ _"],
    behaviour: Num[np.ndarray, "*signals"],
    *,
    trial: PerRow,
    video: PerRow,
    folds: Sequence[Split] | None = None,
    video_prediction: Num[np.ndarray, "_ _"] | None = None,
    regressor: Regressor | None = None,
    n_surrogates: int = 200,
    random_state: int | np.random.Generator = 0,
) -> BehaviourCorrelation:
    """First canonical correlation of latents and behaviour, on folds that were left out.

    Parameters
    ----------
    latents
        (time, dimension), rows in order of recording.
    behaviour
        (time, signal), or (time,) for one signal, as in the paper.
    trial, video
        (time,) presentation and video of each row.
    folds
        What is left out; five groups of whole videos by default.
    video_prediction
        (time, predictor) what the video alone says of the responses; if given, it is partialled out of
        latents and behaviour, fitted on the training part of each fold.
    regressor
        Predicts latents and behaviour from `video_prediction`; it must treat each target by itself.
    n_surrogates
        Surrogates of each kind.
    random_state
        Seed or generator of the surrogates.

    Raises
    ------
    DataError
        If rows do not fit each other, a number is not finite, or the behaviour never changes.
    OptionError
        If options cannot work.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> trial = np.repeat(np.arange(12), 50)
    >>> latents = rng.normal(size=(600, 3))
    >>> pupil = latents[:, 1] + 0.5 * rng.normal(size=600)
    >>> found = behaviour_correlation(latents, pupil, trial=trial, video=trial % 6, n_surrogates=99)
    >>> round(found.value.value, 1), found.p, found.leaky
    (0.9, 0.01, False)
    """
    Z, B = _checked(latents, behaviour, trial, video, video_prediction)
    _check_options(n_surrogates, video_prediction, regressor)
    folds = video_folds(video) if folds is None else folds
    rng = np.random.default_rng(random_state)
    held = []
    for fold in folds:
        parts = (Z, B)
        if video_prediction is not None and regressor is not None:
            parts = _partialled(Z, B, video_prediction, fold, regressor, video)
        held.append(_FirstPair(*parts, fold))

    def null(orders: Int[np.ndarray, "surrogate time"]) -> Chance:
        return Chance(_mean_of_finite(np.stack([_correlations(*pair.variates(orders)) for pair in held])))

    sides = np.full((2, len(Z)), np.nan)
    for fold, pair in zip(folds, held, strict=True):
        sides[:, fold.test] = np.concatenate(pair.variates(np.arange(len(Z))[None]))
    by_fold = np.concatenate([_correlations(*sides[:, None, fold.test]) for fold in folds])
    if not np.isfinite(by_fold).any():
        raise DataError("behaviour: it changes in no fold, so nothing can tell it; leave this signal out")
    repeats = swapped_repeats(trial, video, n_surrogates, rng)
    return BehaviourCorrelation(
        folds=by_fold[np.isfinite(by_fold)],
        circular_shifts=null(shifted_rows(trial, n_surrogates, rng)),
        clip_swaps=null(swapped_clips(trial, n_surrogates, rng)),
        repeat_swaps=None if repeats is None else null(repeats),
        latents_variate=sides[0],
        behaviour_variate=sides[1],
        leaky=shares_videos(folds, video),
    )


class _FirstPair:
    """The first canonical variates of a fold: latents are whitened once, behaviour in every order."""

    def __init__(self, Z: LatentsByTime, B: Behaviour, fold: Split) -> None:
        self.fold = fold
        train = Z[fold.train]
        mean, root = train.mean(axis=0), _whitening(train[None])[0]
        self.train, self.test = (train - mean) @ root, (Z[fold.test] - mean) @ root
        self.B = B

    def variates(self, orders: Int[np.ndarray, "surrogate time"]) -> tuple[np.ndarray, np.ndarray]:
        """Both sides of the test part, (surrogate, row), in standard deviations of the training part."""
        train = self.B[orders[:, self.fold.train]]
        mean, root = train.mean(axis=1, keepdims=True), _whitening(train)
        U, _, Vt = np.linalg.svd(self.train.T @ ((train - mean) @ root), full_matrices=False)
        b = root @ Vt[:, 0, :, None]
        # of the two equal signs, the one in which the behaviour that weighs most counts positive
        sign = np.sign(np.take_along_axis(b, np.abs(b).argmax(axis=1)[:, None], axis=1))
        v = (self.B[orders[:, self.fold.test]] - mean) @ b
        return ((self.test @ U[:, :, :1]) * sign)[..., 0], (v * sign)[..., 0]


def _whitening(X: Float[np.ndarray, "many row column"]) -> Float[np.ndarray, "many column direction"]:
    """W such that (X - mean) W has unit covariance, in the directions in which X varies at all."""
    scale = X.std(axis=1)[:, :, None]
    scale[scale == 0] = 1.0
    standard = (X - X.mean(axis=1, keepdims=True)) / scale.swapaxes(1, 2)
    power, V = np.linalg.eigh(standard.swapaxes(1, 2) @ standard / X.shape[1])
    varies = power > NO_VARIANCE * np.maximum(power[:, -1:], NO_VARIANCE)
    return V / scale * np.where(varies, 1 / np.sqrt(np.where(varies, power, 1.0)), 0.0)[:, None]


def _correlations(
    u: Float[np.ndarray, "surrogate row"], v: Float[np.ndarray, "surrogate row"]
) -> Float[np.ndarray, " surrogate"]:
    """Pearson's r of each pair; 0 where latents tell nothing, NaN where the behaviour does not change."""
    still = np.ptp(v, axis=1) == 0
    u, v = u - u.mean(axis=1, keepdims=True), v - v.mean(axis=1, keepdims=True)
    norms = np.sqrt((u**2).sum(axis=1) * (v**2).sum(axis=1))
    r = np.divide((u * v).sum(axis=1), norms, out=np.zeros(len(u)), where=norms > 0)
    return np.where(still, np.nan, r)


def _mean_of_finite(scores: Float[np.ndarray, "fold surrogate"]) -> Float[np.ndarray, " surrogate"]:
    there = np.isfinite(scores)
    n = there.sum(axis=0)
    return np.where(n > 0, np.where(there, scores, 0.0).sum(axis=0) / np.maximum(n, 1), np.nan)


def _partialled(
    Z: LatentsByTime,
    B: Behaviour,
    video_prediction: np.ndarray,
    fold: Split,
    regressor: Regressor,
    video: PerTime,
) -> tuple[LatentsByTime, Behaviour]:
    """What the video does not tell of latents and behaviour, by a map fitted to the training part."""
    both = np.concatenate([Z, B], axis=1)
    groups = np.unique(video[fold.train], return_inverse=True)[1]
    fitted = regressor.fit(video_prediction[fold.train], both[fold.train], groups)
    left = both - fitted.predict(video_prediction)
    return left[:, : Z.shape[1]], left[:, Z.shape[1] :]


def _checked(
    latents: np.ndarray, behaviour: np.ndarray, trial: PerRow, video: PerRow, prediction: np.ndarray | None
) -> tuple[LatentsByTime, Behaviour]:
    """Latents and behaviour as finite columns, after one look at whether all rows belong together."""
    Z = np.asarray(latents, dtype=float)
    B = np.asarray(behaviour, dtype=float).reshape(len(behaviour), -1)
    for name, values in {"latents": Z, "behaviour": B, "video_prediction": prediction}.items():
        if values is not None and not np.isfinite(values).all():
            row, column = np.argwhere(~np.isfinite(values))[0]
            raise DataError(f"{name}: not finite at row {row}, column {column}; leave such clips out")
    others = {"behaviour": B, "trial": trial, "video": video, "video_prediction": prediction}
    for name, other in others.items():
        if other is not None and len(other) != len(Z):
            raise DataError(f"{name}: {len(other)} rows for {len(Z)} rows of latents; give one each")
    return Z, B


def _check_options(n_surrogates: int, prediction: np.ndarray | None, regressor: Regressor | None) -> None:
    if n_surrogates < 1:
        raise OptionError(f"n_surrogates={n_surrogates}: give 1 or more; a score needs its chance level")
    if (prediction is None) != (regressor is None):
        raise OptionError("video_prediction and regressor belong together: give both, or none")
