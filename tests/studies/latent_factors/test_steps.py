"""Steps run after what they need, and are cached by what they depend on."""

from __future__ import annotations

import numpy as np
import pytest

from twofold.runs.jobs import run_jobs
from twofold.studies.latent_factors.steps import Step, levels, run_steps


def double(x, before=None):
    return {"y": np.array(2 * x if before is None else 2 * before["y"])}


def chain(x: int) -> list[Step]:
    first = Step("first", double, {"x": x}, {"x": x})
    second = Step("second", double, {"x": 0}, {}, needs={"before": "first"})
    third = Step("third", double, {"x": 0}, {}, needs={"before": "second"})
    return [third, first, second]


def in_folder(folder, done):
    def run(jobs, progress):
        return run_jobs(jobs, cache=folder, n_jobs=1, progress=lambda *what: done.append(what[2]))

    return run


def test_results_reach_those_who_need_them(tmp_path):
    found = run_steps(chain(3), in_folder(tmp_path, []))
    assert {name: int(result["y"]) for name, result in found.items()} == {
        "first": 6,
        "second": 12,
        "third": 24,
    }


def test_a_step_is_done_again_when_what_it_needs_has_changed(tmp_path):
    run_steps(chain(3), in_folder(tmp_path, []))
    again, other = [], []
    run_steps(chain(3), in_folder(tmp_path, again))
    found = run_steps(chain(4), in_folder(tmp_path, other))
    assert [name for name in again if name] == []
    assert [name for name in other if name] == ["first", "second", "third"]
    assert int(found["third"]["y"]) == 32


def test_levels_come_in_the_order_of_their_needs():
    assert [[step.name for step in level] for level in levels(chain(1))] == [["first"], ["second"], ["third"]]


def test_an_unknown_need_is_no_silent_gap():
    with pytest.raises(KeyError, match="nobody"):
        levels([Step("a", double, {"x": 1}, {}, needs={"before": "nobody"})])
