r"""The likelihood of all responses at a time point together, by importance samples of the latent state.

.. math::

    \log p(y_t) \approx \log \frac1S \sum_s \omega_s, \quad
    \omega_s = \frac{p(y_t, z_s)}{N(z_s; \hat z_t, C_t)}, \quad z_s \sim N(\hat z_t, C_t), \qquad
    \text{effective share} = \frac{(\sum_s \omega_s)^2}{S \sum_s \omega_s^2}

The proposal is Laplace's posterior, whose own value is told beside. Behind a bend, z = g(u) (`bent`), both
are of u, which may reach further than the curvature at its mode tells, where g is flat: there the proposal
has the tails of a t (Geweke 1989, Econometrica 57:1317). With some responses y_I given,
log p(y_J | y_I) = log p(y_J, y_I) - log p(y_I). The prior is independent between time points; under one with
memory these are likelihoods per time point, and do not add up to that of a clip, which is in `path_joint`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from twofold.errors import OptionError
from twofold.likelihoods.laplace.bent import StateBend
from twofold.likelihoods.laplace.posterior import laplace
from twofold.likelihoods.likelihood import Likelihood, Observed, Raw
from twofold.likelihoods.quadrature.loadings import Latent, Loadings, drive_of

LEAST_SHARE = 0.05
FREEDOM = 4  # degrees, of the t
AnyShape = Float[Tensor, "..."]


@dataclass(frozen=True, eq=False)
class JointLikelihood:
    """Log-likelihood of the responses of several neurons together at every time point, in nats.

    Parameters
    ----------
    laplace
        (...,) Laplace's value.
    importance
        (...,) that of the importance samples; NaN where their effective share is below 5 %.
    standard_error
        (...,) of it.
    effective_share
        (...,) of the samples.
    counted
        What there is one value of, in the plural.
    """

    laplace: AnyShape
    importance: AnyShape
    standard_error: AnyShape
    effective_share: AnyShape
    counted: str = "time points"

    @property
    def reason(self) -> str | None:
        """Why there is NaN; None where there is none."""
        refused = int(self.importance.isnan().sum())
        if not refused:
            return None
        return (
            f"{refused} of {self.importance.numel()} {self.counted} have no importance-weighted value: less "
            f"than {LEAST_SHARE:.0%} of the samples were effective there; look at the Laplace value instead"
        )

    def given(self, first: JointLikelihood) -> JointLikelihood:
        """Log p(y_J | y_I), where this is log p(y_J, y_I) and `first` log p(y_I)."""
        return JointLikelihood(
            self.laplace - first.laplace,
            self.importance - first.importance,
            torch.hypot(self.standard_error, first.standard_error),
            torch.minimum(self.effective_share, first.effective_share),
            self.counted,
        )


@torch.no_grad()
def joint_log_likelihood(
    likelihood: Likelihood,
    raw: Raw,
    weights: Loadings,
    y: Observed,
    generator: torch.Generator,
    n_samples: int = 1000,
    given: Bool[Tensor, "... neuron"] | None = None,
    scored: Bool[Tensor, "... neuron"] | None = None,
    start: Latent | None = None,
    bend: StateBend | None = None,
) -> JointLikelihood:
    """Log p(y_J | y_I) of scored responses J, given others I or none, under the prior N(0, I).

    Parameters
    ----------
    likelihood, raw, weights, y, start, bend
        As in `laplace`.
    generator, n_samples
        Where the importance samples come from, and how many.
    given
        True for the responses I, (..., neuron) or (neuron,); none by default.
    scored
        True for the responses J; all that are not given by default.

    Raises
    ------
    OptionError
        If a neuron is both given and scored, or there is no sample.

    Examples
    --------
    >>> from twofold.likelihoods import GaussianLikelihood
    >>> raw, w = torch.zeros(1, 1, 2), torch.tensor([[[1.0], [0.0]]])
    >>> y, draw = torch.tensor([[2.0]]), torch.Generator().manual_seed(0)
    >>> joint_log_likelihood(GaussianLikelihood(), raw, w, y, draw).laplace  # y is N(0, 1 + 1)
    tensor([-2.2655])
    """
    first, then = given_and_scored(raw, n_samples, given, scored)

    def of(counted: Tensor) -> JointLikelihood:
        return _by_samples(likelihood, raw, weights, y, counted, generator, n_samples, start, bend)

    return of(then) if given is None else of(first | then).given(of(first))


def given_and_scored(
    raw: Raw,
    n_samples: int,
    given: Bool[Tensor, "... neuron"] | None,
    scored: Bool[Tensor, "... neuron"] | None,
) -> tuple[Bool[Tensor, "... neuron"], Bool[Tensor, "... neuron"]]:
    """True for the responses given, and for those scored, (..., neuron); see `joint_log_likelihood`."""
    if n_samples < 1:
        raise OptionError(f"n_samples={n_samples}: give at least 1")
    shape = raw.shape[:-1]
    first = torch.zeros_like(raw[..., 0], dtype=torch.bool) if given is None else given.expand(shape)
    then = ~first if scored is None else scored.expand(shape)
    if (first & then).any():
        neuron = int((first & then).nonzero()[0, -1])
        raise OptionError(f"neuron {neuron} is both given and scored; leave it out of one of them")
    return first, then


def averaged(log_omegas: Iterable[AnyShape], n_samples: int) -> tuple[AnyShape, AnyShape, AnyShape]:
    """Log of the mean of omega, its standard error, and the effective share; NaN where this is too small."""
    log_sum = log_squares = torch.tensor(-torch.inf, dtype=torch.float64)
    for log_omega in log_omegas:
        log_sum = torch.logaddexp(log_sum.to(log_omega.device), log_omega)
        log_squares = torch.logaddexp(log_squares.to(log_omega.device), 2 * log_omega)
    share = (2 * log_sum - log_squares).exp() / n_samples
    value = torch.where(share < LEAST_SHARE, torch.nan, log_sum - math.log(n_samples))
    return value, ((1 / share - 1).clamp(min=0) / n_samples).sqrt(), share


def _by_samples(
    likelihood: Likelihood,
    raw: Tensor,
    weights: Loadings,
    y: Tensor,
    counted: Tensor,
    generator: torch.Generator,
    n_samples: int,
    start: Tensor | None,
    bend: StateBend | None,
) -> JointLikelihood:
    posterior = laplace(likelihood, raw, weights, y, counted, start, bend=bend)
    mean, root = posterior.mean, torch.linalg.cholesky(posterior.covariance)
    log_det = root.diagonal(dim1=-2, dim2=-1).log().sum(-1)
    y = torch.where(counted, y, 0)

    def log_omega() -> Tensor:
        noise, log_density = _noise(mean, generator) if bend is None else _long_tailed(mean, generator)
        z = mean + (root @ noise[..., None])[..., 0]
        seen = z if bend is None else bend.forward(z)
        log_prob = likelihood.distribution(raw, drive_of(weights, raw, seen)).log_prob(y)
        # log p(z) - log of the proposal: the factors of 2 pi cancel
        log_prob = torch.where(counted, log_prob, 0).double().sum(-1)
        return log_prob - 0.5 * z.square().sum(-1) - log_density + log_det

    found = averaged((log_omega() for _ in range(n_samples)), n_samples)
    value, error, share = (part.to(raw.dtype) for part in found)
    return JointLikelihood(posterior.log_marginal, value, error, share)


def _noise(like: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Standard normal, and the logarithm of its density without (2 pi)^(-latents / 2)."""
    noise = torch.randn(like.shape, generator=generator, dtype=like.dtype, device=like.device)
    return noise, -0.5 * noise.square().sum(-1)


def _long_tailed(like: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """The same of a multivariate t."""
    n, k = FREEDOM, like.shape[-1]
    normal, _ = _noise(like, generator)
    others, _ = _noise(like.new_empty(*like.shape[:-1], n), generator)
    noise = normal * (n / others.square().sum(-1, keepdim=True)).sqrt()
    scale = math.lgamma((n + k) / 2) - math.lgamma(n / 2) - k / 2 * math.log(n / 2)
    return noise, scale - (n + k) / 2 * (noise.square().sum(-1) / n).log1p()
