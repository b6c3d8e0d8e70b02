r"""How much of the latents the stimulus explains: features of the video, on clips that were left out.

.. math:: R^2_k = 1 - \sum_t (z_{tk} - \hat z_{tk})^2 / \sum_t (z_{tk} - \bar z_k)^2, \quad
          R^2 = 1 - \sum_{tk} (z_{tk} - \hat z_{tk})^2 / \sum_{tk} (z_{tk} - \bar z_k)^2

per dimension and in total, on the test part of a fold. Source: paper B, section 5.5, which regresses without
a penalty (`LeastSquares`) on folds that share videos (`leaky_clip_folds`), and averages over dimensions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Num, Shaped

from twofold.analyses.alignment import Regressor
from twofold.analyses.chance import Chance
from twofold.analyses.clip_rows import shares_videos, shifted_rows, video_folds
from twofold.errors import DataError, OptionError
from twofold.metrics.intervals import Interval, mean_and_sem
from twofold.recordings.splits import Split

PerRow = Shaped[np.ndarray, "_"]  # lengths are compared by hand, to say which is wrong


@dataclass(frozen=True, eq=False)
class StimulusR2:
    """Held-out R2 of latents from the stimulus, with its chance level.

    Parameters
    ----------
    per_dimension
        (dimension,) mean over folds.
    folds
        (fold,) R2 in total.
    chance
        R2 in total for latents turned in a circle within the session; below 0 where a fit is too free.
    chance_per_dimension
        (surrogate, dimension) the same for each dimension.
    leaky
        Whether a video was on both sides of a fold.
    """

    per_dimension: Float[np.ndarray, " dimension"]
    folds: Float[np.ndarray, " fold"]
    chance: Chance
    chance_per_dimension: Float[np.ndarray, "surrogate dimension"]
    leaky: bool

    @property
    def value(self) -> Interval:
        """Mean over folds of R2 in total, one s.e.m. to either side."""
        return mean_and_sem(self.folds)

    @property
    def mean_over_dimensions(self) -> float:
        """The paper's convention: every dimension counts the same, however little it varies."""
        return float(self.per_dimension.mean())

    @property
    def p(self) -> float:
        """Share of surrogates that do as well, the real one counted in."""
        return self.chance.p(self.value.value)

    @property
    def p_per_dimension(self) -> Float[np.ndarray, " dimension"]:
        """(dimension,) the same, corrected for the number of dimensions by the best of each surrogate."""
        best = Chance(self.chance_per_dimension.max(axis=1))
        return np.array([best.p(float(value)) for value in self.per_dimension])


class LeastSquares:
    """Regression with an intercept and no penalty; of equally good solutions the smallest.

    Examples
    --------
    >>> X = np.arange(4.0)[:, None]
    >>> LeastSquares().fit(X, 2 * X + 1).predict(np.array([[10.0]])).round(6)
    array([[21.]])
    """

    def fit(self, X: np.ndarray, y: np.ndarray, groups: np.ndarray | None = None) -> LeastSquares:
        """Fit y (row, target) from X (row, input); there is nothing to choose, so groups play no part."""
        self._mean, self._level = X.mean(axis=0), y.mean(axis=0)
        self._weights = np.linalg.lstsq(X - self._mean, y - self._level, rcond=None)[0]
        return self

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Targets (row, target) of new inputs."""
        return (X - self._mean) @ self._weights + self._level


def stimulus_r2(
    features: Num[np.ndarray, "_ _"],
    latents: Num[np.ndarray, "_ _"],
    *,
    trial: PerRow,
    video: PerRow,
    regressor: Regressor,
    folds: Sequence[Split] | None = None,
    n_surrogates: int = 100,
    random_state: int | np.random.Generator = 0,
) -> StimulusR2:
    """R2 of latents from features of the stimulus, on folds that were left out.

    Parameters
    ----------
    features
        (time, feature) what was shown at each row, lags included.
    latents
        (time, dimension), rows in order of recording.
    trial, video
        (time,) presentation and video of each row.
    regressor
        Fitted to all surrogates at once, so it must treat each target by itself: ridge regression that
        chooses each target's penalty on left-out videos, which are its groups, or `LeastSquares`.
    folds
        What is left out; five groups of whole videos by default.
    n_surrogates
        How many.
    random_state
        Seed or generator of the surrogates.

    Raises
    ------
    DataError
        If rows do not fit each other, a number is not finite, or a latent does not change in a fold.
    OptionError
        If there is no surrogate.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> trial = np.repeat(np.arange(10), 40)
    >>> contrast = rng.normal(size=(5, 40, 1))[np.arange(10) % 5].reshape(400, 1)
    >>> latents = np.hstack([contrast, 0 * contrast]) + rng.normal(size=(400, 2))
    >>> found = stimulus_r2(contrast, latents, trial=trial, video=trial % 5, regressor=LeastSquares())
    >>> (found.p_per_dimension < 0.05).tolist(), found.leaky
    ([True, False], False)
    """
    folds = video_folds(video) if folds is None else folds
    Z = _checked(features, latents, trial, video, folds, n_surrogates)
    rng = np.random.default_rng(random_state)
    orders = np.concatenate([np.arange(len(Z))[None], shifted_rows(trial, n_surrogates, rng)])
    many = Z[orders].transpose(1, 0, 2)  # (time, surrogate, dimension), the real one first
    number = np.unique(video, return_inverse=True)[1]
    per_dimension, in_total = [], []
    for fold in folds:
        targets = many[fold.train].reshape(len(fold.train), -1)
        fitted = regressor.fit(features[fold.train], targets, number[fold.train])
        true = many[fold.test]
        error = ((true - fitted.predict(features[fold.test]).reshape(true.shape)) ** 2).sum(axis=0)
        spread = ((true - true.mean(axis=0)) ** 2).sum(axis=0)
        per_dimension.append(1 - error / spread)
        in_total.append(1 - error.sum(axis=1) / spread.sum(axis=1))
    by_dimension, total = np.mean(per_dimension, axis=0), np.stack(in_total)
    return StimulusR2(
        per_dimension=by_dimension[0],
        folds=total[:, 0],
        chance=Chance(total[:, 1:].mean(axis=0)),
        chance_per_dimension=by_dimension[1:],
        leaky=shares_videos(folds, video),
    )


def _checked(
    features: np.ndarray,
    latents: np.ndarray,
    trial: PerRow,
    video: PerRow,
    folds: Sequence[Split],
    n_surrogates: int,
) -> Float[np.ndarray, "time dimension"]:
    if n_surrogates < 1:
        raise OptionError(f"n_surrogates={n_surrogates}: give 1 or more; a score needs its chance level")
    for name, rows in {"features": features, "trial": trial, "video": video}.items():
        if len(rows) != len(latents):
            raise DataError(f"{name}: {len(rows)} rows for {len(latents)} rows of latents; give one each")
    for name, values in {"features": features, "latents": latents}.items():
        if not np.isfinite(values).all():
            row, column = np.argwhere(~np.isfinite(values))[0]
            raise DataError(f"{name}: not finite at row {row}, column {column}; leave such clips out")
    Z = np.asarray(latents, dtype=float)
    for fold in folds:
        still = np.flatnonzero(np.ptp(Z[fold.test], axis=0) == 0)
        if len(still):
            raise DataError(f"latents: dimension {still[0]} does not change in a fold; leave it out")
    return Z
