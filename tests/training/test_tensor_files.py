"""Files of tensors and JSON: whole, sealed, and read without running code."""

from __future__ import annotations

import json

import pytest
import torch

from twofold.errors import DataError
from twofold.training import read_tensors, write_tensors

TENSORS = {"a": torch.arange(6.0).reshape(2, 3), "b": torch.tensor(3), "c": torch.zeros(0)}
CONTENT = {"format": "mine", "rows": [1, 2.5, None, "x"]}


def test_what_was_written_is_read_bit_by_bit(tmp_path):
    write_tensors(tmp_path / "f", TENSORS, CONTENT)
    tensors, content = read_tensors(tmp_path / "f")
    assert content == CONTENT
    assert tensors.keys() == TENSORS.keys()
    for name, value in TENSORS.items():
        assert torch.equal(tensors[name], value)
        assert tensors[name].dtype == value.dtype


def test_shared_and_transposed_tensors_can_be_written(tmp_path):
    shared = torch.arange(6.0).reshape(2, 3)
    write_tensors(tmp_path / "f", {"a": shared, "b": shared, "c": shared.T}, {})
    tensors, _ = read_tensors(tmp_path / "f")
    assert torch.equal(tensors["c"], shared.T)


def test_every_changed_byte_is_noticed(tmp_path):
    path = tmp_path / "f"
    write_tensors(path, TENSORS, CONTENT)
    whole = path.read_bytes()
    for place in range(0, len(whole), 7):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(DataError, match="cannot be read"):
            read_tensors(path)


@pytest.mark.parametrize("content", [b"", b"abc", b"\x80\x04]q\x00."])
def test_other_files_are_refused(tmp_path, content):
    (tmp_path / "f").write_bytes(content)
    with pytest.raises(DataError, match="cannot be read"):
        read_tensors(tmp_path / "f")
    with pytest.raises(DataError, match="no such file"):
        read_tensors(tmp_path / "missing")


def test_a_foreign_safetensors_file_is_refused(tmp_path):
    from safetensors.torch import save_file

    save_file({"a": torch.ones(2)}, tmp_path / "f")
    with pytest.raises(DataError, match="not written by this package"):
        read_tensors(tmp_path / "f")
    save_file({"a": torch.ones(2)}, tmp_path / "f", metadata={"twofold": json.dumps({"format": "mine"})})
    with pytest.raises(DataError, match="changed"):
        read_tensors(tmp_path / "f")


def test_a_failed_write_leaves_the_old_file(tmp_path):
    path = tmp_path / "f"
    write_tensors(path, TENSORS, CONTENT)
    with pytest.raises(TypeError):
        write_tensors(path, TENSORS, {"bad": object()})
    assert read_tensors(path)[1] == CONTENT
    assert [one.name for one in tmp_path.iterdir()] == ["f"]
