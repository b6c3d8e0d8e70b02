"""The short training loop: all that is the same for every model."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal, Protocol, runtime_checkable

import torch
from torch import Tensor, nn

from twofold.training.device import Precision
from twofold.training.fabric import make_fabric
from twofold.training.history import History

Schedule = Literal["constant", "cosine"]


@runtime_checkable
class Trainable(Protocol):
    """What the loop asks of a model, which is also an `nn.Module`."""

    def loss(self, batch: Any) -> tuple[Tensor, Mapping[str, Tensor]]:
        """The mean loss of a batch, and scalars worth a curve."""
        ...


def fit(
    model: Trainable,
    batches: Iterable[Any],
    *,
    steps: int,
    learning_rate: float,
    weight_decay: float = 0.0,
    device: torch.device,
    precision: Precision = "fp32",
    schedule: Schedule = "constant",
    optimizer: torch.optim.Optimizer | None = None,
    on_block: Callable[[int, Mapping[str, float]], bool | None] | None = None,
    block: int = 100,
) -> History:
    """Minimise `model.loss` by AdamW, one batch per step.

    Decay acts on weight matrices only: biases, norms and temperatures are left alone. Without decay AdamW is
    Adam (Loshchilov & Hutter 2019).

    Parameters
    ----------
    model
        Trained in place, and left on `device` in evaluation mode.
    batches
        Batches on `device`; as many are taken as there are steps.
    steps
        0 leaves the model as it is.
    learning_rate, weight_decay
        Of AdamW.
    device, precision
        "bf16" multiplies in bf16 with weights in fp32; "auto" does so where the hardware multiplies bf16.
    schedule
        "cosine" lowers the learning rate along half a cosine, to 0 behind the last step.
    optimizer
        One that goes on from earlier steps, as `adamw` makes it, instead of a fresh one; its learning rate is
        set here, and weight decay is its own.
    on_block
        Called after each `block` steps with the steps done and the block's mean scalars, for progress; what
        returns True stops there.
    block
        Steps between two waits for the device.

    Returns
    -------
    History
        `loss` and the model's other scalars, per step.

    Raises
    ------
    NotFiniteError
        If the loss becomes infinite or NaN.

    Examples
    --------
    >>> class Line(nn.Linear):
    ...     def loss(self, batch):
    ...         return (self(batch) - 2 * batch).square().mean(), {}
    >>> line, x = Line(1, 1), torch.linspace(-1, 1, 10)[:, None]
    >>> history = fit(line, [x] * 200, steps=200, learning_rate=0.1, device=torch.device("cpu"))
    >>> round(line.weight.item(), 2), len(history.arrays()["loss"])
    (2.0, 200)
    """
    assert isinstance(model, nn.Module)
    history = History()
    model.to(device)
    if steps:
        fabric = make_fabric(device, precision)
        if optimizer is None:
            optimizer = adamw(model, learning_rate, weight_decay)
        wrapped, optimizer = fabric.setup(model, optimizer)
        wrapped.mark_forward_method("loss")
        wrapped.train()
        for step, batch in zip(range(1, steps + 1), batches, strict=False):
            for group in optimizer.param_groups:
                group["lr"] = learning_rate * _share(schedule, (step - 1) / steps)
            with fabric.autocast():
                loss, scalars = wrapped.loss(batch)
            optimizer.zero_grad()
            fabric.backward(loss)
            optimizer.step()
            history.append({"loss": loss, **scalars})
            if step % block == 0 or step == steps:
                means = history.fetch()
                if on_block is not None and on_block(step, means):
                    break
    model.eval()
    return history


def _share(schedule: Schedule, done: float) -> float:
    return 1.0 if schedule == "constant" else 0.5 * (1 + math.cos(math.pi * done))


def adamw(model: nn.Module, learning_rate: float, weight_decay: float) -> torch.optim.AdamW:
    """AdamW on the parameters that learn; only weight matrices decay."""
    parameters = [p for p in model.parameters() if p.requires_grad]
    decaying, others = [p for p in parameters if p.ndim >= 2], [p for p in parameters if p.ndim < 2]
    groups = [{"params": decaying, "weight_decay": weight_decay}, {"params": others, "weight_decay": 0.0}]
    if not weight_decay:  # one group of all takes fewer calls
        groups = [{"params": decaying + others, "weight_decay": 0.0}]
    return torch.optim.AdamW(
        groups,
        lr=learning_rate,
        fused=True,
    )
