r"""Zero-inflated flow responses whose two outputs are uncertain: nearly all of it in closed form.

With a ~ N(m_a, s_a^2), u ~ N(m, s^2), their covariance c, and t = T(y - rho) / noise, which is u and noise of
variance 1, so that a, u and t are Gaussian together:

.. math::

    E[-\log p(y)] &= E[\operatorname{softplus}(\mp a)]
    + 1_{y > \rho} \{ \tfrac12 ((t - m)^2 + s^2) - \log t'(y) + \log \sqrt{2 \pi} \} \\
    p(y) &= N(t; m, 1 + s^2)\, t'(y)\, E[q \mid t], \qquad
    a \mid t \sim N\!\left(m_a + \frac{c\,(t - m)}{1 + s^2},\ s_a^2 - \frac{c^2}{1 + s^2}\right)

Mean, variance and cdf are one-dimensional sums over t.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from twofold.likelihoods.flow import FlowLikelihood
from twofold.likelihoods.gaussian import LOG_SQRT_2_PI
from twofold.likelihoods.likelihood import IntegratedDistribution, Observed, PerEntry, Scored
from twofold.likelihoods.quadrature.logistic import expected_sigmoid, logistic
from twofold.likelihoods.quadrature.outputs import GaussianOutputs, standard_deviation
from twofold.likelihoods.quadrature.rules import SQRT_2_PI, hermite, legendre, rounded_up, rule_for_logistic

NODES = 48  # of mean and variance
NODES_BELOW, REACH = 32, 7.0  # of the cdf; standard deviations
TURNS = 40  # of the bisection for a quantile


def flow_expected_nll(
    likelihood: FlowLikelihood, outputs: GaussianOutputs, y: Observed, scored: Scored | None = None
) -> Tensor:
    """E[-log p(y)] in nats, summed over the scored entries; gradients also reach the likelihood's maps."""
    y = y.expand(outputs.mean.shape[:-1])
    if scored is not None:
        y = torch.where(scored, y, 0)
    active = ~(y <= likelihood.rho)
    sign = 1 - 2 * active.to(outputs.mean.dtype)
    variance = outputs.covariance[..., 0, 0].expand(y.shape)
    nll: Tensor = _Softplus.apply(sign * outputs.mean[..., 0], variance)
    law = likelihood.distribution(outputs.mean)
    d = torch.where(active, y - likelihood.rho, 1.0)
    t, noise = likelihood.flow.forward(d) / law.sd, likelihood.log_sd
    square = (t - outputs.mean[..., 1]) ** 2 + outputs.covariance[..., 1, 1]
    density = 0.5 * square + noise - likelihood.flow.log_slope(d) + LOG_SQRT_2_PI
    nll = nll + torch.where(active, density, 0.0)
    return nll.sum() if scored is None else torch.where(scored, nll, 0.0).sum()


class _Softplus(torch.autograd.Function):
    """E[log(1 + e^x)], x ~ N(m, s^2), with its derivatives by m and s^2 in the same pass."""

    @staticmethod
    def forward(ctx: Any, m: Tensor, variance: Tensor) -> Tensor:
        s = standard_deviation(variance)
        found = logistic(m, s, rule_for_logistic(rounded_up(s)))
        ctx.save_for_backward(found.slope, 0.5 * found.curvature)
        return found.softplus

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor, Tensor]:
        by_mean, by_variance = ctx.saved_tensors
        return upstream * by_mean, upstream * by_variance


@dataclass(frozen=True, eq=False)
class IntegratedFlow(IntegratedDistribution):
    """Responses of each entry by itself, whatever the outputs are.

    Parameters
    ----------
    likelihood
        Of the responses where the outputs are known.
    outputs
        Their means and covariances.
    """

    likelihood: FlowLikelihood
    outputs: GaussianOutputs

    @property
    def mean(self) -> PerEntry:
        """(1 - E[q]) rho / 2 + E[q y]."""
        return self._moment(1)

    @property
    def variance(self) -> PerEntry:
        """E[y^2] - E[y]^2."""
        return self._moment(2) - self._moment(1) ** 2

    @torch.no_grad()
    def log_prob(self, y: Observed) -> PerEntry:
        """The log probability or density of each response by itself, in nats."""
        y = y.to(torch.promote_types(y.dtype, self._m.dtype))
        active = ~(y <= self.likelihood.rho)
        d = torch.where(active, y - self.likelihood.rho, 1.0)
        flow, noise = self.likelihood.flow, self.likelihood.log_sd.exp()
        x = (flow.forward(d) / noise - self._m) / self._s
        density = -0.5 * x**2 - LOG_SQRT_2_PI - (self._s * noise).log() + flow.log_slope(d)
        return torch.where(active, density + self._q(x).log(), self._silent.log())

    @torch.no_grad()
    def cdf(self, y: Observed) -> PerEntry:
        """P(Y <= y)."""
        rho = self.likelihood.rho
        active = y > rho
        d = torch.where(active, y.to(torch.promote_types(y.dtype, self._m.dtype)) - rho, 1.0)
        x = (self.likelihood.flow.forward(d) / self.likelihood.log_sd.exp() - self._m) / self._s
        return self._silent * (y / rho).clamp(0, 1) + torch.where(active, self._active_below(x), 0.0)

    @torch.no_grad()
    def quantile(self, p: float) -> PerEntry:
        """The y with P(Y <= y) = p, by bisection."""
        silent = self._silent
        low, high = (torch.full_like(self._m, end) for end in (-REACH, REACH))
        for _ in range(TURNS):
            middle = (low + high) / 2
            is_below = silent + self._active_below(middle) < p
            low, high = torch.where(is_below, middle, low), torch.where(is_below, high, middle)
        above = self.likelihood.rho + self._response(high)
        tiny = torch.finfo(silent.dtype).tiny
        return torch.where(p <= silent, self.likelihood.rho * p / silent.clamp(min=tiny), above)

    @torch.no_grad()
    def _draw(self, shape: torch.Size, generator: torch.Generator) -> Tensor:
        like = self._m
        noise = torch.randn((2, *shape), generator=generator, dtype=like.dtype, device=like.device)
        u = like + self.outputs.sd(1) * noise[0]
        mean, sd = self.outputs.first_given_last(u)
        raw = torch.stack([mean + sd * noise[1], u], dim=-1)
        return self.likelihood.distribution(raw).sample(generator)

    @property
    def _m(self) -> PerEntry:
        return self.outputs.mean[..., 1]

    @property
    def _s(self) -> PerEntry:
        """Standard deviation of t."""
        return (1 + self.outputs.covariance[..., 1, 1]).sqrt()

    @property
    def _silent(self) -> PerEntry:
        s = self.outputs.sd(0)
        return expected_sigmoid(-self.outputs.mean[..., 0], s, rule_for_logistic(rounded_up(s)))

    def _q(self, x: Tensor) -> Tensor:
        """E[q | t] where t lies x standard deviations from its mean."""
        shared = self.outputs.covariance[..., 0, 1] / self._s
        sd = standard_deviation(self.outputs.covariance[..., 0, 0] - shared**2)
        return expected_sigmoid(self.outputs.mean[..., 0] + shared * x, sd, rule_for_logistic(rounded_up(sd)))

    def _response(self, x: Tensor | float) -> Tensor:
        """Y - rho there."""
        return self.likelihood.flow.inverse((self._m + self._s * x) * self.likelihood.log_sd.exp())

    def _active_below(self, x: Tensor) -> Tensor:
        """P(active, t <= m + s x)."""
        half = (x.clamp(-REACH, REACH) + REACH) / 2
        total = torch.zeros_like(half)
        for node, weight in zip(*legendre(NODES_BELOW), strict=True):
            at = half * (1 + node) - REACH
            total = total + weight * half * (-0.5 * at**2).exp() / SQRT_2_PI * self._q(at)
        return total

    def _moment(self, order: int) -> PerEntry:
        rho, zero = self.likelihood.rho, torch.zeros_like(self._m)
        total = self._silent * rho**order / (order + 1)
        for x, weight in zip(*hermite(NODES), strict=True):
            total = total + weight * self._q(zero + x) * (rho + self._response(x)) ** order
        return total
