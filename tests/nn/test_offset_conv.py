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
