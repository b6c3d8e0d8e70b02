"""The table of worlds: its arithmetic, and two mice of it."""

from __future__ import annotations

import json
from typing import get_args

import pytest

pytest.importorskip("benchmarks.worlds", reason="benchmarks lie beside the package, and not here")

from benchmarks import worlds
from benchmarks._worlds_verdicts import ANALYSES, Verdict

from twofold.simulate.sensorium.options import World


def by_seed(spoke: int, silent: int) -> dict[int, dict[str, Verdict]]:
    seeds = [True] * spoke + [False] * silent
    return {
        seed: dict.fromkeys(ANALYSES, Verdict(found, 0.1, 0.001 if found else 0.5))
        for seed, found in enumerate(seeds)
    }


def test_every_world_of_the_simulator_has_an_expectation_of_every_analysis():
    assert set(worlds.EXPECTED) == set(get_args(World))
    assert {len(signs) for signs in worlds.EXPECTED.values()} == {len(ANALYSES)}
    assert set("".join(worlds.EXPECTED.values())) == set("+-.")


@pytest.mark.parametrize(
    ("spoke", "power", "silence"), [(20, True, False), (18, True, False), (17, False, False)]
)
def test_power_is_at_least_nine_tenths(spoke, power, silence):
    cells = worlds.cells("default", by_seed(spoke, 20 - spoke))
    assert cells["conditioning gain"].holds is power
    assert cells["locked share"].holds is silence


@pytest.mark.parametrize(("spoke", "holds"), [(0, True), (1, True), (2, False)])
def test_false_alarms_are_at_most_one_in_twenty(spoke, holds):
    assert worlds.cells("no_latents", by_seed(spoke, 20 - spoke))["maps"].holds is holds


def test_a_cell_without_an_expectation_is_told_and_not_judged():
    cells = worlds.cells("latents_by_contrast", by_seed(1, 1))
    assert cells["conditioning gain"].holds is None
    assert cells["conditioning gain"].share == 0.5
    text = worlds.table({"no_latents": by_seed(2, 0), "default": by_seed(2, 0)})
    assert text.splitlines()[1].count("- 1.00!") == len(ANALYSES)
    assert text.splitlines()[2].count("+ 1.00 ") == worlds.EXPECTED["default"].count("+")


def test_a_finished_mouse_is_not_simulated_again(tmp_path):
    kept = {name: Verdict(True, 0.25, 0.005) for name in ANALYSES}
    (tmp_path / "default-0.json").write_text(json.dumps(kept))
    found = worlds.all_verdicts(["default"], [0], tmp_path)
    assert found == {"default": {0: kept}}


def test_analyses_speak_where_there_is_a_state_and_are_silent_where_there_is_none(tmp_path):
    found = worlds.all_verdicts(["default", "no_latents"], [0], tmp_path)
    for world, of_seed in found.items():
        told = "".join("+" if of_seed[0][name].found else "-" for name in ANALYSES)
        assert told == worlds.EXPECTED[world], world
    assert len(list(tmp_path.iterdir())) == 2
