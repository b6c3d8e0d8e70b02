r"""What a latent state adds to the outputs of a readout, which may grow with the outputs themselves.

.. math:: a_{it} (1 + v_i \cdot z_t) + w_i \cdot z_t = a_{it} + w_{it} \cdot z_t, \qquad
          w_{it} = w_i + a_{it} v_i

for each output of a neuron by itself. However large the gain v, outputs are linear in the state where the
video is known, and Gaussian if it is. Sums over w_it are taken term by term,

.. math:: w_{it} \Sigma w_{it}^\top = w \Sigma w^\top + a\, (w \Sigma v^\top + v \Sigma w^\top)
          + a^2\, v \Sigma v^\top ,

so that nothing of the size (time, neuron, parameter, latent) is ever held.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Integer
from torch import Tensor

from twofold.likelihoods.likelihood import Raw

Weights = Float[Tensor, "neuron parameter latent"]
Latent = Float[Tensor, "... latent"]
AnyShape = Float[Tensor, "..."]
PRODUCTS_AT_ONCE = 2**22  # of the weights of a neuron, pair by pair


@dataclass(frozen=True, eq=False)
class GainWeights:
    """Weights w + a v.

    Parameters
    ----------
    additive
        (neuron, parameter, latent) w.
    gain
        The same of v.

    Examples
    --------
    >>> w, v = torch.ones(1, 1, 1), torch.full((1, 1, 1), 0.5)
    >>> drive_of(GainWeights(w, v), torch.tensor([[[4.0]]]), torch.ones(1, 1))
    tensor([[[3.]]])
    """

    additive: Weights
    gain: Weights

    @property
    def shape(self) -> torch.Size:
        """(neuron, parameter, latent)."""
        return self.additive.shape

    def __getitem__(self, neurons: Integer[np.ndarray, " chosen"]) -> GainWeights:
        """Those of some neurons."""
        return GainWeights(self.additive[neurons], self.gain[neurons])

    def __mul__(self, scale: Float[Tensor, " latent"]) -> GainWeights:
        """Those on a state of which `scale` is a unit."""
        return GainWeights(self.additive * scale, self.gain * scale)

    def detach(self) -> GainWeights:
        """Without gradients."""
        return GainWeights(self.additive.detach(), self.gain.detach())

    def cpu(self) -> GainWeights:
        """On the processor."""
        return GainWeights(self.additive.cpu(), self.gain.cpu())


Loadings = Weights | GainWeights


def latent_drive(weights: Weights, z: Latent) -> Raw:
    """w.z, (..., neuron, parameter), each parameter in one piece of memory.

    Examples
    --------
    >>> latent_drive(torch.ones(3, 2, 4), torch.ones(5, 4)).shape
    torch.Size([5, 3, 2])
    """
    drive = z.reshape(-1, z.shape[-1]) @ weights.permute(1, 2, 0)
    return drive.reshape(-1, *z.shape[:-1], len(weights)).movedim(0, -1)


def drive_of(weights: Loadings, raw: Raw, z: Latent) -> Raw:
    """What a state z adds to outputs a: w.z + a v.z."""
    if not isinstance(weights, GainWeights):
        return latent_drive(weights, z)
    return latent_drive(weights.additive, z) + raw * latent_drive(weights.gain, z)


def covariance_of(weights: Loadings, raw: Raw, latent_covariance: AnyShape) -> AnyShape:
    """W Sigma w^T, (..., neuron, parameter, parameter), of w as it is at each time.

    Parameters
    ----------
    weights, raw
        w, or w and v; and a.
    latent_covariance
        Sigma, (..., latent, latent); or the variance s^2 of Sigma = s^2 I, without any axis.
    """
    if not isinstance(weights, GainWeights):
        return _covariance(weights, weights, latent_covariance)
    w, v = weights.additive, weights.gain
    crossed = _covariance(w, v, latent_covariance) * raw.unsqueeze(-2)
    squares = raw.unsqueeze(-1) * raw.unsqueeze(-2)
    both = _covariance(w, w, latent_covariance) + squares * _covariance(v, v, latent_covariance)
    return both + crossed + crossed.mT


def pulled_back(weights: Loadings, raw: Raw, slopes: Raw) -> Latent:
    """Slopes by the state, (..., latent), from those by the outputs: sum_i w_i^T g_i."""
    if not isinstance(weights, GainWeights):
        return slopes.flatten(-2) @ weights.flatten(0, 1)
    return pulled_back(weights.additive, raw, slopes) + pulled_back(weights.gain, raw, slopes * raw)


def summed(weights: Loadings, raw: Raw, h: Float[Tensor, "time neuron parameter parameter"]) -> AnyShape:
    """sum_i w_i^T H_i w_i, (time, latent, latent), some neurons at a time; H is symmetric."""
    if not isinstance(weights, GainWeights):
        return _summed(weights, weights, h)
    w, v = weights.additive, weights.gain
    crossed = _summed(w, v, h * raw.unsqueeze(-2))
    squares = raw.unsqueeze(-1) * raw.unsqueeze(-2)
    return _summed(w, w, h) + crossed + crossed.mT + _summed(v, v, h * squares)


def summed_diagonal(weights: Loadings, raw: Raw, information: Raw) -> AnyShape:
    """The same, (..., latent, latent), where each H is diagonal."""
    if not isinstance(weights, GainWeights):
        return _summed_diagonal(weights, weights, information)
    w, v = weights.additive, weights.gain
    crossed = _summed_diagonal(w, v, information * raw)
    own = _summed_diagonal(w, w, information) + _summed_diagonal(v, v, information * raw.square())
    return own + crossed + crossed.mT


def _covariance(left: Weights, right: Weights, latent_covariance: AnyShape) -> AnyShape:
    if latent_covariance.ndim == 0:
        return latent_covariance * (left @ right.mT)
    # One product of matrices; (time, neuron) of small ones take twenty times as long.
    pairs = torch.einsum("npk,nql->npqkl", left, right)
    covariance = latent_covariance.flatten(-2) @ pairs.flatten(3).flatten(0, 2).mT
    return covariance.unflatten(-1, pairs.shape[:3])


def _summed(left: Weights, right: Weights, h: AnyShape) -> AnyShape:
    n_parameters, k = left.shape[1:]
    total = h.new_zeros(len(h), k * k)
    size = max(1, PRODUCTS_AT_ONCE // (n_parameters * k) ** 2)
    for one, other, part in zip(left.split(size), right.split(size), h.split(size, dim=1), strict=True):
        products = torch.einsum("npk,nql->npqkl", one, other)
        total += part.flatten(1) @ products.flatten(0, 2).flatten(1)
    return total.unflatten(1, (k, k))


def _summed_diagonal(left: Weights, right: Weights, information: Raw) -> AnyShape:
    one, other = left.flatten(0, 1), right.flatten(0, 1)
    products = (one.unsqueeze(2) * other.unsqueeze(1)).flatten(1)
    return (information.flatten(-2) @ products).unflatten(-1, (left.shape[2], left.shape[2]))
