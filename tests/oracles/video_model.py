"""Slow, obvious references of the parts of a video model, written from the published formulas."""

from __future__ import annotations

import torch
from torch.nn import functional


def core_by_conv3d(core, video):
    """The factorised core with three-dimensional convolutions, channels first."""
    for block in core.blocks:
        video = functional.conv3d(video, block.spatial.weight.unsqueeze(2), block.spatial.bias)
        video = functional.conv3d(video, block.temporal.weight.unsqueeze(4), block.temporal.bias)
        norm = block.norm
        statistics = (None, None) if norm.training else (norm.running_mean, norm.running_var)
        video = functional.batch_norm(video, *statistics, norm.weight, norm.bias, norm.training, eps=1e-5)
        video = functional.elu(video)
    return video


def roughness_by_loops(kernels, laplace):
    """|L * W|^2 / |W|^2 of (out, in, height, width), zeros around each kernel."""
    rows, columns = kernels.shape[2:]
    middle_row, middle_column = len(laplace) // 2, len(laplace[0]) // 2
    total = 0.0
    for kernel in kernels.detach().double().flatten(0, 1).tolist():
        for row in range(rows):
            for column in range(columns):
                value = 0.0
                for i, taps in enumerate(laplace):
                    for j, tap in enumerate(taps):
                        y, x = row + i - middle_row, column + j - middle_column
                        if 0 <= y < rows and 0 <= x < columns:
                            value += tap * kernel[y][x]
                total += value**2
    return total / kernels.detach().double().square().sum().item()


def sampled_features(features, points):
    """Features at points (batch, time, neuron, 2): (batch, time, neuron, channel)."""
    batch, _, time = features.shape[:3]
    frames = features.transpose(1, 2).flatten(0, 1)
    grid = points.flatten(0, 1).unsqueeze(2)
    sampled = functional.grid_sample(frames, grid, align_corners=True).squeeze(3)
    return sampled.transpose(1, 2).unflatten(0, (batch, time))


def readout_by_grid_sample(features, points, vectors):
    """Sample all channels, then weigh them: (batch, time, neuron, parameter)."""
    return torch.einsum("btnc,onc->btno", sampled_features(features, points), vectors)


def readout_convolved_by_neuron(features, points, vectors, weight, bias):
    """The released code's way: each neuron's (time, channel) image through one convolution per parameter."""
    sampled = sampled_features(features, points)
    answer = torch.zeros(*sampled.shape[:3], len(vectors), dtype=features.dtype)
    for clip in range(sampled.shape[0]):
        for neuron in range(sampled.shape[2]):
            image = sampled[clip, :, neuron][None, None]
            padding = (weight.shape[1] // 2, weight.shape[2] // 2)
            convolved = functional.conv2d(image, weight.unsqueeze(1), bias, padding=padding)[0]
            answer[clip, :, neuron] = torch.einsum("otc,oc->to", convolved, vectors[:, neuron])
    return answer
