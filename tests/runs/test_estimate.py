"""The estimate runs one job of each kind and counts up."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
from joblib import effective_n_jobs

from twofold.runs.estimate import estimate
from twofold.runs.jobs import Job

NAP_S = 0.02


@pytest.fixture
def jobs(tmp_path) -> list[Job]:
    """Ten naps and three jobs that are done at once; each leaves a file behind."""

    def nap(folder: str, number: int) -> dict[str, np.ndarray]:
        (Path(folder) / f"nap-{number}").touch()
        time.sleep(NAP_S)
        return {"slept": np.array(NAP_S)}

    def blink(folder: str, number: int) -> dict[str, np.ndarray]:
        (Path(folder) / f"blink-{number}").touch()
        return {}

    counts = {nap: 10, blink: 3}
    return [
        Job("", function, {"folder": str(tmp_path), "number": number}, {"number": number})
        for function, n in counts.items()
        for number in range(n)
    ]


def test_one_job_of_each_kind_is_run_for_all(jobs, tmp_path):
    found = estimate(jobs, n_jobs=1)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["blink-0", "nap-0"]
    assert found.seconds >= 10 * NAP_S  # a nap is never shorter than asked for
    assert found.n_jobs == 1


def test_processes_share_the_time_and_each_takes_memory(jobs):
    found = estimate(jobs, n_jobs=5)
    assert found.n_jobs == 5
    assert found.seconds >= 10 * NAP_S / 5
    alone = estimate(jobs[:1], n_jobs=5)
    assert alone.n_jobs == 1
    assert found.memory_mib >= alone.memory_mib / 2 * 6 * 0.9  # this process and five like it
    assert alone.memory_mib > 2 * 20  # Python and numpy alone


def test_there_are_no_more_processes_than_jobs_or_cores(jobs):
    assert estimate(jobs[:2], n_jobs=8).n_jobs == 2
    assert estimate(jobs, n_jobs=-1).n_jobs == min(len(jobs), effective_n_jobs(-1))
    assert estimate(jobs, n_jobs=-2).n_jobs == min(len(jobs), effective_n_jobs(-2))


def test_no_jobs_take_no_time(tmp_path):
    found = estimate([], n_jobs=4)
    assert (found.seconds, found.n_jobs) == (0.0, 1)
    assert found.memory_mib > 0
