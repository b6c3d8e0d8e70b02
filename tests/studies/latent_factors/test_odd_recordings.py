"""What a recording lacks is a row without a value that says why, never a table that is not there."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from twofold.recordings import Neurons
from twofold.studies.latent_factors.costs import estimate_study
from twofold.studies.latent_factors.findings import Findings
from twofold.studies.latent_factors.fits import MAIN, POISSON, SCRATCH, ZIG
from twofold.studies.latent_factors.options import LatentFactorsOptions
from twofold.studies.latent_factors.parts import table_3, table_5
from twofold.studies.latent_factors.plan import plan_study
from twofold.studies.latent_factors.steps import levels

OPTIONS = LatentFactorsOptions.preset("demo", video_epochs=2, latent_epochs=1, position_epochs=1)


@pytest.fixture(scope="module")
def nowhere(mice):
    """The mice, and nobody knows where their neurons lie."""
    return [
        replace(mouse, neurons=Neurons(mouse.neurons.table.drop(columns=["x_um", "y_um", "z_um"])))
        for mouse in mice
    ]


def test_without_positions_nothing_is_extrapolated_and_the_rows_say_why(nowhere):
    plan = plan_study(nowhere, OPTIONS)
    assert not any("position" in step.name or "unseen" in step.name for step in plan.steps)
    found = Findings(plan.prepared.names, OPTIONS, plan.fits, {})
    rows = table_3.rows(found)
    assert {row.value for row in rows} == {None}
    assert all("position of some neuron is not known" in row.note for row in rows)
    assert len(levels(plan.steps)) == 3


def test_without_other_videos_the_rows_say_so(mice):
    results = {table_5.step_name(fit): {} for fit in (POISSON, ZIG, MAIN, SCRATCH)}
    rows = table_5.rows(Findings(["mouse-1", "mouse-2"], OPTIONS, {}, results))
    assert {row.table for row in rows} == {"table-5", "appendix-j"}
    assert all(row.value is None and "no recording has responses to the tiers" in row.note for row in rows)


def test_kinds_of_video_are_told_apart_where_they_are_known(mice):
    parts = table_5.parts_by_kind(mice[0])
    n = {kind: len(part.trials) for kind, part in parts.items()}
    assert n["all"] == n["pink_noise"] + n["gabor"] + n["dots"]
    bare = mice[0].trials.table.drop(columns="video_class")
    by_tier = table_5.parts_by_kind(replace(mice[0], trials=type(mice[0].trials)(bare)))
    assert set(by_tier) == {"all", "live_test_bonus", "final_test_bonus"}
    few = mice[0].select_trials(np.isin(mice[0].trials.column("tier"), ["train", "oracle"]))
    assert table_5.parts_by_kind(few) == {}


def test_time_and_memory_are_told_beforehand(mice):
    found = estimate_study(plan_study(mice, OPTIONS), n_jobs=1)
    assert 1 < found.seconds < 600
    assert 100 < found.memory_mib < 20_000
