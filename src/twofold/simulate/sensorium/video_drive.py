"""The drive of a mouse: its Gabor channels read at its receptive fields, standardised per neuron."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from scipy.sparse import csr_array, hstack

from twofold.shapes import Frames
from twofold.simulate.sensorium.gabor_drive import GaborBank, field_px, late_luminance
from twofold.simulate.sensorium.options import Sensorium

PREFERENCE_SD = 0.35
THETA_SD = 0.15
TILT = 0.3  # radians: largest rotation of the retinotopic map
SCALED_ON = 2


@runtime_checkable
class DriveSource(Protocol):
    """What a video does to neurons, in any unit."""

    def __call__(self, frames: Frames) -> np.ndarray:
        """(2, frame, neuron) for v and for u."""
        ...


@dataclass(frozen=True, eq=False)
class ChannelDrive:
    """Weighted channels at each neuron's receptive field.

    Parameters
    ----------
    banks, readouts
        Channels, and (row * column * channel, 2 * neuron) what reads them, for v and then for u.
    """

    banks: tuple[GaborBank, ...]
    readouts: tuple[csr_array, ...]

    @classmethod
    def random(
        cls, options: Sensorium, position_px: np.ndarray, train: Sequence[Frames], rng: np.random.Generator
    ) -> ChannelDrive:
        """Neurons that each prefer one channel; with complex cells, half of them read energies."""
        n = len(position_px)
        banks = [GaborBank.for_frames(options.height, options.width)]
        reads = [np.ones(n, dtype=bool)]
        channels = len(banks[0].spatial)
        prefers = PREFERENCE_SD * rng.standard_normal((n, channels))
        prefers[np.arange(n), rng.integers(channels, size=n)] += 1
        for_u = prefers + THETA_SD * rng.standard_normal((n, channels))
        if "complex_cells" in options.mismatches:
            banks.append(GaborBank.for_frames(options.height, options.width, is_complex=True))
            is_complex = rng.random(n) < 0.5
            reads = [~is_complex, is_complex]
        seen = np.concatenate(train[:SCALED_ON])
        return cls(
            banks=tuple(bank.scaled_to(seen) for bank in banks),
            readouts=tuple(
                hstack([bank.readout(position_px, mask[:, None] * w) for w in (prefers, for_u)], format="csr")
                for bank, mask in zip(banks, reads, strict=True)
            ),
        )

    def __call__(self, frames: Frames) -> np.ndarray:
        """(2, frame, neuron) weighted channels."""
        both = sum(
            bank.maps(frames) @ readout for bank, readout in zip(self.banks, self.readouts, strict=True)
        )
        return np.asarray(both).reshape(len(frames), 2, -1).swapaxes(0, 1)


@dataclass(frozen=True, eq=False)
class LateDrive:
    """Retinotopic luminance of 24 frames ago, alike for v and u: no core of 18 frames can see it."""

    position_px: np.ndarray

    def __call__(self, frames: Frames) -> np.ndarray:
        """(2, frame, neuron) blurred luminance."""
        return np.broadcast_to(late := late_luminance(frames, self.position_px), (2, *late.shape))


@dataclass(frozen=True, eq=False)
class VideoDrive:
    """A source in standard deviations of the training frames, times `sd`.

    Parameters
    ----------
    source
        What is standardised.
    mean, factor
        (2, 1, neuron) taken off, and multiplied.
    """

    source: DriveSource
    mean: np.ndarray
    factor: np.ndarray

    @classmethod
    def standardised(
        cls, source: DriveSource, clips: Sequence[Frames], n_train: int, sd: float
    ) -> tuple[VideoDrive, np.ndarray]:
        """The drive, and its values (2, clip * frame, neuron) float32; the first clips are training."""
        first = source(clips[0])
        values = np.empty((2, len(clips) * first.shape[1], first.shape[2]), dtype=np.float32)
        for number, frames in enumerate(clips):
            values[:, number * len(frames) : (number + 1) * len(frames)] = source(frames)
        train = values[:, : n_train * first.shape[1]]
        mean, spread = (part.astype(np.float32) for part in _moments(train))
        factor = sd / np.maximum(spread, 1e-6)
        values -= mean
        values *= factor
        return cls(source, mean, factor), values

    def __call__(self, frames: Frames) -> np.ndarray:
        """(2, frame, neuron) drive of a clip for v and u, of mean 0 in training."""
        return (self.source(frames) - self.mean) * self.factor


def receptive_fields(options: Sensorium, x_y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(neuron, 2) row and column in pixels: a linear map of the cortex, a little turned, and scatter.

    Parameters
    ----------
    x_y
        (neuron, 2) position in the field, -1 to 1.
    """
    tilt = rng.uniform(-TILT, TILT)
    turn = np.array([[np.cos(tilt), -np.sin(tilt)], [np.sin(tilt), np.cos(tilt)]])
    centre, reach = field_px(options.height, options.width)
    fields = (x_y @ turn.T)[:, ::-1] / (np.cos(tilt) + abs(np.sin(tilt)))
    scatter = options.retinotopy_scatter_px * rng.standard_normal(x_y.shape)
    return centre + np.clip(fields * reach + scatter, -reach, reach)


def _moments(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation over time, in blocks."""
    total, squares = (np.zeros((2, 1, values.shape[2])) for _ in range(2))
    for start in range(0, values.shape[1], 4096):
        block = values[:, start : start + 4096]
        total += block.sum(axis=1, keepdims=True, dtype=float)
        squares += np.square(block, dtype=float).sum(axis=1, keepdims=True)
    mean = total / values.shape[1]
    return mean, np.sqrt(np.maximum(squares / values.shape[1] - mean**2, 0))
