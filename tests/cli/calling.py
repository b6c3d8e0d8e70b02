"""The command line called as a user calls it, and what a refusal looks like."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from twofold.cli.app import main

AXES = ("--responses", "counts", "--axes", "neuron,repeat,time", "--bin-seconds", "0.1")
SETTINGS = (
    *("steps=20", "max_folds=2", "inner_folds=1", "alignment_folds=3", "frame_folds=2", "halves=1"),
    *("surrogates=19", "reliability=0.1", "neighbours=1", "logistic_c=0.1", "pca_components=4"),
    *("temperature=0.3", "dimension=4", "hidden=8", "batch_size=32"),
)
QUICK = ("--preset", "demo", "--jobs", "1", *(part for one in SETTINGS for part in ("--set", one)))
PLAIN = {name: text for name, text in os.environ.items() if name not in ("FORCE_COLOR", "TTY_COMPATIBLE")}


@dataclass(frozen=True)
class Ran:
    """How a command ended and what it said."""

    code: int
    out: str
    err: str


def call(*arguments: object) -> Ran:
    """`twofold ARGUMENTS` in this process."""
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        for name in ("FORCE_COLOR", "TTY_COMPATIBLE"):
            patch.delenv(name, raising=False)
        patch.setattr(sys, "argv", ["twofold", *map(str, arguments)])
        with (
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
            pytest.raises(SystemExit) as end,
        ):
            main()
    return Ran(end.value.code or 0, out.getvalue(), err.getvalue())


def command(*arguments: object, before: str = "") -> list[str]:
    """`twofold ARGUMENTS` for a process of its own, after a line of Python."""
    return [sys.executable, "-c", f"{before}\nfrom twofold.cli import main\nmain()", *map(str, arguments)]


def refused(ran: Ran, *words: str) -> None:
    """One line on stderr that says it all, and nothing else."""
    assert ran.code == 1, ran
    (line,) = ran.err.splitlines()
    assert line.startswith("Error: ")
    for word in words:
        assert word in line, line
    assert ran.out == ""


def everything(folder: Path) -> dict[str, tuple[int, int]]:
    """Every file and folder, hidden ones too, with its size and time."""
    found = {}
    for path in folder.rglob("*"):
        state = path.stat()
        found[str(path.relative_to(folder))] = (state.st_size if path.is_file() else -1, state.st_mtime_ns)
    return found


def arrays() -> dict[str, np.ndarray]:
    """12 neurons, 5 repeats, 24 bins of one movie, with what else was measured."""
    rng = np.random.default_rng(0)
    drive = rng.gamma(1.0, 4.0, (12, 1, 24))
    return {
        "counts": rng.poisson(np.broadcast_to(drive, (12, 5, 24))),
        "region": np.array(["VISp", "LGd"] * 6),
        "running_speed": np.cumsum(rng.normal(size=(5, 24)).ravel()).reshape(5, 24),
        "movie": rng.integers(0, 255, (24, 6, 8)).astype(np.uint8),
    }


def finished_parts(out: Path) -> dict[str, int]:
    """Names and times of the parts that are whole."""
    found = out.glob("parts/*.npz")
    return {path.name: path.stat().st_mtime_ns for path in found if not path.name.startswith(".")}
