"""Mean and standard deviation of the grey levels of training videos."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from twofold.errors import DataError
from twofold.sampling import TrialClips


def grey_levels(trials: Sequence[TrialClips]) -> tuple[float, float]:
    """Mean and standard deviation over all pixels of all videos that the trials show, each video once.

    Parameters
    ----------
    trials
        Of each recording; one video is in memory at a time.

    Raises
    ------
    DataError
        If the videos are all of one grey, or not finite.

    Examples
    --------
    >>> import twofold as tw
    >>> movie = tw.simulate_movie_repeats(tw.MovieRepeats.small(n_units=3, bins_per_frame=1))
    >>> mean, sd = grey_levels([TrialClips(movie)])
    >>> frames = movie.stimuli["movie"].frames[:]
    >>> bool(abs(mean - frames.mean()) < 1e-6 and abs(sd - frames.std()) < 1e-6)
    True
    """
    n, mean, square = 0, 0.0, 0.0
    for own in trials:
        for name in dict.fromkeys(span.stimulus for span in own.spans):
            frames = own.recording.stimuli[name].frames
            assert frames is not None
            video = np.asarray(frames[:]).astype(float)
            share, delta = video.size / (n + video.size), video.mean() - mean
            square += video.var() * video.size + delta**2 * n * share
            n, mean = n + video.size, mean + delta * share
    sd = (square / max(n, 1)) ** 0.5
    if not np.isfinite(sd) or sd == 0:
        raise DataError(f"the videos have grey levels of mean {mean:g} and standard deviation {sd:g}")
    return float(mean), float(sd)
