from __future__ import annotations

import numpy as np
import pytest

from twofold.simulate.world import GaborUnits, ar1, block_loadings, drive_of, log_normal_rates


def one_unit(**changes):
    values = {"x_px": 16.0, "y_px": 16.0, "orientation": 0.0, "wavelength_px": 8.0, "omega": 0.0,
              "memory_frames": 1.0}  # fmt: skip
    return GaborUnits(**{name: np.array([value]) for name, value in {**values, **changes}.items()})


def grating(n_frames=24, orientation=0.0, wavelength=8.0, omega=0.0):
    y, x = np.mgrid[:32, :32]
    along = x * np.cos(orientation) + y * np.sin(orientation)
    time = np.arange(n_frames)[:, None, None]
    return 128 + 100 * np.cos(2 * np.pi * along / wavelength - omega * time)


def test_energy_prefers_its_orientation_and_scale():
    at_best = one_unit().energy(grating())[-1, 0]
    assert at_best > 20 * one_unit().energy(grating(orientation=np.pi / 2))[-1, 0]
    assert at_best > 3 * one_unit().energy(grating(wavelength=24.0))[-1, 0]


def test_energy_does_not_depend_on_the_phase_of_a_moving_grating():
    energy = one_unit(omega=0.4).energy(grating(omega=0.4))[5:, 0]
    assert energy.std() / energy.mean() < 0.02


def test_a_unit_of_positive_omega_prefers_one_direction():
    unit = one_unit(omega=0.9, memory_frames=1.5)
    forth, back = (unit.energy(grating(omega=omega))[5:, 0].mean() for omega in (0.9, -0.9))
    assert max(forth, back) > 3 * min(forth, back)


def test_energy_is_causal():
    movie = np.random.default_rng(0).integers(0, 255, (20, 16, 16)).astype(float)
    movie -= movie.mean() - 128
    later = movie.copy()
    later[10:] = movie[10:][::-1]  # the same pixels, so the same mean
    units = GaborUnits.random(5, 16, 16, 0)
    assert np.allclose(units.energy(movie)[:10], units.energy(later)[:10])
    assert not np.allclose(units.energy(movie)[10:], units.energy(later)[10:])


@pytest.mark.parametrize("gain", [0.0, 1.0, 10.0])
def test_drive_has_the_mean_rate_asked_for(gain):
    energy = np.random.default_rng(0).exponential(size=(50, 4))
    rate = np.array([0.1, 1.0, 5.0, 30.0])
    drive = drive_of(energy, rate, gain, random_state=1)
    assert np.allclose(drive.mean(axis=0), rate)
    assert (drive > 0).all()
    assert (drive.std(axis=0) > 0).all() == (gain > 0)


def test_rates_are_log_normal_between_their_bounds():
    rates = log_normal_rates(20_000, median_hz=1.5, spread=0.5, random_state=0)
    assert np.median(rates) == pytest.approx(1.5, rel=0.03)
    assert np.log(rates).std() == pytest.approx(0.5, rel=0.03)
    wide = log_normal_rates(2_000, median_hz=1.5, spread=3.0, random_state=0)
    assert wide.min() >= 0.05
    assert wide.max() <= 30


def test_ar1_is_stationary_with_the_autocorrelation_asked_for():
    latents = ar1(200_000, np.array([2.0, 20.0]), random_state=0)
    assert np.allclose(latents.var(axis=0), 1, atol=0.06)
    for lag in (1, 5):
        found = (latents[lag:] * latents[:-lag]).mean(axis=0)
        assert np.allclose(found, np.exp(-lag / np.array([2.0, 20.0])), atol=0.06)
    starts = np.array([ar1(1, np.array([50.0]), seed)[0, 0] for seed in range(400)])
    assert starts.std() == pytest.approx(1, abs=0.15)


def test_units_load_on_the_latents_of_their_own_mouse_only():
    mouse = np.array([0, 0, 1, 1, 1])
    loadings = block_loadings(mouse, dimensions=3, gain=0.7, random_state=0)
    for unit, own in enumerate(mouse):
        assert set(np.flatnonzero(loadings[:, unit])) == set(range(3 * own, 3 * own + 3))
    many = block_loadings(np.zeros(20_000, dtype=int), dimensions=3, gain=0.7, random_state=0)
    assert np.sqrt((many**2).sum(axis=0).mean()) == pytest.approx(0.7, rel=0.02)


def test_a_shared_gain_moves_all_units_alike():
    loadings = block_loadings(np.zeros(6, dtype=int), dimensions=2, gain=0.5, shared_gain=True)
    assert np.ptp(loadings[0]) == 0
    assert loadings[0, 0] > 0
