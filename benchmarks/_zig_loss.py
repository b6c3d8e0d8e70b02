"""The zero-inflated gamma loss, forward and backward, against two ways in which it is written elsewhere.

62 time points x 8000 neurons, six in ten responses silent, single precision, two threads. `zig-loss`: the
border between silence and response is an output too, clamped neuron by neuron in a Python loop as in the
field's shared code; written here from the published formula, with the columns taken apart at once, which is
kinder to its backward pass than an index per neuron. `zig-loss-vectorised`: one expression with `where`, the
fastest of several. Every side gets its outputs as it likes them best in memory.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from benchmarks import alternate
from twofold.likelihoods import zig_nll

TIME, NEURONS, RHO, THREADS = 62, 8000, 0.005, 2


def zig_loss_cases(quick: bool = False) -> list[dict[str, object]]:
    """Fields of the two cases; `relative_difference` is that of the two sides' values."""
    threads = torch.get_num_threads()
    torch.set_num_threads(THREADS)
    try:
        return [
            _case("zig-loss", by_clamps, "density", 3 if quick else 11, "clamp per neuron, border trained"),
            _case("zig-loss-vectorised", by_where, "mass", 15 if quick else 101, "one where expression"),
        ]
    finally:
        torch.set_num_threads(threads)


def _case(
    name: str, peer: Callable[[Tensor, Tensor, Tensor, Tensor], Tensor], spike: str, turns: int, words: str
) -> dict[str, object]:
    outputs, y, kappa = _batch()
    log_gamma_kappa = torch.lgamma(kappa)
    raw = outputs.clone().movedim(0, -1).requires_grad_()
    a, b = (part.clone().requires_grad_() for part in outputs)
    values = {}

    def ours(_: int) -> None:
        raw.grad = None
        values["ours"] = zig_nll(raw, y, kappa, log_gamma_kappa, rho=RHO, spike=spike)
        values["ours"].backward()

    def theirs(_: int) -> None:
        a.grad = b.grad = None
        values["peer"] = peer(a, b, y, kappa)
        values["peer"].backward()

    for warm_up in range(2):
        ours(warm_up)
        theirs(warm_up)
    times = alternate(ours, theirs, range(turns))
    difference = abs(values["ours"].item() / values["peer"].item() - 1)
    return {
        "case": name,
        **times,
        "unit": "ms, forward and backward",
        "relative_difference": float(f"{difference:.1e}"),
        "peer_name": f"written from the formula: {words}",
    }


def _batch() -> tuple[Tensor, Tensor, Tensor]:
    """Outputs (parameter, time, neuron), responses (time, neuron), shapes (neuron,)."""
    generator = torch.Generator().manual_seed(0)
    outputs = torch.randn(2, TIME, NEURONS, generator=generator)
    silent, excess = torch.rand(2, TIME, NEURONS, generator=generator)
    y = torch.where(silent < 0.6, 0.0, 0.0051 + 3 * excess)
    return outputs, y, 0.4 + 0.2 * torch.rand(NEURONS, generator=generator)


def by_where(a: Tensor, b: Tensor, y: Tensor, kappa: Tensor) -> Tensor:
    """One vectorised expression."""
    q, theta = torch.sigmoid(a), functional.elu(b) + 1
    active = y > RHO
    d = torch.where(active, y - RHO, 1.0)
    gamma = (kappa - 1) * d.log() - d / theta - kappa * theta.log() - torch.lgamma(kappa)
    return -torch.where(active, q.log() + gamma, torch.log1p(-q)).sum()


def by_clamps(a: Tensor, b: Tensor, y: Tensor, kappa: Tensor) -> Tensor:
    """The border a trained output, kept at or below its ceiling for one neuron after the other."""
    free = torch.full_like(y, RHO, requires_grad=True)
    ceiling = torch.full((y.shape[1],), RHO)
    columns = zip(free.unbind(1), ceiling.tolist(), strict=True)
    border = torch.stack([column.clamp(min=1e-6, max=most) for column, most in columns], dim=1)
    q, theta = torch.sigmoid(a), functional.elu(b) + 1
    active = y > border
    d = torch.where(active, y - border, 1.0)
    gamma = (kappa - 1) * d.log() - d / theta - kappa * theta.log() - torch.lgamma(kappa)
    return -torch.where(active, q.log() + gamma, torch.log1p(-q) - border.log()).sum()
