r"""How well the other repeats of a video predict each repeat: the jackknife oracle.

With m the mean over the n repeats of a frame and e_r what repeat r adds to it, the mean of the others is
m - e_r / (n - 1). Over all frames f and repeats, with M the mean of all,

.. math::

    S_{xx} = \sum_f n (m - M)^2 + q, \quad
    S_{zz} = \sum_f n (m - M)^2 + \frac{q}{(n-1)^2}, \quad
    S_{xz} = \sum_f n (m - M)^2 - \frac{q}{n-1}, \quad q = \sum_r e_r^2,

so that one pass over the repeats is enough. It is no ceiling of a model that knows the animal's state.

Source: Lurz et al. 2021 (ICLR), "oracle"; repeats may differ in number.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable

import numpy as np
from jaxtyping import Num

from twofold.errors import DataError
from twofold.metrics.clip_correlation import (
    FRAMES_SKIPPED,
    NeuronScores,
    add_repeats,
    check_options,
)
from twofold.metrics.streaming import RepeatMoments, spread_of_means

Clip = Num[np.ndarray, "_ _"]


class OracleCorrelation:
    """Correlation of each repeat with the mean of the other repeats of its video.

    Parameters
    ----------
    frames_skipped, undefined
        As in `SingleTrialCorrelation`.

    Examples
    --------
    >>> score = OracleCorrelation(frames_skipped=0)
    >>> for video, responses in {"a": [0.0, 1.0], "b": [5.0, 3.0]}.items():
    ...     for _ in range(3):
    ...         score.update(video, np.array(responses)[:, None])
    >>> score.result().mean
    1.0
    """

    def __init__(self, *, frames_skipped: int = FRAMES_SKIPPED, undefined: str = "zero") -> None:
        check_options(frames_skipped, undefined)
        self.frames_skipped, self.undefined = frames_skipped, undefined
        self.videos: dict[Hashable, RepeatMoments] = {}

    def update(self, video: Hashable, responses: Clip) -> None:
        """Add one repeat of a video, (time, neuron).

        Raises
        ------
        DataError
            If a response is not finite.
        """
        if not np.isfinite(responses).all():
            time, neuron = np.argwhere(~np.isfinite(responses))[0]
            raise DataError(f"video {video}: response not finite at time point {time}, neuron {neuron}")
        add_repeats(self.videos, video, RepeatMoments.of(responses[self.frames_skipped :]))

    def merge(self, other: OracleCorrelation) -> None:
        """Add the repeats of another process."""
        for video, moments in other.videos.items():
            add_repeats(self.videos, video, moments)

    def result(self) -> NeuronScores:
        """The correlations over the frames and repeats of all videos that were shown more than once.

        Raises
        ------
        DataError
            If no video was, or no frame counted.
        """
        repeated = [video for video in self.videos.values() if video.n > 1 and video.mean.size]
        if not repeated:
            raise DataError("an oracle needs a video with 2 repeats longer than the frames skipped")
        between = spread_of_means(repeated)
        q = [video.square.sum(axis=0) for video in repeated]
        others = [1 / (video.n - 1) for video in repeated]
        s_xx = between + np.sum(q, axis=0)
        s_zz = between + sum(part * share**2 for part, share in zip(q, others, strict=True))
        s_xz = between - sum(part * share for part, share in zip(q, others, strict=True))
        norm = np.sqrt(s_xx) * np.sqrt(s_zz)
        r = np.divide(s_xz, norm, out=np.zeros(len(norm)), where=norm > 0)
        return NeuronScores(np.where(s_xx > 0, np.clip(r, -1, 1), np.nan), self.undefined)


def oracle_correlation(
    videos: Iterable[Iterable[Clip]],
    *,
    frames_skipped: int = FRAMES_SKIPPED,
    undefined: str = "zero",
) -> NeuronScores:
    """Jackknife oracle of the repeats of some videos, each (time, neuron); see `OracleCorrelation`.

    Examples
    --------
    >>> drive = np.sin(np.arange(200.0))[:, None]
    >>> rng = np.random.default_rng(0)
    >>> repeats = [drive + rng.normal(size=(200, 1)) for _ in range(10)]
    >>> oracle_correlation([repeats]).per_neuron.round(2)
    array([0.53])
    """
    score = OracleCorrelation(frames_skipped=frames_skipped, undefined=undefined)
    for number, repeats in enumerate(videos):
        for responses in repeats:
            score.update(number, responses)
    return score.result()
