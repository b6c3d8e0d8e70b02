r"""The zero-inflated gamma distribution: silence up to rho with probability 1 - q, else rho plus a gamma.

.. math::

    \log p(y) = \begin{cases} \log(1 - q) & y \le \rho \\
    \log q + (\kappa - 1) \log d - d / \theta - \kappa \log \theta - \log \Gamma(\kappa),\ d = y - \rho
    & y > \rho \end{cases}

Silent responses are spread evenly over [0, rho]. With `spike="mass"` they are scored by the probability of
being silent, as above; with `spike="density"` by their density, (1 - q) / rho.

Source: Wei et al. 2020 (PLOS Computational Biology 16(9), e1008198); paper B, section 1.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float
from scipy.special import gammaincinv
from torch import Tensor

from twofold.likelihoods.likelihood import Observed, PerEntry, ResponseDistribution
from twofold.likelihoods.statistics import RHO

SPIKES = ("mass", "density")


class Excess(NamedTuple):
    """What the gamma part needs of the responses, whatever q and theta are.

    Parameters
    ----------
    active
        y > rho.
    d
        y - rho, and 0 where silent.
    constant
        (kappa - 1) log d - log Gamma(kappa), and 0 where silent.
    """

    active: Bool[Tensor, "... neuron"]
    d: Float[Tensor, "... neuron"]
    constant: Float[Tensor, "... neuron"]


class ZigParts(NamedTuple):
    """log p(y) in three: log_q + gamma where active, log_silent elsewhere.

    Parameters
    ----------
    log_q, log_silent
        log q and log(1 - q).
    gamma
        (kappa - 1) log d - d / theta - kappa log theta - log Gamma(kappa), and 0 where silent.
    active
        y > rho.
    """

    log_q: PerEntry
    log_silent: PerEntry
    gamma: PerEntry
    active: Bool[Tensor, "... neuron"]


def excess(y: Observed, kappa: Float[Tensor, "#neuron"], rho: float = RHO) -> Excess:
    """Responses above rho, and the part of their log density that no model changes.

    Examples
    --------
    >>> excess(torch.tensor([0.0, 1.0]), torch.tensor([2.0]), rho=0.5).d
    tensor([0.0000, 0.5000])
    """
    active = ~(y <= rho)  # a response that is NaN stays NaN, and is not taken for silence
    d = torch.where(active, y - rho, 1.0)
    constant = (kappa - 1) * d.log() - torch.lgamma(kappa)
    return Excess(active, torch.where(active, d, 0.0), torch.where(active, constant, 0.0))


@dataclass(frozen=True, eq=False)
class ZeroInflatedGamma(ResponseDistribution):
    """Zero-inflated gamma responses.

    Parameters
    ----------
    log_q, log_silent
        (..., neuron) log q and log(1 - q), apart, so that both keep their digits.
    log_theta
        (..., neuron) log of the scale.
    kappa
        (neuron,) shape.
    rho
        Border of silence.
    spike
        How silent responses are scored: "mass" or "density".

    Examples
    --------
    >>> silence, theta = torch.tensor([0.25]), torch.tensor([2.0])
    >>> p = ZeroInflatedGamma.of(q=1 - silence, theta=theta, kappa=torch.tensor([1.0]))
    >>> p.log_prob(torch.tensor([0.0])).exp(), p.log_prob(torch.tensor([0.005 + 2.0])).exp()
    (tensor([0.2500]), tensor([0.1380]))
    """

    log_q: PerEntry
    log_silent: PerEntry
    log_theta: PerEntry
    kappa: Float[Tensor, "#neuron"]
    rho: float = RHO
    spike: str = "mass"

    @classmethod
    def of(
        cls,
        *,
        q: PerEntry,
        theta: PerEntry,
        kappa: Float[Tensor, "#neuron"],
        rho: float = RHO,
        spike: str = "mass",
    ) -> ZeroInflatedGamma:
        """From the probability of a response and its scale."""
        return cls(q.log(), torch.log1p(-q), theta.log(), kappa, rho, spike)

    @property
    def q(self) -> PerEntry:
        """Probability of a response above rho."""
        return self.log_q.exp()

    @property
    def theta(self) -> PerEntry:
        """Scale."""
        return self.log_theta.exp()

    @property
    def mean(self) -> PerEntry:
        """(1 - q) rho / 2 + q (kappa theta + rho)."""
        return self.log_silent.exp() * self.rho / 2 + self.q * (self.kappa * self.theta + self.rho)

    @property
    def variance(self) -> PerEntry:
        """Var[y]: q kappa theta^2 + (1 - q) rho^2 / 12 + q (1 - q) (kappa theta + rho / 2)^2."""
        q, silent, scaled = self.q, self.log_silent.exp(), self.kappa * self.theta
        within = q * scaled * self.theta + silent * self.rho**2 / 12
        return within + q * silent * (scaled + self.rho / 2) ** 2

    def parts(self, y: Observed) -> ZigParts:
        """The three parts of log p(y), each with its gradient."""
        active, d, constant = excess(y, self.kappa, self.rho)
        gamma = constant - d * (-self.log_theta).exp() - self.kappa * self.log_theta
        return ZigParts(self.log_q, self.log_silent, torch.where(active, gamma, 0.0), active)

    def log_prob(self, y: Observed) -> PerEntry:
        """Log p(y): of silence the probability ("mass") or the density, elsewhere the density."""
        log_q, log_silent, gamma, active = self.parts(y)
        log_spike = log_silent if self.spike == "mass" else log_silent - math.log(self.rho)
        return torch.where(active, log_q + gamma, log_spike)

    def log_prob_as_released(self, y: Observed) -> PerEntry:
        """As the paper's code has it: no likelihood, since silent responses too get -kappa log theta - ...

        The mask of the last two terms of the gamma part was forgotten, so that small theta pay on silence
        (paper B, section 1.4). For comparison with published numbers only.
        """
        forgotten = -self.kappa * self.log_theta - torch.lgamma(self.kappa)
        return self.log_prob(y) + torch.where(y <= self.rho, forgotten, 0.0)

    def cdf(self, y: Observed) -> PerEntry:
        """P(Y <= y)."""
        x = (y - self.rho).clamp(min=0) * (-self.log_theta).exp()
        silent = self.log_silent.exp() * (y / self.rho).clamp(0, 1)
        return silent + self.q * torch.special.gammainc(self.kappa.expand_as(x), x)

    def quantile(self, p: float) -> PerEntry:
        """The y with P(Y <= y) = p."""
        q, silent, theta, kappa = (
            part.detach().double().cpu().numpy()
            for part in (self.q, self.log_silent.exp(), self.theta, self.kappa)
        )
        among_active = np.clip((p - silent) / np.maximum(q, np.finfo(float).tiny), 0, 1)
        above = self.rho + theta * gammaincinv(kappa, among_active)
        below = self.rho * p / np.maximum(silent, np.finfo(float).tiny)
        return torch.from_numpy(np.asarray(np.where(p <= silent, below, above))).to(self.log_q)

    def deviance(self, y: Observed) -> PerEntry:
        """-2 log(1 - q) of silence; else -2 log q + 2 (x - kappa - kappa log(x / kappa)), x = d / theta."""
        active, d, _ = excess(y, self.kappa, self.rho)
        log_x = torch.where(active, d, 1.0).log() - self.log_theta
        gamma = log_x.exp() - self.kappa - self.kappa * (log_x - self.kappa.log())
        return 2 * torch.where(active, gamma - self.log_q, -self.log_silent)

    def _draw(self, shape: torch.Size, generator: torch.Generator) -> Tensor:
        like = self.log_q
        uniform = torch.rand((2, *shape), generator=generator, dtype=like.dtype, device=like.device)
        d = self.theta * torch._standard_gamma(self.kappa.expand(shape).contiguous(), generator=generator)
        border = torch.tensor(self.rho, dtype=like.dtype, device=like.device)
        # a gamma too small to be seen beside rho is still no silence
        active = torch.maximum(d + self.rho, torch.nextafter(border, torch.full_like(border, torch.inf)))
        return torch.where(uniform[0] < self.q, active, self.rho * uniform[1])
