"""Products of rows and weights, exact and as fast as the hardware has them."""

from __future__ import annotations

from functools import cache
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

MANY = 2**20  # multiplications, from which on the choice of the library pays


def affine(
    x: Float[Tensor, "... n_in"],
    weight: Float[Tensor, "n_out n_in"],
    bias: Float[Tensor, " n_out"] | None = None,
) -> Float[Tensor, "... n_out"]:
    """Rows times weights, x W^T + b, with gradients of any order.

    Torch's library of fp32 products leaves half of an AMD processor's vector units idle; its other one,
    oneDNN, does not.

    Parameters
    ----------
    x
        (..., n_in).
    weight, bias
        W and b.

    Examples
    --------
    >>> affine(torch.ones(3, 2), torch.tensor([[1.0, 2.0]]), torch.tensor([0.5])).T
    tensor([[3.5000, 3.5000, 3.5000]])
    """
    if x.shape[:-1].numel() * weight.numel() < MANY or not _by_onednn(x):
        return functional.linear(x, weight, bias)
    product = _Product.apply if torch.is_grad_enabled() else _Product.forward
    y: Tensor = product(x, weight, bias)
    return y


class _Product(torch.autograd.Function):
    """x W^T + b by oneDNN; its gradients are such products again."""

    generate_vmap_rule = True

    @staticmethod
    def forward(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        found: Tensor = _onednn()(x, weight, bias, "none", [], "")
        return found

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        ctx.save_for_backward(*inputs[:2])

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
        (g,), (x, weight) = gradients, ctx.saved_tensors
        for_x, for_weight, for_bias = ctx.needs_input_grad
        return (
            affine(g, weight.T) if for_x else None,
            _transposed_product(g.flatten(0, -2), x.flatten(0, -2)) if for_weight else None,
            g.flatten(0, -2).sum(0) if for_bias else None,
        )


def _transposed_product(g: Tensor, x: Tensor) -> Tensor:
    """g^T x. Of the two factors oneDNN takes the second as it lies, but lays out the first anew, slowly."""
    if g.shape[1] <= x.shape[1]:
        return affine(g.T.contiguous(), x.T)
    return affine(x.T.contiguous(), g.T).T


def convolve(
    x: Float[Tensor, "batch time n_in"],
    weight: Float[Tensor, "n_out n_in tap"],
    bias: Float[Tensor, " n_out"],
    stride: int = 1,
) -> Float[Tensor, "batch valid n_out"]:
    """y_t = b + sum_j W_j x_(stride t + j), without padding: valid = (time - tap) // stride + 1.

    Parameters
    ----------
    x
        (batch, time, n_in).
    weight, bias
        W, (n_out, n_in, tap), and b.
    stride
        Time points of x per time point of y.

    Examples
    --------
    >>> x = torch.arange(4.0)[None, :, None]
    >>> convolve(x, torch.tensor([[[-1.0, 1.0]]]), torch.zeros(1)).flatten()
    tensor([1., 1., 1.])
    """
    taps = weight.shape[2]
    if x.shape[1] == taps:  # one product: nothing overlaps
        return affine(x.flatten(1), weight.transpose(1, 2).flatten(1), bias).unsqueeze(1)
    if _by_onednn(x):
        # Channels lie last in memory, as in an image of one row: nothing has to be laid out anew.
        image = x.transpose(1, 2).unsqueeze(2)
        y = functional.conv2d(image, weight.unsqueeze(2), bias, (1, stride))
        return y.squeeze(2).transpose(1, 2)
    neighbours: Tensor = _Neighbours.apply(x, taps, stride)
    return functional.linear(neighbours, weight.transpose(1, 2).flatten(1), bias)


def sum_of_taps(taps: Float[Tensor, "time taps"], n_taps: int) -> Float[Tensor, "valid n_out"]:
    """y_t = sum_j u_j(t + j), where all taps u of a time point lie side by side.

    Examples
    --------
    >>> sum_of_taps(torch.tensor([[1.0, 10.0], [2.0, 20.0], [3.0, 30.0]]), 2).flatten()
    tensor([21., 32.])
    """
    y: Tensor = _SumOfTaps.apply(taps, n_taps)
    return y


# Torch would fill an array of zeros for the gradient of each tap of these two.


class _Neighbours(torch.autograd.Function):
    """Each time point with those that follow it side by side, (batch, valid, tap * n_in)."""

    generate_vmap_rule = True

    @staticmethod
    def forward(x: Tensor, taps: int, stride: int) -> Tensor:
        span = x.shape[1] - taps + 1
        return torch.cat([x[:, j : j + span : stride] for j in range(taps)], dim=2)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        ctx.shape, ctx.taps, ctx.stride = inputs[0].shape, *inputs[1:]

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        (g,), span = gradients, ctx.shape[1] - ctx.taps + 1
        total = g.new_zeros(ctx.shape)
        for j, tap in enumerate(g.chunk(ctx.taps, dim=2)):
            total[:, j : j + span : ctx.stride] += tap
        return total, None, None


class _SumOfTaps(torch.autograd.Function):
    generate_vmap_rule = True

    @staticmethod
    def forward(taps: Tensor, n_taps: int) -> Tensor:
        valid = len(taps) - n_taps + 1
        first, *others = (tap[j : j + valid] for j, tap in enumerate(taps.chunk(n_taps, dim=1)))
        total = first.clone()
        for tap in others:
            total += tap
        return total

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        ctx.shape, ctx.n_taps = inputs[0].shape, inputs[1]

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        (g,), (valid, n_out) = gradients, gradients[0].shape
        total = g.new_zeros(ctx.shape)
        for j in range(ctx.n_taps):
            total[j : j + valid, j * n_out : (j + 1) * n_out] = g
        return total, None


def _by_onednn(x: Tensor) -> bool:
    return (
        x.device.type == "cpu"
        and x.dtype == torch.float32
        and not torch.is_autocast_enabled("cpu")
        and _onednn() is not None
    )


@cache
def _onednn() -> Any:
    """The operator of rows and weights, where the processor has it; looked up once, as that takes a while."""
    has_vectors = torch.backends.cpu.get_cpu_capability().startswith("AVX")
    operator = getattr(torch.ops.mkldnn, "_linear_pointwise", None)
    return operator.default if operator and has_vectors and torch.backends.mkldnn.is_available() else None
