"""Responses with the latent state integrated out: no samples, and in bounded memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from twofold.likelihoods.flow import FlowLikelihood
from twofold.likelihoods.likelihood import IntegratedDistribution, Likelihood, Observed, PerEntry
from twofold.likelihoods.quadrature.conditional import responses_given
from twofold.likelihoods.quadrature.flow import IntegratedFlow
from twofold.likelihoods.quadrature.marginal import log_marginal
from twofold.likelihoods.quadrature.mixture import NODES_OF_QUANTILES, Mixture, mixture
from twofold.likelihoods.quadrature.outputs import GaussianOutputs
from twofold.likelihoods.zig import ZigLikelihood

ENTRIES_AT_ONCE = {"cpu": 2**14, "cuda": 2**20}  # each has tens of nodes


def integrated(likelihood: Likelihood, outputs: GaussianOutputs) -> Integrated | IntegratedFlow:
    """The distribution of responses where the outputs of the readout are uncertain.

    Parameters
    ----------
    likelihood
        Poisson, Gaussian, zero-inflated gamma or flow.
    outputs
        What is known of the outputs, as from `GaussianOutputs.of`.

    Examples
    --------
    >>> from twofold.likelihoods import PoissonLikelihood
    >>> raw, w = torch.ones(4, 1, 1), torch.ones(1, 1, 3)
    >>> prior = GaussianOutputs.of(raw, w, torch.zeros(4, 3), torch.tensor(1.0))
    >>> p = integrated(PoissonLikelihood(), prior)
    >>> p.mean[0], p.variance[0]
    (tensor([2.1486]), tensor([4.3929]))
    """
    if isinstance(likelihood, FlowLikelihood):
        return IntegratedFlow(likelihood, outputs)
    return Integrated(likelihood, outputs)


@dataclass(frozen=True, eq=False)
class Integrated(IntegratedDistribution):
    """Responses of each entry by itself, whatever the outputs are; without gradients.

    The latent state couples neurons; that is not in here. Responses that are drawn of one time point are
    independent between neurons.

    Parameters
    ----------
    likelihood
        Of the responses where the outputs are known.
    outputs
        Their means and covariances.
    """

    likelihood: Likelihood
    outputs: GaussianOutputs

    @property
    def mean(self) -> PerEntry:
        """E[y]."""
        return self._of_mixtures(lambda p: p.mean)

    @property
    def variance(self) -> PerEntry:
        """Var[y]."""
        return self._of_mixtures(lambda p: p.variance)

    def log_prob(self, y: Observed) -> PerEntry:
        """The log probability or density of each response by itself, in nats."""
        return self._in_blocks(lambda outputs, at: log_marginal(self.likelihood, outputs, at), y)

    def cdf(self, y: Observed) -> PerEntry:
        """P(Y <= y)."""
        return self._in_blocks(lambda outputs, at: mixture(self.likelihood, outputs).cdf(at), y)

    def quantile(self, p: float) -> PerEntry:
        """The least y with P(Y <= y) >= p, to 1e-4 in p; of counts a whole number."""
        corners = (0.0, self.likelihood.rho) if isinstance(self.likelihood, ZigLikelihood) else ()
        found = self._in_blocks(
            lambda outputs, _: mixture(self.likelihood, outputs, NODES_OF_QUANTILES).quantile(p, corners)
        )
        return found.floor() if self.likelihood.measure == "counts" else found

    @torch.no_grad()
    def _draw(self, shape: torch.Size, generator: torch.Generator) -> Tensor:
        like = self.outputs.mean[..., -1]
        noise = torch.randn(shape, generator=generator, dtype=like.dtype, device=like.device)
        u = like + self.outputs.sd(-1) * noise
        return responses_given(self.likelihood, self.outputs, u).sample(generator)

    def _of_mixtures(self, function: Callable[[Mixture], Tensor]) -> PerEntry:
        return self._in_blocks(lambda outputs, _: function(mixture(self.likelihood, outputs)))

    @torch.no_grad()
    def _in_blocks(
        self, function: Callable[[GaussianOutputs, Tensor], Tensor], y: Tensor | None = None
    ) -> PerEntry:
        """A function of blocks of time points, (time, neuron), together."""
        *lead, n_neurons, n_parameters = self.outputs.mean.shape
        mean = self.outputs.mean.reshape(-1, n_neurons, n_parameters)
        square = (n_neurons, n_parameters, n_parameters)
        covariance = self.outputs.covariance.expand(*lead, *square).reshape(-1, *square)
        y = mean[..., 0] if y is None else y.expand(*lead, n_neurons).reshape(-1, n_neurons)
        size = max(1, ENTRIES_AT_ONCE.get(mean.device.type, 2**14) // max(1, n_neurons))
        blocks = zip(mean.split(size), covariance.split(size), y.split(size), strict=True)
        return torch.cat([function(GaussianOutputs(m, c), part) for m, c, part in blocks]).reshape(
            *lead, n_neurons
        )
