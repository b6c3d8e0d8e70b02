r"""What responses say of the latent state at a time point, by Laplace's method: a Gaussian at the mode.

.. math::

    p(z_t | y_t) \approx N(\hat z_t, C_t), \quad C_t^{-1} = - \partial^2 \log p(y_t, z_t) |_{\hat z_t}, \qquad
    \log p(y_t) \approx \log p(y_t, \hat z_t) + \tfrac12 \log |2 \pi C_t|
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from twofold.likelihoods.laplace.bent import BentTarget, StateBend
from twofold.likelihoods.laplace.target import Matrices, PerTime, ResponsesTarget, States, Target
from twofold.likelihoods.likelihood import Likelihood, Observed, Raw
from twofold.likelihoods.quadrature.loadings import AnyShape, Latent, Loadings

STEPS, HALVINGS = 50, 15
CLOSE = 1e-4  # of a step, in standard deviations of the prior
LONGEST_STEP = 3.0
LEAST_CURVATURE = 1e-2
ENTRIES_AT_ONCE = {"cpu": 2**18, "cuda": 2**23}


@dataclass(frozen=True, eq=False)
class LatentPosterior:
    """A Gaussian of the latent state at every time point.

    Parameters
    ----------
    mean
        (..., latent) the mode.
    covariance
        (..., latent, latent) the inverse of the curvature there.
    log_joint
        (...,) log p(y, z) at the mode, in nats.
    """

    mean: Latent
    covariance: Float[Tensor, "... latent latent"]
    log_joint: AnyShape

    @property
    def log_marginal(self) -> AnyShape:
        """Laplace's value of log p(y), all given neurons together, in nats."""
        log_det = torch.linalg.slogdet(self.covariance).logabsdet
        return self.log_joint + 0.5 * (log_det + self.mean.shape[-1] * math.log(2 * math.pi))


@torch.no_grad()
def laplace(
    likelihood: Likelihood,
    raw: Raw,
    weights: Loadings,
    y: Observed,
    given: Bool[Tensor, "... neuron"] | None = None,
    start: Latent | None = None,
    prior_precision: Float[Tensor, "latent latent"] | None = None,
    bend: StateBend | None = None,
) -> LatentPosterior:
    """The posterior of the latent state at every time point given the responses there.

    Parameters
    ----------
    likelihood
        Of all neurons.
    raw
        (..., neuron, parameter) outputs of the readout.
    weights
        (neuron, parameter, latent) w, or `GainWeights`.
    y
        (..., neuron) responses.
    given
        True for those that are known, (..., neuron) or (neuron,); all by default. Others may be NaN.
    start
        (..., latent) where to start, such as an encoder's mean; 0 by default.
    prior_precision
        Of the prior N(0, precision^-1); the identity by default.
    bend
        g of z = g(u), such as `nn.PriorFlow`: u has that prior, and is what is found and started from, while
        neurons see z; none by default.

    Examples
    --------
    >>> from twofold.likelihoods import GaussianLikelihood
    >>> raw, w = torch.zeros(1, 1, 2), torch.tensor([[[1.0], [0.0]]])
    >>> found = laplace(GaussianLikelihood(), raw, w, torch.tensor([[2.0]]))
    >>> found.mean, found.covariance
    (tensor([[1.]]), tensor([[[0.5000]]]))
    """
    n_neurons, n_parameters, k = weights.shape
    lead = raw.shape[:-2]
    counted = (torch.ones_like(raw[..., 0]) > 0) if given is None else given.expand(raw.shape[:-1])
    precision = (
        torch.eye(k, dtype=raw.dtype, device=raw.device) if prior_precision is None else prior_precision
    )
    start = raw.new_zeros(k) if start is None else start
    size = max(1, ENTRIES_AT_ONCE.get(raw.device.type, 2**18) // max(1, n_neurons))
    blocks = zip(
        raw.reshape(-1, n_neurons, n_parameters).split(size),
        torch.where(counted, y, 0).reshape(-1, n_neurons).split(size),
        counted.reshape(-1, n_neurons).split(size),
        start.expand(*lead, k).reshape(-1, k).split(size),
        strict=True,
    )

    def target(a: Tensor, at: Tensor, on: Tensor) -> Target:
        of_states = ResponsesTarget(likelihood, a, weights, at, on)
        return Target(of_states if bend is None else BentTarget(of_states, bend), precision)

    found = [mode(target(a, at, on), z) for a, at, on, z in blocks]
    mean, covariance, log_joint = (torch.cat(parts) for parts in zip(*found, strict=True))
    return LatentPosterior(mean.reshape(*lead, k), covariance.reshape(*lead, k, k), log_joint.reshape(lead))


def mode(target: Target, z: States) -> tuple[States, Matrices, PerTime]:
    """The mode of every time point, the inverse of the curvature there, and the value, by Newton's method.

    Where the curvature is negative in a direction its size is taken, so that every step goes uphill
    (saddle-free Newton, Dauphin et al. 2014); a step that lands lower is halved.
    """
    value, slopes = target.value(z), target.slopes(z)
    for _ in range(STEPS):
        step = torch.linalg.solve(_positive(slopes.curvature), slopes.gradient)
        step = step * (LONGEST_STEP / step.norm(dim=-1, keepdim=True).clamp(min=LONGEST_STEP))
        z, value = _uphill(target, z, value, step)
        slopes = target.slopes(z)
        if step.abs().max() < CLOSE:
            break
    return z, torch.linalg.inv(_positive(slopes.curvature)), value


def _uphill(target: Target, z: States, value: PerTime, step: States) -> tuple[States, PerTime]:
    """A step, halved at the time points where it lands lower; in the end none."""
    slack = 16 * torch.finfo(value.dtype).eps * value.abs()
    for _ in range(HALVINGS):
        proposed = target.value(z + step)
        lower = ~(proposed >= value - slack)
        if not lower.any():
            return z + step, proposed
        step = torch.where(lower[:, None], step / 2, step)
    return torch.where(lower[:, None], z, z + step), torch.where(lower, value, proposed)


def _positive(curvature: Matrices) -> Matrices:
    values, vectors = torch.linalg.eigh(curvature)
    return (vectors * values.abs().clamp(min=LEAST_CURVATURE)[:, None, :]) @ vectors.mT
