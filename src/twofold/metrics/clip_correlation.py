"""Correlation of predicted and recorded responses per neuron: with single trials, and with the average.

All clips are put one after the other in time, without their first frames, and each neuron gets one Pearson
correlation over that; the score is the mean over neurons. So do the SENSORIUM competitions.

Source: Turishcheva et al. 2023 (arXiv:2305.19654), 50 frames left out.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Num

from twofold.errors import DataError, OptionError, did_you_mean
from twofold.metrics.streaming import PairMoments, RepeatMoments, checked_pair

FRAMES_SKIPPED = 50
Clip = Num[np.ndarray, "_ _"]
UNDEFINED = ("zero", "leave out")


@dataclass(frozen=True, eq=False)
class NeuronScores:
    """One number per neuron, and their mean.

    Parameters
    ----------
    per_neuron
        (neuron,) NaN where the neuron never changes in the test part, so that it has no correlation.
    undefined
        "zero" counts these as 0 in the mean, as the competitions do; "leave out" does not count them.
    """

    per_neuron: Float[np.ndarray, " neuron"]
    undefined: str

    @property
    def n_undefined(self) -> int:
        """How many neurons have none."""
        return int(np.isnan(self.per_neuron).sum())

    @property
    def mean(self) -> float:
        """Mean over neurons, NaN where there is none to take it of."""
        if self.undefined == "zero":
            return float(np.nan_to_num(self.per_neuron).mean()) if len(self.per_neuron) else float("nan")
        defined = self.per_neuron[~np.isnan(self.per_neuron)]
        return float(defined.mean()) if len(defined) else float("nan")


class SingleTrialCorrelation:
    """Correlation with single trials, clip by clip.

    Parameters
    ----------
    frames_skipped
        How many response frames at the beginning of each clip do not count.
    undefined
        What a neuron that never changes counts in the mean: "zero" or "leave out".

    Raises
    ------
    OptionError
        If an option is not one of these.

    Examples
    --------
    >>> score = SingleTrialCorrelation(frames_skipped=0)
    >>> score.update(np.array([[0.0], [1.0]]), np.array([[2.0], [4.0]]))
    >>> score.update(np.array([[2.0]]), np.array([[6.0]]))
    >>> round(score.result().mean, 6)
    1.0
    """

    def __init__(self, *, frames_skipped: int = FRAMES_SKIPPED, undefined: str = "zero") -> None:
        check_options(frames_skipped, undefined)
        self.frames_skipped, self.undefined = frames_skipped, undefined
        self.moments: PairMoments | None = None

    def update(
        self,
        true: Clip,
        predicted: Clip,
        *,
        first_frame: int = 0,
        counted: Bool[np.ndarray, "_ _"] | None = None,
    ) -> None:
        """Add one clip.

        Parameters
        ----------
        true, predicted
            (time, neuron).
        first_frame
            Which response frame of the clip their first row is: a model says nothing of the first ones.
        counted
            (time, neuron) False for entries to leave out; others must be finite.

        Raises
        ------
        DataError
            If shapes do not fit, or a counted entry is not finite.
        """
        rows = slice(max(0, self.frames_skipped - first_frame), None)
        part = PairMoments.of(true[rows], predicted[rows], None if counted is None else counted[rows])
        self._add(part)

    def merge(self, other: SingleTrialCorrelation) -> None:
        """Add the clips of another process."""
        if other.moments is not None:
            self._add(other.moments)

    def result(self) -> NeuronScores:
        """The correlations over all clips so far.

        Raises
        ------
        DataError
            If no frame counted.
        """
        if self.moments is None or not self.moments.n.any():
            raise DataError(
                f"there is nothing to score: {self.frames_skipped} frames of each clip are skipped, and no "
                "clip is longer; lower frames_skipped"
            )
        return NeuronScores(self.moments.correlation(), self.undefined)

    def _add(self, part: PairMoments) -> None:
        if self.moments is not None and len(self.moments.n) != len(part.n):
            raise DataError(f"a clip of {len(part.n)} neurons, after clips of {len(self.moments.n)}")
        self.moments = part if self.moments is None else self.moments.merged(part)


class CorrelationToAverage:
    """Correlation of the mean prediction with the mean response over the repeats of each video.

    Parameters
    ----------
    frames_skipped, undefined
        As in `SingleTrialCorrelation`.

    Examples
    --------
    >>> score = CorrelationToAverage(frames_skipped=0)
    >>> for noise in (-1.0, 1.0):
    ...     score.update("video", np.array([[0.0], [1.0 + noise]]), np.array([[2.0], [4.0]]))
    >>> round(score.result().mean, 6)
    1.0
    """

    def __init__(self, *, frames_skipped: int = FRAMES_SKIPPED, undefined: str = "zero") -> None:
        check_options(frames_skipped, undefined)
        self.frames_skipped, self.undefined = frames_skipped, undefined
        self.true: dict[Hashable, RepeatMoments] = {}
        self.predicted: dict[Hashable, RepeatMoments] = {}

    def update(self, video: Hashable, true: Clip, predicted: Clip, *, first_frame: int = 0) -> None:
        """Add one repeat of a video, (time, neuron); `first_frame` as in `SingleTrialCorrelation`.

        Raises
        ------
        DataError
            If shapes differ, or an entry is not finite.
        """
        rows = slice(max(0, self.frames_skipped - first_frame), None)
        pair = checked_pair(true[rows], predicted[rows], np.ones(true[rows].shape, dtype=bool))
        for repeats, responses in zip((self.true, self.predicted), pair, strict=True):
            add_repeats(repeats, video, RepeatMoments.of(responses))

    def merge(self, other: CorrelationToAverage) -> None:
        """Add the repeats of another process."""
        for mine, others in ((self.true, other.true), (self.predicted, other.predicted)):
            for video, moments in others.items():
                add_repeats(mine, video, moments)

    def result(self) -> NeuronScores:
        """The correlations over the frames of all videos.

        Raises
        ------
        DataError
            If no frame counted.
        """
        score = SingleTrialCorrelation(frames_skipped=0, undefined=self.undefined)
        for video, moments in self.true.items():
            score.update(moments.mean, self.predicted[video].mean)
        return score.result()


def single_trial_correlation(
    clips: Iterable[tuple[Clip, Clip]],
    *,
    frames_skipped: int = FRAMES_SKIPPED,
    undefined: str = "zero",
) -> NeuronScores:
    """Correlation of recorded and predicted clips, pairs of (time, neuron); see `SingleTrialCorrelation`.

    Examples
    --------
    >>> true = np.arange(60.0)[:, None]
    >>> single_trial_correlation([(true, 3 * true)]).per_neuron
    array([1.])
    """
    score = SingleTrialCorrelation(frames_skipped=frames_skipped, undefined=undefined)
    for true, predicted in clips:
        score.update(true, predicted)
    return score.result()


def add_repeats(repeats: dict[Hashable, RepeatMoments], video: Hashable, moments: RepeatMoments) -> None:
    """Join moments to those of the same video."""
    repeats[video] = repeats[video].merged(moments) if video in repeats else moments


def check_options(frames_skipped: int, undefined: str) -> None:
    """Refuse what the scores here do not know."""
    if frames_skipped < 0:
        raise OptionError(f"frames_skipped={frames_skipped}: give 0 or more")
    if undefined not in UNDEFINED:
        raise OptionError(f"undefined={undefined!r}: {did_you_mean(undefined, UNDEFINED)}")
