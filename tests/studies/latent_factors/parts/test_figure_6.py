"""Weights that are maps of the cortex are found, on shuffled positions they are not, and truth is told."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from twofold.recordings import Neurons
from twofold.studies.latent_factors.parts.cortex import slabs
from twofold.studies.latent_factors.parts.figure_6 import figure_6, rows

FEW = {"seed": 0, "n_permutations": 99}


def told(found) -> dict:
    return {(row.row.removeprefix("latent zig free, "), row.metric): row for row in rows(found, ["mouse-1"])}


@pytest.fixture(scope="module")
def found(mouse, model):
    return figure_6([mouse], model, **FEW)


def test_planted_maps_are_found_also_among_neurons_that_lie_apart(found):
    for apart in ("", ", neurons apart"):
        alike = told(found)[f"weights, all axes{apart}", "morans_i"]
        by_position = told(found)[f"weights told by position{apart}", "position_r2"]
        assert alike.value > 0.4 and abs(alike.chance) < 0.05 and "p = 0.01" in alike.note
        assert by_position.value > 0.4 and by_position.chance < 0


def test_no_map_is_found_where_neurons_have_the_places_of_others(mouse, model):
    table = mouse.neurons.table.copy()
    columns, order = ["x_um", "y_um", "z_um"], np.random.default_rng(0).permutation(len(table))
    table[columns] = table[columns].to_numpy()[order]
    lost = told(figure_6([replace(mouse, neurons=Neurons(table))], model, **FEW))
    assert abs(lost["weights, all axes", "morans_i"].value) < 0.1
    assert lost["weights told by position", "position_r2"].value < 0.05


def test_true_weights_are_told_by_learned_ones_of_other_neurons(found):
    row = told(found)["true weights told by learned ones", "r2"]
    assert row.value > 0.6 and row.chance < 0.1


def test_mixed_repeats_keep_the_map_of_a_locked_state_only(found, in_world, model):
    bound = told(figure_6([in_world("state_locked_to_video")], model, **FEW))
    kept = ("share of the map that mixed repeats keep", "share")
    assert told(found)[kept].value < 0.2
    assert bound[kept].value > 0.6
    assert "p = 0.01" in bound[kept].note


def test_arrays_are_those_of_the_figures(found, mouse):
    n = len(mouse.neurons)
    for figure, most in (("figure-6", 3), ("figure-11", 4)):
        assert found[f"{figure}/0/position_um"].shape == (n, 2)
        assert found[f"{figure}/0/depth_um"].shape == (n,)
        for name in ("maps_q", "maps_theta"):
            assert found[f"{figure}/0/{name}"].shape == (n, most)
        assert found[f"{figure}/0/morans_i"].shape == found[f"{figure}/0/p"].shape == (most,)
    gamma = found["figure-11/0/variogram_gamma"]
    assert gamma.shape == found["figure-11/0/variogram_distance"].shape
    assert gamma[0] < gamma.max() / 2  # near neurons are alike


@pytest.mark.parametrize(
    ("depth", "sizes"),
    [([200.0] * 90, [90]), ([200.0] * 50 + [300.0] * 3, [53]), (list(range(100)), [40, 60])],
)
def test_slabs_keep_planes_whole_and_have_neurons_enough(depth, sizes):
    assert np.bincount(slabs(np.array(depth))).tolist() == sizes
