"""What a score is where there is nothing to find: the scores of surrogates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

HIGH = 0.95


@dataclass(frozen=True, eq=False)
class Chance:
    """Scores of surrogates, which were treated like the real data in every step.

    Parameters
    ----------
    surrogates
        (surrogate,) one score each; NaN where a surrogate has none.

    Examples
    --------
    >>> chance = Chance(np.array([0.0, 0.1, 0.2]))
    >>> round(chance.mean, 2), chance.p(0.15), chance.p(1.0)
    (0.1, 0.5, 0.25)
    """

    surrogates: Float[np.ndarray, " surrogate"]

    @property
    def mean(self) -> float:
        """The chance level, NaN where there is none."""
        scored = self._scored
        return float(scored.mean()) if len(scored) else float("nan")

    @property
    def high(self) -> float:
        """The 95th percentile of chance, NaN where there is none."""
        scored = self._scored
        return float(np.quantile(scored, HIGH)) if len(scored) else float("nan")

    def p(self, value: float) -> float:
        """Share of scores, the real one among them, that reach the real one."""
        # "Not below" where there is nothing to compare: what has no score must not look like a finding.
        return float((1 + (~(self.surrogates < value)).sum()) / (1 + len(self.surrogates)))

    @property
    def _scored(self) -> Float[np.ndarray, " scored"]:
        return self.surrogates[np.isfinite(self.surrogates)]
