"""What drives the units of a simulation: Gabor energy of the movie, and latents that follow AR(1)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.signal import lfilter

from twofold.shapes import Frames, PerNeuron

TEMPORAL_LAGS = 5
SCATTER = 0.1
RATE_RANGE_HZ = (0.05, 30.0)


@dataclass(frozen=True, eq=False)
class GaborUnits:
    """Motion-energy units: a complex Gabor in space times a complex kernel in time, squared.

    e_n(t) = | sum_l k_n(l) exp(i omega_n l) sum_xy G_n(x, y) movie(t - l, x, y) |^2,
    where real and imaginary part are the quadrature pair (Adelson and Bergen, 1985).

    Parameters
    ----------
    x_px, y_px
        (unit,) preferred position, in pixels.
    orientation
        (unit,) direction of the carrier, in radians.
    wavelength_px
        (unit,) of the carrier; the envelope's standard deviation is 0.45 of it.
    omega
        (unit,) preferred temporal frequency, in radians per frame; its sign is the preferred direction.
    memory_frames
        (unit,) time constant of the kernel.

    Examples
    --------
    >>> units = GaborUnits.random(3, height=8, width=16, random_state=0)
    >>> units.energy(np.random.default_rng(0).integers(0, 255, (4, 8, 16))).shape
    (4, 3)
    """

    x_px: PerNeuron
    y_px: PerNeuron
    orientation: PerNeuron
    wavelength_px: PerNeuron
    omega: PerNeuron
    memory_frames: PerNeuron

    @classmethod
    def random(
        cls, n_units: int, height: int, width: int, random_state: int | np.random.Generator = 0
    ) -> GaborUnits:
        """Units that look at one patch in the middle, with all orientations and 1.5 octaves of scale."""
        rng = np.random.default_rng(random_state)
        return cls(
            x_px=(width - 1) / 2 + SCATTER * height * rng.standard_normal(n_units),
            y_px=(height - 1) / 2 + SCATTER * height * rng.standard_normal(n_units),
            orientation=rng.uniform(0, np.pi, n_units),
            wavelength_px=height / 6 * 2 ** rng.uniform(0, 1.5, n_units),
            omega=rng.normal(0, 0.6, n_units),
            memory_frames=rng.uniform(0.5, 1.5, n_units),
        )

    def energy(self, frames: Frames) -> np.ndarray:
        """(frame, unit) energy; before the first frame the screen is grey."""
        n_frames, height, width = frames.shape
        picture = frames.reshape(n_frames, -1).astype(np.float32)
        spatial = (picture - picture.mean()) @ self._filters(height, width).T
        lags = np.arange(TEMPORAL_LAGS)[:, None]
        kernel = np.exp(-lags / self.memory_frames + 1j * lags * self.omega)
        response = np.zeros(spatial.shape, dtype=complex)
        for lag in range(min(TEMPORAL_LAGS, n_frames)):
            response[lag:] += kernel[lag] * spatial[: n_frames - lag]
        return np.abs(response) ** 2

    def _filters(self, height: int, width: int) -> np.ndarray:
        """(unit, pixel) complex Gabors of unit norm."""
        y, x = (axis.reshape(1, -1) for axis in np.mgrid[:height, :width])
        dx, dy = x - self.x_px[:, None], y - self.y_px[:, None]
        along = dx * np.cos(self.orientation[:, None]) + dy * np.sin(self.orientation[:, None])
        envelope = np.exp(-(dx**2 + dy**2) / (2 * (0.45 * self.wavelength_px[:, None]) ** 2))
        gabor = envelope * np.exp(2j * np.pi * along / self.wavelength_px[:, None])
        return (gabor / np.linalg.norm(gabor, axis=1, keepdims=True)).astype(np.complex64)


def log_normal_rates(
    n_units: int, median_hz: float, spread: float, random_state: int | np.random.Generator = 0
) -> PerNeuron:
    """(unit,) mean rates in Hz: log-normal, drawn again until all lie between 0.05 and 30 Hz.

    Examples
    --------
    >>> bool((log_normal_rates(100, median_hz=2.0, spread=1.5) >= 0.05).all())
    True
    """
    rng = np.random.default_rng(random_state)
    low, high = RATE_RANGE_HZ
    rates = np.zeros(n_units)
    while (outside := (rates < low) | (rates > high)).any():
        rates[outside] = median_hz * np.exp(spread * rng.standard_normal(outside.sum()))
    return rates


def drive_of(
    energy: np.ndarray, rate_hz: PerNeuron, gain: float, random_state: int | np.random.Generator = 0
) -> np.ndarray:
    """(frame, unit) drive in Hz, d_n(f) = rate_n (b_n + gain e_n(f)) / (b_n + gain), of mean rate_n.

    Parameters
    ----------
    energy
        (frame, unit); it is divided by its mean over frames, which gives e.
    rate_hz
        (unit,) mean rate.
    gain
        Strength of the stimulus; 0 makes every unit deaf to it.
    random_state
        Seed or generator of the baselines b, which are log-normal around 1.

    Examples
    --------
    >>> drive_of(np.array([[1.0], [3.0]]), np.array([2.0]), gain=0.0)
    array([[2.], [2.]])
    """
    baseline = np.exp(0.5 * np.random.default_rng(random_state).standard_normal(len(rate_hz)))
    relative = energy / energy.mean(axis=0)
    return rate_hz * (baseline + gain * relative) / (baseline + gain)


def ar1(n_steps: int, time_constants: np.ndarray, random_state: int | np.random.Generator = 0) -> np.ndarray:
    """(step, latent) stationary AR(1) latents of variance 1: s(t) = phi s(t-1) + sqrt(1 - phi^2) noise.

    Parameters
    ----------
    n_steps
        Number of steps.
    time_constants
        (latent,) in steps; phi = exp(-1 / time constant).
    random_state
        Seed or generator.

    Examples
    --------
    >>> ar1(5, np.array([10.0, 30.0])).shape
    (5, 2)
    """
    rng = np.random.default_rng(random_state)
    noise = rng.standard_normal((n_steps, len(time_constants)))
    phi = np.exp(-1 / time_constants)
    noise[1:] *= np.sqrt(1 - phi**2)
    return np.stack(
        [lfilter([1.0], [1.0, -p], column) for p, column in zip(phi, noise.T, strict=True)], axis=1
    )


def block_loadings(
    mouse: np.ndarray,
    dimensions: int,
    gain: float,
    shared_gain: bool = False,
    random_state: int | np.random.Generator = 0,
) -> np.ndarray:
    """(mouse * dimension, unit) loadings of the units on the latents of their own mouse; others are 0.

    Parameters
    ----------
    mouse
        (unit,) index of each unit's mouse.
    dimensions
        Latents per mouse.
    gain
        Root-mean-square norm of a unit's loadings.
    shared_gain
        Whether the first latent of a mouse is a gain that moves all its units alike.
    random_state
        Seed or generator.

    Examples
    --------
    >>> block_loadings(np.array([0, 1]), dimensions=2, gain=1.0).astype(bool).astype(int)
    array([[1, 0], [1, 0], [0, 1], [0, 1]])
    """
    rng = np.random.default_rng(random_state)
    own = gain / np.sqrt(dimensions) * rng.standard_normal((dimensions, len(mouse)))
    if shared_gain:
        own[0] = gain / np.sqrt(dimensions)
    is_own = np.arange(mouse.max() + 1)[:, None, None] == mouse
    return np.where(is_own, own, 0.0).reshape(-1, len(mouse))
