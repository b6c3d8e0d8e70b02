"""Calibration, noise correlations, traces and densities: against what was drawn, and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import trapezoid

from twofold.encoding import LatentVideoModel
from twofold.studies.latent_factors.parts.calibration import calibration
from twofold.studies.latent_factors.parts.calibration import rows as rows_of_calibration
from twofold.studies.latent_factors.parts.figure_5 import figure_5
from twofold.studies.latent_factors.parts.figure_5 import rows as rows_of_figure_5
from twofold.studies.latent_factors.parts.figure_9 import figure_9
from twofold.studies.latent_factors.parts.figure_9 import rows as rows_of_figure_9
from twofold.studies.latent_factors.parts.held_out import HeldOut
from twofold.studies.latent_factors.parts.noise import noise
from twofold.studies.latent_factors.parts.noise import rows as rows_of_noise

# --- calibration ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def calibrated(mouse, model):
    return calibration([mouse], model, seed=0)


def test_a_fitted_model_covers_about_what_it_promises(calibrated):
    assert calibrated["calibration/coverage"].shape == (1, 4)
    np.testing.assert_allclose(
        calibrated["calibration/coverage"][0], calibrated["calibration/level"], atol=0.05
    )
    assert calibrated["calibration/pit"].mean() == pytest.approx(1)
    np.testing.assert_allclose(calibrated["calibration/pit"], 1, atol=0.5)


def test_a_state_that_is_overstated_is_no_longer_calibrated(mouse, model, calibrated):
    """Weights six times too large: predictions given the video alone are too wide."""
    loud = LatentVideoModel(model.video, model.latent_options)
    loud.load_state_dict(model.state_dict())
    for population in loud.latent_populations:
        for parameter in population.map.parameters():
            parameter.data *= 6
    worse = calibration([mouse], loud, seed=0)
    distance = "calibration/0/video-distance/interval"
    assert worse[distance][0] > calibrated[distance][0] + 0.01


def test_silence_is_told_as_often_as_it_was_seen(calibrated):
    told = {(row.row, row.metric): row for row in rows_of_calibration(calibrated, ["mouse-1"])}
    for what in ("given half of the neurons", "video only"):
        row = told[f"latent zig free, {what}", "silence_beyond_prediction"]
        assert abs(row.value) < 0.05 and row.chance == 0
        assert told[f"latent zig free, {what}", "coverage_90"].chance == 0.9


# --- noise correlations --------------------------------------------------------------------------


def test_pairs_that_share_noise_in_the_data_share_it_in_the_model(mouse, model):
    found = noise([mouse], model, seed=0, n_bootstrap=50, n_permutations=39)
    told = {row.row: row for row in rows_of_noise(found, ["mouse-1"])}
    row = told["latent zig free, agreement over pairs"]
    assert row.value > 0.2 and "p = 0.025" in row.note
    assert found["noise-correlations/0/data"].shape == found["noise-correlations/0/model"].shape == (4000,)


# --- traces --------------------------------------------------------------------------------------


def test_the_traces_are_those_of_one_held_out_clip(mouse, model):
    found = {name.removeprefix("figure-5/0/"): x for name, x in figure_5([mouse], model, seed=0).items()}
    lost = model.frames_lost
    held = HeldOut.of(model, mouse)
    assert not held.given[found["neuron"]].any()
    np.testing.assert_array_equal(found["observed"], held.trials.read(0).responses[lost:, found["neuron"]].T)
    assert found["frames"].dtype == np.uint8 and found["frames"].shape == (50, 18, 32)
    np.testing.assert_array_equal(found["frame_of_time"], np.arange(lost, 50))
    assert len(found["time_s"]) == 50 - lost
    assert (found["low"] <= found["high"]).all()
    given = model.predict(held.part, given=held.given, neurons=found["neuron"]).mean[0].T
    np.testing.assert_allclose(found["conditioned"], given, rtol=1e-4, atol=1e-6)


def test_neurons_are_shown_that_the_state_tells(mouse, model):
    found = figure_5([mouse], model, seed=0)
    told = {(row.row, row.metric): row.value for row in rows_of_figure_5(found, ["mouse-1"])}
    conditioned = told["latent zig free, given half of the neurons", "correlation"]
    assert conditioned > told["latent zig free, video only", "correlation"]


# --- densities -----------------------------------------------------------------------------------


def test_the_density_of_the_heat_map_is_that_of_the_model_and_holds_all_probability(mouse, model):
    found = figure_9([mouse], model, seed=0, bins=60)
    density = found["figure-9/log_density_4"]
    assert density.shape == (60, 50 - model.frames_lost)
    held = HeldOut.of(model, mouse)
    neuron = int(found["figure-9/neuron"])
    one = next(held.known(None, [0])).state.distribution(np.array([neuron]))
    silence = one.cdf(one.mean * 0 + 0.005).numpy()[:, 0]
    np.testing.assert_allclose(np.exp(density[0]), silence, rtol=1e-3)
    fine = np.geomspace(0.0051, 200, 4000)
    curve = [one.log_prob(one.mean[:1] * 0 + float(at)).exp()[0, 0].item() for at in fine[::20]]
    assert silence[0] + trapezoid(curve, fine[::20]) == pytest.approx(1, abs=0.1)


def test_bits_of_the_shown_neuron_are_told_for_each_number_of_latents(mouse, model):
    found = figure_9([mouse], model, seed=0, bins=10)
    row = rows_of_figure_9(found, ["mouse-1"])[0]
    assert row.row == "latent zig free, 4 latents"
    assert row.low < row.value < row.high
