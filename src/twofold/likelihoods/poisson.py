"""Poisson responses: log p(y) = y log r - r - log y!, with the rate r = ELU(a) + 1."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from scipy import stats
from torch import Tensor

from twofold.likelihoods.likelihood import (
    Likelihood,
    Observed,
    PerEntry,
    Raw,
    ResponseDistribution,
    Trials,
    with_drive,
)
from twofold.likelihoods.links import inverse_of_elu_plus_one, log_elu_plus_one
from twofold.likelihoods.statistics import ResponseStatistics
from twofold.likelihoods.support import check_support


@dataclass(frozen=True, eq=False)
class Poisson(ResponseDistribution):
    """Poisson responses.

    Parameters
    ----------
    log_rate
        (..., neuron) logarithm of the expected count.

    Examples
    --------
    >>> Poisson.of(rate=torch.tensor([2.0])).log_prob(torch.tensor([0.0]))
    tensor([-2.])
    """

    log_rate: PerEntry

    @classmethod
    def of(cls, *, rate: PerEntry) -> Poisson:
        """From the rate."""
        return cls(rate.log())

    @property
    def mean(self) -> PerEntry:
        """The rate r."""
        return self.log_rate.exp()

    @property
    def variance(self) -> PerEntry:
        """The rate r."""
        return self.mean

    def log_prob(self, y: Observed) -> PerEntry:
        """Log p(y); between whole numbers log y! is log Gamma(y + 1), and p is no density there."""
        return y * self.log_rate - self.mean - torch.lgamma(y + 1.0)

    def cdf(self, y: Observed) -> PerEntry:
        """P(Y <= y), the regularised upper gamma function at (floor(y) + 1, r)."""
        count = torch.floor(y.clamp(min=0)) + 1.0
        return torch.where(y < 0, 0.0, torch.special.gammaincc(count, self.mean.expand_as(count)))

    def quantile(self, p: float) -> PerEntry:
        """The least count with P(Y <= y) >= p."""
        rate = self.mean.detach()
        return torch.from_numpy(np.asarray(stats.poisson.ppf(p, rate.double().cpu()))).to(rate)

    def deviance(self, y: Observed) -> PerEntry:
        """2 (y log(y / r) - y + r)."""
        return 2 * (torch.xlogy(y, y) - y * self.log_rate - y + self.mean)

    def _draw(self, shape: torch.Size, generator: torch.Generator) -> Tensor:
        return torch.poisson(self.mean.expand(shape), generator=generator)


class PoissonLikelihood(Likelihood):
    """Poisson responses from one output per neuron, r = ELU(a) + 1.

    Examples
    --------
    >>> PoissonLikelihood().distribution(torch.tensor([[[0.0], [1.0]]])).mean
    tensor([[1., 2.]])
    """

    name = "poisson"
    parameter_names = ("rate",)
    measure = "counts"

    @classmethod
    def for_responses(cls, trials: Trials) -> PoissonLikelihood:
        """Needs nothing from the responses but that they are not negative."""
        check_support(trials, cls.name)
        return cls()

    def distribution(self, raw: Raw, drive: Raw | None = None) -> Poisson:
        """Poisson responses of rate ELU(raw + drive) + 1."""
        return Poisson(log_elu_plus_one(with_drive(raw, drive)[..., 0]))

    def information(self, raw: Raw) -> Raw:
        """r'(a)^2 / r: the rate below a = 0, 1 / rate above."""
        return (-log_elu_plus_one(raw).abs()).exp()

    def constant(self, statistics: ResponseStatistics) -> Float[Tensor, "neuron parameter"]:
        """The mean rate; of a neuron that was silent, half a spike in all the time."""
        rate = np.maximum(statistics.mean, 0.5 / statistics.n)
        return inverse_of_elu_plus_one(torch.from_numpy(rate)).float()[:, None]
