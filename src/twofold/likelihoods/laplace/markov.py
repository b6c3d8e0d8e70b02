r"""A latent state that remembers: the prior of its whole path, dimension by dimension.

.. math::

    z_{t,k} = \phi_k z_{t-1,k} + \sqrt{1 - \phi_k^2}\, \epsilon_{t,k}, \quad z_1, \epsilon_t \sim N(0, I)

so that at any time by itself it is N(0, I). Its path is Gaussian with inverse covariance Lambda,

.. math::

    z^\top \Lambda z = \sum_k z_{1,k}^2 + \sum_{t > 1, k} (z_{t,k} - \phi_k z_{t-1,k})^2 / (1 - \phi_k^2)

which binds no other times than neighbours.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from twofold.likelihoods.laplace.chain import Between, Blocks, GaussianChain, States


@dataclass(frozen=True, eq=False)
class MarkovPrior:
    """States with memory; white where phi is 0.

    Parameters
    ----------
    phi
        (latent,) correlation of each latent from one time to the next, between -1 and 1.

    Examples
    --------
    >>> prior, none = MarkovPrior(torch.tensor([0.5])), torch.zeros(3, 1, 1)
    >>> prior.given(none).covariances()[1].flatten()  # Cov(z_t, z_{t+1}), with nothing given
    tensor([0.5000, 0.5000])
    """

    phi: Float[Tensor, " latent"]

    @property
    def noise(self) -> Float[Tensor, " latent"]:
        """Variance of a step, 1 - phi^2."""
        return 1 - self.phi.square()

    def given(self, information: Blocks) -> GaussianChain:
        """The path once each time has information J_t of its own: inverse covariance Lambda + J.

        Raises
        ------
        torch.linalg.LinAlgError
            If that is not positive definite.
        """
        n_time = information.shape[-3]
        time = torch.arange(n_time, device=self.phi.device).unsqueeze(-1)
        neighbours = (time > 0).to(self.phi) + (time < n_time - 1)
        own = torch.diag_embed(1 + neighbours * self.phi.square() / self.noise)
        between = torch.diag_embed(-self.phi / self.noise).expand(*information.shape[:-3], n_time - 1, -1, -1)
        return GaussianChain.of(information + own, between)

    def log_det(self, n_time: int) -> Float[Tensor, ""]:
        """Logarithm of the determinant of Lambda, for a path of some length."""
        return -(n_time - 1) * self.noise.log().sum()

    def square(self, z: States) -> Float[Tensor, "*many"]:
        """The quadratic form, z' Lambda z."""
        steps = z[..., 1:, :] - self.phi * z[..., :-1, :]
        return z[..., 0, :].square().sum(-1) + (steps.square() / self.noise).sum((-2, -1))

    def expected_square(self, mean: States, covariance: Blocks, with_next: Between) -> Float[Tensor, "*many"]:
        """E[z' Lambda z] of a Gaussian path.

        Parameters
        ----------
        mean, covariance
            At each time.
        with_next
            Cov(z_t, z_{t+1}).
        """
        at, across = (part.diagonal(dim1=-2, dim2=-1) for part in (covariance, with_next))
        steps = at[..., 1:, :] - 2 * self.phi * across + self.phi.square() * at[..., :-1, :]
        return self.square(mean) + at[..., 0, :].sum(-1) + (steps / self.noise).sum((-2, -1))

    def slope(self, z: States) -> States:
        """Half of its gradient, Lambda z."""
        pull = functional.pad((z[..., 1:, :] - self.phi * z[..., :-1, :]) / self.noise, (0, 0, 1, 1))
        first = functional.pad(z[..., :1, :], (0, 0, 0, z.shape[-2] - 1))
        return first + pull[..., :-1, :] - self.phi * pull[..., 1:, :]
