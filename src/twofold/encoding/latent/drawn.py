"""Responses with the state integrated out by draws of it: for states that no Gaussian describes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from jaxtyping import Float
from scipy.special import ndtri
from scipy.stats import qmc
from torch import Tensor

from twofold.encoding.latent.state import StateMoments
from twofold.likelihoods import Likelihood
from twofold.likelihoods.likelihood import IntegratedDistribution, Observed, PerEntry
from twofold.likelihoods.quadrature import Loadings
from twofold.likelihoods.quadrature.loadings import drive_of
from twofold.likelihoods.quadrature.mixture import Mixture
from twofold.nn import PriorFlow

DRAWS = 512
ENTRIES_AT_ONCE = 2**21  # of draws, times and neurons


def states_of(state: StateMoments, flow: PriorFlow) -> Float[Tensor, "draw time dimension"]:
    """Draws of z = g(u) for what is known of u, from the same evenly spread points at all times."""
    noise = torch.from_numpy(normal_points(state.mean.shape[-1])).to(state.mean)
    return flow(state.path(noise.unsqueeze(1).expand(-1, *state.mean.shape)))


@cache
def normal_points(dimension: int) -> Float[np.ndarray, "draw dimension"]:
    """Standard normal points from a scrambled Sobol sequence, always the same.

    Examples
    --------
    >>> normal_points(3).mean(axis=0).round(2) + 0
    array([0., 0., 0.])
    """
    points: Float[np.ndarray, "draw dimension"] = ndtri(qmc.Sobol(dimension, rng=0).random(DRAWS))
    return points


def moments_of(states: Float[Tensor, "draw time dimension"]) -> StateMoments:
    """Mean and covariance of draws at each time."""
    mean = states.mean(0)
    off = (states - mean).movedim(0, 2)  # (time, dimension, draw)
    return StateMoments(mean, off @ off.mT / len(states))


@dataclass(frozen=True, eq=False)
class Drawn(IntegratedDistribution):
    """Responses of each entry by itself, whatever the state is.

    Parameters
    ----------
    likelihood, raw, weights
        What gives the responses where the state is known; raw is (time, neuron, parameter).
    states
        Draws z.
    """

    likelihood: Likelihood
    raw: Float[Tensor, "time neuron parameter"]
    weights: Loadings
    states: Float[Tensor, "draw time dimension"]

    @property
    def mean(self) -> PerEntry:
        """E[y]; with a gradient."""
        return self._in_blocks(lambda p, _: p.mean)

    @property
    @torch.no_grad()
    def variance(self) -> PerEntry:
        """Var[y]."""
        return self._in_blocks(lambda p, _: p.variance)

    @torch.no_grad()
    def log_prob(self, y: Observed) -> PerEntry:
        """The log probability or density of each response by itself, in nats."""
        n = np.log(len(self.states))
        return self._in_blocks(lambda p, at: p.parts.log_prob(at).logsumexp(0) - n, y)

    @torch.no_grad()
    def cdf(self, y: Observed) -> PerEntry:
        """P(Y <= y)."""
        return self._in_blocks(lambda p, at: p.cdf(at), y)

    @torch.no_grad()
    def quantile(self, p: float) -> PerEntry:
        """The least y with P(Y <= y) >= p, to 1e-4 in p; of counts a whole number."""
        rho = getattr(self.likelihood, "rho", None)
        corners = () if rho is None else (0.0, float(rho))
        found = self._in_blocks(lambda mixed, _: mixed.quantile(p, corners))
        return found.floor() if self.likelihood.measure == "counts" else found

    @torch.no_grad()
    def sample(self, generator: torch.Generator, n: int | None = None) -> Tensor:
        """Draw responses, of all neurons at one time from the same state."""
        found = [self._draw(self.raw.shape[:-1], generator) for _ in range(n or 1)]
        return found[0] if n is None else torch.stack(found)

    def _draw(self, shape: torch.Size, generator: torch.Generator) -> Tensor:
        n_draws, n_times = self.states.shape[:2]
        chosen = torch.randint(n_draws, (n_times,), generator=generator, device=self.states.device)
        z = self.states[chosen, torch.arange(n_times, device=self.states.device)]
        return self.likelihood.distribution(self.raw, drive_of(self.weights, self.raw, z)).sample(generator)

    def _in_blocks(self, function: Callable[[Mixture, Tensor], Tensor], y: Tensor | None = None) -> PerEntry:
        """A function of the mixtures at some times together."""
        n_draws, n_neurons = len(self.states), self.raw.shape[1]
        size = max(1, ENTRIES_AT_ONCE // (n_draws * max(1, n_neurons)))
        y = self.raw[..., 0] if y is None else y.expand(self.raw.shape[:-1])
        found = []
        for raw, z, at in zip(
            self.raw.split(size), self.states.split(size, dim=1), y.split(size), strict=True
        ):
            parts = self.likelihood.distribution(raw, drive_of(self.weights, raw, z))
            weights = raw.new_full((), 1 / n_draws).expand(n_draws, len(raw), n_neurons)
            found.append(function(Mixture(weights, parts), at))
        return torch.cat(found)
