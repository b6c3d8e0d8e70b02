"""Each bad input of a user is one clear line and exit code 1, and leaves nothing half-written."""

from __future__ import annotations

import json
import resource
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from twofold.recordings import LazyArray, Neurons, Recording, Signal, Stimulus, Trials, save

from .calling import AXES, QUICK, call, everything, refused


def two_clips(shown: list[tuple[str, int]], responses: np.ndarray | None = None, **parts) -> Recording:
    """Clips of 6 bins, shown one after the other in this order."""
    n = 6 * len(shown)
    time_s = (np.arange(n) + 0.5) / 10
    table = pd.DataFrame(shown, columns=["stimulus", "repeat"]).assign(
        tier="all", start_s=np.arange(len(shown)) * 0.6, stop_s=np.arange(1, len(shown) + 1) * 0.6
    )
    clips = sorted({clip for clip, _ in shown})
    if responses is None:
        responses = np.random.default_rng(0).poisson(4, (n, 5)).astype(float)
    given = {
        "responses": LazyArray(responses),
        "time_s": time_s,
        "bin_s": 0.1,
        "neurons": Neurons(pd.DataFrame(index=range(5))),
        "trials": Trials(table),
        "stimuli": {clip: Stimulus(np.arange(6) + 6 * i, rate_hz=10.0) for i, clip in enumerate(clips)},
    }
    return Recording(**{**given, **parts})


# --- check, info, study --------------------------------------------------------------------------

WRONG = {
    "a repeat twice": (
        two_clips([(clip, r) for r in (0, 1, 2, 2) for clip in ("rain", "sea")]),
        ("a repeat that an earlier trial has",),
        ("clip 'rain', repeat 2", "more than once"),
    ),
    "NaN": (
        two_clips(
            [("rain", r) for r in range(4)], np.where(np.arange(120) == 57, np.nan, 1.0).reshape(24, 5)
        ),
        ("NaN or infinite", "neuron 2"),
        ("responses are missing", "repeat 1, neuron 2"),
    ),
}


@pytest.mark.parametrize(("recording", "checked", "studied"), WRONG.values(), ids=WRONG)
def test_a_recording_that_cannot_be_studied(tmp_path, recording, checked, studied):
    """`check` names the error and the study refuses it before anything is written."""
    path = save(recording, tmp_path / "mouse.zarr")
    ran = call("check", path)
    assert ran.code == 1
    errors = [line for line in ran.out.splitlines() if line.startswith("error")]
    for word in checked:
        assert any(word in line for line in errors), ran.out
    refused(call("study", "neural-alignment", path, "--out", tmp_path / "out", *QUICK), *studied)
    assert not (tmp_path / "out").exists()


def test_unequal_repeats_are_a_warning_but_cannot_be_studied(tmp_path):
    shown = [(clip, repeat) for repeat in range(4) for clip in ("rain", "sea")][:-1]
    path = save(two_clips(shown), tmp_path / "mouse.zarr")
    ran = call("check", path)
    assert ran.code == 0
    assert "warning  unequal repeats" in ran.out
    wrong = ("clip 'sea', repeat 3", "0 of 6 frames")
    refused(call("study", "neural-alignment", path, "--out", tmp_path / "out", *QUICK), *wrong)
    assert not (tmp_path / "out").exists()


def test_a_signal_that_was_not_measured_while_the_neurons_were(tmp_path):
    late = Signal(np.ones(5), 100 + np.arange(5.0))
    recording = two_clips([("rain", r) for r in range(4)], signals={"pupil": late})
    ran = call("check", save(recording, tmp_path / "mouse.zarr"))
    assert ran.code == 1
    assert "'pupil' is known at no time point of the responses" in ran.out


def a_chunk(path: Path) -> Path:
    return sorted(path.glob("responses/c.*"))[0]


def flipped(path: Path) -> None:
    chunk = a_chunk(path)
    content = bytearray(chunk.read_bytes())
    content[len(content) // 3] ^= 1
    chunk.write_bytes(content)


def truncated(path: Path) -> None:
    chunk = a_chunk(path)
    chunk.write_bytes(chunk.read_bytes()[:-7])


def edited(path: Path) -> None:
    metadata = path / "zarr.json"
    content = json.loads(metadata.read_text())
    metadata.write_text(json.dumps({**content, "edited": True}))


@pytest.mark.parametrize("spoil", [flipped, truncated, edited, lambda path: a_chunk(path).unlink()])
def test_a_damaged_store_is_told_by_check_and_never_studied(store, tmp_path, spoil):
    path = tmp_path / "mouse.zarr"
    shutil.copytree(store, path)
    spoil(path)
    ran = call("check", path)
    assert ran.code == 1
    (line,) = ran.out.splitlines()
    assert line.startswith("error")
    refused(call("study", "neural-alignment", path, "--out", tmp_path / "out", *QUICK), str(path))
    assert not (tmp_path / "out").exists()


def test_what_is_no_store(tmp_path):
    (tmp_path / "folder").mkdir()
    for path, words in ((tmp_path / "no.zarr", "there is no"), (tmp_path / "folder", "not a twofold store")):
        refused(call("info", path), words)
        refused(call("study", "neural-alignment", path, "--out", tmp_path / "out", *QUICK), words)
        assert call("check", path).code == 1
    assert sorted(everything(tmp_path)) == ["folder"]


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (("--set", "stesp=3"), ("unknown option 'stesp'", "did you mean 'steps'?")),
        (("--set", "steps"), ("--set steps", "NAME=VALUE")),
        (("--set", "steps=many"), ("steps='many'",)),
        (("--set", "steps=0", "--set", "neighbours=0"), ("steps=", "neighbours")),
        (("--set", "frame_folds=13"), ("24 frames are too few for 13 parts",)),
        (("--jobs", "0"), ("n_jobs=0",)),
    ],
    ids=["unknown", "no value", "no number", "two at once", "frames", "jobs"],
)
def test_options_that_cannot_work(store, tmp_path, flags, words):
    ran = call("study", "neural-alignment", store, "--out", tmp_path / "out", *QUICK, *flags)
    refused(ran, *words)
    assert everything(tmp_path) == {}


def test_an_output_folder_that_holds_something_or_is_a_file(store, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.txt").write_text("mine")
    before = everything(tmp_path)
    study = ("study", "neural-alignment", store, "--out")
    refused(call(*study, tmp_path / "out", *QUICK), "not empty", "--resume", "--overwrite")
    refused(call(*study, tmp_path / "out" / "thesis.txt", *QUICK), "is a file")
    refused(call(*study, tmp_path / "out" / "thesis.txt" / "deeper", *QUICK), "deeper")
    assert everything(tmp_path) == before


def test_a_full_disk_during_a_study_leaves_whole_files_only_and_it_can_go_on(store, tmp_path):
    """Room for the options, but not for the first part."""
    study = ("study", "neural-alignment", store, "--out", tmp_path / "out", *QUICK, "--set", "steps=1")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (2000, before[1]))
        ran = call(*study)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert ran.code == 1
    assert ran.err.splitlines()[-1].startswith("Error: could not write")
    assert ran.err.endswith("File too large\n")
    assert "Traceback" not in ran.err
    left = [name for name in everything(tmp_path / "out") if name.endswith(".npz")]
    assert left == []
    assert json.loads((tmp_path / "out" / "options.json").read_text())["steps"] == 1


def test_simulations_that_cannot_work(tmp_path):
    simulate = ("simulate", "movie-repeats", tmp_path / "movie.zarr", "--small")
    refused(call(*simulate, "--set", "n_unit=3"), "unknown option 'n_unit'", "did you mean 'n_units'?")
    refused(call(*simulate, "--mice", "9", "--set", "n_units=3"), "mice=9 is more than n_units=3")
    assert everything(tmp_path) == {}


# --- report --------------------------------------------------------------------------------------


def test_a_folder_without_a_result(tmp_path):
    refused(call("report", tmp_path / "no"), "is no folder")
    refused(call("report", tmp_path), "holds no result: results.json is missing")
    (tmp_path / "results.json").write_text('{"rows": [')
    refused(call("report", tmp_path), "result")
    assert sorted(everything(tmp_path)) == ["results.json"]


# --- wrong usage ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), ""),
        (("chek", "mouse.zarr"), "Did you mean 'check'"),
        (("check",), "Missing argument"),
        (("check", "mouse.zarr", "--loud"), "--loud"),
        (("import", "arrays", "a.npz", "b.zarr"), "Missing option"),
        (("study", "neural-alignment", "mouse.zarr"), "--out"),
        (("study", "neural-alignment", "mouse.zarr", "--out", "o", "--preset", "grand"), "grand"),
        (("import", "arrays", "a.npz", "b.zarr", *AXES, "--bin-seconds", "ten"), "--bin-seconds"),
    ],
    ids=lambda part: "_".join(part) if isinstance(part, tuple) else "",
)
def test_wrong_usage_is_exit_code_2(arguments, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ran = call(*arguments)
    assert ran.code == 2
    assert words in ran.out + ran.err
    assert "Traceback" not in ran.err
    assert everything(tmp_path) == {}
