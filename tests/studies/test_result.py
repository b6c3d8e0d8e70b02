"""What a study writes: rows that can be believed, read back as they were, and never by unpickling."""

from __future__ import annotations

import json
import math
import pickle
import resource
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twofold.errors import DataError, OptionError
from twofold.studies.result import Result, Row

# the format of the result file, word for word and in this order
FIELDS = [
    *("table", "row", "metric", "split", "value", "low", "high", "interval_kind", "over", "n", "n_units"),
    *("chance", "ceiling", "fitted_on", "scored_on", "leaky", "window", "seed", "paper", "note"),
]
HEAD = {"study", "recording", "options", "versions", "seconds", "rows"}
SPLITS = ("train", "validation", "test", "leave_one_repeat_out", "leave_one_block_out")


def a_row(**changes) -> Row:
    given = {"table": "state", "row": "raw -> pupil", "metric": "r2_signal", "split": "test", "value": 0.25}
    return Row(**{**given, **changes})


def a_result(rows=(), arrays=None) -> Result:
    return Result(
        "neural-alignment", {"name": "mouse"}, {"steps": 3}, {"numpy": "2"}, 1.25, rows, arrays or {}
    )


def refuse(token: str) -> None:
    raise AssertionError(f"{token} is no JSON")


# --- one row -------------------------------------------------------------------------------------

numbers = st.none() | st.floats(allow_nan=False, allow_infinity=False)
counts = st.none() | st.integers(0, 2**53)
texts = st.none() | st.text(max_size=20)


@st.composite
def rows(draw) -> Row:
    leaky, value = draw(st.booleans()), draw(numbers)
    name = draw(st.text(max_size=12).filter(lambda text: "leaky" not in text))
    return Row(
        table=draw(st.text(max_size=8)),
        row=f"{name} (leaky)" if leaky else name,
        metric=draw(st.text(max_size=8)),
        split=draw(st.sampled_from(SPLITS)),
        value=value,
        low=draw(numbers),
        high=draw(numbers),
        interval_kind=draw(st.none() | st.sampled_from(["sem", "permutation_99"])),
        over=draw(texts),
        n=draw(counts),
        n_units=draw(counts),
        chance=draw(numbers),
        ceiling=draw(numbers),
        fitted_on=draw(texts),
        scored_on=draw(texts),
        leaky=leaky,
        window=draw(counts),
        seed=draw(counts),
        paper=draw(numbers),
        note=draw(st.text(min_size=0 if value is not None else 1, max_size=20)),
    )


@given(row=rows())
@settings(deadline=None)
def test_any_row_comes_back_from_json_as_it_was(row):
    text = json.dumps(row.model_dump(), allow_nan=False)
    assert list(json.loads(text)) == FIELDS
    assert Row(**json.loads(text, parse_constant=refuse)) == row


@given(
    field=st.sampled_from(["value", "low", "high", "chance", "ceiling", "paper"]),
    sign=st.sampled_from([-1, 1]),
)
@settings(deadline=None)
def test_a_number_that_is_not_finite_is_refused_wherever_it_stands(field, sign):
    for number in (math.nan, sign * math.inf):
        with pytest.raises(OptionError, match=f"{field}=.*write None and say why in `note`"):
            a_row(**{field: number, "note": "no"})


def test_a_row_without_a_value_says_why():
    with pytest.raises(OptionError, match="says why"):
        a_row(value=None)
    assert a_row(value=None, note="constant").value is None


@pytest.mark.parametrize(("name", "leaky"), [("raw (leaky: all repeats)", False), ("raw", True)])
def test_leaky_rows_and_only_they_say_so_in_their_name(name, leaky):
    with pytest.raises(OptionError, match="leaky"):
        a_row(row=name, leaky=leaky)


def test_a_field_that_the_schema_lacks_and_an_unknown_split_are_refused():
    with pytest.raises(OptionError, match="did you mean 'note'"):
        a_row(notes="a")
    with pytest.raises(OptionError, match="split"):
        a_row(split="leave_one_mouse_out")


# --- the file ------------------------------------------------------------------------------------


def test_results_json_of_a_study_has_exactly_the_fields_of_the_plan(studied):
    text = (studied.folder / "results.json").read_text(encoding="utf-8")
    content = json.loads(text, parse_constant=refuse)
    assert set(content) >= HEAD
    assert content["study"] == "neural-alignment"
    assert content["rows"]
    for row in content["rows"]:
        assert list(row) == FIELDS
        assert row["leaky"] == ("leaky" in row["row"])
        assert row["value"] is not None or row["note"]
        assert row["split"] in SPLITS
        if row["interval_kind"] == "sem":
            assert row["low"] <= row["value"] <= row["high"]
            assert row["over"]
            assert row["n"] >= 2
    keys = [tuple(row[name] for name in ("table", "row", "metric", "split")) for row in content["rows"]]
    assert len(set(keys)) == len(keys)
    assert json.loads((studied.folder / "options.json").read_text()) == content["options"]


def test_a_study_comes_back_from_its_folder_as_it_was(studied):
    again = Result.load(studied.folder)
    for part in ("study", "recording", "versions", "rows", "conclusions", "options"):
        assert getattr(again, part) == getattr(studied.result, part), part
    assert again.seconds == pytest.approx(studied.result.seconds, abs=1e-3)
    assert set(again.arrays) == set(studied.result.arrays)
    for name, array in studied.result.arrays.items():
        np.testing.assert_array_equal(again.arrays[name], array)
    assert len(again.table("frame-decoding")) == len(again.tables()["frame-decoding"])


@given(given_rows=st.lists(rows(), max_size=4, unique_by=lambda row: row.key))
@settings(deadline=None, max_examples=25)
def test_any_rows_come_back_from_a_folder_as_they_were(given_rows):
    with tempfile.TemporaryDirectory() as folder:
        a_result(given_rows, {"pca/embedding": np.arange(3.0)}).save(folder)
        again = Result.load(folder)
    assert list(again.rows) == given_rows
    np.testing.assert_array_equal(again.arrays["pca/embedding"], np.arange(3.0))


def test_two_rows_of_one_key_are_refused():
    with pytest.raises(DataError, match=r"same key \('state', 'raw -> pupil', 'r2_signal', 'test'\)"):
        a_result([a_row(), a_row(value=0.5)])


def test_options_that_are_not_finite_leave_no_file(tmp_path):
    bad = Result("s", {}, {"c": math.nan}, {}, 1.0, [], {})
    with pytest.raises(ValueError, match="JSON"):
        bad.save(tmp_path / "out")
    assert not (tmp_path / "out" / "results.json").exists()
    assert not list((tmp_path / "out").glob(".*"))


def test_a_full_disk_leaves_no_numbers_without_their_arrays(tmp_path):
    """The arrays do not fit, the numbers would: neither is there, and no temporary file."""
    arrays = {"noise": np.random.default_rng(0).random(4000)}
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (5000, before[1]))
        with pytest.raises(DataError, match=r"could not write .*arrays.npz: File too large"):
            a_result([a_row()], arrays).save(tmp_path / "out")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert list((tmp_path / "out").iterdir()) == []


# --- a file that is not what it was --------------------------------------------------------------


def results_json(folder: Path, text: str) -> None:
    (folder / "results.json").write_text(text)


def without(name: str):
    def spoil(folder: Path) -> None:
        content = json.loads((folder / "results.json").read_text())
        del content[name]
        results_json(folder, json.dumps(content))

    return spoil


def cut(name: str, size: int):
    def spoil(folder: Path) -> None:
        content = (folder / name).read_bytes()
        (folder / name).write_bytes(content[:size])

    return spoil


def flip_a_byte(folder: Path) -> None:
    with zipfile.ZipFile(folder / "arrays.npz") as stored:
        info = stored.infolist()[0]
    content = bytearray((folder / "arrays.npz").read_bytes())
    content[info.header_offset + 30 + len(info.filename) + info.compress_size // 2] ^= 0xFF
    (folder / "arrays.npz").write_bytes(content)


SPOILT = {
    "no results.json": lambda folder: (folder / "results.json").unlink(),
    "no arrays.npz": lambda folder: (folder / "arrays.npz").unlink(),
    "empty results.json": cut("results.json", 0),
    "half of results.json": cut("results.json", 100),
    "a list": lambda folder: results_json(folder, "[1, 2]"),
    "a number": lambda folder: results_json(folder, "3"),
    "bytes": lambda folder: (folder / "results.json").write_bytes(b"\xff\xfe\x00"),
    "no rows": without("rows"),
    "no study": without("study"),
    "rows of numbers": lambda folder: results_json(folder, '{"rows": [1]}'),
    "rows that are a number": lambda folder: results_json(folder, '{"rows": 1}'),
    "a row that lacks its table": lambda folder: results_json(folder, '{"rows": [{"row": "a"}]}'),
    "empty arrays.npz": cut("arrays.npz", 0),
    "half of arrays.npz": cut("arrays.npz", 200),
    "one flipped byte": flip_a_byte,
    "text for arrays": lambda folder: (folder / "arrays.npz").write_text("hello"),
    "a folder for arrays": lambda folder: ((folder / "arrays.npz").unlink(), (folder / "arrays.npz").mkdir()),
    "one array alone": lambda folder: np.save((folder / "arrays.npz").open("wb"), np.ones(3)),
}


@pytest.mark.parametrize("spoil", SPOILT.values(), ids=SPOILT)
@pytest.mark.filterwarnings("ignore::ResourceWarning")  # numpy leaves a damaged file open
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_missing_or_damaged_file_is_one_clear_error(tmp_path, spoil):
    a_result([a_row()], {"noise": np.random.default_rng(0).random(400)}).save(tmp_path)
    spoil(tmp_path)
    with pytest.raises(DataError, match=r"holds no (readable )?result: .+") as told:
        Result.load(tmp_path)
    assert str(tmp_path) in str(told.value)


class Hostile:
    """Unpickling this would write a file."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self):
        return Path.touch, (self.trace,)


def test_an_object_array_is_never_unpickled(tmp_path):
    a_result([a_row()]).save(tmp_path)
    trace, hostile = tmp_path / "was-run", np.empty(1, dtype=object)
    hostile[0] = Hostile(trace)
    np.savez(tmp_path / "arrays.npz", hostile=hostile)
    with pytest.raises(DataError, match="holds no readable result"):
        Result.load(tmp_path)
    assert not trace.exists()
    pickle.loads(pickle.dumps(Hostile(trace)))  # the trap works
    assert trace.exists()


def test_an_object_array_is_never_pickled_either(tmp_path):
    with pytest.raises(ValueError, match="allow_pickle"):
        a_result([a_row()], {"bad": np.array([{}], dtype=object)}).save(tmp_path)
    assert not (tmp_path / "arrays.npz").exists()
    assert not (tmp_path / "results.json").exists()
