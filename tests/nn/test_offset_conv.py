from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from twofold.nn import OffsetEncoder, ResidualBlock, TimeConvolution


@pytest.mark.parametrize("window", [1, 2, 3, 4, 5, 10, 15, 36])
def test_a_latent_depends_on_every_sample_of_its_window(window):
    torch.manual_seed(0)
    encoder = OffsetEncoder(n_neurons=3, window=window, hidden=8, dimension=2)
    windows = torch.randn(4, window, 3, requires_grad=True)
    latents = encoder(windows)
    assert latents.shape == (4, 2)
    latents.sum().backward()
    assert (windows.grad.abs().sum((0, 2)) > 0).all()


@pytest.mark.parametrize("kernel", [1, 2, 3])
def test_time_convolution_equals_torch_conv1d(kernel):
    torch.manual_seed(0)
    ours = TimeConvolution(5, 4, kernel)
    torch.nn.init.normal_(ours.bias)
    x = torch.randn(2, 7, 5)
    weight = ours.taps.weight.unflatten(0, (kernel, 4)).permute(1, 2, 0)  # (out, in, tap)
    reference = functional.conv1d(x.transpose(1, 2), weight, ours.bias).transpose(1, 2)
    torch.testing.assert_close(ours(x), reference)


def test_residual_block_equals_torch_conv1d_plus_the_cropped_input():
    torch.manual_seed(0)
    block = ResidualBlock(4, kernel=3)
    x = torch.randn(2, 7, 4)
    weight = block.convolution.weight.unflatten(1, (3, 4)).transpose(1, 2)
    convolved = functional.conv1d(x.transpose(1, 2), weight, block.convolution.bias).transpose(1, 2)
    torch.testing.assert_close(block(x), x[:, 1:-1] + functional.gelu(convolved))


def test_dropout_is_drawn_for_each_row():
    torch.manual_seed(0)
    encoder = OffsetEncoder(n_neurons=3, window=1, hidden=32, dimension=2, dropout=0.5)
    same = torch.ones(2, 1, 3)
    first, second = encoder(same)
    assert not torch.equal(first, second)
    first, second = encoder.eval()(same)
    torch.testing.assert_close(first, second)


@pytest.mark.parametrize("n_windows", [3, 12, 60], ids=["cut first", "cut in between", "cut last"])
@pytest.mark.parametrize(("window", "stride"), [(1, 1), (2, 1), (5, 1), (10, 1), (8, 4)])
def test_stretches_of_a_sequence_give_the_latents_and_gradients_of_windows(window, stride, n_windows):
    torch.manual_seed(0)
    encoder = OffsetEncoder(n_neurons=6, window=window, hidden=16, dimension=3, stride=stride)
    sequence = torch.randn(50, 6)
    start = torch.randint(50 - window + 1, (n_windows,))
    windows = sequence[start[:, None] + torch.arange(window)]
    of_windows, of_stretches = encoder(windows), encoder((sequence, start))
    torch.testing.assert_close(of_stretches, of_windows, atol=1e-6, rtol=1e-6)

    weight = torch.randn_like(of_windows) / n_windows
    expected, found = (
        torch.autograd.grad((latents * weight).sum(), tuple(encoder.parameters()))
        for latents in (of_windows, of_stretches)
    )
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, atol=1e-6, rtol=1e-5)


def test_dropout_is_drawn_for_each_window_though_windows_overlap():
    torch.manual_seed(0)
    encoder = OffsetEncoder(n_neurons=3, window=4, hidden=32, dimension=2, dropout=0.5)
    twice = (torch.randn(6, 3), torch.tensor([1, 1]))
    first, second = encoder(twice)
    assert not torch.equal(first, second)
    first, second = encoder.eval()(twice)
    torch.testing.assert_close(first, second)
