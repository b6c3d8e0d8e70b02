"""How long a study will take and how much memory it needs, from one job of each kind."""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

from joblib import effective_n_jobs

from twofold.runs.jobs import Job, run_jobs


@dataclass(frozen=True)
class Estimate:
    """Expected seconds of the whole run, and MiB of memory of all its processes together."""

    seconds: float
    memory_mib: float
    n_jobs: int


def estimate(jobs: Sequence[Job], n_jobs: int = -1) -> Estimate:
    """Run one job of each kind and count up.

    Parameters
    ----------
    jobs
        All jobs of the run; the first of every function is run, in this process.
    n_jobs
        Processes that the run would use; -1 is one per core.
    """
    processes = min(effective_n_jobs(n_jobs), max(1, len(jobs)))
    kinds: dict[str, list[Job]] = {}
    for job in jobs:
        kinds.setdefault(job.function.__qualname__, []).append(job)
    seconds = 0.0
    for same in kinds.values():
        started = time.perf_counter()
        run_jobs(same[:1], n_jobs=1)
        seconds += (time.perf_counter() - started) * len(same)
    # Linux counts in KiB, macOS in bytes.
    unit = 2**20 if sys.platform == "darwin" else 2**10
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
    return Estimate(seconds=seconds / processes, memory_mib=peak * (processes + 1), n_jobs=processes)
