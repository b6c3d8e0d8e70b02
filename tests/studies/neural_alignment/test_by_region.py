"""Regions are compared with as many units of each, in draws that say how much the choice matters."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from twofold.errors import DataError
from twofold.recordings import Neurons
from twofold.runs.jobs import run_jobs
from twofold.studies.neural_alignment.plan import plan_study
from twofold.studies.neural_alignment.presentations import presentations
from twofold.studies.neural_alignment.tables.by_region import region_rows, units_by_region


@pytest.fixture(scope="module")
def areas(movie):
    """30 units of one area, 15 of another, and 3 of one that is too small."""
    names = np.array(["V1"] * 30 + ["LM"] * 15 + ["AL"] * 3)
    return replace(movie, neurons=Neurons(movie.neurons.table.assign(region=names)))


def test_every_region_has_as_many_units_and_the_larger_ones_several_draws(areas):
    drawn = units_by_region(presentations(areas), draws=3, seed=0)
    assert set(drawn) == {("V1", 0), ("V1", 1), ("V1", 2), ("LM", 0)}
    assert {len(units) for units in drawn.values()} == {15}
    for (region, _), units in drawn.items():
        assert len(set(units)) == 15
        assert (units < 30).all() == (region == "V1")
    assert not np.array_equal(drawn["V1", 0], drawn["V1", 1])


def test_rows_by_region_are_there_with_their_number_of_units(areas, few_steps):
    options = few_steps.model_copy(update={"region_draws": 2, "steps": 5})
    plan = plan_study(areas, options, by="region")
    jobs = [job for fold in plan.parts["regions"] for job in fold]
    assert [job.name for job in jobs] == ["region LM, draw 1", "region V1, draw 1", "region V1, draw 2"]
    found = region_rows(run_jobs(jobs, n_jobs=1), plan.design.regions, plan.data, seed=0)
    assert {row.table for row in found} == {"by-region"}
    rows = {(row.row, row.metric): row for row in found}
    for region, n in (("V1", 2), ("LM", 1)):
        row = rows[f"{region}: raw + template", "exact_accuracy"]
        assert (row.n, row.n_units) == (n, 15)
        assert row.value > row.chance
        assert (row.low is None) == (n == 1)
        assert (f"{region}: contrastive + knn", "mae_frames") in rows
        assert (f"{region}: raw", "r2_cross_repeat") in rows


def test_without_regions_or_with_one_there_is_nothing_to_compare(movie, few_steps):
    with pytest.raises(DataError, match="no column 'region'"):
        plan_study(movie, few_steps, by="region")
    one = replace(movie, neurons=Neurons(movie.neurons.table.assign(region="V1")))
    with pytest.raises(DataError, match="1 regions have 10 units or more"):
        plan_study(one, few_steps, by="region")
