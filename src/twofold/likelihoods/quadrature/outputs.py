"""Outputs of a readout that are uncertain, because a latent state adds to them."""

from __future__ import annotations

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from twofold.likelihoods.likelihood import PerEntry, Raw
from twofold.likelihoods.quadrature.loadings import AnyShape, Latent, Loadings, covariance_of, drive_of

Covariance = Float[Tensor, "... neuron parameter parameter"]
LEAST_VARIANCE = 1e-24  # single precision can take its root, divide by that, and square what results


@dataclass(frozen=True, eq=False)
class GaussianOutputs:
    """Outputs a + w.z of a readout for a Gaussian latent state z; each neuron's are jointly Gaussian.

    Parameters
    ----------
    mean
        (..., neuron, parameter).
    covariance
        (..., neuron, parameter, parameter), or a shape that broadcasts to it.

    Examples
    --------
    >>> import torch
    >>> GaussianOutputs(torch.zeros(5, 3, 2), torch.eye(2).expand(3, 2, 2)).sd(0)
    tensor([1., 1., 1.])
    """

    mean: Raw
    covariance: Covariance

    @classmethod
    def of(
        cls, raw: Raw, weights: Loadings, latent_mean: Latent, latent_covariance: AnyShape
    ) -> GaussianOutputs:
        """Outputs for z ~ N(mu, Sigma): mean a + w mu, covariance w Sigma w^T.

        Parameters
        ----------
        raw
            (..., neuron, parameter) a.
        weights
            (neuron, parameter, latent) w, or `GainWeights`.
        latent_mean
            (..., latent) mu.
        latent_covariance
            Sigma, (..., latent, latent); or the variance s^2 of Sigma = s^2 I, without any axis.

        Examples
        --------
        >>> import torch
        >>> raw, w = torch.zeros(5, 3, 2), torch.ones(3, 2, 4)
        >>> GaussianOutputs.of(raw, w, torch.ones(5, 4), torch.tensor(0.25)).mean[0, 0]
        tensor([4., 4.])
        """
        mean = raw + drive_of(weights, raw, latent_mean)
        return cls(mean, covariance_of(weights, raw, latent_covariance))

    def sd(self, parameter: int) -> AnyShape:
        """Standard deviation of one output, as small in shape as the covariance."""
        return standard_deviation(self.covariance[..., parameter, parameter])

    def first_given_last(self, u: PerEntry) -> tuple[PerEntry, AnyShape]:
        """Mean and standard deviation of the first of two outputs where the last one is u."""
        first, last = self.mean.unbind(-1)
        shared = self.covariance[..., 0, 1]
        slope = shared / self.covariance[..., 1, 1].clamp(min=LEAST_VARIANCE)
        return first + slope * (u - last), standard_deviation(self.covariance[..., 0, 0] - slope * shared)


def standard_deviation(variance: AnyShape) -> AnyShape:
    """Its root, never so small that nothing can be divided by it."""
    return variance.clamp(min=LEAST_VARIANCE).sqrt()
