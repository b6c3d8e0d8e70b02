"""From a readout's output to a positive number: e^a below zero, a + 1 above, and the logarithm of it.

    theta(a) = ELU(a) + 1,    log theta(a) = a  (a < 0),  log(1 + a)  (a >= 0)

The logarithm is taken of a, never of theta, so that small theta lose no digits in single precision.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

AnyShape = Float[Tensor, "..."]
LOWEST_LOG = -60.0  # theta stays above 1e-26: y / theta and its gradient are finite in single precision


def log_elu_plus_one(a: AnyShape, lowest: float = LOWEST_LOG) -> AnyShape:
    """log(ELU(a) + 1), never below the lowest; its gradient leads back from there.

    Parameters
    ----------
    a
        Output of a readout, any shape.
    lowest
        Least logarithm.

    Examples
    --------
    >>> log_elu_plus_one(torch.tensor([-3.0, 0.0, 1.0])).exp()
    tensor([0.0498, 1.0000, 2.0000])
    """
    log_theta = torch.where(a < 0, a, a.clamp(min=0).log1p())
    return log_theta - (a.detach() - lowest).clamp(max=0)


def inverse_of_elu_plus_one(theta: AnyShape) -> AnyShape:
    """The a with ELU(a) + 1 = theta, for theta above 0.

    Examples
    --------
    >>> inverse_of_elu_plus_one(torch.tensor([1.0, 3.0]))
    tensor([0., 2.])
    """
    return torch.where(theta < 1, theta.log(), theta - 1)
