"""What is known of the state: a Gaussian at every time."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

PATHS = 1000  # drawn where a smoother bends the state


@dataclass(frozen=True, eq=False)
class StateMoments:
    """z_t ~ N(mu_t, Sigma_t).

    Parameters
    ----------
    mean
        (..., time, dimension).
    covariance
        (..., time, dimension, dimension); or (dimension, dimension), the same at all times.
    """

    mean: Float[Tensor, "*clip time dimension"]
    covariance: Float[Tensor, "*many dimension dimension"]

    @classmethod
    def isotropic(
        cls, mean: Float[Tensor, "*clip time dimension"], sd: Float[Tensor, "*some"]
    ) -> StateMoments:
        """Of one standard deviation in all directions, () or (..., time, 1)."""
        one = torch.eye(mean.shape[-1], dtype=mean.dtype, device=mean.device)
        return cls(mean, sd.square().unsqueeze(-1) * one if sd.ndim else sd.square() * one)

    @classmethod
    def prior(cls, n_time: int, dimension: int) -> StateMoments:
        """N(0, I)."""
        return cls(torch.zeros(n_time, dimension), torch.eye(dimension))

    def after(self, step: StateMoments) -> StateMoments:
        """What follows if this corrects a first estimate (m, C): mean m + C mu, covariance Sigma C.

        The mean is added as further evidence, C (evidence + mu), which counts the less the more is known.
        """
        mean = step.mean + (step.covariance @ self.mean.unsqueeze(-1)).squeeze(-1)
        return StateMoments(mean, self.covariance @ step.covariance)

    @property
    def sd(self) -> Float[Tensor, "*clip time dimension"]:
        """Of each latent by itself."""
        return self.covariance.diagonal(dim1=-2, dim2=-1).sqrt().expand_as(self.mean)

    def divergence(self, reverse: bool = False) -> Float[Tensor, "*clip time"]:
        r"""KL(N(mu, Sigma) || N(0, I)) in nats, at every time; or the other way around.

        :math:`\tfrac12 (\operatorname{tr} \Sigma + |\mu|^2 - K - \ln |\Sigma|)`; reverse
        :math:`\tfrac12 (\operatorname{tr} \Sigma^{-1} + \mu^\top \Sigma^{-1} \mu - K + \ln |\Sigma|)`.

        Examples
        --------
        >>> StateMoments.prior(2, 3).divergence()
        tensor([0., 0.])
        """
        k, root = self.mean.shape[-1], torch.linalg.cholesky(self.covariance)
        log_det = 2 * root.diagonal(dim1=-2, dim2=-1).log().sum(-1)
        trace = self.covariance.diagonal(dim1=-2, dim2=-1).sum(-1)
        if not reverse:
            return 0.5 * (trace + self.mean.square().sum(-1) - k - log_det)
        inverse = torch.cholesky_inverse(root)
        square = (self.mean.unsqueeze(-2) @ inverse @ self.mean.unsqueeze(-1)).squeeze((-2, -1))
        return 0.5 * (inverse.diagonal(dim1=-2, dim2=-1).sum(-1) + square - k + log_det)

    def path(self, noise: Float[Tensor, "*draws time dimension"]) -> Float[Tensor, "*draws time dimension"]:
        """States z from standard normal noise."""
        root = torch.linalg.cholesky(self.covariance)
        return self.mean + (root @ noise.unsqueeze(-1)).squeeze(-1)

    def smoothed(self, smoother: nn.Module, seed: int = 0) -> StateMoments:
        """Moments, (time, ...), of the state of one clip behind a smoother, by samples of whole paths."""
        generator = torch.Generator().manual_seed(seed)
        noise = torch.randn((PATHS, *self.mean.shape), generator=generator).to(self.mean.device)
        paths = smoother(self.path(noise))
        off = (paths - paths.mean(0)).movedim(0, 2)  # (time, dimension, path)
        return StateMoments(paths.mean(0), off @ off.mT / PATHS)

    def to(self, device: torch.device | str) -> StateMoments:
        """The same on a device."""
        return StateMoments(self.mean.to(device), self.covariance.to(device))

    def of_clip(self, number: int) -> StateMoments:
        """One of several clips."""
        shared = self.covariance.ndim == 2
        return StateMoments(self.mean[number], self.covariance if shared else self.covariance[number])
