"""Normal laws of latents with independent dimensions: what encoders and priors give."""

from __future__ import annotations

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

LARGEST_LOG_VARIANCE = 10.0


class DiagonalGaussian(NamedTuple):
    """N(mean, diag exp(log_variance)) for each row.

    Parameters
    ----------
    mean, log_variance
        (row, dimension).
    """

    mean: Float[Tensor, "row dimension"]
    log_variance: Float[Tensor, "row dimension"]

    @classmethod
    def of(cls, output: Float[Tensor, "row twice_dimension"]) -> DiagonalGaussian:
        """From the outputs of a network: means, then log variances, which are kept within +-10."""
        mean, log_variance = output.chunk(2, dim=-1)
        return cls(mean, log_variance.clamp(-LARGEST_LOG_VARIANCE, LARGEST_LOG_VARIANCE))

    def draw(self, noise: Float[Tensor, "row dimension"]) -> Float[Tensor, "row dimension"]:
        """Mean + sd noise: a draw where the noise is standard normal, through which gradients pass."""
        return self.mean + (self.log_variance / 2).exp() * noise

    def kl(self, prior: DiagonalGaussian | None = None) -> Float[Tensor, "row dimension"]:
        """Divergence from the prior in nats; by default from N(0, 1).

        KL = ((m - m_0)^2 / v_0 + v / v_0 - 1 - log(v / v_0)) / 2

        Examples
        --------
        >>> DiagonalGaussian(torch.ones(1, 1), torch.zeros(1, 1)).kl()
        tensor([[0.5000]])
        """
        if prior is None:
            return (self.mean.square() + self.log_variance.exp() - 1 - self.log_variance) / 2
        log_ratio = self.log_variance - prior.log_variance
        squared = (self.mean - prior.mean).square() * (-prior.log_variance).exp()
        return (squared + log_ratio.exp() - 1 - log_ratio) / 2

    def times(self, other: DiagonalGaussian) -> DiagonalGaussian:
        """The normalised product of two densities: precisions add up, and weigh the means.

        Examples
        --------
        >>> standard = DiagonalGaussian(torch.zeros(1, 1), torch.zeros(1, 1))
        >>> standard.times(DiagonalGaussian(torch.ones(1, 1), torch.zeros(1, 1))).mean
        tensor([[0.5000]])
        """
        share = self.share_of(other)
        mean = self.mean + share * (other.mean - self.mean)
        return DiagonalGaussian(mean, -torch.logaddexp(-self.log_variance, -other.log_variance))

    def share_of(self, other: DiagonalGaussian) -> Float[Tensor, "row dimension"]:
        """Which share of the precision of the product comes from the other one."""
        return torch.sigmoid(self.log_variance - other.log_variance)


def standard_noise(n_rows: int, dimension: int, generator: torch.Generator) -> Float[Tensor, "row dimension"]:
    """Standard normal numbers, on the generator's device."""
    return torch.randn(n_rows, dimension, generator=generator, device=generator.device)
