r"""Gaussian states of which each depends on its neighbours in time alone, by elimination of every other time.

.. math::

    \log p(z) = \sum_t (h_t \cdot z_t - \tfrac12 z_t^\top A_t z_t) - \sum_t z_t^\top B_t z_{t+1} + \ldots

Given the odd times, the even ones are independent of each other; without them, the odd ones are again such a
chain, half as long. With D = A_t of an even time t, L and R what binds it to the odd times before and after,

.. math::

    z_t | z_{t-1}, z_{t+1} \sim N(D^{-1}(h_t - L z_{t-1} - R z_{t+1}), D^{-1})

So moments and samples of all times take log2(time) steps, each for half of the times that are left at once:
what a Kalman filter and smoother find, in parallel over time. (Cyclic reduction; Hockney 1965, Journal of the
ACM 12:95.)
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

States = Float[Tensor, "*many time latent"]
Blocks = Float[Tensor, "*many time latent latent"]
Between = Float[Tensor, "*many gap latent latent"]


@dataclass(frozen=True, eq=False)
class GaussianChain:
    """The inverse covariance of a chain, factorised.

    Parameters
    ----------
    root, inverse
        (..., even, latent, latent) Cholesky factor of D, and its inverse.
    before, after
        (..., even, latent, latent) D^-1 L and D^-1 R; 0 where there is no time before or after.
    odd
        The chain of the odd times; None where there is none.

    Examples
    --------
    >>> one = torch.ones(1, 1, dtype=torch.float64)
    >>> chain = GaussianChain.of(torch.stack([2 * one, 2 * one]), -one[None])
    >>> chain.mean(torch.tensor([[3.0], [0.0]]).double()).flatten()
    tensor([2.0000, 1.0000], dtype=torch.float64)
    """

    root: Blocks
    inverse: Blocks
    before: Blocks
    after: Blocks
    odd: GaussianChain | None

    @classmethod
    def of(cls, blocks: Blocks, between: Between) -> GaussianChain:
        """From A, and B, one shorter.

        Raises
        ------
        torch.linalg.LinAlgError
            If the inverse covariance is not positive definite.
        """
        own, rest = blocks[..., 0::2, :, :], blocks[..., 1::2, :, :]
        n, n_odd, padded = own.shape[-3], rest.shape[-3], _padded(between)
        left, right = padded[..., 0::2, :, :][..., :n, :, :].mT, padded[..., 1::2, :, :]
        root = torch.linalg.cholesky(own)
        before, after = torch.cholesky_solve(left, root), torch.cholesky_solve(right, root)
        odd = None
        if n_odd:
            behind = _padded(left.mT @ before)[..., 2 : n_odd + 2, :, :]
            rest = rest - (right.mT @ after)[..., :n_odd, :, :] - behind
            odd = cls.of(rest, -(left.mT @ after)[..., 1:n_odd, :, :])
        return cls(root, torch.cholesky_inverse(root), before, after, odd)

    @property
    def log_det(self) -> Float[Tensor, "*many"]:
        """Logarithm of the determinant of the inverse covariance of all times together."""
        own = 2 * self.root.diagonal(dim1=-2, dim2=-1).log().sum((-2, -1))
        return own if self.odd is None else own + self.odd.log_det

    def mean(self, h: States) -> States:
        """Where the density is highest."""
        own, rest = h[..., 0::2, :], h[..., 1::2, :]
        later = None
        if self.odd is not None:
            n_odd = rest.shape[-2]
            behind = _padded(_times(self.before.mT, own), 2)[..., 2 : n_odd + 2, :]
            later = self.odd.mean(rest - _times(self.after.mT, own)[..., :n_odd, :] - behind)
        return self._filled(_times(self.inverse, own), later)

    def from_noise(self, noise: States) -> States:
        """A path of mean 0 from standard normal noise."""
        own = torch.linalg.solve_triangular(self.root.mT, noise[..., 0::2, :, None], upper=True)[..., 0]
        return self._filled(own, None if self.odd is None else self.odd.from_noise(noise[..., 1::2, :]))

    def covariances(self) -> tuple[Blocks, Between]:
        """Covariance of each time, and of each time with the next, Cov(z_t, z_{t+1})."""
        if self.odd is None:
            return self.inverse, self.inverse[..., 1:, :, :]
        at, across = self.odd.covariances()
        n, n_odd = self.root.shape[-3], at.shape[-3]
        at, across = _padded(at), _padded(across)[..., :n, :, :]
        first, second = at[..., :n, :, :], at[..., 1 : n + 1, :, :]
        with_before = -(self.before @ first + self.after @ across.mT)
        with_after = -(self.before @ across + self.after @ second)
        own = self.inverse - with_before @ self.before.mT - with_after @ self.after.mT
        next_one = _alternating(with_after[..., :n_odd, :, :], with_before[..., 1:, :, :].mT, -3)
        return _alternating(own, at[..., 1 : n_odd + 1, :, :], -3), next_one

    def _filled(self, own: Tensor, odd: Tensor | None) -> Tensor:
        """Even times by themselves, moved to where the odd ones draw them, among these."""
        if odd is None:
            return own
        around, n = _padded(odd, 2), own.shape[-2]
        own = own - _times(self.before, around[..., :n, :]) - _times(self.after, around[..., 1 : n + 1, :])
        return _alternating(own, odd, -2)


def _padded(parts: Tensor, axis_from_end: int = 3) -> Tensor:
    """With zeros before and after the axis of time."""
    return functional.pad(parts, (0, 0) * (axis_from_end - 1) + (1, 1))


def _alternating(first: Tensor, second: Tensor, axis: int) -> Tensor:
    """first[0], second[0], first[1], ..."""
    shape = list(first.shape)
    shape[axis] += second.shape[axis]
    joined = first.new_empty(shape).movedim(axis, 0)
    joined[0::2], joined[1::2] = first.movedim(axis, 0), second.movedim(axis, 0)
    return joined.movedim(0, axis)


def _times(matrices: Tensor, vectors: Tensor) -> Tensor:
    return (matrices @ vectors.unsqueeze(-1)).squeeze(-1)
