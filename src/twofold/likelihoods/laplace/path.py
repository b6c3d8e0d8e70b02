r"""What responses say of the path of a state with memory, by Laplace's method: a Gaussian at its mode.

.. math::

    p(z_1 \dots z_T | y) \approx N(\hat z, (\Lambda + W)^{-1}), \quad
    W_t = - \partial^2 \log p(y_t | z_t) |_{\hat z_t}, \qquad
    \log p(y_1 \dots y_T) \approx \sum_t \log p(y_t | \hat z_t) - \tfrac12 \hat z^\top \Lambda \hat z
    + \tfrac12 \ln |\Lambda| - \tfrac12 \ln |\Lambda + W|

with Lambda of `MarkovPrior`. Steps of Newton's method are means of a `GaussianChain`: linear in time.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from twofold.likelihoods.laplace.chain import Blocks, GaussianChain
from twofold.likelihoods.laplace.markov import MarkovPrior
from twofold.likelihoods.laplace.posterior import CLOSE, ENTRIES_AT_ONCE, HALVINGS, LONGEST_STEP, STEPS
from twofold.likelihoods.laplace.target import Matrices, ResponsesTarget, States
from twofold.likelihoods.likelihood import Likelihood, Observed
from twofold.likelihoods.quadrature.loadings import Loadings

Number = Float[Tensor, ""]


@dataclass(frozen=True, eq=False)
class PathPosterior:
    """A Gaussian of the state at all times of one path together.

    Parameters
    ----------
    mean
        (time, latent) the mode.
    chain
        The inverse covariance there, Lambda + W.
    log_marginal
        Laplace's value of log p(y), all given neurons and times together, in nats.
    """

    mean: States
    chain: GaussianChain
    log_marginal: Number

    @property
    def covariance(self) -> Blocks:
        """(time, latent, latent), of each time by itself."""
        return self.chain.covariances()[0]


@dataclass(frozen=True, eq=False)
class PathTarget:
    """log p(y, z) of a path, in nats; what goes over time is summed in double precision.

    Parameters
    ----------
    prior
        Of the path.
    parts
        log p(y_t | z_t), some times each.
    """

    prior: MarkovPrior
    parts: tuple[ResponsesTarget, ...]

    @classmethod
    def of(
        cls,
        prior: MarkovPrior,
        likelihood: Likelihood,
        raw: Float[Tensor, "time neuron parameter"],
        weights: Loadings,
        y: Observed,
        counted: Bool[Tensor, "time neuron"],
    ) -> PathTarget:
        """From what `laplace_path` takes."""
        size = max(1, ENTRIES_AT_ONCE.get(raw.device.type, 2**18) // max(1, raw.shape[1]))
        blocks = zip(
            raw.split(size), torch.where(counted, y, 0).split(size), counted.split(size), strict=True
        )
        parts = (ResponsesTarget(likelihood, a, weights, at, on) for a, at, on in blocks)
        return cls(prior, tuple(parts))

    def of_responses(self, z: States) -> Number:
        """Log-likelihood log p(y | z)."""
        return torch.cat([part.value(own).double() for part, own in self._each(z)]).sum()

    def value(self, z: States) -> Number:
        """But for the constant of the prior, ln |Lambda / 2 pi| / 2."""
        return self.of_responses(z) - 0.5 * self.prior.square(z)

    def slopes(self, z: States) -> tuple[States, Matrices]:
        """Gradient of the value, and W."""
        found = [part.slopes(own) for part, own in self._each(z)]
        gradient, curvature = (torch.cat(each).double() for each in zip(*found, strict=True))
        return gradient - self.prior.slope(z), curvature

    def _each(self, z: States) -> list[tuple[ResponsesTarget, States]]:
        lengths = [len(part.raw) for part in self.parts]
        return list(zip(self.parts, z.to(self.parts[0].raw).split(lengths), strict=True))


@torch.no_grad()
def laplace_path(
    likelihood: Likelihood,
    raw: Float[Tensor, "time neuron parameter"],
    weights: Loadings,
    y: Observed,
    phi: Float[Tensor, " latent"],
    given: Bool[Tensor, "... neuron"] | None = None,
    start: States | None = None,
) -> PathPosterior:
    """The posterior of the path of a state with memory, given responses at all its times.

    Parameters
    ----------
    likelihood
        Of all neurons.
    raw
        Outputs of the readout.
    weights
        (neuron, parameter, latent) w.
    y
        (time, neuron) responses.
    phi
        Correlation of each latent from one time to the next.
    given
        True for those that are known, (time, neuron) or (neuron,); all by default. Others may be NaN.
    start
        Where to start; 0 by default.

    Examples
    --------
    >>> from twofold.likelihoods import GaussianLikelihood
    >>> raw, w = torch.zeros(3, 1, 2), torch.tensor([[[1.0], [0.0]]])
    >>> y, known = torch.tensor([[2.0], [0.0], [0.0]]), torch.tensor([[True], [False], [False]])
    >>> laplace_path(GaussianLikelihood(), raw, w, y, torch.tensor([0.5]), known).mean.flatten()
    tensor([1.0000, 0.5000, 0.2500], dtype=torch.float64)
    """
    counted = (
        torch.ones_like(raw[..., 0], dtype=torch.bool) if given is None else given.expand(raw.shape[:-1])
    )
    prior = MarkovPrior(phi.double())
    target = PathTarget.of(prior, likelihood, raw, weights, y, counted)
    z = raw.new_zeros(len(raw), weights.shape[2], dtype=torch.float64) if start is None else start.double()
    z = _mode(target, z)
    information = target.slopes(z)[1]
    try:
        chain = prior.given(information)
    except torch.linalg.LinAlgError:  # no maximum by its curvature, as where a density is flat
        chain = prior.given(_positive(information))
    log_marginal = target.value(z) + 0.5 * (prior.log_det(len(z)) - chain.log_det)
    return PathPosterior(z, chain, log_marginal)


def _mode(target: PathTarget, z: States) -> States:
    """By Newton's method; where a time's curvature is negative in a direction, its size is taken."""
    value = target.value(z)
    for _ in range(STEPS):
        gradient, information = target.slopes(z)
        step = target.prior.given(_positive(information)).mean(gradient)
        step = step * (LONGEST_STEP / step.norm(dim=-1).amax().clamp(min=LONGEST_STEP))
        for _ in range(HALVINGS):
            proposed = target.value(z + step)
            if proposed >= value:
                z, value = z + step, proposed
                break
            step = step / 2
        else:
            return z  # higher by less than can be computed
        if step.abs().max() < CLOSE:
            break
    return z


def _positive(information: Matrices) -> Matrices:
    values, vectors = torch.linalg.eigh(information)
    return (vectors * values.abs().unsqueeze(-2)) @ vectors.mT
