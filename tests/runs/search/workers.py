"""Workers of a search of a parabola, as processes of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from twofold.runs.search.plan import SearchPlan
from twofold.runs.search.space import Choice, Range

SPACE = {"beta": Range(low=0.1, high=10.0, log=True), "hidden": Choice(among=("4,", "8,8"))}
WORKER = """
import os, sys, time
from pathlib import Path
from twofold.runs.search.plan import SearchPlan
from twofold.runs.search.storage import open_study
from twofold.runs.search.working import work_on

folder, log, seconds = Path(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3])
plan = SearchPlan.load(folder)

def score(options, tell):
    with (log / str(os.getpid())).open("a") as file:
        file.write(repr(sorted(options.items())) + "\\n")
    for epoch in range(4):
        time.sleep(seconds / 4)
        tell(-float(options["beta"]))
    return -float(options["beta"])

work_on(open_study(plan, folder), plan, score)
"""


def planned(folder: Path, **changes: object) -> SearchPlan:
    """A plan in its folder; the model and the recording are never looked at."""
    plan = SearchPlan(
        **{
            "model": "video",
            "recordings": ("none.zarr",),
            "fingerprint": "none",
            "space": SPACE,
            "trials": 6,
            "grace": 2,
            **changes,
        }
    )
    folder.mkdir(exist_ok=True)
    plan.save(folder)
    return plan


def started(folder: Path, log: Path, seconds: float) -> subprocess.Popen[bytes]:
    """A worker that takes so long for a trial, and writes what it tries to a file named by its process."""
    command = [sys.executable, "-c", WORKER, str(folder), str(log), str(seconds)]
    return subprocess.Popen(command, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)})


def tried(log: Path, process: int) -> list[str]:
    """Options that a worker has begun to try."""
    path = log / str(process)
    return path.read_text().splitlines() if path.exists() else []
