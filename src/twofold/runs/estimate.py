"""How long a study will take and how much memory it needs, from a short job or two of each kind."""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from joblib import effective_n_jobs

from twofold.runs.jobs import Job, run_jobs


@dataclass(frozen=True)
class Estimate:
    """Expected seconds of the whole run, and MiB of memory of all its processes together."""

    seconds: float
    memory_mib: float
    n_jobs: int


@dataclass(frozen=True, eq=False)
class Cost:
    """What the time of a job depends on.

    Parameters
    ----------
    kind
        Jobs of a kind take as long as each other, or in proportion to their length.
    length
        Such as a number of training steps.
    shortened
        Makes the same job with another length; None where it has none.
    lengths
        Of two short jobs: what grows with length is what they differ by.
    """

    kind: str
    length: int = 1
    shortened: Callable[[int], Job] | None = None
    lengths: tuple[int, int] = (1, 3)


def cost_by_function(job: Job) -> Cost:
    """All jobs of a function take as long as each other."""
    return Cost(job.function.__qualname__)


def estimate(
    jobs: Sequence[Job],
    n_jobs: int = -1,
    *,
    cost: Callable[[Job], Cost] = cost_by_function,
) -> Estimate:
    """Run one job of each kind, or two short ones, and count up.

    Parameters
    ----------
    jobs
        All jobs of the run; the first of every kind is run, in this process.
    n_jobs
        Processes that the run would use; -1 is one per core.
    cost
        What the time of a job depends on.
    """
    processes = min(effective_n_jobs(n_jobs), max(1, len(jobs)))
    seconds, rates = 0.0, dict[str, tuple[float, float]]()
    for job in jobs:
        known = cost(job)
        if known.kind not in rates:
            rates[known.kind] = _measured(job, known)
        fixed, growing = rates[known.kind]
        seconds += fixed + growing * known.length
    # Linux counts in KiB, macOS in bytes.
    unit = 2**20 if sys.platform == "darwin" else 2**10
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
    return Estimate(seconds=seconds / processes, memory_mib=peak * (processes + 1), n_jobs=processes)


def _measured(job: Job, known: Cost) -> tuple[float, float]:
    """Seconds that a job takes whatever its length, and per unit of it."""
    lengths = known.lengths
    if known.shortened is None or known.length <= lengths[1]:
        return 0.0, _timed(job) / known.length
    short, longer = (_timed(known.shortened(length)) for length in lengths)
    growing = max(0.0, (longer - short) / (lengths[1] - lengths[0]))
    return max(0.0, short - growing * lengths[0]), growing


def _timed(job: Job) -> float:
    started = time.perf_counter()
    run_jobs([job], n_jobs=1)
    return time.perf_counter() - started
