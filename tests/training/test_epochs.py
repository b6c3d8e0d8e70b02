"""The long loop: its steps, its stops, and that an interruption changes no bit."""

from __future__ import annotations

import signal
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from torch import nn

from twofold.errors import DataError
from twofold.training import (
    CheckpointPlan,
    EarlyStopping,
    EpochTraining,
    NotFiniteError,
    Plateau,
    make_fabric,
    seeded,
)
from twofold.training.interruption import Interruption

CPU = torch.device("cpu")


@dataclass
class Batch:
    x: torch.Tensor
    y: torch.Tensor

    def to(self, device):
        return self


class Regression(nn.Module):
    """Least squares; the regulariser is a ridge."""

    def __init__(self, ridge=0.0):
        super().__init__()
        with seeded(0, CPU):
            self.linear = nn.Linear(3, 1)
            self.norm = nn.BatchNorm1d(3, affine=False)
        self.ridge, self.interrupt_at, self.n_losses = ridge, None, 0

    def total_loss(self, batch):
        self.n_losses += 1
        if self.n_losses == self.interrupt_at:
            signal.raise_signal(signal.SIGTERM)
        error = self.linear(self.norm(batch.x)) - batch.y
        return error.square().sum(), error.numel()

    def regularizer(self):
        return self.ridge * self.linear.weight.square().sum()


class Data:
    """Three unequal batches a step; everything follows from epoch and step."""

    n_steps = 4

    def step(self, epoch, number, rank=0, n_processes=1):
        generator = torch.Generator().manual_seed(1000 * epoch + number)
        x = torch.randn(12, 3, generator=generator)
        y = x @ torch.tensor([[1.0], [-2.0], [0.5]]) + 0.1 * torch.randn(12, 1, generator=generator)
        return [Batch(x[i:j], y[i:j]) for i, j in ((0, 2), (2, 7), (7, 12))]


def training(model, *, epochs=6, scores=None, checkpoint=None, **options):
    found = iter(scores) if scores is not None else None

    def validate():
        (batch,) = (b for b in Data().step(99, 0)[-1:])
        if found is not None:
            return {"score": next(found)}
        with torch.no_grad():
            return {"score": -model.total_loss(batch)[0].item()}

    options = {
        "learning_rate": 0.05, "weight_decay": 0.01, "plateau": Plateau(patience=1),
        "stopping": EarlyStopping(patience=2, rounds=2),
    } | options  # fmt: skip
    return EpochTraining(
        model,
        Data(),
        validate,
        fabric=make_fabric(CPU, "fp32"),
        epochs=epochs,
        checkpoint=checkpoint,
        **options,
    )


def bits(model):
    return {name: value.clone() for name, value in model.state_dict().items()}


def assert_equal_bits(first, second):
    assert first.keys() == second.keys()
    for name in first:
        assert torch.equal(first[name], second[name]), name


def test_a_step_follows_the_mean_over_all_entries_and_the_regularizer():
    model, reference = Regression(ridge=0.3), Regression(ridge=0.3)
    reference.load_state_dict(model.state_dict())
    for one in (model, reference):
        one.norm.eval()  # statistics of parts are not those of the whole
        one.train = lambda mode=True, one=one: one
    one_step = training(model, epochs=1)
    one_step._step(Interruption())
    batches = Data().step(0, 0)
    x, y = (torch.cat([getattr(batch, name) for batch in batches]) for name in "xy")
    loss = reference.total_loss(Batch(x, y))[0] / len(x) + reference.regularizer()
    loss.backward()
    for name, parameter in reference.named_parameters():
        torch.testing.assert_close(dict(model.named_parameters())[name].grad, parameter.grad)


def test_training_learns_and_its_log_has_one_row_per_epoch():
    model = Regression()
    rows = training(model, epochs=40, stopping=EarlyStopping(40, 1), plateau=Plateau(patience=40)).run()
    assert [row["epoch"] for row in rows] == list(range(40))
    assert rows[-1]["loss"] < 0.3 * rows[0]["loss"]  # batches of two are normalised badly
    assert list(rows[0]) == ["epoch", "loss", "score", "learning_rate", "round", "seconds"]
    assert not model.training


def test_the_weights_of_the_best_epoch_are_kept():
    model, seen = Regression(), []
    scores = [0.1, 0.5, 0.2, 0.3, 0.1, 0.4]
    plan = training(model, scores=scores, stopping=EarlyStopping(10, 1))
    validate = plan.validate
    plan.validate = lambda: (seen.append(bits(model)), validate())[1]
    plan.run()
    assert_equal_bits(bits(model), seen[1])


def test_the_next_round_starts_from_the_best_weights_with_the_rate_of_the_schedule():
    model, seen = Regression(), []
    plan = training(
        model, epochs=3, scores=[0.5, 0.4, 0.3], stopping=EarlyStopping(1, 3), plateau=Plateau(0.1, 0)
    )
    validate, step = plan.validate, plan._step
    plan.validate = lambda: (seen.append(bits(model)), validate())[1]
    starts = []

    def watched(interruption):
        if plan.standing.step == 0:
            starts.append((bits(model), plan.standing.learning_rate))
        return step(interruption)

    plan._step = watched
    rows = plan.run()
    assert [row["round"] for row in rows] == [0, 0, 1]
    assert_equal_bits(starts[2][0], seen[0])
    assert [rate for _, rate in starts] == pytest.approx([0.05, 0.05, 0.005])


@pytest.mark.parametrize("at", [1, 5, 12, 13, 30, 61])
def test_a_training_that_was_interrupted_anywhere_ends_with_the_same_bits(tmp_path, at):
    whole = Regression()
    rows = training(whole).run()
    plan = CheckpointPlan(tmp_path / "checkpoint", seconds=1e9)
    torn = Regression()
    torn.interrupt_at = at
    with pytest.raises(KeyboardInterrupt):
        training(torn, checkpoint=plan).run()
    resumed = Regression()
    with torch.no_grad():
        resumed.linear.weight.add_(1)  # what it started from does not matter
    again = training(resumed, checkpoint=plan).run()
    assert_equal_bits(bits(resumed), bits(whole))
    keep = [name for name in rows[0] if name != "seconds"]
    assert [[row[name] for name in keep] for row in again] == [[row[name] for name in keep] for row in rows]


def test_checkpoints_after_every_step_allow_a_death_after_any_of_them(tmp_path):
    whole = Regression()
    training(whole, epochs=3).run()
    path = tmp_path / "checkpoint"
    kept = []
    plan = training(Regression(), epochs=3, checkpoint=CheckpointPlan(path, seconds=0))
    keep = plan._keep
    plan._keep = lambda: (keep(), kept.append(path.read_bytes()))[0]
    plan.run()
    assert len(kept) == 15  # after every step, and after every epoch
    for content in kept:
        path.write_bytes(content)
        resumed = Regression()
        training(resumed, epochs=3, checkpoint=CheckpointPlan(path, seconds=1e9)).run()
        assert_equal_bits(bits(resumed), bits(whole))


def test_other_options_or_another_file_are_refused_on_resuming(tmp_path):
    path = tmp_path / "checkpoint"
    training(Regression(), epochs=1, checkpoint=CheckpointPlan(path, 0, {"clips": 8})).run()
    with pytest.raises(DataError, match=r"clips=8, and now it is 4"):
        training(Regression(), checkpoint=CheckpointPlan(path, 0, {"clips": 4}))
    path.write_bytes(path.read_bytes()[:-3])
    with pytest.raises(DataError, match="cannot be read"):
        training(Regression(), checkpoint=CheckpointPlan(path, 0, {"clips": 8}))


def test_a_loss_that_is_not_finite_stops_before_it_spoils_the_weights():
    model = Regression()
    plan = training(model)
    plan.steps.step = lambda *where: [Batch(torch.full((4, 3), np.nan), torch.zeros(4, 1))]
    before = model.linear.weight.clone()
    with pytest.raises(NotFiniteError, match="step 0 of epoch 0"):
        plan.run()
    assert torch.equal(model.linear.weight, before)


def test_a_matrix_that_cannot_be_factorised_is_told_as_a_loss_that_is_not_finite():
    class Indefinite(Regression):
        def total_loss(self, batch):
            loss, n = super().total_loss(batch)
            return loss + torch.linalg.cholesky(-torch.eye(2)).sum(), n

    with pytest.raises(NotFiniteError, match="loss is nan at step 0 of epoch 0; lower learning_rate"):
        training(Indefinite()).run()
    plan = training(Regression())
    plan.validate = lambda: {"score": torch.linalg.cholesky(-torch.eye(2)).sum().item()}
    with pytest.raises(NotFiniteError, match=r"validation .* at step 4 of epoch 0; lower learning_rate"):
        plan.run()


def test_a_gradient_that_is_not_finite_spoils_neither_weights_nor_checkpoint(tmp_path):
    class Kinked(Regression):
        def total_loss(self, batch):
            loss, n = super().total_loss(batch)
            flat = (0 * self.linear.weight).sqrt().sum()  # the slope of a root at 0 is infinite
            return (loss + flat if self.n_losses > 6 else loss), n

    model, path = Kinked(), tmp_path / "checkpoint"
    with pytest.raises(NotFiniteError, match="gradient is infinite or NaN at step 2 of epoch 0"):
        training(model, checkpoint=CheckpointPlan(path, seconds=0)).run()
    again = Regression()
    assert training(again, checkpoint=CheckpointPlan(path, seconds=0)).standing.step == 2
    assert again.linear.weight.isfinite().all()
    assert torch.equal(again.linear.weight, model.linear.weight)


def test_progress_counts_steps_of_all_epochs():
    told = []
    training(Regression(), epochs=2, progress=lambda *what: told.append(what)).run()
    assert [(done, total) for done, total, _ in told] == [(k, 8) for k in range(1, 9)]
    assert told[-1][2].startswith("epoch 1, best score")


def test_signal_handlers_are_put_back():
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    training(Regression(), epochs=1).run()
    assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before
