"""A small session in a file and as a store, and one study of it that is interrupted and resumed."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from .calling import AXES, PLAIN, QUICK, Ran, arrays, call, command, finished_parts


@pytest.fixture
def session(tmp_path: Path) -> Callable[..., Path]:
    """Write the session with some arrays replaced, and give its path."""

    def write(**changed: np.ndarray) -> Path:
        np.savez(tmp_path / "session.npz", **{**arrays(), **changed})
        return tmp_path / "session.npz"

    return write


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The session as `twofold import` writes it."""
    folder = tmp_path_factory.mktemp("store")
    np.savez(folder / "session.npz", **arrays())
    given = ("--neuron", "region", "--signal", "running_speed", "--frames", "movie")
    ran = call("import", "arrays", folder / "session.npz", folder / "mouse.zarr", *AXES, *given)
    assert ran.code == 0, ran
    return folder / "mouse.zarr"


@dataclass(frozen=True)
class Interrupted:
    """A study stopped by Ctrl-C, and what it left."""

    ran: Ran
    out: Path
    parts: dict[str, int]


def _listen() -> None:
    """Where the tests run in the background, SIGINT is ignored, also by what they start."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.fixture(scope="session")
def interrupted(store: Path, tmp_path_factory: pytest.TempPathFactory) -> Interrupted:
    """A process of its own gets SIGINT when its first part is there."""
    out = tmp_path_factory.mktemp("interrupted") / "out"
    process = subprocess.Popen(
        command("study", "neural-alignment", store, "--out", out, *QUICK),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=PLAIN,
        preexec_fn=_listen,
    )
    until = time.monotonic() + 120
    while not finished_parts(out) and process.poll() is None and time.monotonic() < until:
        time.sleep(0.005)
    process.send_signal(signal.SIGINT)
    said, error = process.communicate(timeout=120)
    return Interrupted(Ran(process.returncode, said, error), out, finished_parts(out))


@dataclass(frozen=True)
class Finished:
    """The same study, resumed to its end."""

    ran: Ran
    out: Path


@pytest.fixture(scope="session")
def finished(store: Path, interrupted: Interrupted) -> Finished:
    """`--resume` with the same options."""
    ran = call("study", "neural-alignment", store, "--out", interrupted.out, *QUICK, "--resume")
    return Finished(ran, interrupted.out)
