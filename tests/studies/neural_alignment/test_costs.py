"""What a study will take is told from short jobs: all embeddings that are trained alike are of one kind."""

from __future__ import annotations

import pytest

from twofold.runs.estimate import estimate
from twofold.runs.jobs import Job
from twofold.studies.neural_alignment.costs import cost_of
from twofold.studies.neural_alignment.plan import plan_study


@pytest.fixture(scope="module")
def jobs(movie, few_steps) -> list[Job]:
    update = {
        "vae_guides": ("none", "frame"),
        "vae_betas": (0.05, 0.008),
        "vae_epochs": 7,
        "vae_dimension": 4,
    }
    update |= {"vae_hidden": (8, 8), "vae_decoder_hidden": (8,), "tuning_trials": 3, "tuning_epochs": 5}
    return plan_study(movie, few_steps.model_copy(update=update)).jobs


def of(jobs, name) -> Job:
    return next(
        job for job in jobs if job.name.startswith("leave one repeat out") and job.name.endswith(name)
    )


def test_jobs_of_a_kind_are_those_that_are_trained_alike(jobs):
    assert cost_of(of(jobs, ": vae beta=0.05")).kind == cost_of(of(jobs, ": vae frame beta=0.008")).kind
    assert cost_of(of(jobs, ": vae beta=0.05")).kind != cost_of(of(jobs, ": contrastive")).kind
    assert len({cost_of(job).kind for job in jobs}) < len(jobs) / 2


def test_lengths_are_epochs_and_steps_and_a_shortened_job_has_that_many(jobs, few_steps):
    vae, ours = cost_of(of(jobs, ": vae beta=0.05")), cost_of(of(jobs, ": contrastive"))
    assert (vae.length, ours.length) == (7, few_steps.steps)
    shorter = ours.shortened(10)
    assert shorter.arguments["comparison"].method.depends["max_steps"] == 10
    assert cost_of(shorter).length == 10
    tuning = cost_of(next(job for job in jobs if job.name == "tuning, vae"))
    assert tuning.length == 15


def test_what_grows_with_length_is_told_from_two_short_jobs(jobs):
    found = estimate([of(jobs, ": contrastive"), of(jobs, ": raw")], n_jobs=1, cost=cost_of)
    assert found.seconds > 0
    assert found.memory_mib > 0
