r"""The long training loop: epochs, a schedule, early stopping, checkpoints; in one process or several.

A step takes one batch of each recording and makes one step of AdamW on

.. math:: L = \frac{1}{n} \sum_b L_b + R, \quad n = \sum_b n_b

with the summed loss :math:`L_b` over the :math:`n_b` scored entries of batch b, of all processes, and the
regulariser R. So the step does not depend on how the batch is divided.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import torch
import torch.distributed
from torch import Tensor, nn

from twofold.training.early_stopping import EarlyStopping, Verdict
from twofold.training.fit import adamw
from twofold.training.history import NotFiniteError
from twofold.training.interruption import Interruption
from twofold.training.plateau import Plateau
from twofold.training.standing import Standing, read_standing, write_standing

if TYPE_CHECKING:
    from lightning_fabric import Fabric


@runtime_checkable
class SummedTrainable(Protocol):
    """What the loop asks of a model, which is also an `nn.Module`."""

    def total_loss(self, batch: Any) -> tuple[Tensor, int]:
        """The summed loss of a batch, and over how many entries."""
        ...

    def regularizer(self) -> Tensor:
        """What is added to the mean loss."""
        ...


@runtime_checkable
class Steps(Protocol):
    """What the loop asks of the data: any step of any epoch."""

    @property
    def n_steps(self) -> int:
        """Steps in an epoch."""
        ...

    def step(self, epoch: int, number: int, rank: int = 0, n_processes: int = 1) -> Sequence[Any]:
        """The batches of a step, of which this process gets its share; each can be put `.to(device)`."""
        ...


@dataclass(frozen=True)
class CheckpointPlan:
    """Where checkpoints go, how often, and what must be the same to go on from one."""

    path: Path
    seconds: float = 60.0
    about: Mapping[str, Any] = field(default_factory=dict)


class EpochTraining:
    """A training that can be interrupted at any moment and ends with the same bits.

    Parameters
    ----------
    model
        Trained in place; at the end it has the weights of the best epoch.
    steps
        The data.
    validate
        Scores after an epoch, the first of which, the higher the better, decides on schedule and stopping.
    fabric
        Launched.
    epochs
        At most so many.
    learning_rate, weight_decay
        Of AdamW.
    plateau
        How the learning rate falls.
    stopping
        When to stop.
    checkpoint
        Where the training is kept; an existing checkpoint is gone on from. None keeps nothing.
    progress
        Called after each step with steps done, steps at most, and how it goes.
    on_epoch
        Called after each epoch with all rows of the log.
    """

    def __init__(
        self,
        model: SummedTrainable,
        steps: Steps,
        validate: Callable[[], Mapping[str, float]],
        *,
        fabric: Fabric,
        epochs: int,
        learning_rate: float,
        weight_decay: float,
        plateau: Plateau,
        stopping: EarlyStopping,
        checkpoint: CheckpointPlan | None = None,
        progress: Callable[[int, int, str], None] | None = None,
        on_epoch: Callable[[list[dict[str, float]]], None] | None = None,
    ) -> None:
        assert isinstance(model, nn.Module)
        self.model, self.module, self.steps, self.validate = model, model, steps, validate
        self.fabric, self.epochs, self.checkpoint = fabric, epochs, checkpoint
        self.progress, self.on_epoch = progress, on_epoch
        self.module.to(fabric.device)
        self.optimizer = adamw(self.module, learning_rate, weight_decay)
        self.standing = Standing(learning_rate, plateau, stopping)
        self.best: dict[str, Tensor] = {}
        self._written = time.monotonic()
        if checkpoint is not None and checkpoint.path.exists():
            self.standing, self.best = read_standing(
                checkpoint.path, self.module, self.optimizer, checkpoint.about
            )
        elif fabric.world_size > 1:
            for value in self.module.state_dict().values():
                torch.distributed.broadcast(value, 0)

    def run(self) -> list[dict[str, float]]:
        """Train to the end; returns one row of numbers per epoch.

        Raises
        ------
        NotFiniteError
            If the loss or its gradient becomes infinite or NaN, or a matrix in it cannot be factorised; that
            step is not taken, so that no checkpoint has weights that it spoiled.
        KeyboardInterrupt
            After Ctrl-C or SIGTERM: the step in hand was finished, and the checkpoint is written.
        """
        here = self.standing
        with Interruption() as interruption:
            while not here.finished:
                self.module.train()
                began = time.monotonic()
                while here.step < self.steps.n_steps:
                    if self._step(interruption):
                        self._keep()
                        raise KeyboardInterrupt
                    if time.monotonic() - self._written >= self._every():
                        self._keep()
                self._end_epoch(time.monotonic() - began)
        self.module.load_state_dict(self.best or self.module.state_dict())
        self.module.eval()
        return here.log

    # --- one step --------------------------------------------------------------------------------

    def _step(self, interruption: Interruption) -> bool:
        """One step of the optimizer; returns whether all processes stop behind it."""
        here, fabric = self.standing, self.fabric
        for group in self.optimizer.param_groups:
            group["lr"] = here.learning_rate
        self.optimizer.zero_grad()
        sums = torch.zeros(3, dtype=torch.float64)  # loss, entries, wishes to stop
        for batch in self.steps.step(here.epoch, here.step, fabric.global_rank, fabric.world_size):
            loss, n = self._total_loss(batch.to(fabric.device))
            loss.backward()
            sums += torch.tensor([loss.item(), n, 0.0], dtype=torch.float64)
        sums[2] = interruption.asked
        loss_sum, n_scored, wishes = self._added_up(sums).tolist()
        if not abs(loss_sum) < float("inf"):
            raise self._not_finite(f"the loss is {loss_sum}")
        gradients = [p.grad for p in self.module.parameters() if p.grad is not None]
        self._add_up(gradients)
        torch._foreach_div_(gradients, n_scored)
        penalty = self.model.regularizer()
        if penalty.requires_grad:
            penalty.backward()
        if not torch.stack([gradient.sum() for gradient in gradients]).isfinite().all():
            raise self._not_finite("the gradient is infinite or NaN")
        self.optimizer.step()
        here.step, here.loss, here.n_scored = here.step + 1, here.loss + loss_sum, here.n_scored + n_scored
        if self.progress is not None:
            done = here.epoch * self.steps.n_steps + here.step
            self.progress(done, self.epochs * self.steps.n_steps, self._words())
        alone = fabric.world_size == 1
        return interruption.asked if alone else wishes > 0

    def _total_loss(self, batch: Any) -> tuple[Tensor, int]:
        """The model's; NaN, which all processes come to know of, where a matrix cannot be factorised."""
        try:
            with self.fabric.autocast():
                return self.model.total_loss(batch)
        except torch.linalg.LinAlgError:
            return torch.full((), torch.nan, device=self.fabric.device, requires_grad=True), 0

    def _not_finite(self, what: str) -> NotFiniteError:
        here = self.standing
        return NotFiniteError(
            f"{what} at step {here.step} of epoch {here.epoch}; lower learning_rate "
            f"(now {here.learning_rate:g}), or standardise the responses"
        )

    def _added_up(self, sums: Tensor) -> Tensor:
        """Sums over all processes."""
        if self.fabric.world_size == 1:
            return sums
        sums = sums.to(self.fabric.device)
        torch.distributed.all_reduce(sums)
        return sums.cpu()

    def _add_up(self, gradients: Sequence[Tensor]) -> None:
        """Over all processes, in place and in one message."""
        if self.fabric.world_size == 1:
            return
        flat = torch.cat([gradient.flatten() for gradient in gradients])
        torch.distributed.all_reduce(flat)
        parts = flat.split([gradient.numel() for gradient in gradients])
        for gradient, part in zip(gradients, parts, strict=True):
            gradient.copy_(part.view_as(gradient))

    # --- one epoch -------------------------------------------------------------------------------

    def _end_epoch(self, seconds: float) -> None:
        here = self.standing
        self.module.eval()
        try:
            scores = dict(self.validate())
        except torch.linalg.LinAlgError as error:
            raise self._not_finite("validation meets a matrix that cannot be factorised") from error
        score = next(iter(scores.values()))
        here.log.append(
            {
                "epoch": here.epoch,
                "loss": here.loss / here.n_scored,
                **scores,
                "learning_rate": here.learning_rate,
                "round": here.stopping.round,
                "seconds": round(seconds, 3),
            }
        )
        here.plateau, here.learning_rate = here.plateau.after(score, here.learning_rate)
        here.stopping, verdict = here.stopping.after(score, here.epoch)
        if verdict is Verdict.BEST:
            self.best = {name: value.detach().clone() for name, value in self.module.state_dict().items()}
        elif verdict is Verdict.RESTORE:
            self.module.load_state_dict(self.best)
        here.epoch, here.step, here.loss, here.n_scored = here.epoch + 1, 0, 0.0, 0.0
        here.finished = verdict is Verdict.STOP or here.epoch >= self.epochs
        if self.on_epoch is not None and self.fabric.is_global_zero:
            self.on_epoch(here.log)
        if here.finished or time.monotonic() - self._written >= self._every():
            self._keep()

    def _words(self) -> str:
        here = self.standing
        best = "" if here.stopping.best is None else f", best score {here.stopping.best:.3f}"
        return f"epoch {here.epoch}{best}"

    # --- checkpoints -----------------------------------------------------------------------------

    def _every(self) -> float:
        return float("inf") if self.checkpoint is None else self.checkpoint.seconds

    def _keep(self) -> None:
        if self.checkpoint is not None and self.fabric.is_global_zero:
            plan = self.checkpoint
            write_standing(plan.path, self.standing, self.module, self.best, self.optimizer, plan.about)
        self._written = time.monotonic()
