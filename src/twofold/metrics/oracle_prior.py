r"""How q, the probability of a response, differs from frame to frame: the first half of the Bayesian oracle.

.. math:: q \sim \mathrm{Beta}(a, b), \qquad
    p(n_a) \propto \frac{B(a + n_a,\; b + n - n_a)}{B(a, b)}, \qquad
    P(\text{active} \mid \text{others}) = \frac{a + n_a}{a + b + n}

for n repeats of which n_a are active. Priors are fitted for each neuron to the evidence of whole frames.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Num
from scipy.optimize import minimize
from scipy.special import betaln, digamma

PerUnit = Float[np.ndarray, " neuron"]
PerFrame = Float[np.ndarray, "frame neuron"]
Active = Bool[np.ndarray, "repeat frame neuron"]
Cost = Callable[[np.ndarray], tuple[float, np.ndarray]]
LEAST, MOST = np.exp(-7.0), np.exp(7.0)  # of every positive parameter
STEPS = 200


class Repeats(NamedTuple):
    """Repeats of some frames: which are active, and d = y - rho of these, 1 of the others."""

    active: Active
    d: Float[np.ndarray, "repeat frame neuron"]

    @classmethod
    def of(cls, responses: Num[np.ndarray, "repeat frame neuron"], rho: float) -> Repeats:
        """Of the responses to one video."""
        y = np.ascontiguousarray(responses, dtype=float)  # one order of summing, whatever they are a part of
        active = y > rho
        return cls(active, np.where(active, y - rho, 1.0))


@dataclass(frozen=True, eq=False)
class SharePrior:
    """Beta(a, b) of the probability of a response, each (neuron,)."""

    a: PerUnit
    b: PerUnit

    @classmethod
    def fitted(cls, videos: Sequence[Repeats]) -> SharePrior:
        """The likeliest for each neuron.

        Examples
        --------
        >>> rng = np.random.default_rng(0)
        >>> active = rng.random((10, 400, 1)) < rng.beta(2.0, 8.0, size=(400, 1))
        >>> prior = SharePrior.fitted([Repeats(active, np.ones(active.shape))])
        >>> (prior.a / (prior.a + prior.b)).round(1)
        array([0.2])
        """
        n_active, n = share_counts(videos)
        share = np.clip(n_active.sum(0) / n.sum(), 0.01, 0.99)
        begun = np.log([3 * share, 3 * (1 - share)])
        return cls(*np.exp(minimised(lambda x: share_cost(x, n_active, n), begun)))

    def left_out(self, repeats: Repeats) -> Float[np.ndarray, "repeat frame neuron"]:
        """P(active) of each repeat, given all others."""
        others = repeats.active.sum(0) - repeats.active
        return (self.a + others) / (self.a + self.b + len(repeats.active) - 1)


def share_counts(videos: Sequence[Repeats]) -> tuple[PerFrame, Float[np.ndarray, "frame 1"]]:
    """How many repeats of every frame are active, and how many there are."""
    n_active = np.concatenate([one.active.sum(0) for one in videos]).astype(float)
    n = np.concatenate([np.full(one.active.shape[1], float(len(one.active))) for one in videos])
    return n_active, n[:, None]


def share_cost(
    x: Float[np.ndarray, "2 neuron"], n_active: PerFrame, n: Float[np.ndarray, "frame 1"]
) -> tuple[float, np.ndarray]:
    """-log p(n_a) summed over frames and neurons, of log a and log b, and its gradient."""
    a, b = np.exp(x)
    silent, frames = n - n_active, len(n)
    value = betaln(a + n_active, b + silent).sum(0) - frames * betaln(a, b)
    both = frames * digamma(a + b) - digamma(a + b + n).sum(0)
    slope_a = digamma(a + n_active).sum(0) - frames * digamma(a) + both
    slope_b = digamma(b + silent).sum(0) - frames * digamma(b) + both
    return -float(value.sum()), -np.stack([a * slope_a, b * slope_b])


def minimised(
    cost: Cost, begun: Float[np.ndarray, "parameter neuron"], n_free: int = 0
) -> Float[np.ndarray, "parameter neuron"]:
    """Parameters of all neurons at once, logarithms within bounds; the first `n_free` rows have none."""
    limits = [(None, None) if row < n_free else (np.log(LEAST), np.log(MOST)) for row in range(len(begun))]

    def flat(x: np.ndarray) -> tuple[float, np.ndarray]:
        value, slope = cost(x.reshape(begun.shape))
        return value, slope.ravel()

    how: dict[str, Any] = {
        "jac": True,
        "method": "L-BFGS-B",
        "bounds": [limit for limit in limits for _ in range(begun.shape[1])],
        "options": {"maxiter": STEPS},
    }
    found = minimize(flat, begun.ravel(), **how)
    return np.asarray(found.x).reshape(begun.shape)
