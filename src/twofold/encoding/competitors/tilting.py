r"""A law moved to another mean, as little as possible.

Of all laws with the wanted mean, the nearest to p (least Kullback-Leibler divergence from it) is

.. math:: p'(y) \propto p(y)\, e^{\eta\, d(y)}, \quad d = \max(y - \rho, 0).

For the zero-inflated gamma, with :math:`u = -\log(1 - \eta \theta)`, that is :math:`\theta' = \theta e^u` and
:math:`\operatorname{logit} q' = \operatorname{logit} q + \kappa u`: scale and probability move together, and
the measure stays, so that bits compare. For Poisson it is another rate, for a Gaussian another centre.

Source: Csiszar 1975 (Annals of Probability 3:146), on I-projections.
"""

from __future__ import annotations

import math
from dataclasses import replace

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from twofold.errors import OptionError
from twofold.likelihoods import Gaussian, Poisson, ResponseDistribution, ZeroInflatedGamma

# Of |u|: a regression may ask for a mean below 0, where responses would be impossible. Fixed, and never
# chosen on what is scored; how it was looked at on training trials: decision 0011.
MOST = math.log(4)
HALVINGS = 40


def tilted(law: ResponseDistribution, mean: Float[Tensor, "*any neuron"]) -> ResponseDistribution:
    """The law nearest to another one that has this mean; scales change at most fourfold.

    Parameters
    ----------
    law
        Gaussian, Poisson or zero-inflated gamma.
    mean
        Wanted, of the shape of the law's own.

    Raises
    ------
    OptionError
        If the law is of another family.

    Examples
    --------
    >>> law = ZeroInflatedGamma.of(
    ...     q=torch.tensor([0.4]), theta=torch.tensor([1.0]), kappa=torch.tensor([0.5]))
    >>> more = tilted(law, 2 * law.mean)
    >>> (more.mean / law.mean).round(decimals=4), more.q > law.q, more.theta > law.theta
    (tensor([2.]), tensor([True]), tensor([True]))
    """
    if isinstance(law, Gaussian):
        return replace(law, location=mean.to(law.location))
    if isinstance(law, Poisson):
        log_rate = mean.clamp(min=torch.finfo(mean.dtype).tiny).log().to(law.log_rate)
        return Poisson(torch.clamp(log_rate, law.log_rate - MOST, law.log_rate + MOST))
    if isinstance(law, ZeroInflatedGamma):
        return _tilted_zig(law, mean)
    raise OptionError(f"{type(law).__name__} cannot be moved to another mean; use zig, poisson or gaussian")


def _tilted_zig(law: ZeroInflatedGamma, mean: Tensor) -> ZeroInflatedGamma:
    log_odds = (law.log_q - law.log_silent).double().expand(mean.shape)
    log_theta, kappa = law.log_theta.double(), law.kappa.double()

    def mean_at(u: Tensor) -> Tensor:
        q = torch.sigmoid(log_odds + kappa * u)
        return law.rho / 2 + q * (kappa * (log_theta + u).exp() + law.rho / 2)

    wanted, u = mean.double(), torch.full_like(log_odds, -MOST)
    step = MOST
    for _ in range(HALVINGS):  # the mean rises with u
        u = torch.where(mean_at(u + step) < wanted, u + step, u)
        step /= 2
    odds, same = log_odds + kappa * u, law.log_q.dtype
    return replace(
        law,
        log_q=functional.logsigmoid(odds).to(same),
        log_silent=functional.logsigmoid(-odds).to(same),
        log_theta=(log_theta + u).to(same),
    )
