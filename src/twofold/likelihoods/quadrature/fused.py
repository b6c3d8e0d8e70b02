"""The expected loss with its gradient, in one pass and in bounded memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor
from torch.autograd.function import once_differentiable

from twofold.errors import OptionError
from twofold.likelihoods.flow import FlowLikelihood
from twofold.likelihoods.gaussian import GaussianLikelihood
from twofold.likelihoods.likelihood import Likelihood, Observed, Raw, Scored
from twofold.likelihoods.poisson import PoissonLikelihood
from twofold.likelihoods.quadrature.flow import flow_expected_nll
from twofold.likelihoods.quadrature.gaussian_terms import gaussian_terms
from twofold.likelihoods.quadrature.loadings import Latent, Loadings
from twofold.likelihoods.quadrature.outputs import GaussianOutputs
from twofold.likelihoods.quadrature.poisson_terms import poisson_terms
from twofold.likelihoods.quadrature.terms import Entries, Terms
from twofold.likelihoods.quadrature.zig_terms import zig_terms
from twofold.likelihoods.zig import ZigLikelihood

PAIRS = {1: [(0, 0)], 2: [(0, 0), (0, 1), (1, 1)]}  # of outputs, by how many there are
ENTRIES_AT_ONCE = {"cpu": 2**16, "cuda": 2**22}  # their intermediate results fit the cache, the memory


def expected_nll(
    likelihood: Likelihood,
    raw: Raw,
    weights: Loadings,
    latent_mean: Latent,
    latent_sd: Float[Tensor, ""],
    y: Observed,
    scored: Scored | None = None,
) -> Float[Tensor, ""]:
    """E[-log p(y | z)] in nats over z ~ N(mu, s^2 I), summed over the scored entries, by quadrature.

    Parameters
    ----------
    likelihood
        Poisson, zero-inflated gamma or flow, or Gaussian.
    raw
        (..., neuron, parameter) outputs of the readout.
    weights
        (neuron, parameter, latent) w; the latent state adds w.z to the outputs.
    latent_mean
        (..., latent) mu.
    latent_sd
        s.
    y
        (..., neuron) responses.
    scored
        True for the entries that count, (..., neuron) or (neuron,); all by default. Others may be NaN.

    Raises
    ------
    OptionError
        If the likelihood is another, or has the constants of the released code.

    Examples
    --------
    >>> from twofold.likelihoods import PoissonLikelihood
    >>> raw, w, mu = torch.ones(1, 1, 1), torch.ones(1, 1, 3), torch.zeros(1, 3, requires_grad=True)
    >>> expected_nll(PoissonLikelihood(), raw, w, mu, torch.tensor(0.5), torch.zeros(1, 1)).backward()
    >>> mu.grad
    tensor([[0.9615, 0.9615, 0.9615]])
    """
    return expected_nll_of(likelihood, GaussianOutputs.of(raw, weights, latent_mean, latent_sd**2), y, scored)


def expected_nll_of(
    likelihood: Likelihood, outputs: GaussianOutputs, y: Observed, scored: Scored | None = None
) -> Float[Tensor, ""]:
    """As `expected_nll`, of outputs with any mean and covariance, which get the gradient."""
    if isinstance(likelihood, FlowLikelihood):
        return flow_expected_nll(likelihood, outputs, y, scored)
    shape = outputs.mean.shape[:-1]
    mean = outputs.mean.movedim(-1, 0).reshape(outputs.mean.shape[-1], -1, shape[-1])
    covariance = torch.stack([outputs.covariance[..., i, j] for i, j in PAIRS[len(mean)]])
    if covariance.shape[1:-1].numel() > 1:  # else every time point has the same
        covariance = covariance.expand(len(covariance), *shape)
    total: Tensor = _ExpectedNll.apply(
        mean,
        covariance.reshape(len(covariance), -1, shape[-1]),
        y.expand(shape).reshape(-1, shape[-1]),
        None if scored is None else scored.expand(shape).reshape(-1, shape[-1]),
        expected_terms(likelihood),
    )
    return total


def expected_terms(likelihood: Likelihood) -> Callable[[Entries], Terms]:
    """The expected loss of a likelihood, entry by entry.

    Raises
    ------
    OptionError
        If it is not known.
    """
    match likelihood:
        case ZigLikelihood(paper_code=False):
            return lambda entries: zig_terms(likelihood, entries)
        case PoissonLikelihood():
            return lambda entries: poisson_terms(likelihood, entries)
        case GaussianLikelihood():
            return lambda entries: gaussian_terms(likelihood, entries)
        case ZigLikelihood():
            what = "the zero-inflated gamma with the constants of the released code"
        case _:
            what = f"the likelihood {likelihood.name!r}"
    raise OptionError(f"the expected loss of {what} is not known; use samples (expected_nll_monte_carlo)")


class _ExpectedNll(torch.autograd.Function):
    """Mean (parameter, time, neuron), covariance (pair, time or 1, neuron), y and scored (time, neuron)."""

    @staticmethod
    def forward(
        ctx: Any,
        mean: Tensor,
        covariance: Tensor,
        y: Tensor,
        scored: Tensor | None,
        terms: Callable[[Entries], Terms],
    ) -> Tensor:
        total = mean.new_zeros(())
        by_mean, by_covariance = torch.empty_like(mean), torch.zeros_like(covariance)
        constant = covariance.shape[1] == 1
        neurons = torch.arange(y.shape[1], device=y.device)
        for rows in _blocks(y, scored):
            known = covariance if constant else covariance[:, rows.at]
            entries = Entries(
                [rows.entries(part) for part in mean[:, rows.at]],
                [rows.entries(part) for part in known],
                rows.entries(y[rows.at]),
                rows.entries(neurons),
            )
            found = terms(entries)
            total += found.nll.sum()
            for into, slope in zip(by_mean, found.by_mean, strict=True):
                into[rows.at] = rows.filled(slope)
            for into, slope_or_none in zip(by_covariance, found.by_covariance, strict=True):
                if slope_or_none is not None:
                    slope = rows.filled(slope_or_none)
                    into[slice(None) if constant else rows.at] += slope.sum(0) if constant else slope
        ctx.save_for_backward(by_mean, by_covariance)
        return total

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor | None, ...]:
        by_mean, by_covariance = ctx.saved_tensors
        return by_mean * upstream, by_covariance * upstream, None, None, None


class _Block(NamedTuple):
    """Some time points, and the places of their scored entries in a row; None if these are all."""

    at: slice
    shape: torch.Size
    scored: Tensor | None

    def entries(self, part: Tensor) -> Tensor:
        """The scored ones in a row."""
        row = part.expand(self.shape).reshape(-1)
        return row if self.scored is None else row[self.scored]

    def filled(self, entries: Tensor) -> Tensor:
        """Back to (time, neuron), 0 where not scored."""
        if self.scored is None:
            return entries.view(self.shape)
        return entries.new_zeros(self.shape.numel()).index_copy_(0, self.scored, entries).view(self.shape)


def _blocks(y: Tensor, scored: Tensor | None) -> Iterator[_Block]:
    size = max(1, ENTRIES_AT_ONCE.get(y.device.type, 2**16) // max(1, y.shape[1]))
    for start in range(0, len(y), size):
        at = slice(start, start + size)
        places = None if scored is None else scored[at].reshape(-1).nonzero()[:, 0]
        yield _Block(at, y[at].shape, places)
