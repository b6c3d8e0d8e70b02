from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from torch import nn

from twofold.errors import OptionError
from twofold.training import NotFiniteError, choose_device, fit, seeded, seeds_from

CPU = torch.device("cpu")


class LinearRegression(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(3, 1)
        self.dropout = nn.Dropout(0.1)

    def loss(self, batch):
        x, y = batch
        predicted = self.linear(self.dropout(x)) if self.training else self.linear(x)
        error = (predicted - y).square().mean()
        return error, {"weight": self.linear.weight.norm()}


def regression(n=50):
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(n, 3, generator=generator)
    return x, x @ torch.tensor([[1.0], [-2.0], [0.5]]) + 0.3


def test_fit_finds_least_squares():
    x, y = regression()
    with seeded(0, CPU):
        model = LinearRegression()
        model.dropout.p = 0.0
        fit(model, itertools.repeat((x, y)), steps=600, learning_rate=0.05, device=CPU)
    expected = np.linalg.lstsq(np.column_stack([x, np.ones(len(x))]), y.numpy(), rcond=None)[0].ravel()
    found = np.append(model.linear.weight.detach().numpy(), model.linear.bias.detach().numpy())
    np.testing.assert_allclose(found, expected, atol=1e-3)
    assert not model.training


def test_history_has_every_step_of_every_scalar_and_blocks_are_reported():
    blocks = []
    history = fit(
        LinearRegression(),
        itertools.repeat(regression()),
        steps=25,
        learning_rate=0.01,
        device=CPU,
        on_block=lambda step, means: blocks.append((step, means["loss"])),
        block=10,
    ).arrays()
    assert {name: values.shape for name, values in history.items()} == {"loss": (25,), "weight": (25,)}
    assert [step for step, _ in blocks] == [10, 20, 25]
    np.testing.assert_allclose(blocks[1][1], history["loss"][10:20].mean(), rtol=1e-6)


def test_no_more_batches_are_taken_than_there_are_steps():
    batches = iter([regression()] * 5)
    fit(LinearRegression(), batches, steps=3, learning_rate=0.01, device=CPU)
    assert len(list(batches)) == 2


def test_no_steps_leave_the_model_as_it_is():
    model = LinearRegression()
    before = model.linear.weight.clone()
    history = fit(model, [], steps=0, learning_rate=0.01, device=CPU).arrays()
    assert torch.equal(model.linear.weight, before)
    assert history["loss"].shape == (0,)


def test_weight_decay_shrinks_matrices_and_leaves_biases():
    class Idle(nn.Linear):
        def loss(self, batch):
            return 0 * self(batch).sum(), {}

    model = Idle(2, 2)
    weight, bias = model.weight.detach().clone(), model.bias.detach().clone()
    fit(model, [torch.ones(1, 2)] * 10, steps=10, learning_rate=0.1, weight_decay=0.5, device=CPU)
    torch.testing.assert_close(model.weight.detach(), weight * 0.95**10)
    torch.testing.assert_close(model.bias.detach(), bias)


def test_a_loss_that_is_not_finite_stops_with_its_step():
    x, y = regression()
    batches = [(x, y)] * 4 + [(x, y * torch.nan)] + [(x, y)] * 100
    with pytest.raises(NotFiniteError, match="nan at step 4"):
        fit(LinearRegression(), batches, steps=100, learning_rate=0.01, device=CPU)


def test_equal_seeds_give_equal_bits_dropout_included_and_global_state_is_untouched():
    def trained(seed):
        with seeded(seed, CPU):
            model = LinearRegression()
            fit(model, itertools.repeat(regression()), steps=20, learning_rate=0.01, device=CPU)
        return model.linear.weight

    before = torch.get_rng_state()
    first, again, other = trained(0), trained(0), trained(1)
    assert torch.equal(before, torch.get_rng_state())
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_bf16_multiplies_in_bf16_and_keeps_weights_in_fp32():
    class Spy(nn.Linear):
        def loss(self, batch):
            out = self(batch)
            self.product_type = out.dtype
            return out.float().square().mean(), {}

    model = Spy(4, 4)
    fit(model, [torch.ones(2, 4)], steps=1, learning_rate=0.1, device=CPU, precision="bf16")
    assert (model.product_type, model.weight.dtype) == (torch.bfloat16, torch.float32)


@pytest.mark.parametrize("precision", ["fp32", "bf16", "auto"])
def test_fit_prints_nothing(precision, capfd, caplog):
    fit(LinearRegression(), [regression()], steps=1, learning_rate=0.1, device=CPU, precision=precision)
    assert capfd.readouterr() == ("", "")
    assert not caplog.records


def test_random_states_give_seeds_without_numpys_global_state():
    before = np.random.get_state()[1].tolist()  # noqa: NPY002
    assert seeds_from(None, 2) != seeds_from(None, 2)
    assert seeds_from(3, 2) == seeds_from(np.int64(3), 2)
    generator = np.random.default_rng(0)
    assert seeds_from(generator, 1) != seeds_from(generator, 1)
    assert seeds_from(np.random.RandomState(0), 1) == seeds_from(np.random.RandomState(0), 1)
    assert np.random.get_state()[1].tolist() == before  # noqa: NPY002


def test_a_missing_device_is_refused_in_words():
    with pytest.raises(OptionError, match="use device='auto'"):
        choose_device("cuda:99")
