"""How sure a number is that has been taken over a few clips."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.stats import t as student

from twofold.errors import OptionError
from twofold.metrics.intervals import Interval


@dataclass(frozen=True)
class ClipBootstrap:
    """Spans from clips that are drawn again, with replacement.

    Correlations of what is noisy fall when clips are drawn twice, so that percentiles of the draws may lie
    below the number itself. The span is the number and t standard errors to either side, with t the quantile
    of Student's distribution for n clips, and the standard error that of the draws, enlarged by
    sqrt(n / (n - 1)), which is right for means.

    Parameters
    ----------
    level
        Share that the span covers.
    n
        How many draws.

    Raises
    ------
    OptionError
        If they cannot work.

    Examples
    --------
    >>> x, rng = np.array([1.0, 2.0, 3.0, 4.0]), np.random.default_rng(0)
    >>> mean = ClipBootstrap(n=9999).interval(lambda w: float(w @ x / w.sum()), 4, rng)
    >>> mean.value, round((mean.high - mean.low) / 2 / 3.182, 2)  # s.e.m. is 0.645
    (2.5, 0.64)
    """

    level: float = 0.95
    n: int = 1000

    def __post_init__(self) -> None:
        if not 0 < self.level < 1 or self.n < 2:
            raise OptionError(f"level={self.level}, n_bootstrap={self.n}: give a share, and 2 or more")

    def interval(
        self,
        number: Callable[[Float[np.ndarray, " clip"]], float],
        n_clips: int,
        random_state: np.random.Generator,
    ) -> Interval:
        """The number and its span; no span for a single clip.

        Parameters
        ----------
        number
            From how often each clip is counted, (clip,).
        n_clips
            How many clips.
        random_state
            Source of the draws.
        """
        value = number(np.ones(n_clips))
        if n_clips < 2:
            return Interval(value, None, None, n_clips)
        drawn = random_state.multinomial(n_clips, np.full(n_clips, 1 / n_clips), size=self.n).astype(float)
        error = np.std([number(weights) for weights in drawn]) * np.sqrt(n_clips / (n_clips - 1))
        far = float(student.ppf((1 + self.level) / 2, n_clips - 1) * error)
        return Interval(value, value - far, value + far, n_clips)
