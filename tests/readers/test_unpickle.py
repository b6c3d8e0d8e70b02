"""Benign pickles come back exactly; hostile and damaged ones are one error, and nothing in them runs."""

from __future__ import annotations

import collections
import functools
import os
import pickle
import subprocess
import tracemalloc
import zlib
from fractions import Fraction
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from twofold.errors import DataError
from twofold.readers.pickles.unpickling import unpickle

COMPRESSIONS = [0, ("zlib", 3), ("gzip", 3), ("bz2", 3), ("xz", 1), ("lzma", 1)]
PICKLES = {
    "pickle": lambda path, value, protocol: path.write_bytes(pickle.dumps(value, protocol)),
    "joblib": lambda path, value, protocol: joblib.dump(value, path, protocol=protocol),
}


def everything() -> dict:
    rng = np.random.default_rng(0)
    return {
        "counts": rng.poisson(2.0, (60, 7)),
        "fortran": np.asfortranarray(rng.normal(size=(5, 6)).astype(np.float32)),
        "large": rng.normal(size=(400, 500)),
        "big-endian": np.arange(5, dtype=">i4"),
        "text": np.array(["VISp", "größer"]),
        "bytes": np.array([b"a", b"bc"]),
        "objects": np.array(["a", None, 1.5], dtype=object),
        "empty": np.zeros((0, 3)),
        "zero-dimensional": np.array(3.0),
        "scalar": np.float32(2.5),
        "plain": [1, -5, 10**30, 2.5, None, True, "x", b"y" * 300, 1 + 2j, slice(1, 2)],
        "nested": (1, [2, {"a": (3,)}]),
        "set": {1, "a"},
        "ordered": collections.OrderedDict(b=1, a=2),
    }


def assert_same(found: object, wanted: object) -> None:
    if isinstance(wanted, dict):
        assert list(found) == list(wanted)
        for key in wanted:
            assert_same(found[key], wanted[key])
    elif isinstance(wanted, np.ndarray):
        assert found.dtype == wanted.dtype
        assert found.flags.f_contiguous == wanted.flags.f_contiguous
        np.testing.assert_array_equal(found, wanted)
    else:
        assert type(found) is type(wanted)
        assert found == wanted


@pytest.mark.parametrize("compress", COMPRESSIONS, ids=str)
@pytest.mark.parametrize("protocol", [2, 4, 5])
def test_what_joblib_wrote_comes_back_exactly(compress, protocol, tmp_path):
    joblib.dump(everything(), tmp_path / "a.jl", compress=compress, protocol=protocol)
    assert_same(unpickle(tmp_path / "a.jl"), everything())


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_what_pickle_wrote_comes_back_exactly(protocol, tmp_path):
    (tmp_path / "a.pkl").write_bytes(pickle.dumps(everything(), protocol))
    assert_same(unpickle(tmp_path / "a.pkl"), everything())


@given(
    hnp.arrays(
        st.sampled_from(["?", "u1", "<i2", ">i8", "f4", "<f8", "c8", "U3", "S2"]),
        hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4),
    ),
    st.integers(2, 5),
    st.sampled_from(COMPRESSIONS[:3]),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
def test_any_array_comes_back_exactly(tmp_path, array, protocol, compress):
    joblib.dump([array], tmp_path / "a.jl", compress=compress, protocol=protocol)
    (found,) = unpickle(tmp_path / "a.jl")
    assert found.dtype == array.dtype
    np.testing.assert_array_equal(found, array)


TABLE = pd.DataFrame(
    {"depth": [1, 2, 3], "area": ["a", None, "b"], "x": [0.5, np.nan, 2.0], "y": [1.5, 2.5, 3.5]},
    index=["r", "s", "t"],
)
LABELLED = xr.Dataset({"counts": (("time", "neuron"), np.eye(2))}, coords={"time": [0.1, 0.2]})


@pytest.mark.parametrize("writer", PICKLES)
@pytest.mark.parametrize("protocol", [2, 4, 5])
def test_tables_and_labelled_arrays_come_back(writer, protocol, tmp_path):
    tables = [TABLE, TABLE.reset_index(drop=True), TABLE["area"], TABLE[["x", "y"]]]
    PICKLES[writer](tmp_path / "a", [*tables, LABELLED, LABELLED.counts], protocol)
    *found, dataset, array = unpickle(tmp_path / "a")
    for table, wanted in zip(found, tables, strict=True):
        test = pd.testing.assert_series_equal if wanted.ndim == 1 else pd.testing.assert_frame_equal
        test(table, wanted, check_dtype=False)
    xr.testing.assert_identical(dataset, LABELLED)
    xr.testing.assert_identical(array, LABELLED.counts)


def test_categories_come_back_as_what_they_stand_for(tmp_path):
    joblib.dump(pd.DataFrame({"area": pd.Categorical(["b", "a", None, "b"])}), tmp_path / "a.jl")
    assert unpickle(tmp_path / "a.jl")["area"].isna().tolist() == [False, False, True, False]
    assert unpickle(tmp_path / "a.jl")["area"].dropna().tolist() == ["b", "a", "b"]


# --- hostile -------------------------------------------------------------------------------------


class Calls:
    """Unpickling this calls a function."""

    def __init__(self, function: object, *args: object) -> None:
        self.call = function, args

    def __reduce__(self):
        return self.call


def hostile(proof: Path) -> dict[str, object]:
    script = f"open({str(proof)!r}, 'w').close()"
    objects = np.empty(2, dtype=object)
    objects[1] = Calls(os.system, f"touch {proof}")
    return {
        "system": Calls(os.system, f"touch {proof}"),
        "eval": Calls(eval, script),
        "exec": Calls(exec, script),
        "popen": Calls(subprocess.Popen, ["touch", str(proof)]),
        "touch": Calls(Path.touch, proof),
        "getattr": Calls(getattr, proof, "touch"),
        "partial": functools.partial(Path.touch, proof),
        "numpy load": Calls(np.load, str(proof)),
        "numpy memmap": Calls(np.memmap, str(proof), "u1", "w+", 0, (3,)),
        "numpy savetxt": Calls(np.savetxt, str(proof), [1]),
        "numpy runstring": Calls(np.testing.rundocs, str(proof)),
        "pandas eval": Calls(pd.eval, script),
        "pandas query": Calls(pd.DataFrame.query, TABLE, script),
        "in a list": [1, [2, Calls(os.system, f"touch {proof}")]],
        "in an array": objects,
        "in a table": pd.DataFrame({"a": objects}),
        "in xarray": xr.DataArray(objects),
        "a class of ours": Calls(DataError, "x"),
        "an unlisted container": Fraction(1, 2),
        "a dict of its own kind": collections.defaultdict(list),
    }


@pytest.mark.parametrize("compress", [0, 3])
@pytest.mark.parametrize("kind", hostile(Path("x")))
def test_what_would_call_anything_is_refused_and_nothing_runs(kind, compress, tmp_path):
    proof = tmp_path / "it-ran"
    for writer, write in PICKLES.items():
        path = tmp_path / writer
        write(path, {"neural": np.ones(3), "more": hostile(proof)[kind]}, 4)
        if compress:
            path.write_bytes(zlib.compress(path.read_bytes()))
        with pytest.raises(DataError, match=r"(could run code|not made as data are); nothing was run"):
            unpickle(path)
        assert not proof.exists()


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (b"cos\nsystem\n(S'touch x'\ntR.", "posix.system|os.system"),
        (b"(S'touch x'\nios\nsystem\n.", "INST"),
        (b"(cos\nsystem\nS'touch x'\no.", "os.system"),
        (b"\x80\x04\x95\x1d\x00\x00\x00\x00\x00\x00\x00\x8c\x02os\x8c\x06system\x93.", "os.system"),
        (b"\x80\x02\x82\x01.", "EXT1"),
        (b"Pname\n.", "PERSID"),
        (b"\x80\x04NQ.", "BINPERSID"),
        (b"\x80\x05\x97.", "NEXT_BUFFER"),
        (b"cnumpy\nndarray.__class__\n(tR.", r"ndarray.__class__"),
        (b"cnumpy\ndtype\n(tR}b.", "not made as data are"),
        (b"cnumpy\ndtype\n(VV8\ntR(K\x03V<\ntb.", "dtype that is not made as data are"),
        (b"cnumpy\ndtype\n.", "numpy.dtype where data should be"),
        (b"]}b.", "changes what is no object"),
        (b"c\x1b[31mos\nsystem\n.", r"\?.31mos.system"),
        (b"\x80\x02]q\x00h\x00a.", "contains itself"),
        (b"\x80\x04}(]K\x01u.", "list as a key"),
        (b"\x80\x04\x8f(]\x90.", "list as a key"),
        (b"\x80\x04" + b"]" * 200 + b"a" * 199 + b".", "more than 64 deep"),
        (b"\x80\x04K\x01a.", "cannot be read"),
        (b"\x80\x04t.", "cannot be read"),
        (b"\x80\x04.", "cannot be read"),
        (b"\x80\x04h\x07.", "cannot be read"),
        (b"\x80\x04N.N.", "goes on after its end"),
        (b"", "cannot be imported: it claims 1 bytes"),
        (b"hello world", "cannot be read"),
        (b"\x04\x22\x4d\x18xxxx", "lz4"),
    ],
    ids=str,
)
def test_code_written_by_hand_is_refused(code, words, tmp_path):
    (tmp_path / "a.pkl").write_bytes(code)
    with pytest.raises(DataError, match=words) as refused:
        unpickle(tmp_path / "a.pkl")
    assert "\n" not in str(refused.value)
    assert "\x1b" not in str(refused.value)


def test_references_that_double_take_no_time(tmp_path):
    """30 lists, each holding the one before twice: 2**30 leaves, and as many tuples as a key."""
    doubled = b"\x80\x04]q\x00" + b"".join(
        b"](h%ch%ceq%c" % (i, i, i + 1) + b"0" for i in range(30)
    )  # ] ( h i h i e q i+1 0
    (tmp_path / "a").write_bytes(doubled + b"0h\x1e.")
    assert len(unpickle(tmp_path / "a")) == 2
    tuples = b"\x80\x04)q\x00" + b"".join(b"0h%ch%c\x86q%c" % (i, i, i + 1) for i in range(30))
    (tmp_path / "a").write_bytes(tuples + b"}h\x1eK\x01s.")
    with pytest.raises(DataError, match="tuple as a key"):
        unpickle(tmp_path / "a")


# --- damaged and lying -----------------------------------------------------------------------------


def _dumped(tmp_path: Path, compress: int = 0) -> bytes:
    path = tmp_path / "whole.jl"
    small = {"neural": np.arange(24.0).reshape(12, 2), "frames": np.arange(12), "area": np.array(["VISp"])}
    joblib.dump(small, path, compress=compress)
    return path.read_bytes()


@pytest.mark.parametrize("compress", [0, 3])
def test_a_file_cut_anywhere_is_refused(compress, tmp_path):
    whole = _dumped(tmp_path, compress)
    for length in range(len(whole)):
        (tmp_path / "cut.jl").write_bytes(whole[:length])
        with pytest.raises(DataError, match=r"cut\.jl cannot be"):
            unpickle(tmp_path / "cut.jl")


@pytest.mark.parametrize("compress", [0, 3])
def test_ten_times_the_size_is_refused_before_it_takes_memory(compress, tmp_path):
    whole = bytearray(_dumped(tmp_path))
    shape = whole.index(b"K\x0cK\x02\x86")  # 12 x 2
    whole[shape : shape + 5] = b"J\x00\x00\x00\x7fK\x02\x86"  # 2**31 - 2**24 x 2
    (tmp_path / "a.jl").write_bytes(zlib.compress(whole) if compress else whole)
    tracemalloc.start()
    with pytest.raises(DataError, match=r"it (claims|ends|is larger)"):
        unpickle(tmp_path / "a.jl")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2**23


def test_text_that_claims_to_be_huge_takes_no_memory(tmp_path):
    for code in (b"\x8d", b"\x8e", b"\x96"):  # long text, long bytes, a bytearray
        (tmp_path / "a.jl").write_bytes(b"\x80\x05" + code + (2**40).to_bytes(8, "little") + b"abc.")
        with pytest.raises(DataError, match="it claims 1099511627787 bytes"):
            unpickle(tmp_path / "a.jl")


def test_what_grows_beyond_the_bound_is_refused(tmp_path):
    joblib.dump(np.zeros(10**6), tmp_path / "a.jl", compress=9)
    assert (tmp_path / "a.jl").stat().st_size < 20_000
    with pytest.raises(DataError, match="larger than 1000000 bytes, which --max-bytes would change"):
        unpickle(tmp_path / "a.jl", max_bytes=10**6)
    assert unpickle(tmp_path / "a.jl", max_bytes=10**7).shape == (10**6,)


def test_files_that_are_not_there(tmp_path):
    with pytest.raises(DataError, match="no such file"):
        unpickle(tmp_path / "none.jl")
    with pytest.raises(DataError, match="is not a file"):
        unpickle(tmp_path)


# --- fuzzing ---------------------------------------------------------------------------------------

ADMITTED_TYPES = (dict, list, tuple, set, str, int, float, complex, bool, bytes, bytearray, np.ndarray, slice)
ADMITTED_TYPES = (*ADMITTED_TYPES, np.generic, pd.DataFrame, pd.Series, pd.Index, xr.DataArray, xr.Dataset)


def seeds() -> list[bytes]:
    """Small files of every kind, those that run code among them."""
    return [
        pickle.dumps(everything()["nested"], 2),
        pickle.dumps({"a": np.arange(4), "b": np.array(["x", None], dtype=object)}, 4),
        pickle.dumps(np.arange(3.0), 5),
        pickle.dumps(TABLE, 4),
        pickle.dumps(LABELLED, 4),
        pickle.dumps(Calls(os.getenv, "HOME"), 4),
    ]


@given(st.data())
@settings(max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_changed_bytes_are_an_error_or_data_and_never_a_call(tmp_path, data):
    whole = bytearray(data.draw(st.sampled_from([*seeds(), _dumped(tmp_path), _dumped(tmp_path, 3)])))
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(whole) - 1))
        change = data.draw(st.sampled_from(["replace", "insert", "drop"]))
        byte = data.draw(st.binary(min_size=1, max_size=1))
        whole[place : place + (change != "insert")] = b"" if change == "drop" else byte
    _is_error_or_data(tmp_path, bytes(whole))


@given(st.binary(max_size=60))
@example(b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x01x\x85R.")
@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_are_an_error_or_data_and_never_a_call(tmp_path, code):
    _is_error_or_data(tmp_path, b"\x80\x04" + code)


def _is_error_or_data(tmp_path: Path, code: bytes) -> None:
    (tmp_path / "fuzzed").write_bytes(code)
    try:
        found = unpickle(tmp_path / "fuzzed", max_bytes=2**20)
    except DataError as error:
        assert str(error).startswith("fuzzed ")
        assert len(str(error).splitlines()) == 1
    else:
        assert found is None or isinstance(found, ADMITTED_TYPES)
