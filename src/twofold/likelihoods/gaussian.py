"""Gaussian responses of any sign: mean m = a, standard deviation s = ELU(b) + 1."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
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

LOG_SQRT_2_PI = 0.5 * math.log(2 * math.pi)
LOWEST_LOG_SD = -15.0  # ((y - m) / s)^2 is finite in single precision
LEAST_SD = 1e-3  # of a constant neuron, as a share of the population's


@dataclass(frozen=True, eq=False)
class Gaussian(ResponseDistribution):
    """Gaussian responses.

    Parameters
    ----------
    location
        (..., neuron) m.
    log_sd
        (..., neuron) log s.

    Examples
    --------
    >>> Gaussian.of(mean=torch.zeros(1), sd=torch.tensor([2.0])).interval(0.95)
    (tensor([-3.9199]), tensor([3.9199]))
    """

    location: PerEntry
    log_sd: PerEntry

    @classmethod
    def of(cls, *, mean: PerEntry, sd: PerEntry) -> Gaussian:
        """From mean and standard deviation."""
        return cls(mean, sd.log())

    @property
    def mean(self) -> PerEntry:
        """The mean m."""
        return self.location

    @property
    def variance(self) -> PerEntry:
        """s^2."""
        return (2 * self.log_sd).exp()

    def log_prob(self, y: Observed) -> PerEntry:
        """Log p(y) = -((y - m) / s)^2 / 2 - log s - log sqrt(2 pi)."""
        return -0.5 * self._standard(y) ** 2 - self.log_sd - LOG_SQRT_2_PI

    def cdf(self, y: Observed) -> PerEntry:
        """Phi((y - m) / s)."""
        return torch.special.ndtr(self._standard(y))

    def quantile(self, p: float) -> PerEntry:
        """Phi^-1(p) s + m."""
        at = torch.special.ndtri(torch.tensor(p, dtype=torch.float64)).item()
        return (self.location + at * self.log_sd.exp()).detach()

    def deviance(self, y: Observed) -> PerEntry:
        """((y - m) / s)^2."""
        return self._standard(y) ** 2

    def _standard(self, y: Tensor) -> Tensor:
        return (y - self.location) * (-self.log_sd).exp()

    def _draw(self, shape: torch.Size, generator: torch.Generator) -> Tensor:
        like = self.location
        noise = torch.randn(shape, generator=generator, dtype=like.dtype, device=like.device)
        return like + noise * self.log_sd.exp()


class GaussianLikelihood(Likelihood):
    """Gaussian responses from two outputs per neuron, m = a and s = ELU(b) + 1.

    Examples
    --------
    >>> GaussianLikelihood().distribution(torch.tensor([[3.0, 1.0]])).variance
    tensor([4.])
    """

    name = "gaussian"
    parameter_names = ("mean", "sd")
    measure = "Lebesgue"

    @classmethod
    def for_responses(cls, trials: Trials) -> GaussianLikelihood:
        """Needs nothing from the responses but that they are finite."""
        check_support(trials, cls.name)
        return cls()

    def distribution(self, raw: Raw, drive: Raw | None = None) -> Gaussian:
        """Gaussian responses of mean and standard deviation from raw + drive."""
        mean, sd = with_drive(raw, drive).unbind(-1)
        return Gaussian(mean, log_elu_plus_one(sd, LOWEST_LOG_SD))

    def information(self, raw: Raw) -> Raw:
        """1 / s^2, and 2 s'(b)^2 / s^2: 2 below b = 0, 2 / s^2 above."""
        log_sd = log_elu_plus_one(raw[..., 1], LOWEST_LOG_SD)
        return torch.stack([(-2 * log_sd).exp(), 2 * (-2 * log_sd.clamp(min=0)).exp()], dim=-1)

    def constant(self, statistics: ResponseStatistics) -> Float[Tensor, "neuron parameter"]:
        """Mean and standard deviation; that of a constant neuron is a thousandth of the population's."""
        sd = np.sqrt(statistics.variance)
        sd = np.maximum(sd, LEAST_SD * sd.mean() or LEAST_SD)
        raw = torch.from_numpy(statistics.mean), inverse_of_elu_plus_one(torch.from_numpy(sd))
        return torch.stack(raw, dim=-1).float()
