"""Two processes that share each batch take the steps of one, and a killed process loses nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

import twofold as tw
from twofold.training import read_tensors

from .conftest import FEW, SIZES

MORE = FEW | {"epochs": 3, "batch_clips": 5}
TRAIN = f"""
import sys
import twofold as tw

mice = tw.open_all(sys.argv[1])
model = tw.VideoModel.for_recordings(mice, **{SIZES})
options = tw.TrainOptions(**{MORE | {"checkpoint_seconds": 0.0}}, processes=int(sys.argv[3]))
print("ready", flush=True)
tw.fit(model, mice, options, out=sys.argv[2], resume=True)
"""


@pytest.fixture(scope="module")
def mice(mouse, other_mouse, tmp_path_factory) -> Path:
    """A folder of two stores."""
    folder = tmp_path_factory.mktemp("mice")
    for number, one in enumerate((mouse, other_mouse)):
        tw.save(one, folder / f"{number}.zarr")
    return folder


def start(mice, out, processes=1):
    script = out.parent / "train.py"
    script.write_text(TRAIN)
    return subprocess.Popen(
        [sys.executable, "-W", "error", str(script), str(mice), str(out), str(processes)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )


@pytest.fixture(scope="module")
def undisturbed(mice, tmp_path_factory):
    """Weights of the training in this one process."""
    recordings = tw.open_all(mice)
    model = tw.VideoModel.for_recordings(recordings, **SIZES)
    options = tw.TrainOptions(**MORE)
    tw.fit(model, recordings, options)
    return dict(model.state_dict())


def test_two_processes_end_where_one_does(mice, undisturbed, tmp_path):
    process = start(mice, tmp_path / "run", processes=2)
    said, errors = process.communicate(timeout=240)
    assert process.returncode == 0, errors
    assert said.split() == ["ready", "ready"]
    found, _ = read_tensors(tmp_path / "run" / "model.safetensors")
    assert found.keys() == undisturbed.keys()
    for name, value in undisturbed.items():
        torch.testing.assert_close(
            found[name], value, rtol=1e-5, atol=1e-5, msg=lambda m, n=name: f"{n}: {m}"
        )


def test_killed_twice_and_resumed_a_training_ends_with_the_same_bits(mice, undisturbed, tmp_path):
    out = tmp_path / "run"
    for delay in (0.05, 0.2):  # after the first checkpoint of this process; where that is, no one knows
        process = start(mice, out)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        before = checkpoint_time(out)
        until = time.monotonic() + 120
        while checkpoint_time(out) == before and process.poll() is None and time.monotonic() < until:
            time.sleep(0.002)
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=60)
    recordings = tw.open_all(mice)
    model = tw.VideoModel.for_recordings(recordings, random_state=9, **SIZES)
    options = tw.TrainOptions(**MORE)
    tw.fit(model, recordings, options, out=out, resume=True)
    for name, value in undisturbed.items():
        assert torch.equal(model.state_dict()[name], value), name


def checkpoint_time(out):
    """When the last checkpoint was written; None before the first."""
    path = out / "checkpoint.safetensors"
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:
        return None
