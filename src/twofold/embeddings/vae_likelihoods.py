"""What a variational autoencoder takes responses to be: the misfit that its decoder's output has."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import ClassVar, Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

Output = Float[Tensor, "*batch neuron parameter"]
PerEntry = Float[Tensor, "*batch neuron"]
LikelihoodName = Literal["mse", "gaussian", "poisson", "zig"]
RHO = 0.005  # responses up to here are silence
LARGEST_LOG_RATE = 15.0


class ResponseLikelihood(nn.Module, ABC):
    """A family of laws of responses, read from `n_parameters` outputs of a decoder per neuron.

    Attributes
    ----------
    is_law
        Whether the misfit is a negative log-likelihood in nats.
    non_negative
        Whether negative responses are impossible.
    """

    n_parameters: ClassVar[int] = 1
    is_law: ClassVar[bool] = True
    non_negative: ClassVar[bool] = False

    @abstractmethod
    def misfit(self, output: Output, x: PerEntry) -> PerEntry:
        """How badly responses are explained, each one."""

    @abstractmethod
    def mean(self, output: Output) -> PerEntry:
        """Expected responses."""

    @abstractmethod
    def start(self, responses: Float[Tensor, "time neuron"]) -> Float[Tensor, "neuron parameter"]:
        """Outputs of a decoder that says the same all the time; parts of the law start from here, too."""


class MeanSquaredError(ResponseLikelihood):
    """(x - m)^2: no law, but what the paper minimises.

    Examples
    --------
    >>> MeanSquaredError().misfit(torch.ones(1, 2, 1), torch.tensor([[1.0, 3.0]]))
    tensor([[0., 4.]])
    """

    is_law = False

    def misfit(self, output: Output, x: PerEntry) -> PerEntry:
        """Squared error."""
        return (x - output[..., 0]).square()

    def mean(self, output: Output) -> PerEntry:
        """The output, m."""
        return output[..., 0]

    def start(self, responses: Float[Tensor, "time neuron"]) -> Float[Tensor, "neuron parameter"]:
        """The mean response."""
        return responses.mean(0)[:, None]


class GaussianResponses(ResponseLikelihood):
    """Normal responses around m, with a variance per neuron that is learned.

    -log p = ((x - m)^2 / v + log v + log 2 pi) / 2
    """

    def __init__(self, n_neurons: int) -> None:
        super().__init__()
        self.log_variance = nn.Parameter(torch.zeros(n_neurons))

    def misfit(self, output: Output, x: PerEntry) -> PerEntry:
        """Negative log density."""
        squared = (x - output[..., 0]).square() * (-self.log_variance).exp()
        return (squared + self.log_variance + math.log(2 * math.pi)) / 2

    def mean(self, output: Output) -> PerEntry:
        """The output, m."""
        return output[..., 0]

    def start(self, responses: Float[Tensor, "time neuron"]) -> Float[Tensor, "neuron parameter"]:
        """The mean response."""
        variance = responses.var(0, correction=0)
        self.log_variance.data.copy_(torch.where(variance > 0, variance, 1.0).log())
        return responses.mean(0)[:, None]


class PoissonCounts(ResponseLikelihood):
    """Counts of rate r = exp(a): -log p = r - x log r + log Gamma(x + 1).

    Examples
    --------
    >>> PoissonCounts().misfit(torch.zeros(1, 1, 1), torch.tensor([[2.0]]))
    tensor([[1.6931]])
    """

    non_negative = True

    def misfit(self, output: Output, x: PerEntry) -> PerEntry:
        """Negative log probability; between whole numbers it is no law, but still least at r = x."""
        a = output[..., 0].clamp(max=LARGEST_LOG_RATE)
        return a.exp() - x * a + torch.lgamma(x + 1.0)

    def mean(self, output: Output) -> PerEntry:
        """The rate r."""
        return output[..., 0].clamp(max=LARGEST_LOG_RATE).exp()

    def start(self, responses: Float[Tensor, "time neuron"]) -> Float[Tensor, "neuron parameter"]:
        """The mean rate; of a neuron that is silent, half a spike in all the time."""
        return responses.mean(0).clamp(min=0.5 / len(responses)).log()[:, None]


class ZeroInflatedGammaResponses(ResponseLikelihood):
    r"""Silence up to rho with probability 1 - q, else rho plus a gamma.

    .. math::

        -\log p(x) = \begin{cases} -\log(1 - q) + \log\rho & x \le \rho \\
        -\log q - (\kappa - 1) \log d + d / \theta + \kappa \log\theta + \log\Gamma(\kappa),\ d = x - \rho
        & x > \rho \end{cases}

    The outputs are logit q and log theta; kappa, per neuron, is learned. Silence is spread evenly over
    [0, rho], so that p is a density everywhere (Wei et al. 2020, PLOS Computational Biology 16(9), e1008198).
    """

    n_parameters = 2
    non_negative = True

    def __init__(self, n_neurons: int) -> None:
        super().__init__()
        self.log_kappa = nn.Parameter(torch.zeros(n_neurons))

    def misfit(self, output: Output, x: PerEntry) -> PerEntry:
        """Negative log density."""
        logit_q, log_theta = output.unbind(-1)
        log_theta = log_theta.clamp(-LARGEST_LOG_RATE, LARGEST_LOG_RATE)
        kappa, active = self.log_kappa.exp(), x > RHO
        d = torch.where(active, x - RHO, 1.0)
        gamma = (1 - kappa) * d.log() + d * (-log_theta).exp() + kappa * log_theta + torch.lgamma(kappa)
        return torch.where(
            active, gamma - functional.logsigmoid(logit_q), math.log(RHO) - functional.logsigmoid(-logit_q)
        )

    def mean(self, output: Output) -> PerEntry:
        """Expected responses, q (kappa theta + rho) + (1 - q) rho / 2."""
        logit_q, log_theta = output.unbind(-1)
        theta = log_theta.clamp(-LARGEST_LOG_RATE, LARGEST_LOG_RATE).exp()
        q = logit_q.sigmoid()
        return q * (self.log_kappa.exp() * theta + RHO) + (1 - q) * RHO / 2

    def start(self, responses: Float[Tensor, "time neuron"]) -> Float[Tensor, "neuron parameter"]:
        """Share, mean and variance of the responses above rho."""
        active = responses > RHO
        n = active.sum(0)
        d = torch.where(active, responses - RHO, 0.0)
        mean = torch.where(n > 0, d.sum(0) / n.clamp(min=1), 1.0)
        variance = torch.where(active, (d - mean).square(), 0.0).sum(0) / n.clamp(min=1)
        kappa = (mean.square() / variance.clamp(min=1e-12)).clamp(0.2, 20.0)
        self.log_kappa.data.copy_(kappa.log())
        share = (n + 0.5) / (len(responses) + 1)
        return torch.stack([share.logit(), (mean / kappa).log()], dim=1)


def response_likelihood(name: LikelihoodName, n_neurons: int) -> ResponseLikelihood:
    """The likelihood that an option names.

    Examples
    --------
    >>> response_likelihood("zig", 5).n_parameters
    2
    """
    if name == "mse":
        return MeanSquaredError()
    if name == "poisson":
        return PoissonCounts()
    return GaussianResponses(n_neurons) if name == "gaussian" else ZeroInflatedGammaResponses(n_neurons)
