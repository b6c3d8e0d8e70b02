"""What a variational autoencoder takes responses to be: the misfit that its decoder's output has."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar, Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from twofold.likelihoods import Gaussian, Poisson, ResponseDistribution, ZeroInflatedGamma
from twofold.likelihoods.statistics import RHO

Output = Float[Tensor, "*batch neuron parameter"]
PerEntry = Float[Tensor, "*batch neuron"]
LikelihoodName = Literal["mse", "gaussian", "poisson", "zig"]
LARGEST_LOG = 15.0  # of rates and scales


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


class Law(ResponseLikelihood):
    """A law of responses, whose misfit is -log p in nats."""

    @abstractmethod
    def law(self, output: Output) -> ResponseDistribution:
        """The law of each response."""

    def misfit(self, output: Output, x: PerEntry) -> PerEntry:
        """Negative log probability or density."""
        return -self.law(output).log_prob(x)

    def mean(self, output: Output) -> PerEntry:
        """Expected responses."""
        return self.law(output).mean


class GaussianResponses(Law):
    """Normal responses around the output, with a standard deviation per neuron that is learned."""

    def __init__(self, n_neurons: int) -> None:
        super().__init__()
        self.log_sd = nn.Parameter(torch.zeros(n_neurons))

    def law(self, output: Output) -> Gaussian:
        """Normal."""
        return Gaussian(output[..., 0], self.log_sd)

    def start(self, responses: Float[Tensor, "time neuron"]) -> Float[Tensor, "neuron parameter"]:
        """The mean response."""
        sd = responses.std(0, correction=0)
        self.log_sd.data.copy_(torch.where(sd > 0, sd, 1.0).log())
        return responses.mean(0)[:, None]


class PoissonCounts(Law):
    """Counts of rate exp(output); between whole numbers p is no law, but still largest at the rate.

    Examples
    --------
    >>> PoissonCounts().misfit(torch.zeros(1, 1, 1), torch.tensor([[2.0]]))
    tensor([[1.6931]])
    """

    non_negative = True

    def law(self, output: Output) -> Poisson:
        """Poisson."""
        return Poisson(output[..., 0].clamp(max=LARGEST_LOG))

    def start(self, responses: Float[Tensor, "time neuron"]) -> Float[Tensor, "neuron parameter"]:
        """The mean rate; of a neuron that is silent, half a spike in all the time."""
        return responses.mean(0).clamp(min=0.5 / len(responses)).log()[:, None]


class ZeroInflatedGammaResponses(Law):
    """Silence with probability 1 - q, else rho plus a gamma; the outputs are logit q and log theta.

    Kappa, per neuron, is learned. Silence is spread evenly over [0, rho], so that p is a density everywhere.
    """

    n_parameters = 2
    non_negative = True

    def __init__(self, n_neurons: int) -> None:
        super().__init__()
        self.log_kappa = nn.Parameter(torch.zeros(n_neurons))

    def law(self, output: Output) -> ZeroInflatedGamma:
        """Zero-inflated gamma."""
        logit_q, log_theta = output.unbind(-1)
        return ZeroInflatedGamma(
            log_q=functional.logsigmoid(logit_q),
            log_silent=functional.logsigmoid(-logit_q),
            log_theta=log_theta.clamp(-LARGEST_LOG, LARGEST_LOG),
            kappa=self.log_kappa.exp(),
            spike="density",
        )

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
