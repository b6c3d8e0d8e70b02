"""`twofold import sensorium`: what it writes and says when all is well, and the memory that it takes."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest

from twofold.readers import read_sensorium
from twofold.recordings import open_recording

from ..cli.calling import PLAIN, call, command
from .by_hand import write_by_hand

PEAK = """
import atexit, resource, sys
import twofold.readers, twofold.recordings
unit = 2**20 if sys.platform == "darwin" else 2**10
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // unit
before = peak()
atexit.register(lambda: print("MiB", peak() - before))
"""


@pytest.fixture(scope="module")
def session(tmp_path_factory) -> Path:
    return write_by_hand(tmp_path_factory.mktemp("sensorium") / "dynamic1-2-3-Video").path


def test_the_store_holds_the_recording_and_the_command_says_what_was_found(session, tmp_path):
    ran = call(
        "import", "sensorium", session, tmp_path / "mouse.zarr", "--normalise", "per_neuron", "--name", "A"
    )
    assert ran.code == 0, ran.err
    stored, read = open_recording(tmp_path / "mouse.zarr"), read_sensorium(session, "per_neuron")
    np.testing.assert_array_equal(stored.responses[:], read.responses[:])
    assert stored.name == "A"
    said = ran.out.splitlines()
    assert said[0].startswith("Recording 'A': 52 time points of 0.0333333 s x 5 neurons, 6 trials, 4 stimuli")
    assert "4 different videos, told apart by their frames" in said
    assert "responses withheld (all 0): 1 of live_test_main" in said
    assert any(text.startswith("normalised per_neuron on 3 trials of tier train") for text in said)
    assert said[-1] == f"Wrote {tmp_path / 'mouse.zarr'}. Next: twofold check {tmp_path / 'mouse.zarr'}"
    assert "9 of 9 parts done (reading trials)" in ran.err
    assert "52 of 52 parts done (writing rows)" in ran.err


def test_check_warns_of_shared_videos_and_withheld_responses_and_is_content(session, tmp_path):
    assert call("import", "sensorium", session, tmp_path / "mouse.zarr").code == 0
    ran = call("check", tmp_path / "mouse.zarr")
    assert ran.code == 0
    assert "1 clips are shown in more than one tier: video-1 in oracle and live_test_main" in ran.out
    assert "responses of 1 of 6 trials are withheld" in ran.out


def test_a_mouse_streams_to_its_store_in_memory_that_does_not_hold_it(tmp_path):
    """60 trials of 2000 neurons are 148 MiB of responses; the files are sparse, so that they take no room."""
    n_trials, n_neurons, n_frames = 60, 2000, 324
    for modality, shape in {"videos": (2, 2, n_frames), "responses": (n_neurons, n_frames)}.items():
        (tmp_path / "mouse/data" / modality).mkdir(parents=True)
        for number in range(n_trials):
            file = tmp_path / f"mouse/data/{modality}/{number}.npy"
            values = np.lib.format.open_memmap(file, "w+", np.float32, shape)
            values[0] = number
    (tmp_path / "mouse/meta/trials").mkdir(parents=True)
    np.save(tmp_path / "mouse/meta/trials/tiers.npy", np.array(["train"] * n_trials))
    given = ("import", "sensorium", tmp_path / "mouse", tmp_path / "mouse.zarr", "--normalise", "per_neuron")
    done = subprocess.run(command(*given, before=PEAK), capture_output=True, text=True, env=PLAIN, check=True)
    assert int(done.stdout.split("MiB")[-1]) < 0.7 * n_trials * n_neurons * n_frames * 4 / 2**20
    assert open_recording(tmp_path / "mouse.zarr").responses.shape == (n_trials * n_frames, n_neurons)
