from __future__ import annotations

import contextlib
import pickle
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest
import scipy.io
import scipy.sparse
from hypothesis import given, settings
from hypothesis import strategies as st

from twofold.errors import DataError
from twofold.readers.containers import open_arrays

KINDS = ["npz", "h5", "mat5", "mat73"]


@pytest.mark.parametrize("kind", KINDS)
def test_every_format_gives_back_what_its_own_writer_wrote(kind, save, tmp_path):
    arrays = {"counts": np.arange(24.0).reshape(2, 3, 4), "region": np.array(["VISp", "LGd"])}
    file = open_arrays(save(kind, tmp_path, arrays))
    assert sorted(file.names) == ["counts", "region"]
    np.testing.assert_array_equal(file.read("counts"), arrays["counts"])
    assert file.read("region").ravel().tolist() == ["VISp", "LGd"]


def test_npy_answers_to_any_name(tmp_path):
    np.save(tmp_path / "x.npy", np.arange(3))
    assert open_arrays(tmp_path / "x.npy").read("whatever").tolist() == [0, 1, 2]


def test_hdf5_names_have_slashes(tmp_path):
    with h5py.File(tmp_path / "x.hdf5", "w") as file:
        file["behaviour/speed"] = np.arange(3)
        file["elsewhere"] = h5py.ExternalLink("other.h5", "secret")
    opened = open_arrays(tmp_path / "x.hdf5")
    assert opened.names == ("behaviour/speed",)
    assert opened.read("behaviour/speed").tolist() == [0, 1, 2]


def test_the_content_decides_the_format_not_the_ending(tmp_path):
    np.savez(tmp_path / "x.npz", a=np.arange(3))
    (tmp_path / "x.npz").rename(tmp_path / "x.mat")
    assert open_arrays(tmp_path / "x.mat").read("a").tolist() == [0, 1, 2]


def test_bytes_become_text_and_numbers_get_the_byte_order_of_the_machine(tmp_path):
    np.savez(tmp_path / "x.npz", region=np.array([b"V1", b"LGd"]), counts=np.arange(3, dtype=">i4"))
    file = open_arrays(tmp_path / "x.npz")
    assert file.read("region").tolist() == ["V1", "LGd"]
    assert file.read("counts").dtype.isnative
    assert file.read("counts").tolist() == [0, 1, 2]


def test_character_matrices_of_matlab_are_text_without_padding(tmp_path):
    scipy.io.savemat(tmp_path / "x.mat", {"region": np.array(["VISp", "LGd "])})
    assert open_arrays(tmp_path / "x.mat").read("region").tolist() == ["VISp", "LGd"]
    with h5py.File(tmp_path / "y.mat", "w") as file:
        rows = np.array([list(map(ord, row)) for row in ("VISp", "LGd ")], dtype=np.uint16)
        file.create_dataset("region", data=rows.T).attrs["MATLAB_class"] = np.bytes_("char")
    assert open_arrays(tmp_path / "y.mat").read("region").tolist() == ["VISp", "LGd"]


# --- bad input ---------------------------------------------------------------------------------


class Payload:
    """Unpickling this creates a file."""

    def __init__(self, proof: Path) -> None:
        self.proof = proof

    def __reduce__(self):
        return Path.touch, (self.proof,)


def _npz(path: Path, proof: Path) -> None:
    np.savez(path, a=np.array([Payload(proof)], dtype=object))


def _npy(path: Path, proof: Path) -> None:
    np.save(path, np.array([Payload(proof)], dtype=object))


def _bare(path: Path, proof: Path) -> None:
    path.write_bytes(pickle.dumps(Payload(proof)))


def _member(path: Path, proof: Path) -> None:
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("a.npy", pickle.dumps(Payload(proof)))


def _hdf5(path: Path, proof: Path) -> None:
    with h5py.File(path, "w") as file:
        file["a"] = np.void(pickle.dumps(Payload(proof)))


@pytest.mark.parametrize(
    ("write", "ending", "message"),
    [
        (_npz, "npz", "array 'a' in x.npz holds Python objects.*save it as numbers or as text"),
        (_npy, "npy", "array 'a' in x.npy holds Python objects.*save it as numbers or as text"),
        (_bare, "npy", "x.npy is no npz, npy, mat or HDF5 file"),
        (_bare, "npz", "x.npz is no npz, npy, mat or HDF5 file"),
        (_bare, "mat", "x.mat cannot be read"),
        (_member, "npz", "array 'a' in x.npz holds bytes; save it as numbers"),
        (_hdf5, "h5", "array 'a' in x.h5 holds .*; save it as numbers"),
    ],
)
def test_a_hostile_pickle_is_refused_and_never_runs(write, ending, message, tmp_path):
    path, proof = tmp_path / f"x.{ending}", tmp_path / "it-ran"
    write(path, proof)
    with pytest.raises(DataError, match=message):
        open_arrays(path).read("a")
    assert not proof.exists()
    pickle.loads(pickle.dumps(Payload(proof)))
    assert proof.exists()  # the payload is a real one


def test_an_unknown_name_is_proposed(tmp_path):
    np.savez(tmp_path / "x.npz", region=np.zeros(3), counts=np.zeros(3))
    with pytest.raises(DataError, match=r"x.npz has no array 'regoin'; did you mean 'region'\?"):
        open_arrays(tmp_path / "x.npz").read("regoin")


def test_a_missing_file_and_a_folder_are_told_apart(tmp_path):
    with pytest.raises(DataError, match=r"x\.npz: no such file"):
        open_arrays(tmp_path / "x.npz")
    with pytest.raises(DataError, match="is not a file"):
        open_arrays(tmp_path)


def test_structs_and_sparse_matrices_say_what_to_save_instead(tmp_path):
    scipy.io.savemat(
        tmp_path / "x.mat", {"s": {"counts": np.zeros(3)}, "sparse": scipy.sparse.csc_array(np.eye(3))}
    )
    for name in ("s", "sparse"):
        with pytest.raises(DataError, match=f"variable '{name}' is a struct, a function or sparse; save"):
            open_arrays(tmp_path / "x.mat").read(name)


def test_cells_of_numbers_are_refused(tmp_path):
    cells = np.empty(2, dtype=object)
    cells[:] = [np.arange(2), np.arange(3)]
    scipy.io.savemat(tmp_path / "x.mat", {"a": cells})
    with pytest.raises(DataError, match="cell array 'a' holds more than text"):
        open_arrays(tmp_path / "x.mat").read("a")
    with h5py.File(tmp_path / "y.mat", "w") as file:
        file["#refs#/a"] = np.arange(3)
        file["a"] = np.array([file["#refs#/a"].ref], dtype=h5py.ref_dtype)
    with pytest.raises(DataError, match="cell array 'a' holds more than text"):
        open_arrays(tmp_path / "y.mat").read("a")


@pytest.mark.parametrize("kind", [*KINDS, "npy"])
def test_a_truncated_file_is_one_clear_error(kind, save, tmp_path):
    counts = np.random.default_rng(0).normal(size=(30, 40))
    if kind == "npy":
        path = tmp_path / "a.npy"
        np.save(path, counts)
    else:
        path = save(kind, tmp_path, {"counts": counts})
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(
        DataError, match=f"{path.name}.* cannot be read: is {path.name} damaged or incomplete"
    ):
        open_arrays(path).read("counts")


@pytest.mark.parametrize("kind", ["npz", "mat5"])
@settings(max_examples=60, derandomize=True, deadline=None)
@given(where=st.floats(0, 1, exclude_max=True), byte=st.integers(0, 255))
@pytest.mark.filterwarnings("ignore")
def test_a_flipped_byte_never_escapes_as_another_error(kind, save, tmp_path_factory, where, byte):
    path = save(kind, tmp_path_factory.mktemp("flipped"), {"counts": np.arange(12.0).reshape(3, 4)})
    content = bytearray(path.read_bytes())
    content[int(where * len(content))] = byte
    path.write_bytes(content)
    with contextlib.suppress(DataError):
        assert isinstance(open_arrays(path).read("counts"), np.ndarray)
