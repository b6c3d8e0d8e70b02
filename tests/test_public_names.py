"""The public face: every name is there, is the same twice, and costs nothing before it is used."""

from __future__ import annotations

import ast
import json
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import twofold

HEAVY = ["torch", "lightning_fabric", "pandas", "sklearn", "scipy", "zarr", "matplotlib", "numpy"]


def modules_after(code: str, *arguments: str) -> tuple[list[str], int]:
    """Names of all modules that a fresh interpreter has loaded after some code, and its exit code."""
    program = (
        "import json, sys\n"
        "code = 0\n"
        "try:\n" + "".join(f"    {line}\n" for line in code.splitlines()) + "except SystemExit as end:\n"
        "    code = end.code\n"
        "print(json.dumps([sorted(sys.modules), code]), file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=True
    )
    loaded, code = json.loads(done.stderr.splitlines()[-1])
    return loaded, code


@pytest.mark.parametrize("name", twofold.__all__)
def test_a_public_name_is_the_same_object_twice(name):
    first = getattr(twofold, name)
    assert callable(first)
    assert getattr(twofold, name) is first
    assert name in dir(twofold)


def test_no_public_name_is_that_of_a_room():
    """Importing a room would otherwise hide the name."""
    rooms = {room.name for room in pkgutil.iter_modules(twofold.__path__)}
    assert {"recordings", "reporting"} <= rooms
    assert not rooms & set(twofold.__all__)


def test_an_unknown_name_is_told_with_the_closest_one():
    with pytest.raises(AttributeError, match=r"twofold has no 'Recordin', did you mean 'Recording'\?"):
        _ = twofold.Recordin


def test_type_checkers_and_the_interpreter_see_the_same_names():
    tree = ast.parse(Path(twofold.__file__).read_text())
    block = next(node for node in tree.body if isinstance(node, ast.If))
    assert ast.unparse(block.test) == "TYPE_CHECKING"
    for_checkers = {}
    for node in block.body:
        assert isinstance(node, ast.ImportFrom)
        for alias in node.names:
            assert alias.asname, f"write `import {alias.name} as {alias.name}`, which makes it public"
            for_checkers[alias.asname] = f"{node.module}.{alias.name}"
    lazily = {
        name: f"twofold.{room}.{twofold._ALIAS.get(name, name)}" for name, room in twofold._HOME.items()
    }
    assert for_checkers == lazily
    assert list(twofold._HOME) == sorted(twofold._HOME) == twofold.__all__


def test_importing_the_package_imports_no_other():
    before, _ = modules_after("pass")
    after, _ = modules_after("import twofold")
    new = set(after) - set(before)
    assert "twofold" in new
    assert {name for name in new if name.startswith("twofold.")} == set()
    assert not new & set(HEAVY)
    assert len(new) < 60


COMMAND = "sys.argv = ['twofold', *sys.argv[1:]]\nfrom twofold.cli import main\nmain()"


@pytest.mark.parametrize("arguments", [["--help"], ["check", "--help"], ["info", "--help"]])
def test_help_imports_nothing_heavy(arguments):
    loaded, code = modules_after(COMMAND, *arguments)
    assert code == 0
    assert "twofold.cli.app" in loaded
    assert not set(loaded) & set(HEAVY)


@pytest.mark.parametrize("command", ["check", "info"])
def test_looking_at_a_recording_imports_no_networks(command, tmp_path):
    options = twofold.MovieRepeats.small().model_copy(update={"n_units": 5})
    store = tmp_path / "movie.zarr"
    twofold.save(twofold.simulate_movie_repeats(options, random_state=0), store)
    loaded, code = modules_after(COMMAND, command, str(store))
    assert code == 0
    assert "twofold.recordings.store" in loaded
    assert not set(loaded) & {"torch", "lightning_fabric"}
