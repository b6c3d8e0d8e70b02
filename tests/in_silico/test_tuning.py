"""Numbers on tuning curves against closed forms, and on simulated cells against what they were made of."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import circmean, circstd

from twofold.errors import DataError, OptionError
from twofold.in_silico import ProbeOptions, TuningCurves, over_models
from twofold.in_silico.probing import tuned
from twofold.in_silico.tuning import direction_tuning, gabor_table, grating_table, half_contrast, peak
from twofold.metrics import mean_and_sem

from .cells import SCREEN, Filter, complex_cells, simple

CELLS = (
    Filter(direction_deg=60.0, cycles_per_pixel=0.12, temporal_hz=4.0),
    Filter(direction_deg=280.0, cycles_per_pixel=0.2, temporal_hz=7.0, row=4.0, column=11.0, sd_px=1.8),
)
FEW = ProbeOptions(
    directions=12,
    cycles_per_pixel=(0.06, 0.12, 0.2, 0.3),
    temporal_hz=(2.0, 4.0, 7.0),
    contrasts=(0.25, 0.5, 1.0),
    rows=7,
    columns=9,
    sizes=(0.08, 0.16, 0.32),
    gabor_orientations=2,
    gabor_cycles_per_pixel=0.15,
    seconds=0.25,
    videos_at_once=64,
)


@pytest.mark.parametrize("n", [8, 12, 16])
def test_selectivity_of_a_sum_of_harmonics_is_half_of_their_amplitudes(n):
    theta = np.arange(n) * 360 / n
    a, axis, b, towards = (
        np.array([[0.6, 0.2, 0.0]]),
        np.array([[40.0, 130.0, 0.0]]),
        0.3,
        np.array([[50.0, 300, 7]]),
    )
    angle = theta[:, None]
    response = 5 * (1 + a * np.cos(2 * np.deg2rad(angle - axis)) + b * np.cos(np.deg2rad(angle - towards)))
    found = direction_tuning(response, theta)
    np.testing.assert_allclose(found.orientation_selectivity, a[0] / 2, atol=1e-12)
    np.testing.assert_allclose(found.direction_selectivity, b / 2, atol=1e-12)
    np.testing.assert_allclose(found.preferred_orientation_deg[:2], [130, 40], atol=1e-9)
    fine = np.arange(36_000)[:, None] / 100
    whole = a * np.cos(2 * np.deg2rad(fine - axis)) + b * np.cos(np.deg2rad(fine - towards))
    np.testing.assert_allclose(found.preferred_direction_deg, fine[whole.argmax(axis=0), 0], atol=0.01)


def test_ratios_compare_preferred_with_orthogonal_and_opposite():
    response = np.array([[8.0, 1.0, 4.0, 2.0], [1.0, 0.0, 0.0, 0.0]]).T
    found = direction_tuning(response, np.arange(4) * 90.0)
    np.testing.assert_allclose(found.direction_ratio, [(8 - 4) / 12, 1])
    np.testing.assert_allclose(found.orientation_ratio, [(12 - 3) / 15, 1])


def test_a_neuron_that_never_answers_has_no_preference():
    found = direction_tuning(np.zeros((8, 1)), np.arange(8) * 45.0)
    assert all(np.isnan(values).all() for values in vars(found).values())
    assert np.isnan(peak(np.zeros((3, 1)), np.arange(3.0))).all()
    assert np.isnan(half_contrast(np.zeros((3, 1)), np.array([0.2, 0.5, 1.0]))).all()


def test_the_peak_of_a_parabola_is_found_between_samples_and_ends_are_ends():
    values = np.array([1.0, 2.0, 4.0, 8.0])
    tops = np.array([1.7, 3.0, 5.0])
    response = 9 - (np.log2(values)[:, None] - np.log2(tops)) ** 2
    np.testing.assert_allclose(peak(response, values, log=True), tops)
    rising = np.array([[1.0, 4.0], [2.0, 3.0], [3.0, 2.0], [4.0, 1.0]])
    np.testing.assert_allclose(peak(rising, values, log=True), [8.0, 1.0])
    np.testing.assert_allclose(peak(np.ones((4, 1)), values), [1.0])
    np.testing.assert_allclose(peak(np.array([[1.0, 2.0]]).T, values[:2]), [2.0])


def test_half_of_a_saturating_response_is_reached_at_its_constant():
    contrasts = np.linspace(0.02, 1, 50)
    c_50 = np.array([0.1, 0.3])
    response = contrasts[:, None] ** 2 / (contrasts[:, None] ** 2 + c_50**2)
    half = 1 / (1 + c_50**2) / 2
    exact = c_50 * np.sqrt(half / (1 - half))
    np.testing.assert_allclose(half_contrast(response, contrasts), exact, atol=0.002)


@pytest.fixture(scope="module")
def of_simple():
    return tuned(simple(*CELLS), SCREEN, FEW)


def test_direction_and_frequencies_of_simulated_cells_are_found_again(of_simple):
    table = of_simple.table
    for cell, (_, row) in zip(CELLS, table.iterrows(), strict=True):
        off = (row["preferred_direction_deg"] - cell.direction_deg + 180) % 360 - 180
        assert abs(off) < 15  # half a step
        orientation = (row["preferred_orientation_deg"] - cell.direction_deg - 90 + 90) % 180 - 90
        assert abs(orientation) < 15
        for name in ("cycles_per_pixel", "temporal_hz"):
            assert 0.7 < row[name] / getattr(cell, name) < 1.4
    assert (table["direction_selectivity"] > 0.5).all()
    assert (table["orientation_selectivity"] > 0.3).all()


def test_positions_of_simulated_cells_are_found_again():
    table = tuned(complex_cells(*CELLS), SCREEN, FEW).table
    for cell, (_, row) in zip(CELLS, table.iterrows(), strict=True):
        assert abs(row["row"] - cell.row) < SCREEN.height / FEW.rows
        assert abs(row["column"] - cell.column) < SCREEN.width / FEW.columns


def test_centre_and_size_are_those_of_the_best_patch():
    axes = {"row": np.arange(6.0), "sd_px": np.array([1.0, 2.0, 4.0]), "column": np.arange(8.0)}
    y, sd, x = np.meshgrid(*axes.values(), indexing="ij")
    cells = (2.0, 3.0, 2.0), (3.0, 5.0, 1.7)
    each = [
        np.maximum(5 - np.log2(sd / size) ** 2 - 0.5 * (y - row) ** 2 - 0.5 * (x - column) ** 2, 0)
        for row, column, size in cells
    ]
    mean = np.stack(each, axis=-1)
    found = gabor_table(TuningCurves(axes, mean, mean, np.zeros(2)))
    np.testing.assert_allclose(found[["row", "column", "sd_px"]], cells, rtol=1e-6)


def test_simple_cells_are_modulated_and_complex_cells_are_not(of_simple):
    assert (of_simple.table["modulation_ratio"] > 1).all()
    assert (tuned(complex_cells(*CELLS), SCREEN, FEW).table["modulation_ratio"] < 0.3).all()


def test_contrast_curves_follow_the_best_grating_of_each_neuron(of_simple):
    best = of_simple.table["response_best"].to_numpy()
    np.testing.assert_allclose(of_simple.contrast[-1], best, rtol=1e-6)  # full contrast is what was shown
    np.testing.assert_allclose(of_simple.contrast[0], best / 16, rtol=1e-4)  # a square
    assert of_simple.table["half_contrast"].between(0.6, 0.8).all()


def test_directions_that_do_not_go_around_and_negative_responses_are_refused():
    with pytest.raises(OptionError, match=r"4, 8, 12, ... evenly spaced"):
        direction_tuning(np.ones((6, 1)), np.arange(6) * 60.0)
    with pytest.raises(OptionError, match="evenly spaced"):
        direction_tuning(np.ones((4, 1)), np.array([0.0, 90, 180, 260]))
    with pytest.raises(OptionError, match="below 0"):
        direction_tuning(-np.ones((4, 1)), np.arange(4) * 90.0)


def test_tables_without_the_axes_that_they_need_are_refused(of_simple):
    with pytest.raises(OptionError, match="no axis 'cycles_per_pixel'"):
        grating_table(of_simple.gabors)


# --- over models ---------------------------------------------------------------------------------


def test_uncertainty_over_models_is_the_standard_error_of_each_scale():
    rng = np.random.default_rng(0)
    tables = [
        pd.DataFrame(
            {
                "direction_selectivity": rng.uniform(size=3),
                "cycles_per_pixel": rng.uniform(0.1, 0.3, size=3),
                "preferred_direction_deg": rng.normal([0, 90, 200], 15) % 360,
                "preferred_orientation_deg": rng.normal([0, 90, 120], 10) % 180,
            }
        )
        for _ in range(5)
    ]
    found = over_models(tables).set_index(["measure", "neuron"])
    for neuron in range(3):
        values = {name: np.array([t[name][neuron] for t in tables]) for name in tables[0].columns}
        line = mean_and_sem(values["direction_selectivity"])
        row = found.loc["direction_selectivity", neuron]
        np.testing.assert_allclose(
            row[["value", "low", "high"]].astype(float), [line.value, line.low, line.high]
        )
        logs = mean_and_sem(np.log(values["cycles_per_pixel"]))
        row = found.loc["cycles_per_pixel", neuron]
        np.testing.assert_allclose(
            row[["value", "low", "high"]].astype(float), np.exp([logs.value, logs.low, logs.high])
        )
        for name, period in (("preferred_direction_deg", 360), ("preferred_orientation_deg", 180)):
            row = found.loc[name, neuron]
            expected = circmean(values[name], high=period)
            assert (row["value"] - expected + period / 2) % period == pytest.approx(period / 2)
            sem = circstd(values[name], high=period) / 2
            assert row["high"] - row["value"] == pytest.approx(sem)
            assert row["value"] - row["low"] == pytest.approx(sem)
    assert (found["n_models"] == 5).all()


def test_models_without_a_value_do_not_count():
    tables = [pd.DataFrame({"sd_px": [2.0, np.nan, np.nan]}), pd.DataFrame({"sd_px": [8.0, 3.0, np.nan]})]
    found = over_models(tables)
    np.testing.assert_allclose(found["value"], [4.0, 3.0, np.nan])
    assert found["n_models"].tolist() == [2, 1, 0]
    assert found["low"].isna().tolist() == [False, True, True]


def test_tables_of_other_neurons_or_none_are_refused():
    with pytest.raises(DataError, match="no table"):
        over_models([])
    with pytest.raises(DataError, match="differ in measures or neurons"):
        over_models([pd.DataFrame({"a": [1.0]}), pd.DataFrame({"a": [1.0, 2.0]})])
