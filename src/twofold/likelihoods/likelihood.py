"""What every likelihood offers: a distribution over responses from a readout's outputs, and its loss."""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import ClassVar

import numpy as np
import torch
from jaxtyping import Bool, Float, Num
from torch import Tensor, nn

from twofold.errors import OptionError
from twofold.likelihoods.statistics import ResponseStatistics

Raw = Float[Tensor, "... neuron parameter"]
PerEntry = Float[Tensor, "... neuron"]
Observed = Num[Tensor, "... neuron"]
Samples = Float[Tensor, "..."]
Scored = Bool[Tensor, "... neuron"]
Trials = Iterable[Num[np.ndarray, "_ _"]]


class ResponseDistribution(ABC):
    """One distribution per entry of (..., neuron); logarithms are natural."""

    @property
    @abstractmethod
    def mean(self) -> PerEntry:
        """E[y]."""

    @property
    @abstractmethod
    def variance(self) -> PerEntry:
        """Var[y]."""

    @abstractmethod
    def log_prob(self, y: Observed) -> PerEntry:
        """The log probability or density of responses, in nats."""

    @abstractmethod
    def cdf(self, y: Observed) -> PerEntry:
        """P(Y <= y)."""

    @abstractmethod
    def quantile(self, p: float) -> PerEntry:
        """The least y with P(Y <= y) >= p; without gradient."""

    @abstractmethod
    def deviance(self, y: Observed) -> PerEntry:
        """2 (log p of the best possible parameters - log p(y)), which is at least 0; kappa and sd stay."""

    @abstractmethod
    def _draw(self, shape: torch.Size, generator: torch.Generator) -> Tensor:
        """Samples of a shape that ends in that of the mean."""

    @torch.no_grad()
    def sample(self, generator: torch.Generator, n: int | None = None) -> Samples:
        """Draw responses: one of each entry, (..., neuron), or n, (sample, ..., neuron)."""
        shape = self.mean.shape
        return self._draw(shape if n is None else torch.Size((n, *shape)), generator)

    def interval(self, level: float) -> tuple[PerEntry, PerEntry]:
        """Ends of the central interval that holds a share `level` of the responses.

        Raises
        ------
        OptionError
            If the level is not between 0 and 1.
        """
        if not 0 < level < 1:
            raise OptionError(f"level={level}: give a share between 0 and 1, such as 0.9")
        return self.quantile((1 - level) / 2), self.quantile((1 + level) / 2)


class IntegratedDistribution(ResponseDistribution):
    """One where the latent state is integrated out, entry by entry."""

    def deviance(self, y: Observed) -> PerEntry:
        """Refused: what the best possible model would say is not defined here."""
        raise OptionError(
            "no deviance is defined where the latent state is integrated out; "
            "compare log_prob, in bits, with that of a null model"
        )


class Likelihood(nn.Module, ABC):
    """A family of distributions, linked to the outputs of a readout; parts per neuron are its buffers.

    Attributes
    ----------
    name
        What it is called on the command line.
    parameter_names
        The readout's outputs per neuron, in order.
    measure
        What its probabilities are of; bits may be compared between equal measures only.
    """

    name: ClassVar[str]
    parameter_names: ClassVar[tuple[str, ...]]
    measure: ClassVar[str]

    @property
    def n_parameters(self) -> int:
        """How many outputs of the readout a neuron needs."""
        return len(self.parameter_names)

    @classmethod
    @abstractmethod
    def for_responses(cls, trials: Trials) -> Likelihood:
        """The likelihood for a recording, from the (time, neuron) responses of its training trials.

        Raises
        ------
        DataError
            If a response cannot come from this family, naming trial, time and neuron.
        """

    @abstractmethod
    def distribution(self, raw: Raw, drive: Raw | None = None) -> ResponseDistribution:
        """The distribution of every response.

        Parameters
        ----------
        raw
            (..., neuron, parameter) outputs of the readout.
        drive
            What a latent state adds to them, of the same shape or one that broadcasts.
        """

    @abstractmethod
    def constant(self, statistics: ResponseStatistics) -> Float[Tensor, "neuron parameter"]:
        """Raw outputs of the likeliest model that never changes: where a readout's bias may start."""

    @abstractmethod
    def information(self, raw: Raw) -> Raw:
        """Expected curvature of -log p at each output, E[-d^2 log p / da^2]; that of any two of them is 0."""

    def of_neurons(self, neurons: np.ndarray) -> Likelihood:
        """The likelihood of some neurons, by their numbers or a boolean mask."""
        own = copy.deepcopy(self)
        for name, values in self.named_buffers():
            own.register_buffer(name, values[torch.from_numpy(neurons)])
        return own

    def null(self, statistics: ResponseStatistics) -> ResponseDistribution:
        """The likeliest constant distribution of each neuron, (neuron,); fit it on training trials."""
        return self.distribution(self.constant(statistics))

    def nll(
        self, raw: Raw, y: Observed, *, drive: Raw | None = None, scored: Scored | None = None
    ) -> Float[Tensor, ""]:
        """Negative log-likelihood in nats, mean over the scored entries: the loss.

        Parameters
        ----------
        raw, drive
            As in `distribution`.
        y
            (..., neuron) responses.
        scored
            True for the entries that count, (..., neuron) or (neuron,); all by default. Others may be NaN.
        """
        driven = with_drive(raw, drive)
        shape = driven.shape[:-1]
        n = shape.numel() if scored is None else scored.expand(shape).sum()
        return self.total_nll(driven, y, scored=scored) / n

    def total_nll(
        self, raw: Raw, y: Observed, *, drive: Raw | None = None, scored: Scored | None = None
    ) -> Float[Tensor, ""]:
        """As `nll`, the sum; processes that share a batch divide it by the number of entries of all."""
        distribution = self.distribution(raw, drive)
        if scored is None:
            return -distribution.log_prob(y).sum()
        log_prob = distribution.log_prob(torch.where(scored, y, 0))
        return -torch.where(scored, log_prob, 0).sum()


def with_drive(raw: Tensor, drive: Tensor | None) -> Tensor:
    """Outputs of the readout and of the latent state, added before the link."""
    return raw if drive is None else raw + drive
