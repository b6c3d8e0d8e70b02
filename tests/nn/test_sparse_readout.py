from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from twofold.nn import corners, sample_products

from ..oracles.video_model import readout_by_grid_sample


def some(shape, seed, dtype=torch.float64):
    return torch.randn(shape, dtype=dtype, generator=torch.Generator().manual_seed(seed))


def ours(features, points, vectors):
    """As the oracle is called, but points (batch, time, neuron, 2) may have an axis of one for all."""
    maps = features.permute(0, 2, 3, 4, 1)
    return sample_products(maps, vectors, corners(points, *maps.shape[2:4]))


def assert_like_grid_sample(features, points, vectors, tolerance):
    batch, time = features.shape[0], features.shape[2]
    leaves = [part.requires_grad_() for part in (features, points, vectors)]
    mine = ours(features, points, vectors)
    expected = readout_by_grid_sample(features, points.clamp(-1, 1).expand(batch, time, -1, -1), vectors)
    torch.testing.assert_close(mine, expected, atol=tolerance, rtol=tolerance)
    weight = some(mine.shape, 9, mine.dtype)
    exact = torch.autograd.grad((expected * weight).sum(), leaves)
    for slope, reference in zip(torch.autograd.grad((mine * weight).sum(), leaves), exact, strict=True):
        torch.testing.assert_close(slope, reference, atol=tolerance, rtol=tolerance)


@pytest.mark.parametrize("patterns", [(1, 1), (2, 1), (2, 5)], ids=["all alike", "per clip", "per frame"])
@pytest.mark.parametrize("parameters", [1, 2])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_products_and_gradients_equal_grid_sample(patterns, parameters, dtype):
    features, vectors = some((2, 7, 5, 6, 9), 0, dtype), some((parameters, 40, 7), 1, dtype)
    points = 0.8 * some((*patterns, 40, 2), 2, dtype)  # a fifth of them beyond the border
    assert_like_grid_sample(features, points, vectors, 1e-10 if dtype == torch.float64 else 1e-5)


@given(height=st.integers(2, 5), width=st.integers(2, 5), neurons=st.integers(1, 9), seed=st.integers(0, 99))
def test_any_small_map_equals_grid_sample(height, width, neurons, seed):
    features, vectors = some((1, 3, 2, height, width), seed), some((1, neurons, 3), seed + 1)
    assert_like_grid_sample(features, 0.6 * some((1, 2, neurons, 2), seed + 2), vectors, 1e-9)


def test_size_of_the_paper_in_single_precision_equals_grid_sample():
    features, vectors = some((1, 128, 3, 18, 46), 0, torch.float32), some((1, 500, 128), 1, torch.float32)
    points = some((1, 1, 500, 2), 2, torch.float32).clamp(-0.99, 0.99)
    weight = some((1, 3, 500, 1), 3, torch.float32)
    leaves = [part.requires_grad_() for part in (features, points, vectors)]
    mine = ours(features, points, vectors)
    expected = readout_by_grid_sample(features, points.expand(1, 3, -1, -1), vectors)
    pairs = [(mine, expected)]
    pairs += zip(
        *(torch.autograd.grad((out * weight).sum(), leaves) for out in (mine, expected)), strict=True
    )
    for got, exact in pairs:  # relative to the largest, for sums of 128 products cancel
        assert (got - exact).abs().max() < 1e-5 * exact.abs().max()


def test_the_far_corner_is_the_last_pixel():
    maps = torch.arange(12.0).view(1, 1, 3, 4, 1)
    at = corners(torch.tensor([[[[1.0, 1.0], [-1.0, -1.0], [1.0, -1.0], [-1.0, 1.0]]]]), 3, 4)
    assert sample_products(maps, torch.ones(1, 4, 1), at).flatten().tolist() == [11, 0, 3, 8]


def test_a_position_that_is_not_a_number_spoils_its_neuron_only():
    points = torch.tensor([[[[float("nan"), 0.0], [0.1, 0.2]]]])
    read = sample_products(torch.ones(1, 1, 3, 4, 2), torch.ones(1, 2, 2), corners(points, 3, 4))
    assert read[0, 0, 0].isnan().all()
    torch.testing.assert_close(read[0, 0, 1], torch.tensor([2.0]))


def test_the_same_gradients_bit_for_bit():
    features, vectors, points = some((1, 5, 4, 6, 9), 0), some((2, 60, 5), 1), some((1, 4, 60, 2), 2)

    def gradients():
        leaves = [part.clone().requires_grad_() for part in (features, points, vectors)]
        return torch.autograd.grad(ours(*leaves).square().sum(), leaves)

    assert all(torch.equal(a, b) for a, b in zip(gradients(), gradients(), strict=True))


def test_each_parameter_lies_in_one_piece_of_memory():
    read = ours(some((1, 3, 2, 4, 4), 0), some((1, 1, 6, 2), 1), some((2, 6, 3), 2))
    assert read.movedim(-1, 0).is_contiguous()
