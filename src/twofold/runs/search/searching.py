"""A search from beginning to end: its folder, its workers, and what they found."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from pathlib import Path

from threadpoolctl import threadpool_limits

from twofold.errors import DataError, OptionError, TwofoldError
from twofold.files import claim_folder
from twofold.runs.search.outcome import write_outcome
from twofold.runs.search.plan import PLAN, SearchPlan
from twofold.runs.search.standing import Standing
from twofold.runs.search.storage import Shared, open_study
from twofold.runs.search.working import check_plan, work

Progress = Callable[[int, int, str], None]
SECONDS_BETWEEN_LOOKS = 0.5


def prepare_search(folder: Path, plan: SearchPlan, *, overwrite: bool = False) -> None:
    """Make the folder of a search, or go on in one with the same task.

    Parameters
    ----------
    folder
        Made where it is not there.
    plan
        What is searched.
    overwrite
        Set an old folder aside.

    Raises
    ------
    OptionError, DataError
        If the folder holds another search or something else, or no trial could work.
    """
    check_plan(plan)
    if (folder / PLAN).exists() and not overwrite:
        before = SearchPlan.load(folder)
        changed = [name for name in plan.task if plan.task[name] != before.task[name]]
        if before.storage != plan.storage:
            changed.append("storage")
        if changed:
            raise DataError(
                f"{folder} holds a search with another {', '.join(changed)}; use the same, or --overwrite"
            )
    else:
        claim_folder(folder, overwrite=overwrite)
    plan.save(folder)


def search(folder: Path, *, workers: int = 1, progress: Progress | None = None) -> Shared:
    """Work on a search until all its trials have ended, wherever they are worked on.

    Parameters
    ----------
    folder
        Prepared; its plan says all.
    workers
        Processes on this machine.
    progress
        Called with trials that have ended, all trials, and the best value.

    Returns
    -------
    Shared
        The study, all of whose trials have ended; `trials.csv` and `best.json` are written.

    Raises
    ------
    TwofoldError
        If all workers died.
    """
    if workers < 1:
        raise OptionError(f"workers={workers}: give the number of processes")
    plan = SearchPlan.load(folder)
    shared = open_study(plan, folder)

    def tell(shared: Shared) -> None:
        write_outcome(folder, plan, shared)
        standing = Standing.of(shared, plan.trials)
        if progress is not None:
            best = "" if standing.best is None else f"best {standing.best.value:.4f}"
            progress(min(len(standing.ended), plan.trials), plan.trials, best)

    tell(shared)
    if workers == 1:
        work(folder, after_trial=tell)
    else:
        _work_in_processes(folder, workers, lambda: tell(shared))
        if not Standing.of(shared, plan.trials).is_over:
            raise TwofoldError(f"all workers died; go on with `twofold search --out {folder}`")
    tell(shared)
    return shared


def _work_in_processes(folder: Path, workers: int, look: Callable[[], None]) -> None:
    context = get_context("spawn")  # a forked process would share connections and threads
    share = max(1, (os.cpu_count() or 1) // workers)
    processes: list[BaseProcess] = [
        context.Process(target=_worker, args=(folder, share), daemon=True) for _ in range(workers)
    ]
    for process in processes:
        process.start()
    try:
        while any(process.is_alive() for process in processes):
            time.sleep(SECONDS_BETWEEN_LOOKS)
            look()
    except KeyboardInterrupt:
        for process in processes:  # each of them was interrupted too, and gives back what it has in hand
            process.join(timeout=10)
        raise


def _worker(folder: Path, threads: int) -> None:
    try:
        with threadpool_limits(threads):
            work(folder)
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    except TwofoldError as error:
        raise SystemExit(f"Error: {error}") from None
