r"""The loss of the zero-inflated gamma, its value and its gradient in one pass.

With :math:`d = y - \rho`, :math:`L = \log \theta(b)` and t = -a where y > rho, else a,

.. math::

    -\log p = \operatorname{softplus}(t) + 1_{y > \rho}
    \{ d e^{-L} + \kappa L + \log \Gamma(\kappa) - (\kappa - 1) \log d \}

.. math::

    \partial_a = \pm \operatorname{sigmoid}(t), \quad
    \partial_b = (1_{y > \rho} \kappa - d e^{-L}) \min(1, e^{-L}) ,

since dL/db is 1 below 0, and 1 / theta above. The gradient is written while the value is at hand, so that
nothing else is kept for the way back.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional

from twofold.likelihoods.likelihood import Observed, Raw, Scored
from twofold.likelihoods.links import LOWEST_LOG
from twofold.likelihoods.statistics import RHO


def zig_nll(
    raw: Raw,
    y: Observed,
    kappa: Float[Tensor, " neuron"],
    log_gamma_kappa: Float[Tensor, " neuron"] | None = None,
    *,
    rho: float = RHO,
    spike: str = "mass",
    scored: Scored | None = None,
) -> Float[Tensor, ""]:
    """Negative log-likelihood of zero-inflated gamma responses in nats, summed over the scored entries.

    Parameters
    ----------
    raw
        (..., neuron, 2) outputs a and b; q = sigmoid(a), theta = ELU(b) + 1. Fastest where each lies in one
        piece of memory, as in `torch.stack([a, b]).movedim(0, -1)`.
    y
        (..., neuron) responses.
    kappa, log_gamma_kappa
        (neuron,) shapes, and log Gamma of them if it is known. They get no gradient.
    rho, spike
        As in `ZeroInflatedGamma`.
    scored
        True for the entries that count, (..., neuron) or (neuron,); all by default. Others may be NaN.

    Examples
    --------
    >>> raw = torch.zeros(1, 2, requires_grad=True)
    >>> zig_nll(raw, torch.zeros(1), torch.ones(1)).backward()
    >>> raw.grad
    tensor([[0.5000, 0.0000]])
    """
    if log_gamma_kappa is None:
        log_gamma_kappa = torch.lgamma(kappa)
    if scored is not None:
        y = torch.where(scored, y, 0)
    total: Tensor = _ZigNll.apply(raw.to(kappa.dtype), y, kappa, log_gamma_kappa, rho, scored)
    if spike == "density":
        silent = (y <= rho).expand(raw.shape[:-1])
        total = total + math.log(rho) * (silent if scored is None else silent & scored).sum()
    return total


class _ZigNll(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        raw: Tensor,
        y: Tensor,
        kappa: Tensor,
        log_gamma_kappa: Tensor,
        rho: float,
        scored: Tensor | None,
    ) -> Tensor:
        a, b = raw.unbind(-1)
        gradient = torch.empty((2, *a.shape), dtype=a.dtype, device=a.device)
        gradient_a, gradient_b = gradient
        # Memory is what takes the time, so each line below writes over what is no longer needed.
        d = y.to(a.dtype).expand(a.shape) - rho
        active = torch.gt(d, 0, out=torch.empty_like(gradient_a))
        d.relu_()  # a response that is NaN stays NaN

        sign = active.mul(-2).add_(1)
        t = torch.mul(a, sign, out=gradient_a)
        nll = functional.softplus(t)
        gradient_a.sigmoid_().mul_(sign)
        if scored is not None:
            weight = scored.to(a.dtype)
            nll.mul_(weight)
            gradient_a.mul_(weight)

        log_d = sign.relu_().add_(d).log_()  # of 1 where silent
        nll.addcmul_(log_d, kappa - 1, value=-1).addcmul_(active, log_gamma_kappa)

        active_kappa = active.mul_(kappa)
        log_theta = torch.relu(b).log1p_()
        torch.minimum(log_theta, b, out=log_theta).clamp_(min=LOWEST_LOG)
        nll.addcmul_(active_kappa, log_theta)
        inverse_theta = log_theta.neg_().exp_()
        nll.add_(d.mul_(inverse_theta))
        torch.sub(active_kappa, d, out=gradient_b).mul_(inverse_theta.clamp_(max=1))

        ctx.save_for_backward(gradient)
        return nll.sum()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor | None, ...]:
        (gradient,) = ctx.saved_tensors
        return (gradient * upstream).movedim(0, -1), None, None, None, None, None
