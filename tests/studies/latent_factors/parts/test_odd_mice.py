"""A mouse that lacks something gets rows without a number, and the reason; the others keep theirs."""

from __future__ import annotations

from dataclasses import replace
from types import ModuleType

import numpy as np
import pytest

from twofold.errors import DataError
from twofold.recordings import Neurons, Recording
from twofold.studies.latent_factors.parts import (
    calibration,
    figure_5,
    figure_6,
    figure_9,
    locked,
    mixed,
    noise,
    table_4,
    table_12,
)
from twofold.studies.latent_factors.parts.held_out import held_out_trials

FEW = {
    table_12: {"n_surrogates": 5},
    table_4: {"n_surrogates": 3, "positions": 10, "training_clips": 10},
    mixed: {"n_bootstrap": 10},
    locked: {"n_surrogates": 5},
    figure_6: {"n_permutations": 9},
    noise: {"n_bootstrap": 5, "n_permutations": 5, "draws": 3},
    calibration: {"repeats": 1, "bins": 5},
    figure_5: {"neurons": 2},
    figure_9: {"bins": 4},
}
PARTS = pytest.mark.parametrize("part", list(FEW), ids=lambda part: part.__name__.rpartition(".")[2])


def run(part: ModuleType, mice: list[Recording], model) -> dict:
    name = part.__name__.rpartition(".")[2]
    found = getattr(part, name)(mice, model, seed=0, **FEW[part])
    return {row.key: row for row in part.rows(found, [f"mouse {m}" for m in range(len(mice))])}


@PARTS
def test_rows_are_unique_and_every_number_has_its_chance_or_says_what_it_is(part, mouse, model):
    name = part.__name__.rpartition(".")[2]
    found = getattr(part, name)([mouse], model, seed=0, **FEW[part])
    rows = part.rows(found, ["mouse-1"])
    assert rows and len({row.key for row in rows}) == len(rows)
    for row in rows:
        assert row.value is not None
        assert row.chance is not None or row.note or "map" in row.row
    assert all(isinstance(values, np.ndarray) and values.dtype != object for values in found.values())


@PARTS
def test_the_same_seed_gives_the_same_arrays(part, mouse, model):
    name = part.__name__.rpartition(".")[2]
    one, two = (getattr(part, name)([mouse], model, seed=3, **FEW[part]) for _ in range(2))
    assert one.keys() == two.keys()
    for key in one:
        np.testing.assert_array_equal(one[key], two[key])


@PARTS
def test_a_mouse_without_held_out_trials_has_no_numbers(part, mouse, model):
    rows = run(part, [mouse.tier("train")], model)
    if part is figure_6:  # weights need no trials
        rows = {key: row for key, row in rows.items() if "mixed repeats" in row.row}
    assert rows and all(row.value is None and row.note for row in rows.values())


@pytest.mark.parametrize("part", [mixed, locked, noise])
def test_repeats_are_asked_for_where_they_are_needed(part, mouse, model):
    rows = run(part, [mouse.repeats([0])], model)
    assert all(row.value is None and "repeats" in row.note for row in rows.values())


def test_signals_are_asked_for(mouse, model):
    rows = run(table_12, [replace(mouse, signals={})], model)
    assert all(row.value is None and "no signal" in row.note for row in rows.values())


def test_positions_are_asked_for_where_they_are_needed(mouse, model):
    nowhere = replace(mouse, neurons=Neurons(mouse.neurons.table[["unit"]]))
    assert all(
        row.value is None and "positions" in row.note for row in run(figure_6, [nowhere], model).values()
    )
    for row in run(mixed, [nowhere], model).values():
        assert (row.value is None) == ("apart" in row.row)


def test_a_mean_over_mice_says_how_many_have_no_number(mouse, model):
    rows = run(locked, [mouse, mouse, mouse.repeats([0])], model)
    mean, *each = list(rows.values())[:4]
    assert (mean.n, mean.over) == (2, "mice")
    assert "1 of 3 mice" in mean.note
    assert [row.value is None for row in each] == [False, False, True]


# --- which trials are held out -------------------------------------------------------------------


def test_the_test_tier_is_held_out_and_otherwise_half_of_the_videos_models_are_chosen_on(mouse):
    assert set(held_out_trials(mouse).trials.column("tier")) == {"live_test_main"}
    chosen_on = mouse.tier("train", "oracle")
    part = held_out_trials(chosen_on)
    assert set(part.trials.column("tier")) == {"oracle"}
    videos = set(mouse.tier("oracle").trials.column("stimulus"))
    assert 2 * len(set(part.trials.column("stimulus"))) == len(videos)


def test_withheld_responses_are_not_scored(mouse):
    table = mouse.trials.table.assign(withheld=mouse.trials.column("tier") == "live_test_main")
    part = held_out_trials(replace(mouse, trials=type(mouse.trials)(table)))
    assert set(part.trials.column("tier")) == {"oracle"}
    with pytest.raises(DataError, match="live_test_main"):
        held_out_trials(mouse.tier("train"))
