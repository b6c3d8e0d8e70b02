"""Batch normalisation whose statistics are those of the global batch, on any device."""

from __future__ import annotations

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, distributed, nn


class GlobalBatchNorm(nn.BatchNorm2d):
    """y = gamma (x - mean) / sqrt(variance + eps) + beta, the mean and variance over all processes.

    In one process it is torch's own. In several, sums over processes stand for sums over the batch, in the
    gradient too; torch's synchronised layer does this on GPUs only. Every process must call it equally often.

    Parameters
    ----------
    num_features, eps, momentum
        As for `torch.nn.BatchNorm2d`.

    Examples
    --------
    >>> y = GlobalBatchNorm(3)(torch.arange(24.0).view(2, 3, 2, 2))
    >>> y.mean().abs().item() < 1e-6
    True
    """

    def forward(self, input: Float[Tensor, "batch channel height width"]) -> Tensor:
        """Normalise, and in training move the running statistics by `momentum`."""
        if not (self.training and _n_processes() > 1):
            return super().forward(input)
        mean, variance, count = _moments(input.float())
        self._follow(mean, variance, count)
        scale = self.weight * (variance + self.eps).rsqrt()
        normal = input * scale[:, None, None] + (self.bias - mean * scale)[:, None, None]
        return normal.to(input.dtype)

    @torch.no_grad()
    def _follow(self, mean: Tensor, variance: Tensor, count: Tensor) -> None:
        if self.num_batches_tracked is None or self.running_mean is None or self.running_var is None:
            return
        self.num_batches_tracked += 1
        rate = 1 / self.num_batches_tracked if self.momentum is None else self.momentum
        self.running_mean.lerp_(mean, rate)
        self.running_var.lerp_(variance * count / (count - 1), rate)


def _moments(x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Mean and variance of each channel over all processes, and of how many values."""
    count = x.new_tensor(x.numel() / x.shape[1])
    total = _sum_over_processes(torch.cat([x.sum((0, 2, 3)), count[None]]))
    mean, count = total[:-1] / total[-1], total[-1].detach()
    # Around the mean, for sums of squares lose the digits of a variance that is small beside it.
    squares = (x - mean[:, None, None]).square().sum((0, 2, 3))
    return mean, _sum_over_processes(squares) / count, count


class _SumOverProcesses(torch.autograd.Function):
    """An all-reduce; the gradient of what every process reads is the sum of their gradients."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        total = x.clone()
        distributed.all_reduce(total)
        return total

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        total = gradients[0].clone()
        distributed.all_reduce(total)
        return total


def _sum_over_processes(x: Tensor) -> Tensor:
    return _SumOverProcesses.apply(x)


def _n_processes() -> int:
    return distributed.get_world_size() if distributed.is_available() and distributed.is_initialized() else 1
