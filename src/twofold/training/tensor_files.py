"""Tensors and JSON in one file, sealed by a hash: safetensors. Reading it runs no code."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as serialize
from torch import Tensor

from twofold.errors import DataError
from twofold.files import written_whole


def digest(tensors: Mapping[str, Tensor], content: Mapping[str, Any]) -> str:
    """The sha256 of all that a file holds but this."""
    sha256 = hashlib.sha256()
    sha256.update(json.dumps({**content, "sha256": ""}, sort_keys=True).encode())
    for name in sorted(tensors):
        value = tensors[name]
        sha256.update(f"{name} {value.dtype} {tuple(value.shape)}".encode())
        sha256.update(value.contiguous().reshape(-1).view(torch.uint8).numpy().data)
    return sha256.hexdigest()


def write_tensors(path: Path | str, tensors: Mapping[str, Tensor], content: Mapping[str, Any]) -> None:
    """Write tensors and what JSON can hold; the file is there whole, or not at all.

    Parameters
    ----------
    path
        The file; one that is there is replaced, also when the power is cut in the middle.
    tensors
        By name.
    content
        The rest; its "sha256" is filled in.

    Raises
    ------
    DataError
        If it cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_tensors(f"{folder}/a.safetensors", {"w": torch.ones(2)}, {"format": "mine"})
    ...     read_tensors(f"{folder}/a.safetensors")
    ({'w': tensor([1., 1.])}, {'format': 'mine'})
    """
    # Clones: modules may share a layer, and the format knows no shared memory.
    own = {name: value.detach().cpu().contiguous().clone() for name, value in tensors.items()}
    plain = json.loads(json.dumps({**content, "sha256": ""}))
    text = json.dumps(plain | {"sha256": digest(own, plain)})
    with written_whole(path) as temporary, temporary.open("wb") as file:
        file.write(serialize(own, metadata={"twofold": text}))
        file.flush()
        os.fsync(file.fileno())  # the new name must not reach the disk before the content


def read_tensors(path: Path | str) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """What `write_tensors` wrote, on the processor.

    Raises
    ------
    DataError
        If the file is missing, damaged, or none of this package.
    """
    path = Path(path)
    if not path.is_file():
        raise DataError(f"{path}: no such file")
    try:
        with safe_open(path, "pt", device="cpu") as file:
            content = json.loads((file.metadata() or {}).get("twofold", "null"))
            # Clones: tensors in a mapped file begin anywhere, and products of such tensors round differently.
            tensors = {name: file.get_tensor(name).clone() for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, ValueError, RuntimeError, RecursionError) as error:
        raise DataError(f"{path} cannot be read: {error}") from None
    if not isinstance(content, dict):
        raise DataError(f"{path} cannot be read: it was not written by this package")
    if content.pop("sha256", None) != digest(tensors, content):
        raise DataError(f"{path} cannot be read: its contents have changed since they were written (sha256)")
    return tensors, content
