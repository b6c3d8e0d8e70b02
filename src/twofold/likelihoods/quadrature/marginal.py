r"""The log probability of a response with the outputs integrated out, wherever the integrand lies.

.. math:: \log p(y) = \log \int p(y | u_x)\, \varphi(x)\, dx, \qquad u_x = m + s x

A response that the model does not expect moves the integrand many standard deviations away. So first look
where it is, at coarse steps, and closer, to the left and to the right, where these are far apart; then
integrate there, on both sides of the kink; and twice as finely wherever that makes a difference.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float, Integer, Num
from torch import Tensor

from twofold.likelihoods.likelihood import Likelihood
from twofold.likelihoods.quadrature.conditional import expected_q, responses_given
from twofold.likelihoods.quadrature.mixture import split_nodes
from twofold.likelihoods.quadrature.outputs import GaussianOutputs
from twofold.likelihoods.quadrature.rules import SQRT_2_PI, Rule, hermite
from twofold.likelihoods.zig import ZigLikelihood

# Dense near the mean, and 3300 standard deviations away at the end.
LOOKS = [math.sinh(0.4 * k) for k in range(-22, 23)]
STEPS, WIDE, ZOOMS = 24, 30.0, 6  # of a closer look; standard deviations that need one; how many at most
NEGLIGIBLE = 15.0  # nats below the largest
NODES, MOST_NODES = 12, 192  # on each side of the kink
TOLERANCE = 1e-4  # nats
PerEntryFlat = Float[Tensor, " entry"]


def log_marginal(
    likelihood: Likelihood, outputs: GaussianOutputs, y: Num[Tensor, "time neuron"]
) -> Float[Tensor, "time neuron"]:
    """Log p(y) in nats of every entry by itself.

    Parameters
    ----------
    likelihood
        Poisson, Gaussian or zero-inflated gamma.
    outputs
        (time, neuron, parameter) means, and covariances of as many axes that broadcast to them.
    y
        Responses.

    Examples
    --------
    >>> from twofold.likelihoods import PoissonLikelihood
    >>> outputs = GaussianOutputs(torch.zeros(1, 1, 1), torch.zeros(1, 1, 1, 1))
    >>> log_marginal(PoissonLikelihood(), outputs, torch.zeros(1, 1)).round(decimals=3)
    tensor([[-1.]])
    """
    if not isinstance(likelihood, ZigLikelihood):
        return _of_entries(likelihood, outputs, y, torch.ones_like(y, dtype=torch.bool)).reshape(y.shape)
    _, silent = expected_q(likelihood, outputs.mean[..., 0], outputs.sd(0))  # alone decides on silence
    found = silent.log() if likelihood.spike == "mass" else (silent / likelihood.rho).log()
    active = ~(y <= likelihood.rho)
    return found.masked_scatter(active, _of_entries(likelihood, outputs, y, active).to(found.dtype))


def _of_entries(likelihood: Likelihood, outputs: GaussianOutputs, y: Tensor, at: Tensor) -> PerEntryFlat:
    """Log p(y) where `at` is True, each of these entries like a neuron of its own."""
    covariance = outputs.covariance.expand(*y.shape, *outputs.covariance.shape[-2:])
    neuron = torch.arange(y.shape[1], device=y.device).expand(y.shape)[at]
    chosen = GaussianOutputs(outputs.mean[at], covariance[at])
    return _Integrand(_of_some(likelihood, neuron), chosen, y[at]).log_integral()


@dataclass(frozen=True, eq=False)
class _Integrand:
    """p(y | m + s x) phi(x), a function of x for every entry."""

    likelihood: Likelihood
    outputs: GaussianOutputs
    y: Tensor

    def log(self, x: Tensor, rule: Rule | None = None) -> Float[Tensor, "node entry"]:
        """Its logarithm at (node, entry) x."""
        u = self.outputs.mean[..., -1] + self.outputs.sd(-1) * x
        log_prob = responses_given(self.likelihood, self.outputs, u, rule).log_prob(self.y)
        return log_prob - 0.5 * x**2 - math.log(SQRT_2_PI)

    def log_integral(self) -> PerEntryFlat:
        """Of entries whose integrand may lie far away, on either side or on both, each side by itself."""
        looks = self.y.new_tensor(LOOKS, dtype=self.outputs.mean.dtype)[:, None].expand(-1, len(self.y))
        low, high = self.around(looks)
        found = torch.empty_like(low)
        is_far = high - low > WIDE
        (near,), (far,) = (~is_far).nonzero(as_tuple=True), is_far.nonzero(as_tuple=True)
        found[near] = self.of(near).between(low[near], high[near])
        if len(far):
            part, middle = self.of(far), len(LOOKS) // 2
            sides = looks[: middle + 1, far], looks[middle:, far]
            found[far] = torch.logaddexp(*(part.between(*part.closer(side)) for side in sides))
        return found

    def between(self, low: PerEntryFlat, high: PerEntryFlat) -> PerEntryFlat:
        """The logarithm of its integral, by rules twice as fine until it no longer changes."""
        found, nodes = self.log_sum(low, high, NODES), NODES
        part, open_ = self, torch.arange(len(found), device=found.device)
        while len(open_) and nodes < MOST_NODES:
            nodes *= 2
            finer = part.log_sum(low[open_], high[open_], nodes)
            (differs,) = ((finer - found[open_]).abs() > TOLERANCE).nonzero(as_tuple=True)
            found[open_] = finer
            part, open_ = part.of(differs), open_[differs]
        return found

    def closer(self, looks: Float[Tensor, "look entry"]) -> tuple[PerEntryFlat, PerEntryFlat]:
        """Its ends between the looks, looked at again and again."""
        low, high = self.around(looks)
        steps = torch.linspace(0, 1, STEPS, dtype=low.dtype, device=low.device)[:, None]
        for _ in range(ZOOMS):
            low, high = self.around(low + (high - low) * steps)
        return low, high

    def around(self, looks: Float[Tensor, "look entry"]) -> tuple[PerEntryFlat, PerEntryFlat]:
        """The looks just outside of those where it is not negligible."""
        log = self.log(looks, hermite(4))
        seen = (log > log.amax(0) - NEGLIGIBLE).to(torch.uint8)
        before = (seen.argmax(0) - 1).clamp(min=0)
        behind = (len(looks) - seen.flip(0).argmax(0)).clamp(max=len(looks) - 1)
        return looks.gather(0, before[None])[0], looks.gather(0, behind[None])[0]

    def log_sum(self, low: PerEntryFlat, high: PerEntryFlat, nodes: int) -> PerEntryFlat:
        """By Gauss-Legendre on both sides of the kink."""
        x, weights = split_nodes(self.outputs.mean[..., -1], self.outputs.sd(-1), low, high, nodes)
        return torch.logsumexp(self.log(x) + weights.log(), dim=0)

    def of(self, entries: Integer[Tensor, " some"]) -> _Integrand:
        """Of some of the entries."""
        outputs = GaussianOutputs(self.outputs.mean[entries], self.outputs.covariance[entries])
        return _Integrand(_of_some(self.likelihood, entries), outputs, self.y[entries])


def _of_some(likelihood: Likelihood, neurons: Tensor) -> Likelihood:
    if not isinstance(likelihood, ZigLikelihood):
        return likelihood
    return ZigLikelihood(
        likelihood.kappa[neurons],
        rho=likelihood.rho,
        spike=likelihood.spike,
        paper_code=likelihood.paper_code,
    )
