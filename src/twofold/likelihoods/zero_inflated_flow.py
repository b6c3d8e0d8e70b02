r"""Zero-inflated responses that are Gaussian behind a monotone map: :math:`T(y - \rho) \sim N(m, s^2)`.

.. math::

    \log p(y) = \begin{cases} \log(1 - q) & y \le \rho \\
    \log q + \log N(T(y - \rho); m, s^2) + \log T'(y - \rho) & y > \rho \end{cases}

Mean and variance are integrals over the Gaussian, :math:`E[y \mid y > \rho] = \rho + E[T^{-1}(u)]`, by
Gauss-Hermite quadrature. Source: Bashiri et al. 2021 (NeurIPS 34), where they are taken from samples.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from twofold.likelihoods.flow_map import Flow
from twofold.likelihoods.gaussian import LOG_SQRT_2_PI
from twofold.likelihoods.likelihood import Observed, PerEntry, ResponseDistribution
from twofold.likelihoods.statistics import RHO

NODES = [part.tolist() for part in np.polynomial.hermite_e.hermegauss(48)]
NODES[1] = [weight / sum(NODES[1]) for weight in NODES[1]]


@dataclass(frozen=True, eq=False)
class ZeroInflatedFlow(ResponseDistribution):
    """One law for each response.

    Parameters
    ----------
    center, sd
        (..., neuron) m and s.
    flow
        T of each neuron.
    log_q, log_silent
        (..., neuron) log q and log(1 - q).
    border
        rho, up to which a response is silence; below 0 where there is none.
    log_spike
        What is added to the log probability of silence: 0 for a mass, -log rho for a density.

    Examples
    --------
    >>> one = torch.ones(1)
    >>> law = ZeroInflatedFlow(
    ...     0 * one, one, Flow(one, 0.5 * one, 0.5 * one), (0.4 * one).log(), (0.6 * one).log())
    >>> law.log_prob(torch.zeros(1)).exp()
    tensor([0.6000])
    """

    center: PerEntry
    sd: PerEntry
    flow: Flow
    log_q: PerEntry
    log_silent: PerEntry
    border: float = RHO
    log_spike: float = 0.0

    @property
    def mean(self) -> PerEntry:
        """(1 - q) rho / 2 + q (rho + E[d])."""
        return self._silence(1) + self.log_q.exp() * self._active_moments()[0]

    @property
    def variance(self) -> PerEntry:
        """E[y^2] - E[y]^2."""
        first, second = self._active_moments()
        q = self.log_q.exp()
        return self._silence(2) + q * second - (self._silence(1) + q * first) ** 2

    def log_prob(self, y: Observed) -> PerEntry:
        """Log p(y)."""
        active, d = self._excess(y)
        gauss = -0.5 * self._standard(d) ** 2 - self.sd.log() - LOG_SQRT_2_PI
        density = self.log_q + gauss + self.flow.log_slope(d)
        return torch.where(active, density, self.log_silent + self.log_spike)

    def cdf(self, y: Observed) -> PerEntry:
        """P(Y <= y)."""
        active, d = self._excess(y)
        among_active = torch.where(active, torch.special.ndtr(self._standard(d)), 0.0)
        share = (y / self.border).clamp(0, 1) if self.border > 0 else torch.zeros_like(d)
        return self.log_silent.exp() * share + self.log_q.exp() * among_active

    @torch.no_grad()
    def quantile(self, p: float) -> PerEntry:
        """The y with P(Y <= y) = p."""
        silent, q = (part.double().exp() for part in (self.log_silent, self.log_q))
        tiny = torch.finfo(torch.float64).tiny
        among_active = ((p - silent) / q.clamp(min=tiny)).clamp(1e-12, 1 - 1e-12)
        u = self.center.double() + self.sd.double() * torch.special.ndtri(among_active)
        below = self.border * p / silent.clamp(min=tiny)
        return torch.where(p <= silent, below, self.border + self.flow.inverse(u)).to(self.log_q.dtype)

    def deviance(self, y: Observed) -> PerEntry:
        """-2 log(1 - q) of silence; else -2 log q + ((T - m) / s)^2."""
        active, d = self._excess(y)
        return torch.where(active, self._standard(d) ** 2 - 2 * self.log_q, -2 * self.log_silent)

    def _excess(self, y: Observed) -> tuple[Tensor, Tensor]:
        """Whether y > rho, or missing; and y - rho, 1 where silent."""
        active = ~(y <= self.border)
        exact = y.to(torch.promote_types(y.dtype, self.center.dtype))
        return active, torch.where(active, exact - self.border, 1.0)

    def _standard(self, d: Tensor) -> Tensor:
        return (self.flow.forward(d) - self.center) / self.sd

    def _active_moments(self) -> tuple[PerEntry, PerEntry]:
        """E[y] and E[y^2] above rho."""
        first, second = torch.zeros_like(self.center), torch.zeros_like(self.center)
        for x, w in zip(*NODES, strict=True):
            y = self.border + self.flow.inverse(self.center + self.sd * x)
            first, second = first + w * y, second + w * y**2
        return first, second

    def _silence(self, order: int) -> Float[Tensor, "... neuron"]:
        """What silence, even over [0, rho], adds to E[y^order]."""
        return self.log_silent.exp() * max(self.border, 0.0) ** order / (order + 1)

    def _draw(self, shape: torch.Size, generator: torch.Generator) -> Tensor:
        like = self.center
        kind: dict[str, Any] = {"generator": generator, "dtype": like.dtype, "device": like.device}
        u = self.center + self.sd * torch.randn(shape, **kind)
        uniform = torch.rand((2, *shape), **kind)
        border = torch.tensor(self.border, dtype=like.dtype, device=like.device)
        # what is too small to be seen beside rho is still no silence
        least = torch.nextafter(border, torch.full_like(border, math.inf))
        above = torch.maximum(self.flow.inverse(u) + self.border, least)
        return torch.where(uniform[0] < self.log_q.exp(), above, self.border * uniform[1])
