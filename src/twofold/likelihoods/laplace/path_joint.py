r"""The likelihood of all responses of a path together, by importance samples of the path of the state.

.. math::

    \log p(y_1 \dots y_T) \approx \log \frac1S \sum_s \omega_s, \quad
    \omega_s = \frac{p(y, z_s)}{N(z_s; \hat z, (\Lambda + W)^{-1})}

as in `joint`, which a state with memory does not allow time by time. The longer the path, the fewer samples
are effective: below 5 % the value is NaN, and Laplace's own stands beside.
"""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from twofold.likelihoods.laplace.joint import JointLikelihood, averaged, given_and_scored
from twofold.likelihoods.laplace.markov import MarkovPrior
from twofold.likelihoods.laplace.path import PathTarget, laplace_path
from twofold.likelihoods.likelihood import Likelihood, Observed
from twofold.likelihoods.quadrature.loadings import Loadings


@torch.no_grad()
def joint_path_log_likelihood(
    likelihood: Likelihood,
    raw: Float[Tensor, "time neuron parameter"],
    weights: Loadings,
    y: Observed,
    phi: Float[Tensor, " latent"],
    generator: torch.Generator,
    n_samples: int = 1000,
    given: Bool[Tensor, "... neuron"] | None = None,
    scored: Bool[Tensor, "... neuron"] | None = None,
) -> JointLikelihood:
    """Log p(y_J | y_I) of scored responses J at all times, given others I at all times or none: one value.

    Parameters
    ----------
    likelihood, raw, weights, y, phi
        As in `laplace_path`.
    generator, n_samples, given, scored
        As in `joint_log_likelihood`.

    Raises
    ------
    OptionError
        If a neuron is both given and scored, or there is no sample.

    Examples
    --------
    >>> from twofold.likelihoods import GaussianLikelihood
    >>> raw, w = torch.zeros(1, 1, 2), torch.tensor([[[1.0], [0.0]]])
    >>> y, draw = torch.tensor([[2.0]]), torch.Generator().manual_seed(0)
    >>> joint_path_log_likelihood(
    ...     GaussianLikelihood(), raw, w, y, torch.tensor([0.5]), draw).laplace  # y is N(0, 1 + 1)
    tensor([-2.2655])
    """
    first, then = given_and_scored(raw, n_samples, given, scored)

    def of(counted: Tensor) -> JointLikelihood:
        return _by_samples(likelihood, raw, weights, y, phi, counted, generator, n_samples)

    return of(then) if given is None else of(first | then).given(of(first))


def _by_samples(
    likelihood: Likelihood,
    raw: Tensor,
    weights: Loadings,
    y: Tensor,
    phi: Tensor,
    counted: Tensor,
    generator: torch.Generator,
    n_samples: int,
) -> JointLikelihood:
    posterior = laplace_path(likelihood, raw, weights, y, phi, counted)
    target = PathTarget.of(MarkovPrior(phi.double()), likelihood, raw, weights, y, counted)
    mean, chain = posterior.mean, posterior.chain
    log_det = 0.5 * (target.prior.log_det(len(mean)) - chain.log_det)

    def log_omega() -> Tensor:
        noise = torch.randn(mean.shape, generator=generator, dtype=mean.dtype, device=mean.device)
        # log p(z) - log N(z; mean, (Lambda + W)^-1): the factors of 2 pi cancel
        return target.value(mean + chain.from_noise(noise)) + 0.5 * noise.square().sum() + log_det

    found = averaged((log_omega() for _ in range(n_samples)), n_samples)
    whole, value, error, share = (part.to(raw.dtype)[None] for part in (posterior.log_marginal, *found))
    return JointLikelihood(whole, value, error, share, counted="paths")
