"""From a file to a page: what each command does, and says, when all is well."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from twofold.recordings import open_recording
from twofold.studies.result import Result

from .calling import AXES, PLAIN, QUICK, arrays, call, command, everything, finished_parts

COMMANDS = [
    ("demo",),
    ("import", "arrays"),
    ("import", "sensorium"),
    ("check",),
    ("info",),
    ("simulate", "movie-repeats"),
    ("fit", "contrastive"),
    ("transform",),
    ("study", "neural-alignment"),
    ("report",),
]
ALLEN = Path(__file__).parents[2].parent / "shared/data/allen_neuropixels_movie1/session_791319847.npz"


@pytest.mark.parametrize("name", COMMANDS, ids=" ".join)
def test_every_help_has_an_example_of_its_own_command(name):
    ran = call(*name, "--help")
    assert ran.code == 0
    text = " ".join(ran.out.split())
    assert f"Example: twofold {' '.join(name)}" in text
    assert ran.err == ""


def test_the_help_of_all_names_every_command():
    text = call("--help").out
    for name in COMMANDS:
        assert f" {name[0]} " in text
    for group in ("import", "simulate", "fit", "study"):
        assert next(name[1] for name in COMMANDS if name[0] == group) in call(group, "--help").out


def test_an_imported_store_holds_the_arrays_of_the_file(store):
    given, mouse = arrays(), open_recording(store)
    expected = given["counts"].transpose(1, 2, 0).reshape(-1, 12)
    np.testing.assert_array_equal(np.asarray(mouse.responses), expected)
    assert mouse.neurons.column("region").tolist() == given["region"].tolist()
    np.testing.assert_allclose(mouse.signal("running_speed"), given["running_speed"].ravel())
    np.testing.assert_array_equal(mouse.stimuli["movie"].frames[:], given["movie"])
    assert mouse.trials.column("repeat").tolist() == [0, 1, 2, 3, 4]


def test_a_good_store_is_ok(store):
    ran = call("check", store)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("ok")


def test_a_silent_and_a_constant_unit_are_warnings(session, tmp_path):
    counts = arrays()["counts"]
    counts[4], counts[7] = 0, 3
    call("import", "arrays", session(counts=counts), tmp_path / "mouse.zarr", *AXES)
    ran = call("check", tmp_path / "mouse.zarr")
    assert ran.code == 0
    warnings = [line for line in ran.out.splitlines() if line.startswith("warning")]
    assert any("1 of 12 neurons never respond: 4" in line for line in warnings)
    assert any("1 of 12 neurons always give the same response: 7" in line for line in warnings)
    assert ran.out.splitlines()[-1].startswith("ok")


def test_info_tells_what_is_in_a_store(store):
    ran = call("info", store)
    assert ran.code == 0
    for fact in (
        "120 time points x 12 neurons",
        "5 repeats",
        "VISp 6, LGd 6",
        "running_speed",
        "with pictures",
    ):
        assert fact in ran.out


def test_a_simulation_is_the_same_for_the_same_seed_and_takes_any_option(tmp_path):
    options = ("--small", "--mice", "1", "--set", "n_units=5", "--set", "n_frames=12", "--set", "cuts=0")
    for name, seed in (("one", 3), ("again", 3), ("other", 4)):
        ran = call("simulate", "movie-repeats", tmp_path / f"{name}.zarr", *options, "--seed", seed)
        assert ran.code == 0, ran
    one, again, other = (open_recording(tmp_path / f"{n}.zarr") for n in ("one", "again", "other"))
    assert one.responses.shape == (10 * 12 * 2, 5)
    np.testing.assert_array_equal(np.asarray(one.responses), np.asarray(again.responses))
    assert not np.array_equal(np.asarray(one.responses), np.asarray(other.responses))
    assert list(one.signals) == ["running_speed", "pupil_dilation"]
    assert one.truth


def test_an_estimate_says_how_long_and_writes_nothing(store, tmp_path):
    out = tmp_path / "out"
    ran = call("study", "neural-alignment", store, "--out", out, *QUICK, "--set", "steps=1", "--estimate")
    assert ran.code == 0
    assert "parts on 1 processes: about" in ran.out
    assert not out.exists()


# --- a study, interrupted and resumed ------------------------------------------------------------


def test_ctrl_c_is_exit_code_130_and_keeps_the_finished_parts(interrupted):
    assert interrupted.ran.code == 130
    assert interrupted.ran.err.splitlines()[-1].startswith("Interrupted; what was finished is kept")
    assert "Traceback" not in interrupted.ran.err
    assert len(interrupted.parts) >= 1


def test_resume_finishes_the_study_without_doing_the_finished_parts_again(interrupted, finished):
    assert finished.ran.code == 0, finished.ran
    now = finished_parts(finished.out)
    assert len(now) > len(interrupted.parts)
    assert {name: now[name] for name in interrupted.parts} == interrupted.parts
    assert f"{len(now)} of {len(now)} parts done" in finished.ran.err


def test_the_folder_of_a_finished_study_holds_all_that_was_promised(finished):
    names = {path.name for path in finished.out.iterdir()}
    assert {"results.json", "arrays.npz", "options.json", "log.csv", "report.html", "figures"} <= names
    assert not [name for name in everything(finished.out) if Path(name).name.startswith(".")]
    options = json.loads((finished.out / "options.json").read_text())
    assert (options["steps"], options["neighbours"], options["temperature"]) == (20, [1], [0.3])
    result = Result.load(finished.out)
    assert result.recording["name"] == "session"
    assert result.find("frame-decoding", "raw + logistic", "exact_accuracy").value > 0.5


def test_the_study_says_its_conclusions_and_where_the_page_is(finished):
    lines = finished.ran.out.splitlines()
    assert lines[-1] == f"Report: {finished.out / 'report.html'}"
    assert [line.removeprefix("• ") for line in lines[:-1]] == list(Result.load(finished.out).conclusions)


def test_report_makes_the_page_again_from_the_numbers_and_arrays_alone(finished, tmp_path):
    for name in ("results.json", "arrays.npz"):
        (tmp_path / name).write_bytes((finished.out / name).read_bytes())
    ran = call("report", tmp_path)
    assert (ran.code, ran.out.strip()) == (0, f"Report: {tmp_path / 'report.html'}")
    assert (tmp_path / "report.html").read_bytes() == (finished.out / "report.html").read_bytes()


def test_other_options_do_not_go_on_in_the_same_folder(store, finished):
    before = everything(finished.out)
    again = ("study", "neural-alignment", store, "--out", finished.out, *QUICK, "--resume")
    ran = call(*again, "--set", "steps=21")
    assert ran.code == 1
    assert "steps=20 then, 21 now" in ran.err
    assert everything(finished.out) == before


# --- how it is written ---------------------------------------------------------------------------


def test_no_colours_and_no_bars_where_there_is_no_terminal(store, finished, interrupted):
    said = [call("check", store), call("info", store), call("check", store / "no"), call("--help")]
    for ran in (*said, finished.ran, interrupted.ran):
        assert "\x1b" not in ran.out + ran.err
        assert "\r" not in ran.out + ran.err


def test_colours_on_a_terminal(store):
    """The other case, so that the test before can fail."""
    done = subprocess.run(
        command("check", store),
        capture_output=True,
        text=True,
        env={**PLAIN, "FORCE_COLOR": "1", "TERM": "xterm"},
    )
    assert "\x1b" in done.stdout


def test_python_m_twofold_is_the_command_line(store):
    done = subprocess.run(
        [sys.executable, "-m", "twofold", "check", str(store)], capture_output=True, text=True, env=PLAIN
    )
    assert (done.returncode, done.stdout) == (0, call("check", store).out)


def test_brackets_in_names_are_shown_and_not_taken_for_colours(tmp_path):
    ran = call("info", tmp_path / "[bold]mouse[/bold].zarr")
    assert "[bold]mouse[/bold].zarr" in ran.err


@pytest.mark.parametrize("arguments", [("--help",), ("check", "STORE"), ("info", "STORE")], ids=" ".join)
def test_looking_does_not_wait_for_torch(store, arguments):
    given = [str(store) if one == "STORE" else one for one in arguments]
    script = (
        "import sys\nfrom twofold.cli import main\n"
        "try:\n    main()\nexcept SystemExit as end:\n    code = end.code\n"
        "print([n for n in ('torch', 'lightning_fabric', 'sklearn') if n in sys.modules], code)"
    )
    done = subprocess.run([sys.executable, "-c", script, *given], capture_output=True, text=True, env=PLAIN)
    assert done.stdout.splitlines()[-1] == "[] 0", done.stderr


# --- a real recording ----------------------------------------------------------------------------


@pytest.mark.skipif(not ALLEN.exists(), reason="the Allen excerpt is not beside the project")
def test_the_allen_excerpt_comes_in_and_is_ok(tmp_path):
    store = tmp_path / "allen.zarr"
    signals = [part for name in ("running_speed", "pupil_width") for part in ("--signal", name)]
    axes = (
        "--responses",
        "counts",
        "--axes",
        "neuron,repeat,time",
        "--bin-seconds",
        "1",
        "--neuron",
        "region",
    )
    ran = call("import", "arrays", ALLEN, store, *axes, *signals)
    assert ran.code == 0, ran
    assert call("check", store).code == 0
    text = call("info", store).out
    assert "600 time points x 555 neurons" in text
    assert "20 repeats" in text
