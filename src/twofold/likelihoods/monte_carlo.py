r"""The same expectations by samples of the latent state, any number of them in constant memory.

.. math::

    E[-\log p(y)] \approx -\frac1S \sum_s \log p(y | z_s), \qquad
    \log p(y) \approx \log \frac1S \sum_s p(y | z_s)

Samples come one after the other. The gradient is gathered on the way there, so that nothing of a sample is
kept; the logarithm of the sum is kept with the largest term so far taken out.

With `as_released`, silent responses are scored as the paper's code does, which is no likelihood (paper B,
section 1.4); the constants of its links are those of `ZigLikelihood(paper_code=True)`.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch.autograd.function import once_differentiable

from twofold.errors import OptionError
from twofold.likelihoods.likelihood import Likelihood, Observed, PerEntry, Raw, ResponseDistribution, Scored
from twofold.likelihoods.quadrature.loadings import (
    AnyShape,
    GainWeights,
    Latent,
    Loadings,
    drive_of,
    latent_drive,
    pulled_back,
)
from twofold.likelihoods.zero_inflated_gamma import ZeroInflatedGamma

LatentSamples = Float[Tensor, "sample ... latent"]


def latent_samples(
    latent_mean: Latent, latent_sd: AnyShape, n_samples: int, generator: torch.Generator
) -> LatentSamples:
    """z_s = mu + s eps_s, with gradients to both.

    Examples
    --------
    >>> latent_samples(torch.zeros(5, 2), torch.tensor(1.0), 3, torch.Generator().manual_seed(0)).shape
    torch.Size([3, 5, 2])
    """
    if n_samples < 1:
        raise OptionError(f"n_samples={n_samples}: give at least 1")
    shape = (n_samples, *latent_mean.shape)
    noise = torch.randn(shape, generator=generator, dtype=latent_mean.dtype, device=latent_mean.device)
    return latent_mean + latent_sd * noise


def expected_nll_monte_carlo(
    likelihood: Likelihood,
    raw: Raw,
    weights: Loadings,
    latent_mean: Latent,
    latent_sd: AnyShape,
    y: Observed,
    n_samples: int,
    generator: torch.Generator,
    scored: Scored | None = None,
    *,
    as_released: bool = False,
) -> Float[Tensor, ""]:
    """As `expected_nll`, from samples of the latent state.

    Parameters
    ----------
    likelihood, raw, weights, latent_mean, latent_sd, y, scored
        As in `expected_nll`.
    n_samples, generator
        How many samples, and where they come from.
    as_released
        Score silent responses as the paper's code does.

    Examples
    --------
    >>> from twofold.likelihoods import PoissonLikelihood
    >>> raw, w, mu = torch.ones(1, 1, 1), torch.ones(1, 1, 3), torch.zeros(1, 3)
    >>> draw = torch.Generator().manual_seed(0)
    >>> zero, sd = torch.zeros(1, 1), torch.tensor(0.5)
    >>> expected_nll_monte_carlo(PoissonLikelihood(), raw, w, mu, sd, zero, 2_000, draw).round(decimals=1)
    tensor(2.)
    """
    z = latent_samples(latent_mean, latent_sd, n_samples, generator)
    return sampled_nll(likelihood, raw, weights, z, y, scored, as_released=as_released)


def sampled_nll(
    likelihood: Likelihood,
    raw: Raw,
    weights: Loadings,
    z: LatentSamples,
    y: Observed,
    scored: Scored | None = None,
    *,
    as_released: bool = False,
) -> Float[Tensor, ""]:
    """-log p(y | z) in nats, mean over given samples, such as a smoother's, and sum over the scored entries.

    Parameters
    ----------
    z
        (sample, ..., latent); gets a gradient, as `raw` and `weights` do.
    likelihood, raw, weights, y, scored, as_released
        As in `expected_nll_monte_carlo`.
    """
    parts = (weights.additive, weights.gain) if isinstance(weights, GainWeights) else (weights, None)
    total: Tensor = _SampledNll.apply(raw, *parts, z, y, scored, likelihood, as_released)
    return total


class _SampledNll(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        raw: Tensor,
        additive: Tensor,
        gain: Tensor | None,
        z: Tensor,
        y: Tensor,
        scored: Tensor | None,
        likelihood: Likelihood,
        as_released: bool,
    ) -> Tensor:
        weights = additive if gain is None else GainWeights(additive, gain)
        by_raw, by_weights, by_z = torch.zeros_like(raw), torch.zeros_like(additive), torch.empty_like(z)
        by_gain = None if gain is None else torch.zeros_like(gain)
        share, total = 1 / len(z), raw.new_zeros(())
        for s, state in enumerate(z):
            with torch.enable_grad():
                outputs = (raw + drive_of(weights, raw, state)).requires_grad_()
                nll = _total_nll(likelihood, outputs, y, scored, as_released)
                (slope,) = torch.autograd.grad(nll * share, outputs)
            total += nll.detach() * share
            by_raw += slope
            by_z[s] = pulled_back(weights, raw, slope)
            by_weights += _outer(slope, state)
            if gain is not None and by_gain is not None:
                by_raw += slope * latent_drive(gain, state)
                by_gain += _outer(slope * raw, state)
        ctx.save_for_backward(by_raw, by_weights, by_gain, by_z)
        return total

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor | None, ...]:
        parts = (None if part is None else part * upstream for part in ctx.saved_tensors)
        return *parts, None, None, None, None


def _outer(slope: Tensor, state: Tensor) -> Tensor:
    return torch.einsum("tnp,tk->npk", slope.flatten(0, -3), state.reshape(-1, state.shape[-1]))


def _total_nll(
    likelihood: Likelihood, outputs: Tensor, y: Tensor, scored: Tensor | None, as_released: bool
) -> Tensor:
    if not as_released:
        return likelihood.total_nll(outputs, y, scored=scored)
    log_prob = _log_prob(
        likelihood.distribution(outputs), y if scored is None else torch.where(scored, y, 0), True
    )
    return -(log_prob if scored is None else torch.where(scored, log_prob, 0)).sum()


@torch.no_grad()
def log_marginal_monte_carlo(
    likelihood: Likelihood,
    raw: Raw,
    weights: Loadings,
    latent_mean: Latent,
    latent_sd: AnyShape,
    y: Observed,
    n_samples: int,
    generator: torch.Generator,
    *,
    as_released: bool = False,
) -> PerEntry:
    """Log E[p(y | z)] of each entry by itself in nats, from samples that are drawn one after the other.

    Parameters
    ----------
    likelihood, raw, weights, latent_mean, latent_sd, y, n_samples, generator, as_released
        As in `expected_nll_monte_carlo`.

    Examples
    --------
    >>> from twofold.likelihoods import PoissonLikelihood
    >>> raw, w, mu = torch.ones(1, 1, 1), torch.ones(1, 1, 3), torch.zeros(1, 3)
    >>> draw = torch.Generator().manual_seed(0)
    >>> zero, sd = torch.zeros(1, 1), torch.tensor(0.5)
    >>> log_marginal_monte_carlo(PoissonLikelihood(), raw, w, mu, sd, zero, 2_000, draw).item() < -1.6
    True
    """
    total = torch.full_like(raw[..., 0] + y, -torch.inf)
    for _ in range(n_samples):
        (state,) = latent_samples(latent_mean, latent_sd, 1, generator)
        p = likelihood.distribution(raw, drive_of(weights, raw, state))
        total = torch.logaddexp(total, _log_prob(p, y, as_released))
    return total - math.log(n_samples)


def _log_prob(p: ResponseDistribution, y: Tensor, as_released: bool) -> Tensor:
    if not as_released:
        return p.log_prob(y)
    if not isinstance(p, ZeroInflatedGamma):
        raise OptionError(
            "as_released=True is a way to score zero-inflated gamma responses only; leave it out"
        )
    return p.log_prob_as_released(y)
