"""A file that is not what was said is one clear line and exit code 1, and leaves nothing half-written."""

from __future__ import annotations

import pickle
import subprocess
from pathlib import Path

import numpy as np
import pytest

from .calling import AXES, PLAIN, arrays, call, command, everything, refused

LIMIT = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000))"


class Hostile:
    """Unpickling this would leave a file."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self):
        return Path.touch, (self.trace,)


def objects(tmp_path: Path) -> np.ndarray:
    array = np.empty(2, dtype=object)
    array[0] = Hostile(tmp_path / "was-run")
    return array


def counts_with(value: float) -> np.ndarray:
    counts = arrays()["counts"].astype(float)
    counts[3, 2, 1] = value
    return counts


@pytest.mark.parametrize(
    ("changed", "flags", "words"),
    [
        (
            {},
            ("--axes", "time,repeat,neuron", "--neuron", "region"),
            ("neuron has 24", "time has 12", "type --axes neuron,repeat,time"),
        ),
        ({"counts": counts_with(np.nan)}, (), ("NaN or infinite", "unit 3, repeat 2", "--missing nan")),
        ({"counts": counts_with(np.inf)}, (), ("NaN or infinite", "unit 3, repeat 2", "time 1")),
        (
            {"counts": counts_with(255)},
            ("--missing", "255"),
            ("--drop-repeats-missing", "--drop-units-missing"),
        ),
        (
            {"running_speed": np.zeros((5, 23))},
            ("--signal", "running_speed"),
            ("'running_speed' has shape (5, 23)", "(5, 24)"),
        ),
        ({}, ("--signal", "runing_speed"), ("no array 'runing_speed'", "did you mean 'running_speed'?")),
        ({}, ("--responses", "count"), ("no array 'count'", "did you mean 'counts'?")),
        ({}, ("--axes", "neuron,trial,time"), ("axis 'trial'", "--select trial=0")),
        ({}, ("--axes", "neuron,time"), ("3 axes", "--axes names 2")),
        ({}, ("--select", "repeat=a"), ("--select repeat=a", "whole number")),
        ({}, ("--select", "repeat"), ("--select repeat", "NAME=VALUE")),
        ({}, ("--bin-seconds", "0"), ("--bin-seconds 0", "above 0")),
        ({"region": np.array(["VISp"] * 11)}, ("--neuron", "region"), ("'region' has 11 entries", "12")),
        ({}, ("--frames", "region"), ("'region'", "text")),
    ],
    ids=[
        *("axes swapped", "NaN", "infinite", "missing remain", "short signal", "signal name", "array name"),
        *("axis name", "too few axes", "no index", "no value", "no width", "short column", "text for frames"),
    ],
)
def test_arrays_that_are_not_what_was_said(session, tmp_path, changed, flags, words):
    path = session(**changed)
    before = everything(tmp_path)
    refused(call("import", "arrays", path, tmp_path / "mouse.zarr", *AXES, *flags), *words)
    assert everything(tmp_path) == before


def test_an_object_array_is_refused_and_never_unpickled(session, tmp_path):
    path = session(counts=objects(tmp_path))
    ran = call("import", "arrays", path, tmp_path / "mouse.zarr", *AXES)
    refused(ran, "'counts'", "Python objects", "unpickling")
    assert sorted(everything(tmp_path)) == ["session.npz"]
    pickle.loads(pickle.dumps(Hostile(tmp_path / "was-run")))  # the trap works
    assert (tmp_path / "was-run").exists()


@pytest.mark.parametrize("keep", [0, 40, 3000])
def test_a_truncated_file(session, tmp_path, keep):
    path = session()
    path.write_bytes(path.read_bytes()[:keep])
    refused(call("import", "arrays", path, tmp_path / "mouse.zarr", *AXES), "session.npz")
    assert sorted(everything(tmp_path)) == ["session.npz"]


def test_a_file_that_is_not_there_or_is_no_array_file(tmp_path):
    refused(call("import", "arrays", tmp_path / "no.npz", tmp_path / "mouse.zarr", *AXES), "no such file")
    (tmp_path / "notes.txt").write_text("hello")
    ran = call("import", "arrays", tmp_path / "notes.txt", tmp_path / "mouse.zarr", *AXES)
    refused(ran, "notes.txt", "npz, npy, mat or HDF5")


def test_a_store_that_exists_is_kept_and_set_aside_only_when_told(session, tmp_path):
    path, target = session(), tmp_path / "mouse.zarr"
    assert call("import", "arrays", path, target, *AXES).code == 0
    before = everything(target)
    refused(call("import", "arrays", path, target, *AXES), "mouse.zarr exists", "--overwrite")
    refused(call("simulate", "movie-repeats", target, "--small"), "mouse.zarr exists", "--overwrite")
    assert everything(target) == before
    assert call("import", "arrays", path, target, *AXES, "--overwrite").code == 0
    assert everything(tmp_path / "mouse.zarr.old-1") == before


def test_a_full_disk_while_importing_leaves_nothing(session, tmp_path):
    """A real limit on the size of files, in a process of its own."""
    path = session()
    before = everything(tmp_path)
    arguments = ("import", "arrays", path, tmp_path / "mouse.zarr", *AXES)
    done = subprocess.run(command(*arguments, before=LIMIT), capture_output=True, text=True, env=PLAIN)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("Error: no room for")
    assert everything(tmp_path) == before


def test_a_folder_to_write_to_that_is_not_there(session, tmp_path):
    ran = call("import", "arrays", session(), tmp_path / "no" / "mouse.zarr", *AXES)
    refused(ran, "there is no folder", "mouse.zarr")
