"""Files are there whole or not at all, folders are claimed or refused, and nothing is lost."""

from __future__ import annotations

import subprocess
import sys

import pytest

from twofold.errors import DataError
from twofold.files import claim_folder, set_aside, written_whole


@pytest.fixture
def old(tmp_path):
    """A file that is there already."""
    path = tmp_path / "results.json"
    path.write_text("old")
    return path


def names(folder) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_new_text_takes_the_place_of_the_old_when_the_block_ends(old):
    with written_whole(old) as temporary:
        temporary.write_text("new")
        assert old.read_text() == "old"
        assert temporary.parent == old.parent
        assert temporary.suffix == ".json"
    assert old.read_text() == "new"
    assert names(old.parent) == ["results.json"]


@pytest.mark.parametrize("error", [ValueError("no"), KeyboardInterrupt(), DataError("no")])
def test_an_error_leaves_the_old_file_and_nothing_else(old, error):
    with pytest.raises(type(error)), written_whole(old) as temporary:
        temporary.write_text("half")
        raise error
    assert old.read_text() == "old"
    assert names(old.parent) == ["results.json"]


def test_what_the_system_refuses_is_one_line_with_the_path(tmp_path, old):
    for path, reason in [
        (tmp_path / "missing" / "a.txt", "No such file or directory"),
        (old / "a.txt", "Not a directory"),
    ]:
        with pytest.raises(DataError, match=reason) as caught, written_whole(path) as temporary:
            temporary.write_text("a")
        assert str(caught.value) == f"could not write {path}: {reason}"
    (tmp_path / "folder").mkdir()
    with pytest.raises(DataError, match="folder: Is a directory"), written_whole(tmp_path / "folder") as path:
        path.write_text("a")
    assert names(tmp_path) == ["folder", "results.json"]


FULL_DISK = """
import resource, sys
from twofold.errors import DataError
from twofold.files import written_whole

resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    with written_whole(sys.argv[1]) as temporary:
        temporary.write_bytes(bytes(5000))
except DataError as error:
    print(error)
"""


def test_a_full_disk_leaves_the_old_file_and_nothing_half_written(old):
    """The kernel itself stops the write: no file of that process may grow beyond 1000 bytes."""
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(old)], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == f"could not write {old}: File too large"
    assert old.read_text() == "old"
    assert names(old.parent) == ["results.json"]


def test_a_new_or_an_empty_folder_is_claimed(tmp_path):
    folder = tmp_path / "runs" / "first"
    assert claim_folder(folder) == folder
    assert folder.is_dir()
    assert claim_folder(str(folder)) == folder


def test_a_folder_that_holds_something_is_refused_with_both_ways_out(old):
    with pytest.raises(DataError, match=r"not empty; add --resume .* or --overwrite"):
        claim_folder(old.parent)
    assert names(old.parent) == ["results.json"]


def test_resuming_keeps_what_is_there(old):
    assert claim_folder(old.parent, resume=True) == old.parent
    assert old.read_text() == "old"


def test_overwriting_sets_every_old_folder_aside(tmp_path):
    folder = tmp_path / "out"
    for number in range(3):
        claim_folder(folder, overwrite=True)
        assert names(folder) == []
        (folder / "results.json").write_text(str(number))
    texts = {path.name: (path / "results.json").read_text() for path in tmp_path.iterdir()}
    assert texts == {"out": "2", "out.old-1": "0", "out.old-2": "1"}


@pytest.mark.parametrize("how", [{}, {"resume": True}, {"overwrite": True}])
def test_a_file_is_no_folder(old, how):
    with pytest.raises(DataError, match="is a file; give a folder"):
        claim_folder(old, **how)
    with pytest.raises(DataError, match=r"could not make the folder .*results\.json/run: Not a directory"):
        claim_folder(old / "run", **how)
    assert old.read_text() == "old"


def test_the_folder_one_stands_in_can_be_set_aside(old, monkeypatch):
    monkeypatch.chdir(old.parent)
    aside = set_aside(claim_folder(".", resume=True))
    assert aside == old.parent.with_name(f"{old.parent.name}.old-1")
    assert (aside / "results.json").read_text() == "old"
