"""The InfoNCE loss: pull each reference to its positive, push it from all negatives.

    L = mean_i [-phi(x_i, y+_i)] + mean_i log sum_j exp phi(x_i, y-_j)

phi is x.y / tau on unit vectors, or -|x - y|^2 / tau. The positive is not among the negatives, so that a
collapse of all latents to one point gives L = log(number of negatives) exactly, whatever tau is: the chance
level.

Sources: van den Oord, Li & Vinyals 2018 (arXiv:1807.03748); Schneider, Lee & Mathis 2023 (Nature 617:360).
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple, Protocol, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor, nn

from twofold.products import affine

LOWEST_LEARNED_TEMPERATURE = 0.1


class InfoNCE(NamedTuple):
    """The loss in nats and its two parts, loss = positive + negative."""

    loss: Float[Tensor, ""]
    positive: Float[Tensor, ""]
    negative: Float[Tensor, ""]


@runtime_checkable
class Similarity(Protocol):
    """phi at tau = 1, and the space that it is measured in."""

    def place(self, latents: Float[Tensor, "row dimension"]) -> Float[Tensor, "row dimension"]:
        """Bring the encoder's output into that space."""
        ...

    def paired(
        self, x: Float[Tensor, "row dimension"], y: Float[Tensor, "row dimension"]
    ) -> Float[Tensor, " row"]:
        """phi(x_i, y_i)."""
        ...

    def all_pairs(
        self,
        x: Float[Tensor, "row dimension"],
        y: Float[Tensor, "column dimension"],
        scale: Float[Tensor, ""],
    ) -> Float[Tensor, "row column"]:
        """phi(x_i, y_j) times a scale, which costs less inside the product than after it."""
        ...


class Cosine:
    """phi(x, y) = x.y on unit vectors.

    Examples
    --------
    >>> x = Cosine().place(torch.tensor([[3.0, 4.0]]))
    >>> x, Cosine().paired(x, x)
    (tensor([[0.6000, 0.8000]]), tensor([1.]))
    """

    def place(self, latents: Float[Tensor, "row dimension"]) -> Float[Tensor, "row dimension"]:
        """Scale to unit length."""
        unit, _ = _UnitLength.apply(latents)
        return unit

    def paired(
        self, x: Float[Tensor, "row dimension"], y: Float[Tensor, "row dimension"]
    ) -> Float[Tensor, " row"]:
        """x_i.y_i."""
        return (x * y).sum(1)

    def all_pairs(
        self,
        x: Float[Tensor, "row dimension"],
        y: Float[Tensor, "column dimension"],
        scale: Float[Tensor, ""],
    ) -> Float[Tensor, "row column"]:
        """Scaled products, s x_i.y_j."""
        return affine(scale * x, y)


class _UnitLength(torch.autograd.Function):
    """u = s x with s = 1 / |x|, and s; both at once cost less than their parts one by one."""

    generate_vmap_rule = True

    @staticmethod
    def forward(x: Tensor) -> tuple[Tensor, Tensor]:
        square = (x * x).sum(1, keepdim=True)
        scale = square.clamp_min_(torch.finfo(x.dtype).tiny).rsqrt_()
        return x * scale, scale

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, Tensor]) -> None:
        ctx.save_for_backward(*output)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        (g, g_scale), (u, s) = gradients, ctx.saved_tensors
        # du = s (1 - u u^T) dx, and ds = -s^2 u^T dx
        along = (g * u).sum(1, keepdim=True) + s * g_scale
        return torch.addcmul(g, along, u, value=-1) * s


class SquaredEuclidean:
    """phi(x, y) = -|x - y|^2.

    Examples
    --------
    >>> x, y = torch.tensor([[0.0, 0.0]]), torch.tensor([[3.0, 4.0], [0.0, 1.0]])
    >>> SquaredEuclidean().all_pairs(x, y, torch.tensor(2.0))
    tensor([[-50.,  -2.]])
    """

    def place(self, latents: Float[Tensor, "row dimension"]) -> Float[Tensor, "row dimension"]:
        """Leave as they are."""
        return latents

    def paired(
        self, x: Float[Tensor, "row dimension"], y: Float[Tensor, "row dimension"]
    ) -> Float[Tensor, " row"]:
        """-|x_i - y_i|^2."""
        return -((x - y) ** 2).sum(1)

    def all_pairs(
        self,
        x: Float[Tensor, "row dimension"],
        y: Float[Tensor, "column dimension"],
        scale: Float[Tensor, ""],
    ) -> Float[Tensor, "row column"]:
        """-s |x_i - y_j|^2 = s (2 x_i.y_j - |x_i|^2 - |y_j|^2)."""
        return affine(2 * scale * x, y, -scale * (y**2).sum(1)) - scale * (x**2).sum(1, keepdim=True)


class Temperature(nn.Module):
    """tau, fixed or learned through theta = log(1 / tau) with 1 / tau = min(exp theta, 1 / 0.1).

    A higher tau makes the softmax over negatives *less* sharp. A learned tau that reaches its floor stays
    there, since the minimum passes no gradient.

    Parameters
    ----------
    tau
        Where it starts.
    learned
        Whether it is a parameter.
    """

    theta: Tensor

    def __init__(self, tau: float, learned: bool) -> None:
        super().__init__()
        self.learned = learned
        theta = torch.tensor(-math.log(tau))
        if learned:
            self.theta = nn.Parameter(theta)
        else:
            self.register_buffer("theta", theta)

    def inverse(self) -> Float[Tensor, ""]:
        """1 / tau."""
        inverse = self.theta.exp()
        return inverse.clamp(max=1 / LOWEST_LEARNED_TEMPERATURE) if self.learned else inverse


def infonce(
    reference: Float[Tensor, "batch dimension"],
    positive: Float[Tensor, "batch dimension"],
    negative: Float[Tensor, "n_negative dimension"],
    similarity: Similarity,
    inverse_temperature: Float[Tensor, ""],
) -> InfoNCE:
    """InfoNCE of placed latents, in nats.

    Parameters
    ----------
    reference, positive
        x_i and y+_i, (batch, dimension).
    negative
        y-_j, (negative, dimension), shared by all references.
    similarity
        phi at tau = 1.
    inverse_temperature
        1 / tau.

    Examples
    --------
    >>> point = torch.ones(4, 2) / 2**0.5
    >>> loss = infonce(point, point, point, Cosine(), torch.tensor(3.0)).loss
    >>> bool(torch.isclose(loss, torch.tensor(4.0).log()))
    True
    """
    attraction = -similarity.paired(reference, positive).mean() * inverse_temperature
    repulsion = _logsumexp(similarity.all_pairs(reference, negative, inverse_temperature)).mean()
    return InfoNCE(attraction + repulsion, attraction, repulsion)


class _LogSumExp(torch.autograd.Function):
    """log sum_j exp phi_ij = phi_i0 - log softmax(phi_i)_0, in half the time of torch.logsumexp."""

    generate_vmap_rule = True

    @staticmethod
    def forward(phi: Tensor) -> Tensor:
        return phi[:, 0] - torch.log_softmax(phi, dim=1)[:, 0]

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        ctx.save_for_backward(inputs[0])

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        return gradients[0][:, None] * torch.softmax(ctx.saved_tensors[0], dim=1)


def _logsumexp(phi: Float[Tensor, "row column"]) -> Float[Tensor, " row"]:
    found: Tensor = _LogSumExp.apply(phi)
    return found
