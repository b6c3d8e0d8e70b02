"""Simulated cells whose optimum is known: spatio-temporal Gabor filters and what is made of their output."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from twofold.in_silico import Screen

SCREEN = Screen(14, 18, frames_lost=8, grey=80.0, sd=50.0)


@dataclass(frozen=True)
class Filter:
    """A drifting Gabor patch behind a window in time, blind to luminance, of length 1."""

    direction_deg: float = 60.0
    cycles_per_pixel: float = 0.12
    temporal_hz: float = 4.0
    row: float = 6.5
    column: float = 8.5
    sd_px: float = 2.2
    phase_deg: float = 0.0

    def weights(self, screen: Screen = SCREEN) -> Tensor:
        y, x = np.mgrid[: screen.height, : screen.width].astype(float)
        y, x, angle = y - self.row, x - self.column, np.deg2rad(self.direction_deg)
        lag = (np.arange(screen.frames_lost + 1) - screen.frames_lost)[:, None, None]
        along = self.cycles_per_pixel * (x * np.cos(angle) - y * np.sin(angle))
        phase = 2 * np.pi * (along - self.temporal_hz * lag / screen.rate_hz) + np.deg2rad(self.phase_deg)
        window = np.exp(-(x**2 + y**2) / (2 * self.sd_px**2)) * np.exp(-0.5 * ((lag + 4) / 2.5) ** 2)
        gabor = window * np.cos(phase)
        gabor -= window * gabor.sum() / window.sum()
        return torch.from_numpy(gabor / np.linalg.norm(gabor))


def filtered(video: Tensor, weights: Tensor, screen: Screen = SCREEN) -> Tensor:
    """(video, answer, neuron) outputs of filters (neuron, lag, height, width), in standard deviations."""
    deviation = (video.double() - screen.grey) / screen.sd
    windows = deviation.unfold(1, weights.shape[1], 1)
    return torch.einsum("vtyxl,nlyx->vtn", windows, weights)


def linear(*filters: Filter):
    """Cells that are their filter."""
    weights = torch.stack([own.weights() for own in filters])
    return lambda video: filtered(video, weights)


def simple(*filters: Filter):
    """Cells behind a threshold: (filter)_+^2."""
    weights = torch.stack([own.weights() for own in filters])
    return lambda video: filtered(video, weights).clamp(min=0).square()


def complex_cells(*filters: Filter):
    """Energies: the filter and the same a quarter of a cycle later, squared and added."""
    pairs = torch.stack([torch.stack(quadrature(own)) for own in filters])

    def respond(video: Tensor) -> Tensor:
        return sum(filtered(video, pairs[:, k]).square() for k in (0, 1))

    return respond


def quadrature(own: Filter) -> tuple[Tensor, Tensor]:
    """Two filters a quarter of a cycle apart."""
    return own.weights(), replace(own, phase_deg=own.phase_deg + 90).weights()


def cosine(one, other) -> float:
    """Of two arrays of one shape."""
    one, other = np.ravel(one).astype(float), np.ravel(other).astype(float)
    return float(one @ other / np.linalg.norm(one) / np.linalg.norm(other))
