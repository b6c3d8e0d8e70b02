"""The folder of a run goes on with the options that it was started with, and no others."""

from __future__ import annotations

import csv
import json

import pytest

from twofold.errors import DataError
from twofold.studies.folder import logged, open_run

OPTIONS = {"steps": 3, "dropout": [0.3], "top_variance": None}


def test_a_run_is_resumed_with_its_own_options_alone(tmp_path):
    folder = open_run(tmp_path / "out", OPTIONS)
    (folder / "part.npz").write_bytes(b"done")
    assert open_run(folder, OPTIONS, resume=True) == folder
    with pytest.raises(
        DataError, match=r"other options \(steps=3 then, 4 now, dropout=\[0.3\] then, \[0.1\] now\)"
    ):
        open_run(folder, {**OPTIONS, "steps": 4, "dropout": [0.1]}, resume=True)
    assert json.loads((folder / "options.json").read_text()) == OPTIONS
    assert (folder / "part.npz").read_bytes() == b"done"


def test_a_refused_folder_is_left_as_it_was_and_an_overwritten_one_is_kept(tmp_path):
    folder = open_run(tmp_path / "out", OPTIONS)
    with pytest.raises(DataError, match=r"not empty; add --resume .* or --overwrite"):
        open_run(folder, {**OPTIONS, "steps": 4})
    open_run(folder, {**OPTIONS, "steps": 4}, overwrite=True)
    assert json.loads((folder / "options.json").read_text())["steps"] == 4
    assert json.loads((tmp_path / "out.old-1" / "options.json").read_text())["steps"] == 3


@pytest.mark.parametrize("text", ["", "{", "[1]", "3", "\udcff"])
def test_damaged_options_are_one_clear_error(tmp_path, text):
    folder = open_run(tmp_path / "out", OPTIONS)
    (folder / "options.json").write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(DataError, match=r"options.json is damaged|was started with other options"):
        open_run(folder, OPTIONS, resume=True)


def test_the_log_has_a_line_per_part_and_goes_on_when_resumed(tmp_path):
    told: list[tuple[int, int, str]] = []
    for parts in ([(0, 2, ""), (1, 2, "alignment, division 1")], [(1, 2, ""), (2, 2, "state, raw")]):
        tell = logged(tmp_path, lambda *what: told.append(what))
        for part in parts:
            tell(*part)
    with (tmp_path / "log.csv").open(newline="") as log:
        lines = list(csv.DictReader(log))
    assert [(int(line["done"]), int(line["total"]), line["part"]) for line in lines] == told
    assert all(float(line["seconds"]) >= 0 for line in lines)
