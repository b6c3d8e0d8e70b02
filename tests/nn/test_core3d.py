from __future__ import annotations

import pytest
import torch

from twofold.errors import OptionError
from twofold.nn import FactorizedCore3d

from ..oracles.video_model import core_by_conv3d, roughness_by_loops

SIZES = {"channels": (4, 6, 5), "spatial": (5, 3, 1), "temporal": (3, 2, 4)}
LAPLACE_2D = ((0, -1, 0), (-1, 4, -1), (0, -1, 0))


def some_core(dtype=torch.float32, **sizes):
    core = FactorizedCore3d(**{**SIZES, **sizes}, generator=torch.Generator().manual_seed(1)).to(dtype)
    for index, parameter in enumerate(core.parameters()):  # zero biases would hide a mistake
        torch.nn.init.normal_(parameter, 0.1, 0.3, generator=torch.Generator().manual_seed(index))
    return core


def some_video(channels=1, batch=2, time=12, height=13, width=15, dtype=torch.float32):
    return torch.randn(
        batch, channels, time, height, width, dtype=dtype, generator=torch.Generator().manual_seed(2)
    )


@pytest.mark.parametrize("in_channels", [1, 3])
def test_core_and_its_gradients_equal_plain_three_dimensional_convolutions(in_channels):
    core = some_core(torch.float64, in_channels=in_channels)
    video = some_video(in_channels, dtype=torch.float64).requires_grad_()
    ours, reference = core(video), core_by_conv3d(core, video)
    torch.testing.assert_close(ours, reference, atol=1e-10, rtol=1e-10)
    weight = torch.linspace(-1, 1, ours.numel(), dtype=ours.dtype).view_as(ours)
    leaves = [video, *core.parameters()]
    expected = torch.autograd.grad((reference * weight).sum(), leaves)
    for mine, exact in zip(torch.autograd.grad((ours * weight).sum(), leaves), expected, strict=True):
        torch.testing.assert_close(mine, exact, atol=1e-8, rtol=1e-8)


def test_core_of_the_paper_in_single_precision_equals_the_reference():
    core = FactorizedCore3d()
    assert sum(parameter.numel() for parameter in core.parameters()) == 374_432
    assert core.frames_lost == 18
    assert core.map_shape(36, 64) == (18, 46)
    video = torch.randn(1, 1, 20, 24, 26, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        ours, reference = core(video), core_by_conv3d(core, video)
    assert ours.shape == (1, 128, 2, *core.map_shape(24, 26))
    torch.testing.assert_close(ours, reference, atol=1e-5, rtol=1e-5)


def test_evaluation_uses_the_running_statistics_with_the_momentum_of_the_paper():
    core = some_core()
    first = core.blocks[0]
    before, video = first.norm.running_mean.clone(), some_video()
    core(video)
    in_space = torch.nn.functional.conv3d(video, first.spatial.weight.unsqueeze(2), first.spatial.bias)
    in_time = torch.nn.functional.conv3d(in_space, first.temporal.weight.unsqueeze(4), first.temporal.bias)
    moved = 0.3 * before + 0.7 * in_time.mean((0, 2, 3, 4))
    torch.testing.assert_close(first.norm.running_mean, moved, atol=1e-6, rtol=1e-5)
    core.eval()
    torch.testing.assert_close(core(video), core_by_conv3d(core, video), atol=1e-5, rtol=1e-5)


def test_a_row_depends_on_its_frame_and_the_frames_lost_before_it_only():
    core = some_core().eval()
    video = some_video(time=14).requires_grad_()
    row = 3
    core(video)[:, :, row].sum().backward()
    seen = video.grad.abs().sum((0, 1, 3, 4)).nonzero().flatten().tolist()
    assert seen == list(range(row, row + core.frames_lost + 1))


def test_channels_lie_last_in_memory():
    features = some_core()(some_video())
    assert features.permute(0, 2, 3, 4, 1).is_contiguous()


def test_regularizer_equals_explicit_loops():
    core = some_core(spatial=(5, 3, 1))
    space = roughness_by_loops(core.blocks[0].spatial.weight, LAPLACE_2D)
    time = roughness_by_loops(core.blocks[0].temporal.weight, ((-1,), (4,), (-1,)))
    assert core.regularizer().item() == pytest.approx(10 * space + 0.01 * time, rel=1e-5)
    assert core.regularizer(2.0, 3.0).item() == pytest.approx(2 * space + 3 * time, rel=1e-5)


def test_weights_are_xavier_normal_biases_zero_and_the_generator_decides():
    first, again, other = (
        FactorizedCore3d(generator=torch.Generator().manual_seed(seed)) for seed in (0, 0, 1)
    )
    weight = first.blocks[2].spatial.weight
    assert weight.std().item() == pytest.approx((2 / (25 * (64 + 128))) ** 0.5, rel=0.02)
    assert not first.blocks[2].temporal.bias.any()
    assert torch.equal(weight, again.blocks[2].spatial.weight)
    assert not torch.equal(weight, other.blocks[2].spatial.weight)


def test_construction_leaves_the_global_generator_alone():
    before = torch.random.get_rng_state()
    some_core()
    assert torch.equal(before, torch.random.get_rng_state())


def test_bf16_stays_close():
    core, video = some_core(), some_video()
    with torch.autocast("cpu", torch.bfloat16):
        low = core(video)
    assert low.dtype == torch.bfloat16
    torch.testing.assert_close(low.float(), core_by_conv3d(core, video), atol=0.1, rtol=0.1)


@pytest.mark.parametrize(
    ("video", "words"),
    [
        (some_video(time=6), "6 frames is too short: this core needs at least 7"),
        (some_video(height=6), "6 x 15 pixels are too small: this core needs at least 7"),
        (some_video(channels=2), "video of 2 channels: this core takes 1"),
    ],
)
def test_video_that_is_too_small_is_refused_in_words(video, words):
    with pytest.raises(OptionError, match=words):
        some_core()(video)


@pytest.mark.parametrize("sizes", [{"spatial": (5, 3)}, {"channels": ()}, {"temporal": (3, 0, 1)}])
def test_sizes_that_cannot_work_are_refused(sizes):
    with pytest.raises(OptionError, match="FactorizedCore3d"):
        FactorizedCore3d(**{**SIZES, **sizes})
