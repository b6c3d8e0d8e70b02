r"""How large responses are, from frame to frame: the second half of the Bayesian oracle, in two families.

Log-normal, with :math:`l = \log d` and a normal-inverse-gamma prior (m, k, alpha, beta) of its mean and
variance; n active repeats have mean :math:`\bar l` and sum of squares S:

.. math::

    k_n = k + n, \quad m_n = \frac{k m + n \bar l}{k_n}, \quad \alpha_n = \alpha + \frac n 2, \quad
    \beta_n = \beta + \frac S 2 + \frac{k n (\bar l - m)^2}{2 k_n}, \quad
    l \sim \mathrm{Student}_{2 \alpha_n}\Big(m_n, \frac{\beta_n (k_n + 1)}{\alpha_n k_n}\Big) .

Gamma, of one shape kappa for each neuron, with a gamma prior (alpha, beta) of the rate:

.. math::

    \alpha_n = \alpha + \kappa n, \quad \beta_n = \beta + \sum d, \quad
    p(d) = \frac{d^{\kappa - 1}}{B(\kappa, \alpha_n)}
           \frac{\beta_n^{\alpha_n}}{(\beta_n + d)^{\alpha_n + \kappa}} .

Priors are fitted for each neuron to the evidence of whole frames.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float
from scipy.special import betaln, digamma, gammaln

from twofold.metrics.oracle_prior import LEAST, MOST, PerUnit, Repeats, minimised

PerFrame = Float[np.ndarray, "*repeat frame neuron"]
PerRepeat = Float[np.ndarray, "repeat frame neuron"]


@runtime_checkable
class SizePrior(Protocol):
    """What the oracle asks of a family."""

    @classmethod
    def fitted(cls, videos: Sequence[Repeats]) -> SizePrior:
        """The likeliest for each neuron."""
        ...

    def left_out(self, repeats: Repeats) -> PerRepeat:
        """Log density of each active repeat, given all others, in nats; anything where silent."""
        ...


class LogSums(NamedTuple):
    """Of the active repeats of some frames: how many, and mean and sum of squares of their logarithms."""

    n: PerFrame
    mean: PerFrame
    square: PerFrame

    @classmethod
    def of(cls, repeats: Repeats) -> LogSums:
        """Of all repeats, (frame, neuron)."""
        n, log_d = repeats.active.sum(0).astype(float), np.log(repeats.d)
        mean = log_d.sum(0) / np.maximum(n, 1)
        return cls(n, mean, (np.where(repeats.active, log_d - mean, 0.0) ** 2).sum(0))

    def without(self, repeats: Repeats) -> LogSums:
        """Of all but each, (repeat, frame, neuron)."""
        n, log_d = self.n - repeats.active, np.log(repeats.d)
        mean = np.where(repeats.active, (self.n * self.mean - log_d) / np.maximum(n, 1), self.mean)
        mean = np.where(n > 0, mean, 0.0)
        change = np.where(repeats.active, n * (log_d - mean) ** 2 / np.maximum(self.n, 1), 0.0)
        return LogSums(n, mean, np.maximum(self.square - change, 0.0) * (n > 1))


@dataclass(frozen=True, eq=False)
class LogNormalSizes:
    """Normal-inverse-gamma prior of mean and variance of log d, each (neuron,)."""

    m: PerUnit
    k: PerUnit
    alpha: PerUnit
    beta: PerUnit

    @classmethod
    def fitted(cls, videos: Sequence[Repeats]) -> LogNormalSizes:
        """The likeliest for each neuron; one that never responds keeps what it begins with."""
        parts = [LogSums.of(one) for one in videos]
        seen = LogSums(*(np.concatenate(column) for column in zip(*parts, strict=True)))
        total = np.maximum(seen.n.sum(0), 1)
        mean = (seen.n * seen.mean).sum(0) / total
        within = seen.square.sum(0) / np.maximum(np.maximum(seen.n - 1, 0).sum(0), 1)
        within = np.clip(np.where(within > 0, within, 1.0), 10 * LEAST, MOST / 10)
        spread = (seen.n * (seen.mean - mean) ** 2).sum(0) / total
        k = np.clip(within / np.maximum(spread, 0.05 * within), 0.05, 20)
        begun = np.stack([mean, np.log(k), np.full(len(k), np.log(3.0)), np.log(2 * within)])
        found = minimised(lambda x: cls(x[0], *np.exp(x[1:])).cost(seen), begun, n_free=1)
        return cls(found[0], *np.exp(found[1:]))

    def updated(self, seen: LogSums) -> tuple[PerFrame, PerFrame, PerFrame, PerFrame]:
        """(k_n, m_n, alpha_n, beta_n) once some repeats were seen."""
        k, apart = self.k + seen.n, seen.mean - self.m
        beta = self.beta + seen.square / 2 + self.k * seen.n * apart**2 / (2 * k)
        return k, self.m + seen.n * apart / k, self.alpha + seen.n / 2, beta

    def left_out(self, repeats: Repeats) -> PerRepeat:
        """Log density of each, by the Student distribution, in d."""
        k, mean, alpha, beta = self.updated(LogSums.of(repeats).without(repeats))
        log_d, scale = np.log(repeats.d), beta * (k + 1) / (alpha * k)
        norm = gammaln(alpha + 0.5) - gammaln(alpha) - 0.5 * np.log(2 * np.pi * alpha * scale)
        return norm - (alpha + 0.5) * np.log1p((log_d - mean) ** 2 / (2 * alpha * scale)) - log_d

    def evidence(self, seen: LogSums) -> PerFrame:
        """Log density of the logarithms of the active repeats together, in nats."""
        k, _, alpha, beta = self.updated(seen)
        scales = self.alpha * np.log(self.beta) - alpha * np.log(beta) + 0.5 * np.log(self.k / k)
        return gammaln(alpha) - gammaln(self.alpha) + scales - seen.n / 2 * np.log(2 * np.pi)

    def cost(self, seen: LogSums) -> tuple[float, np.ndarray]:
        """-evidence, summed, and its gradient in m, log k, log alpha and log beta."""
        k, _, alpha, beta = self.updated(seen)
        ratio, apart = alpha / beta, seen.mean - self.m
        slope_m = ratio * self.k * seen.n * apart / k
        slope_k = 0.5 * seen.n / k - ratio * self.k * (seen.n * apart / k) ** 2 / 2
        slope_alpha = self.alpha * (digamma(alpha) - digamma(self.alpha) + np.log(self.beta / beta))
        slope_beta = self.alpha - ratio * self.beta
        slopes = np.stack([each.sum(0) for each in (slope_m, slope_k, slope_alpha, slope_beta)])
        return -float(self.evidence(seen).sum()), -slopes


class Sums(NamedTuple):
    """Of the active repeats of some frames: how many, and the sums of d and of log d."""

    n: PerFrame
    d: PerFrame
    log_d: PerFrame

    @classmethod
    def of(cls, repeats: Repeats) -> Sums:
        """Of all repeats, (frame, neuron)."""
        d = np.where(repeats.active, repeats.d, 0.0).sum(0)
        return cls(repeats.active.sum(0).astype(float), d, np.log(repeats.d).sum(0))


@dataclass(frozen=True, eq=False)
class GammaSizes:
    """Shape kappa, and gamma prior (alpha, beta) of the rate, each (neuron,)."""

    kappa: PerUnit
    alpha: PerUnit
    beta: PerUnit

    @classmethod
    def fitted(cls, videos: Sequence[Repeats]) -> GammaSizes:
        """The likeliest for each neuron; one that never responds keeps what it begins with."""
        parts = [Sums.of(one) for one in videos]
        seen = Sums(*(np.concatenate(column) for column in zip(*parts, strict=True)))
        mean = seen.d.sum(0) / np.maximum(seen.n.sum(0), 1)
        mean = np.clip(np.where(mean > 0, mean, 1.0), 10 * LEAST, MOST / 10)
        half, three = np.full(len(mean), np.log(0.5)), np.full(len(mean), np.log(3.0))
        begun = np.stack([half, three, np.log(4 * mean)])
        return cls(*np.exp(minimised(lambda x: cls(*np.exp(x)).cost(seen), begun)))

    def left_out(self, repeats: Repeats) -> PerRepeat:
        """Log density of each, by the compound gamma distribution."""
        seen, own = Sums.of(repeats), np.where(repeats.active, repeats.d, 0.0)
        alpha = self.alpha + self.kappa * (seen.n - repeats.active)
        beta = self.beta + np.maximum(seen.d - own, 0.0)
        scaled = alpha * np.log(beta) - (alpha + self.kappa) * np.log(beta + repeats.d)
        return (self.kappa - 1) * np.log(repeats.d) - betaln(self.kappa, alpha) + scaled

    def evidence(self, seen: Sums) -> PerFrame:
        """Log density of the active repeats together, in nats."""
        alpha, beta = self.alpha + self.kappa * seen.n, self.beta + seen.d
        scales = self.alpha * np.log(self.beta) - alpha * np.log(beta)
        shapes = (self.kappa - 1) * seen.log_d - seen.n * gammaln(self.kappa)
        return gammaln(alpha) - gammaln(self.alpha) + scales + shapes

    def cost(self, seen: Sums) -> tuple[float, np.ndarray]:
        """-evidence, summed, and its gradient in log kappa, log alpha and log beta."""
        alpha, beta = self.alpha + self.kappa * seen.n, self.beta + seen.d
        more = digamma(alpha) - np.log(beta)
        slope_kappa = self.kappa * (seen.log_d + seen.n * (more - digamma(self.kappa)))
        slope_alpha = self.alpha * (more - digamma(self.alpha) + np.log(self.beta))
        slope_beta = self.alpha - alpha * self.beta / beta
        slopes = np.stack([each.sum(0) for each in (slope_kappa, slope_alpha, slope_beta)])
        return -float(self.evidence(seen).sum()), -slopes
