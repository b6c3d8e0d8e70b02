from __future__ import annotations

import numpy as np
import pytest
import torch

from twofold.errors import OptionError
from twofold.nn import CorticalPositions, GaussianReadout, TemporalReadout

from ..oracles.video_model import readout_by_grid_sample, readout_convolved_by_neuron

NEURONS, CHANNELS, BATCH, TIME = 30, 6, 3, 13


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def features(seed=0, dtype=torch.float64):
    return torch.randn(BATCH, CHANNELS, TIME, 5, 8, dtype=dtype, generator=generator(seed))


def readout(**options):
    made = GaussianReadout(NEURONS, CHANNELS, **{"generator": generator(), **options}).double()
    torch.nn.init.normal_(made.vectors, generator=generator(1))
    return made


def noise_of(made, draws):
    """The points of each clip from the same numbers, by the formula."""
    steps = torch.einsum("nij,btnj->btni", made.sigma, draws.double())
    return (made.mean() + steps).clamp(-1, 1).expand(BATCH, TIME, -1, -1)


def test_evaluation_reads_at_the_mean():
    made = readout(n_parameters=2).eval()
    points = made.mean().expand(BATCH, TIME, -1, -1)
    expected = readout_by_grid_sample(features(), points, made.vectors)
    torch.testing.assert_close(made(features()), expected, atol=1e-10, rtol=1e-10)


@pytest.mark.parametrize("draw", ["clip", "frame"])
def test_training_reads_around_the_mean_with_the_full_covariance(draw):
    made = readout(n_parameters=2, draw=draw)
    frames = TIME if draw == "frame" else 1
    draws = torch.randn(BATCH, frames, NEURONS, 2, generator=generator(5))
    expected = readout_by_grid_sample(features(), noise_of(made, draws), made.vectors)
    mine = made(features(), generator=generator(5))
    torch.testing.assert_close(mine, expected, atol=1e-10, rtol=1e-10)
    leaves = [made.mean.mean, made.sigma, made.vectors]
    exact = torch.autograd.grad(expected.square().sum(), leaves)
    for slope, reference in zip(torch.autograd.grad(mine.square().sum(), leaves), exact, strict=True):
        torch.testing.assert_close(slope, reference, atol=1e-8, rtol=1e-8)


@pytest.mark.parametrize("draw", ["clip", "frame"])
def test_a_key_determines_a_clip_wherever_it_is(draw):
    made, clips = readout(draw=draw), features()
    together = made(clips, generator=[7, 2**62, 9])
    assert torch.equal(made(clips[2:], generator=torch.tensor([9])), together[2:])
    assert not torch.equal(made(clips[2:], generator=[10]), together[2:])


def test_draws_leave_the_global_generator_alone():
    before = torch.random.get_rng_state()
    readout()(features(), generator=[1, 2, 3])
    assert torch.equal(before, torch.random.get_rng_state())


@pytest.mark.parametrize("shape", [(BATCH, 2), (BATCH, TIME, 2)], ids=["per clip", "per frame"])
def test_a_shift_moves_all_receptive_fields(shape):
    made = readout().eval()
    shift = 0.5 * torch.randn(shape, dtype=torch.float64, generator=generator(3))
    per_frame = shift if shift.ndim == 3 else shift[:, None].expand(-1, TIME, -1)
    points = (made.mean() + per_frame[:, :, None]).clamp(-1, 1)
    expected = readout_by_grid_sample(features(), points, made.vectors)
    torch.testing.assert_close(made(features(), shift=shift), expected, atol=1e-10, rtol=1e-10)


@pytest.mark.parametrize("case", ["evaluation", "per clip", "per frame", "shifted"])
def test_the_further_convolution_equals_the_released_codes_way(case):
    convolution = TemporalReadout(2, (11, 5), generator(4))
    draw = "frame" if case == "per frame" else "clip"
    made = readout(n_parameters=2, convolution=convolution, draw=draw).train(case.startswith("per"))
    if made.training:
        frames = TIME if draw == "frame" else 1
        points = noise_of(made, torch.randn(BATCH, frames, NEURONS, 2, generator=generator(5)))
    else:
        points = made.mean().expand(BATCH, TIME, -1, -1)
    shift = None
    if case == "shifted":
        shift = 0.2 * torch.randn(BATCH, TIME, 2, dtype=torch.float64, generator=generator(6))
        points = (points + shift[:, :, None]).clamp(-1, 1)
    clips = features().requires_grad_()
    mine = made(clips, shift=shift, generator=generator(5))
    expected = readout_convolved_by_neuron(clips, points, made.vectors, convolution.weight, convolution.bias)
    torch.testing.assert_close(mine, expected, atol=1e-10, rtol=1e-10)
    leaves = [clips, made.vectors, convolution.weight, convolution.bias]
    exact = torch.autograd.grad(expected.square().sum(), leaves)
    for slope, reference in zip(torch.autograd.grad(mine.square().sum(), leaves), exact, strict=True):
        torch.testing.assert_close(slope, reference, atol=1e-8, rtol=1e-8)


def test_training_finds_the_receptive_field_and_narrows_it():
    y, x = torch.meshgrid(torch.linspace(-1, 1, 6), torch.linspace(-1, 1, 9), indexing="ij")
    amplitude = torch.randn(2, 40, 1, 1, generator=generator(1))
    maps = (torch.stack([x, y]).unsqueeze(1) * amplitude).unsqueeze(0)
    target = torch.tensor([0.6, -0.5])
    truth = (target.view(2, 1) * amplitude.view(2, 40)).mean(0).view(1, 40, 1, 1)  # vectors start at 1 / 2
    made = GaussianReadout(1, 2, generator=generator())
    optimizer, before = (
        torch.optim.Adam([*made.mean.parameters(), made.sigma], lr=0.05),
        made.sigma.norm().item(),
    )
    for key in range(150):
        optimizer.zero_grad()
        (made(maps, generator=[key]) - truth).square().mean().backward()
        optimizer.step()
    assert (made.mean() - target).abs().max() < 0.05
    assert made.sigma.norm() < 0.2 * before


@pytest.mark.parametrize("size", [(1, 8), (5, 1), (1, 1)])
def test_a_map_of_a_single_row_or_column(size):
    made, clips = readout().eval(), features()[..., : size[0], : size[1]]
    points = made.mean().expand(BATCH, TIME, -1, -1)
    expected = readout_by_grid_sample(clips, points, made.vectors)
    torch.testing.assert_close(made(clips), expected, atol=1e-10, rtol=1e-10)


def test_positions_follow_from_cortex_whatever_its_units():
    place = np.random.default_rng(0).normal(size=(NEURONS, 3)) * [400, 200, 50] + 1000
    made, scaled = (CorticalPositions(um, generator=generator()) for um in (place, 3 * place - 70))
    torch.testing.assert_close(made(), scaled())
    assert made.place.abs().max() == 1
    plane = place[:, :2] - place[:, :2].mean(0)
    np.testing.assert_allclose(made.place, plane / np.abs(plane).max(), rtol=1e-6)
    hidden, _, last, _ = made.map
    by_hand = torch.tanh(last(torch.nn.functional.elu(hidden(made.place))))
    assert torch.equal(made(), by_hand)
    assert hidden.weight.shape == (30, 2)


def test_start_of_the_paper():
    made = GaussianReadout(4000, 128, generator=generator())
    assert (made.vectors == 1 / 128).all()
    assert made.mean().abs().max() <= 0.2
    assert made.sigma.abs().max() <= 1
    assert made.sigma.std().item() == pytest.approx(3**-0.5, rel=0.03)
    assert made.bias is None


def test_bias_starts_at_the_mean_response():
    made = GaussianReadout(NEURONS, CHANNELS, bias=True)
    without = made.eval()(features(dtype=torch.float32))
    made.start_bias(torch.arange(float(NEURONS)))
    added = made(features(dtype=torch.float32)) - without
    torch.testing.assert_close(added[0, 0, :, 0], torch.arange(float(NEURONS)), atol=1e-5, rtol=1e-5)
    with pytest.raises(OptionError, match="bias=True"):
        readout().start_bias(torch.zeros(NEURONS))


def test_autocast_does_not_touch_positions():
    made = readout().float().eval()
    with torch.autocast("cpu", torch.bfloat16):
        low = made(features(dtype=torch.bfloat16))
    assert low.dtype == torch.float32
    assert torch.equal(low, made(features(dtype=torch.bfloat16).float()))


def test_regularizer_is_the_sum_of_absolute_weights():
    made = readout()
    assert made.regularizer().item() == 0
    torch.testing.assert_close(made.regularizer(0.5), 0.5 * made.vectors.abs().sum())


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: readout(draw="clips"), "give 'clip' or 'frame'"),
        (lambda: readout(positions=np.zeros((4, 2))), "4 positions for 30 neurons"),
        (lambda: readout(positions=np.zeros((NEURONS, 4))), "2 or 3"),
        (lambda: readout(positions=np.full((NEURONS, 2), np.nan)), "neuron 0 is not finite"),
        (lambda: readout(convolution=TemporalReadout(2)), "its convolution has 2 parameters of 1"),
        (lambda: TemporalReadout(2, (10, 5)), "odd"),
        (lambda: readout()(features()), "give generator"),
        (lambda: readout()(features(), generator=[1, 2]), "2 keys for 3 clips"),
    ],
)
def test_what_cannot_work_is_refused_in_words(make, words):
    with pytest.raises(OptionError, match=words):
        make()
