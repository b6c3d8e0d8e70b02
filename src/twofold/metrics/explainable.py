r"""How much of the responses repeats with the stimulus, and how much of that a model explains.

.. math::

    \mathrm{noise} = \frac{\sum_f \sum_r (y_{fr} - m_f)^2}{\sum_f (n_f - 1)}, \quad
    \mathrm{explainable} = \frac{\sum_{fr} (y_{fr} - M)^2}{N} - \frac{N - 1}{N} \mathrm{noise}, \quad
    \mathrm{FEVE} = 1 - \frac{\mathrm{MSE} - \mathrm{noise}}{\mathrm{explainable}}

m_f is the mean over the n_f repeats of frame f, M the mean of all N responses. Videos may differ in how often
they were shown. For repeats of one movie, `NoiseCeiling` also keeps neighbouring repeats apart.

Source: Cadena et al. 2019 (PLOS Computational Biology 15(4), e1006897), here without bias.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Num

from twofold.errors import DataError
from twofold.metrics.clip_correlation import FRAMES_SKIPPED, add_repeats, check_options
from twofold.metrics.streaming import RepeatMoments, checked_pair, spread_of_means

Clip = Num[np.ndarray, "_ _"]
PerUnit = Float[np.ndarray, "neuron"]
LEAST_EXPLAINABLE = 0.15


@dataclass(frozen=True, eq=False)
class ExplainableVariance:
    """Variances of each neuron, in squared units of the response.

    Parameters
    ----------
    noise
        (neuron,) variance over repeats of the same frame.
    explainable
        (neuron,) variance over frames of the expected response; unbiased, so it may be negative.
    mse
        (neuron,) mean squared error of the predictions of single trials.
    """

    noise: PerUnit
    explainable: PerUnit
    mse: PerUnit

    @property
    def fraction(self) -> PerUnit:
        """Share of the variance that is explainable, (neuron,); NaN where nothing varies."""
        total = self.noise + self.explainable
        return np.divide(self.explainable, total, out=np.full(len(total), np.nan), where=total > 0)

    @property
    def feve(self) -> PerUnit:
        """Fraction of the explainable variance explained, (neuron,); NaN where nothing is explainable."""
        nothing = np.full(len(self.mse), np.nan)
        return 1 - np.divide(self.mse - self.noise, self.explainable, out=nothing, where=self.explainable > 0)

    def mean_feve(self, at_least: float = LEAST_EXPLAINABLE) -> float:
        """Mean over the neurons of which a share of `at_least` is explainable; NaN where there is none."""
        chosen = self.fraction >= at_least
        return float(self.feve[chosen].mean()) if chosen.any() else float("nan")


class FractionExplained:
    """Explainable variance and the fraction of it explained, repeat by repeat.

    Parameters
    ----------
    frames_skipped
        As in `SingleTrialCorrelation`.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> drive = rng.normal(size=(500, 1))
    >>> score = FractionExplained(frames_skipped=0)
    >>> for _ in range(10):
    ...     score.update("video", drive + rng.normal(size=(500, 1)), drive)
    >>> found = score.result()
    >>> found.fraction.round(1), found.feve.round(1)
    (array([0.5]), array([1.]))
    """

    def __init__(self, *, frames_skipped: int = FRAMES_SKIPPED) -> None:
        check_options(frames_skipped, "zero")
        self.frames_skipped = frames_skipped
        self.videos: dict[Hashable, RepeatMoments] = {}
        self.squared_error: np.ndarray | float = 0.0
        self.n_errors = 0

    def update(self, video: Hashable, true: Clip, predicted: Clip, *, first_frame: int = 0) -> None:
        """Add one repeat of a video, (time, neuron); `first_frame` as in `SingleTrialCorrelation`.

        Raises
        ------
        DataError
            If shapes differ, an entry is not finite, or the repeat is not as long as the others.
        """
        rows = slice(max(0, self.frames_skipped - first_frame), None)
        y, y_hat = checked_pair(true[rows], predicted[rows], np.ones(true[rows].shape, dtype=bool))
        self._add(video, RepeatMoments.of(y))
        self.squared_error = self.squared_error + ((y - y_hat) ** 2).sum(axis=0)
        self.n_errors += len(y)

    def merge(self, other: FractionExplained) -> None:
        """Add the repeats of another process."""
        for video, moments in other.videos.items():
            self._add(video, moments)
        self.squared_error = self.squared_error + other.squared_error
        self.n_errors += other.n_errors

    def result(self) -> ExplainableVariance:
        """Variances and error over all videos; one that was shown once tells nothing of the noise.

        Raises
        ------
        DataError
            If no video was shown twice, or no frame counted.
        """
        videos = [video for video in self.videos.values() if video.mean.size]
        degrees = sum((video.n - 1) * len(video.mean) for video in videos)
        if not degrees:
            raise DataError("noise needs a video with 2 repeats longer than the frames skipped")
        n = sum(video.n * len(video.mean) for video in videos)
        within = np.sum([video.square.sum(axis=0) for video in videos], axis=0)
        noise = within / degrees
        return ExplainableVariance(
            noise=noise,
            explainable=(within + spread_of_means(videos) - (n - 1) * noise) / n,
            mse=np.asarray(self.squared_error) / self.n_errors,
        )

    def _add(self, video: Hashable, moments: RepeatMoments) -> None:
        known, given = (len(part.mean) for part in (self.videos.get(video, moments), moments))
        if known != given:  # the squared error is summed over time, and could not be cut
            raise DataError(f"video {video}: a repeat of {given} frames after {known}; cut them alike")
        add_repeats(self.videos, video, moments)
