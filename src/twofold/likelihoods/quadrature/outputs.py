"""Outputs of a readout that are uncertain, because a latent state adds to them."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from twofold.likelihoods.likelihood import PerEntry, Raw

Weights = Float[Tensor, "neuron parameter latent"]
Covariance = Float[Tensor, "... neuron parameter parameter"]
Latent = Float[Tensor, "... latent"]
AnyShape = Float[Tensor, "..."]
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
    >>> GaussianOutputs(torch.zeros(5, 3, 2), torch.eye(2).expand(3, 2, 2)).sd(0)
    tensor([1., 1., 1.])
    """

    mean: Raw
    covariance: Covariance

    @classmethod
    def of(
        cls, raw: Raw, weights: Weights, latent_mean: Latent, latent_covariance: AnyShape
    ) -> GaussianOutputs:
        """Outputs for z ~ N(mu, Sigma): mean a + w mu, covariance w Sigma w^T.

        Parameters
        ----------
        raw
            (..., neuron, parameter) a.
        weights
            (neuron, parameter, latent) w.
        latent_mean
            (..., latent) mu.
        latent_covariance
            Sigma, (..., latent, latent); or the variance s^2 of Sigma = s^2 I, without any axis.

        Examples
        --------
        >>> raw, w = torch.zeros(5, 3, 2), torch.ones(3, 2, 4)
        >>> GaussianOutputs.of(raw, w, torch.ones(5, 4), torch.tensor(0.25)).mean[0, 0]
        tensor([4., 4.])
        """
        mean = raw + latent_drive(weights, latent_mean)
        if latent_covariance.ndim == 0:
            return cls(mean, latent_covariance * (weights @ weights.mT))
        # One product of matrices; (time, neuron) of small ones take twenty times as long.
        pairs = torch.einsum("npk,nql->npqkl", weights, weights)
        covariance = latent_covariance.flatten(-2) @ pairs.flatten(3).flatten(0, 2).mT
        return cls(mean, covariance.unflatten(-1, pairs.shape[:3]))

    def sd(self, parameter: int) -> AnyShape:
        """Standard deviation of one output, as small in shape as the covariance."""
        return standard_deviation(self.covariance[..., parameter, parameter])

    def first_given_last(self, u: PerEntry) -> tuple[PerEntry, AnyShape]:
        """Mean and standard deviation of the first of two outputs where the last one is u."""
        first, last = self.mean.unbind(-1)
        shared = self.covariance[..., 0, 1]
        slope = shared / self.covariance[..., 1, 1].clamp(min=LEAST_VARIANCE)
        return first + slope * (u - last), standard_deviation(self.covariance[..., 0, 0] - slope * shared)


def latent_drive(weights: Weights, z: Latent) -> Raw:
    """w.z, (..., neuron, parameter), each parameter in one piece of memory.

    Examples
    --------
    >>> latent_drive(torch.ones(3, 2, 4), torch.ones(5, 4)).shape
    torch.Size([5, 3, 2])
    """
    drive = z.reshape(-1, z.shape[-1]) @ weights.permute(1, 2, 0)
    return drive.reshape(-1, *z.shape[:-1], len(weights)).movedim(0, -1)


def standard_deviation(variance: AnyShape) -> AnyShape:
    """Its root, never so small that nothing can be divided by it."""
    return variance.clamp(min=LEAST_VARIANCE).sqrt()
