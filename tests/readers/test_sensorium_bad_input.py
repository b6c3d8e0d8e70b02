"""A folder or zip that is not what it should be is one clear line, and nothing is half-written."""

from __future__ import annotations

import shutil
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ..cli.calling import Ran, call, everything
from .by_hand import NEURONS, ByHand, write_by_hand


def import_it(path: Path, *flags: str) -> Ran:
    return call("import", "sensorium", path, path.parent / "mouse.zarr", *flags)


def refused(ran: Ran, *words: str) -> None:
    """One line on stderr that says it all, after the progress of what was good until then."""
    assert ran.code == 1, ran
    *before, line = ran.err.splitlines()
    assert all("parts done" in text for text in before), ran.err
    assert line.startswith("Error: ")
    for word in words:
        assert word in line, line
    assert ran.out == ""


def with_nan(values: np.ndarray) -> np.ndarray:
    values[3, 4] = np.nan
    return values


def with_nan_pixel(values: np.ndarray) -> np.ndarray:
    values[2, 5, 4] = np.nan
    return values


def with_gap(values: np.ndarray) -> np.ndarray:
    values[:, 4] = np.nan
    return values


def cut(path: Path, keep: int) -> None:
    path.write_bytes(path.read_bytes()[:keep])


def all_transposed(made: ByHand) -> None:
    for modality in ("videos", "responses", "behavior", "pupil_center"):
        for number in range(7):
            made.change(f"data/{modality}/{number}.npy", lambda values: np.moveaxis(values, -1, 0))


FOLDERS: dict[str, tuple[Callable[[ByHand], object], tuple[str, ...]]] = {
    "no tiers": (
        lambda made: made.file("meta/trials/tiers.npy").unlink(),
        ("lacks meta/trials/tiers.npy", "one text per file", "get the folder again"),
    ),
    "numbers as tiers": (
        lambda made: np.save(made.file("meta/trials/tiers.npy"), np.arange(7)),
        ("meta/trials/tiers.npy holds int64", "one text per file"),
    ),
    "unequal counts": (
        lambda made: made.file("data/responses/5.npy").unlink(),
        ("data/responses lacks 5.npy", "tiers.npy has 7 entries"),
    ),
    "a file too many": (
        lambda made: shutil.copy(made.file("data/behavior/0.npy"), made.file("data/behavior/7.npy")),
        ("data/behavior has 7.npy too many", "0.npy to 6.npy"),
    ),
    "fewer tiers": (
        lambda made: made.change("meta/trials/tiers.npy", lambda tiers: tiers[:5]),
        ("data/videos has 5.npy, 6.npy too many", "tiers.npy has 5 entries"),
    ),
    "all of tier none": (
        lambda made: np.save(made.file("meta/trials/tiers.npy"), np.array(["none"] * 7)),
        ("all 7 files", "tier 'none'"),
    ),
    "responses time first": (
        lambda made: made.change("data/responses/2.npy", np.transpose),
        ("data/responses/2.npy has shape (12, 5)", "time first", "save array.T"),
    ),
    "videos time first": (
        lambda made: made.change("data/videos/0.npy", lambda video: np.moveaxis(video, -1, 0)),
        ("data/videos/0.npy has shape (12, 4, 6)", "time first", "array.transpose(1, 2, 0)"),
    ),
    "behavior time first": (
        lambda made: made.change("data/behavior/0.npy", np.transpose),
        ("data/behavior/0.npy has shape (12, 2)", "time first", "array.T"),
    ),
    "all time first": (all_transposed, ("data/responses/0.npy has shape (12, 5)", "and the others likewise")),
    "three channels": (
        lambda made: made.change("data/behavior/0.npy", lambda values: values[[0, 1, 0]]),
        ("data/behavior/0.npy has shape (3, 12)", "(2, frame) is due"),
    ),
    "other frames": (
        lambda made: made.change("data/responses/1.npy", lambda values: values[:, :11]),
        ("files 1.npy differ in frames", "12 in videos, 11 in responses", "pad"),
    ),
    "two axes": (
        lambda made: made.change("data/videos/0.npy", lambda video: video[0]),
        ("data/videos/0.npy has shape (6, 12)", "(height, width, frame) is due"),
    ),
    "frame size": (
        lambda made: made.change("data/videos/4.npy", lambda video: video[:, :5]),
        ("data/videos/4.npy has 4 x 5 pixels", "have 4 x 6", "the tier 'none'"),
    ),
    "neurons": (
        lambda made: made.change("data/responses/6.npy", lambda values: values[:4]),
        ("data/responses/6.npy has 4 neurons", "have 5"),
    ),
    "neuron table": (
        lambda made: made.change("meta/neurons/area.npy", lambda values: values[:4]),
        ("meta/neurons/area.npy has shape (4,)", "5 neurons"),
    ),
    "positions swapped": (
        lambda made: made.change("meta/neurons/cell_motor_coordinates.npy", np.transpose),
        ("cell_motor_coordinates.npy has shape (3, 5)", "axes look swapped"),
    ),
    "NaN in responses": (
        lambda made: made.change("data/responses/2.npy", with_nan),
        ("data/responses/2.npy is nan inside the clip", "neuron 3, frame 4", "get the file again"),
    ),
    "NaN in all responses": (
        lambda made: made.change("data/responses/2.npy", with_gap),
        ("data/responses/2.npy is NaN inside the clip, first at frame 4",),
    ),
    "NaN in a video": (
        lambda made: made.change("data/videos/2.npy", with_nan_pixel),
        ("data/videos/2.npy is NaN or infinite inside the clip", "frame 4, row 2, column 5"),
    ),
    "nothing but NaN": (
        lambda made: made.change("data/behavior/2.npy", lambda values: values * np.nan),
        ("files 2.npy have no frame", "tier 'none'"),
    ),
    "cut npy": (
        lambda made: cut(made.file("data/responses/2.npy"), 200),
        ("data/responses/2.npy", "damaged or incomplete"),
    ),
    "cut header": (
        lambda made: cut(made.file("data/videos/0.npy"), 30),
        ("data/videos/0.npy", "damaged or incomplete"),
    ),
    "no npy": (
        lambda made: made.file("data/pupil_center/3.npy").with_name("4.npy").write_text("hello"),
        ("data/pupil_center/4.npy", "damaged or incomplete"),
    ),
    "text for responses": (
        lambda made: np.save(made.file("data/responses/0.npy"), np.full((NEURONS, 12), "a")),
        ("data/responses/0.npy holds <U1; numbers are due",),
    ),
    "objects": (
        lambda made: made.change("data/responses/2.npy", lambda values: values.astype(object)),
        ("data/responses/2.npy", "Python objects", "unpickling"),
    ),
    "objects as tiers": (
        lambda made: made.change("meta/trials/tiers.npy", lambda tiers: tiers.astype(object)),
        ("meta/trials/tiers.npy", "Python objects", "unpickling"),
    ),
    "no data": (
        lambda made: shutil.rmtree(made.file("data/videos")),
        ("holds no data/videos/*.npy", "the folder that contains data and meta"),
    ),
}


@pytest.mark.parametrize("case", FOLDERS)
def test_a_folder_that_is_not_right(tmp_path, case):
    spoil, words = FOLDERS[case]
    made = write_by_hand(tmp_path / "session")
    spoil(made)
    before = everything(tmp_path)
    refused(import_it(made.path), *words)
    assert everything(tmp_path) == before


def test_a_folder_that_is_not_there_a_file_and_an_unknown_normalisation(tmp_path):
    made = write_by_hand(tmp_path / "session")
    refused(import_it(tmp_path / "no"), "there is no", "SENSORIUM layout, or its zip")
    refused(import_it(made.file("config.json")), "is no zip")
    refused(import_it(tmp_path), "holds no folder data", f"type {made.path}")
    refused(import_it(made.path, "--normalise", "per-neuron"), "did you mean 'per_neuron'?")
    assert [path.name for path in tmp_path.iterdir()] == ["session"]


def test_a_store_that_exists_is_kept(tmp_path):
    made = write_by_hand(tmp_path / "session")
    assert import_it(made.path).code == 0
    before = everything(tmp_path / "mouse.zarr")
    refused(import_it(made.path), "mouse.zarr exists", "--overwrite")
    assert everything(tmp_path / "mouse.zarr") == before
    assert import_it(made.path, "--overwrite").code == 0
    assert everything(tmp_path / "mouse.zarr.old-1") == before


# --- zips ----------------------------------------------------------------------------------------


@pytest.fixture
def zipped(tmp_path) -> Path:
    made = write_by_hand(tmp_path / "session")
    shutil.make_archive(str(tmp_path / "session"), "zip", tmp_path, "session")
    shutil.rmtree(made.path)
    return tmp_path / "session.zip"


def add(path: Path, name: str, mode: int = 0o644) -> None:
    with zipfile.ZipFile(path, "a") as file:
        member = zipfile.ZipInfo(name)
        member.external_attr = mode << 16
        file.writestr(member, "/etc/passwd")


@pytest.mark.parametrize(
    ("name", "mode", "word"),
    [
        ("../../evil.npy", 0o644, "would be written outside its folder"),
        ("session/data/../../../evil.npy", 0o644, "would be written outside its folder"),
        ("session\\..\\..\\evil.npy", 0o644, "would be written outside its folder"),
        ("/tmp/evil.npy", 0o644, "has an absolute path"),
        ("C:/evil.npy", 0o644, "has an absolute path"),
        ("session/data/videos/link.npy", stat.S_IFLNK | 0o777, "is a link"),
    ],
)
def test_a_zip_that_would_write_outside_its_folder_is_refused(zipped, name, mode, word):
    add(zipped, name, mode)
    before = everything(zipped.parent)
    refused(import_it(zipped), "session.zip is refused", word, "do not unpack")
    assert everything(zipped.parent) == before


@pytest.mark.parametrize("keep", [0, 30, 2000])
def test_a_zip_that_was_cut_is_refused(zipped, keep):
    cut(zipped, keep)
    refused(import_it(zipped), "session.zip is damaged or incomplete, get it again")


def test_a_zip_whose_content_was_changed_is_refused(zipped):
    content = zipped.read_bytes()
    with zipfile.ZipFile(zipped) as file:
        member = file.getinfo("session/data/responses/2.npy")
    middle = member.header_offset + 30 + len(member.filename) + member.compress_size // 2
    zipped.write_bytes(content[:middle] + bytes([content[middle] ^ 255]) + content[middle + 1 :])
    refused(import_it(zipped), "data/responses/2.npy", "damaged or incomplete")
    assert [path.name for path in zipped.parent.iterdir()] == ["session.zip"]


def test_a_zip_of_something_else_and_of_several_sessions(zipped, tmp_path):
    with zipfile.ZipFile(tmp_path / "notes.zip", "w") as file:
        file.writestr("notes.txt", "hello")
    refused(import_it(tmp_path / "notes.zip"), "holds no data/videos/*.npy")
    with zipfile.ZipFile(zipped, "a") as file:
        file.writestr("other/meta/trials/tiers.npy", "")
    refused(import_it(zipped), "several sessions (other, session)")


def test_a_zip_with_what_file_managers_add_is_read(zipped):
    for name in (
        "__MACOSX/session/data/videos/._0.npy",
        "session/.DS_Store",
        "session/data/videos/.DS_Store",
    ):
        add(zipped, name)
    ran = import_it(zipped)
    assert ran.code == 0, ran.err
    assert "6 trials" in ran.out
