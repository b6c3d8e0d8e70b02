from __future__ import annotations

import pytest
import torch

from twofold.errors import OptionError
from twofold.nn import MLP, GainModulator, PupilShifter


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("make", [PupilShifter, lambda generator: GainModulator(2, 5, generator=generator)])
def test_behaviour_has_no_effect_at_first_and_can_be_learned(make):
    module = make(generator=generator())
    signal = torch.randn(3, 7, 2, generator=generator(1))
    before = module(signal)
    assert before.unique().numel() == 1
    wanted = 0.3 + 0.4 * torch.sin(signal[..., :1])
    optimizer = torch.optim.Adam(module.parameters(), lr=0.03)
    losses = []
    for _ in range(150):
        optimizer.zero_grad()
        loss = (module(signal) - wanted).square().mean()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.1 * losses[0]


def test_gain_stays_positive_and_shift_within_the_map():
    gain, shift = GainModulator(2, 5, generator=generator()), PupilShifter(generator=generator())
    for parameter in [*gain.parameters(), *shift.parameters()]:
        torch.nn.init.normal_(parameter, 0, 5, generator=generator(1))
    signal = torch.randn(3, 7, 2, generator=generator(2))
    assert (gain(signal) >= 0).all()
    assert (shift(signal).abs() <= 1).all()
    assert shift(signal[:, 0]).shape == (3, 2)


def test_mlp_is_layer_after_layer_from_its_generator():
    mlp, again = (MLP((3, 4, 5, 2), last=torch.nn.Tanh(), generator=generator()) for _ in range(2))
    x = torch.randn(6, 3, generator=generator(1))
    first, _, second, _, third, _ = mlp
    elu = torch.nn.functional.elu
    assert torch.equal(mlp(x), torch.tanh(third(elu(second(elu(first(x)))))))
    assert torch.equal(mlp(x), again(x))
    assert first.weight.abs().max() <= 3**-0.5
    with pytest.raises(OptionError, match="two positive widths"):
        MLP((3,))
