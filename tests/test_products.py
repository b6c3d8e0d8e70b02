from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from twofold.products import affine, convolve, sum_of_taps


def gradients(product, *arguments):
    leaves = [argument.clone().requires_grad_() for argument in arguments]
    y = product(*leaves)
    weight = torch.linspace(-1, 1, y.numel(), dtype=y.dtype).view_as(y) / y.numel()
    return [y, *torch.autograd.grad((y * weight).sum(), leaves)]


def assert_equal_in_fp64(product, reference, *arguments):
    ours = gradients(product, *arguments)
    expected = gradients(reference, *(argument.double() for argument in arguments))
    for mine, exact in zip(ours, expected, strict=True):
        torch.testing.assert_close(mine.double(), exact, atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize(("n_in", "n_out"), [(40, 24), (24, 40)])
@pytest.mark.parametrize("rows", [(7,), (3000,), (60, 50)], ids=str)
def test_affine_and_its_gradients_equal_double_precision(rows, n_in, n_out):
    # Few rows are multiplied by one library, many by another; of weights and rows the smaller are laid out.
    torch.manual_seed(0)
    x, weight, bias = torch.randn(*rows, n_in), torch.randn(n_out, n_in) / n_in**0.5, torch.randn(n_out)
    assert_equal_in_fp64(affine, functional.linear, x, weight, bias)
    assert_equal_in_fp64(affine, functional.linear, x, weight)


@pytest.mark.parametrize(("time", "taps", "stride"), [(9, 3, 1), (3, 3, 1), (8, 4, 2), (9, 4, 3), (12, 2, 1)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_convolve_and_its_gradients_equal_conv1d_in_double_precision(time, taps, stride, dtype):
    torch.manual_seed(0)
    x, weight, bias = torch.randn(20, time, 5), torch.randn(6, 5, taps), torch.randn(6)

    def reference(x, weight, bias):
        return functional.conv1d(x.transpose(1, 2), weight, bias, stride).transpose(1, 2)

    arguments = (part.to(dtype) for part in (x, weight, bias))
    assert_equal_in_fp64(lambda *parts: convolve(*parts, stride), reference, *arguments)


def test_products_in_bf16_stay_in_bf16():
    x, weight, bias = torch.randn(4, 9, 5), torch.randn(6, 5, 3), torch.randn(6)
    with torch.autocast("cpu", torch.bfloat16):
        assert convolve(x, weight, bias).dtype == torch.bfloat16
        assert affine(x, torch.randn(6, 5)).dtype == torch.bfloat16


def test_gradients_of_gradients_equal_those_of_torch():
    torch.manual_seed(0)
    x, weight = torch.randn(512, 64), torch.randn(64, 64) / 8

    def slope(x, product):
        x = x.requires_grad_()
        return torch.autograd.grad((product(x, weight) ** 3).mean(), x, create_graph=True)[0]

    def curvature(x, product):
        return torch.autograd.grad((slope(x, product) ** 2).sum(), x)[0]

    ours = curvature(x.clone(), affine)
    exact = curvature(x.clone(), functional.linear)
    assert exact.abs().max() > 0
    torch.testing.assert_close(ours, exact, atol=1e-8, rtol=1e-4)


def test_views_are_multiplied_as_their_copies_are():
    torch.manual_seed(0)
    wide, weight = torch.randn(64, 2048), torch.randn(32, 128)
    views = (wide.T[:, :64], wide.T[::2, ::2], wide[:1].expand(4096, -1)[:, :64])
    for x, w in ((x, weight[:, ::2][:, : x.shape[1]]) for x in views):
        torch.testing.assert_close(affine(x, w), affine(x.contiguous(), w.contiguous()), atol=1e-5, rtol=1e-5)


def test_convolve_in_bf16_has_the_gradient_of_fp32():
    torch.manual_seed(0)
    x, weight, bias = torch.randn(20, 9, 5), torch.randn(6, 5, 3), torch.randn(6)
    exact = gradients(lambda *parts: convolve(*parts, 2), x, weight, bias)
    with torch.autocast("cpu", torch.bfloat16):
        rough = gradients(lambda *parts: convolve(*parts, 2).float(), x, weight, bias)
    for mine, other in zip(rough, exact, strict=True):
        torch.testing.assert_close(mine, other, atol=0.05, rtol=0.05)


@pytest.mark.parametrize("n_taps", [1, 2, 3])
def test_sum_of_taps_and_its_gradients_of_two_orders_equal_shifted_sums(n_taps):
    torch.manual_seed(0)
    taps = torch.randn(7, 4 * n_taps, dtype=torch.float64, requires_grad=True)

    def slowly(taps):
        return torch.stack(
            [sum(taps[t + j, 4 * j : 4 * j + 4] for j in range(n_taps)) for t in range(8 - n_taps)]
        )

    torch.testing.assert_close(sum_of_taps(taps, n_taps), slowly(taps))
    assert torch.autograd.gradcheck(lambda u: sum_of_taps(u, n_taps) ** 2, taps)
    assert torch.autograd.gradgradcheck(lambda u: sum_of_taps(u, n_taps) ** 2, taps)
