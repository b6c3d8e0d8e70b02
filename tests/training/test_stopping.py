"""Going on, slowing down and stopping in the training loop."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import torch
from torch import nn

from twofold.training import adamw, fit

CPU = torch.device("cpu")


class Line(nn.Linear):
    def __init__(self):
        super().__init__(1, 1)
        nn.init.zeros_(self.weight)
        nn.init.zeros_(self.bias)

    def loss(self, batch):
        return (self(batch) - 2 * batch).square().mean(), {}


BATCH = torch.linspace(-1, 1, 10)[:, None]


def train(model, steps, **options):
    return fit(model, itertools.repeat(BATCH), steps=steps, learning_rate=0.01, device=CPU, **options)


def test_an_optimizer_that_goes_on_finds_the_steps_of_one_long_fit():
    long, short = Line(), Line()
    expected = train(long, 30).arrays()["loss"]
    optimizer = adamw(short, 0.01, 0.0)
    found = [train(short, 10, optimizer=optimizer).arrays()["loss"] for _ in range(3)]
    np.testing.assert_array_equal(np.concatenate(found), expected)


def test_a_cosine_schedule_takes_steps_of_half_a_cosine():
    class Slope(nn.Module):
        """Of constant gradient: Adam's steps are then exactly the learning rate."""

        def __init__(self):
            super().__init__()
            self.x = nn.Parameter(torch.zeros(1))
            self.path = []

        def loss(self, batch):
            self.path.append(self.x.item())
            return -self.x.sum(), {}

    model = Slope()
    train(model, 20, schedule="cosine")
    expected = [0.01 * 0.5 * (1 + math.cos(math.pi * k / 20)) for k in range(20)]
    assert np.diff([*model.path, model.x.item()]) == pytest.approx(expected, rel=1e-3, abs=1e-7)


def test_on_block_stops_where_it_returns_true():
    model, seen = Line(), []
    history = train(model, 100, block=5, on_block=lambda step, means: seen.append(step) or step == 15)
    assert seen == [5, 10, 15]
    assert history.arrays()["loss"].shape == (15,)
    assert not model.training
