"""A fitted variational autoencoder as one file: safetensors, its metadata JSON. Reading it runs no code."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import torch
from pydantic import Field
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as serialize
from torch import Tensor, nn

from twofold.embeddings.saving import SavedClasses, compare, digest, group, load_classes, plain
from twofold.errors import DataError
from twofold.files import written_whole
from twofold.options import Options


class SavedVAE(Options):
    """All of a fitted autoencoder but its tensors."""

    format: str
    version: Literal[1] = 1
    sha256: str = ""
    params: dict[str, Any]
    options: dict[str, Any]
    n_neurons: int = Field(ge=1)
    n_told: int
    feature_names: list[str] | None
    classes: SavedClasses | None


class ReadVAE(NamedTuple):
    """What a file holds, checked: the rest, classes in their own type, weights and history."""

    saved: SavedVAE
    classes: np.ndarray | None
    weights: dict[str, Tensor]
    history: dict[str, np.ndarray]


def write(path: Path | str, model: nn.Module, history: Mapping[str, np.ndarray], saved: SavedVAE) -> None:
    """Write a model under a temporary name, then give it its own.

    Raises
    ------
    DataError
        If it cannot be written.
    """
    tensors = {f"model/{name}": value for name, value in model.state_dict().items()}
    tensors |= {f"history/{name}": torch.from_numpy(values) for name, values in history.items()}
    tensors = {name: value.detach().cpu().contiguous().clone() for name, value in tensors.items()}
    content = json.loads(json.dumps(saved.model_dump(), default=plain))
    text = json.dumps(content | {"sha256": digest(tensors, content)})
    with written_whole(path) as temporary:
        temporary.write_bytes(serialize(tensors, metadata={"twofold": text}))


def read(path: Path | str, form: str) -> ReadVAE:
    """What `write` wrote.

    Parameters
    ----------
    path
        The file.
    form
        Which format it must have.

    Raises
    ------
    DataError
        If the file is missing, damaged, of another version, or of another format.
    """
    path = Path(path)
    if not path.is_file():
        raise DataError(f"{path}: no such file")
    try:
        with safe_open(path, "pt", device="cpu") as file:
            content = json.loads((file.metadata() or {}).get("twofold", "null"))
            tensors = {name: file.get_tensor(name) for name in file.keys()} if content else {}  # noqa: SIM118
        if not isinstance(content, dict) or content.get("format") != form:
            raise DataError(f"it holds no {form}")
        if digest(tensors, content) != content.get("sha256"):
            raise DataError("its contents have changed since they were written (sha256)")
        saved = SavedVAE.model_validate(content)
        history = {name: values.numpy() for name, values in group(tensors, "history/").items()}
        return ReadVAE(saved, load_classes(saved.classes), group(tensors, "model/"), history)
    except (SafetensorError, OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise DataError(f"{path} cannot be read: {error}") from None


def with_weights(model: nn.Module, weights: Mapping[str, Tensor], device: torch.device) -> None:
    """Give a model without memory (on the meta device) its weights.

    Raises
    ------
    DataError
        If they are not those of such a model.
    """
    compare(model, weights)
    model.to_empty(device=device).load_state_dict(weights)
    model.eval()


def format_of(path: Path | str) -> str | None:
    """What kind of embedding a file says it holds; None where it does not say."""
    try:
        with safe_open(Path(path), "pt", device="cpu") as file:
            content = json.loads((file.metadata() or {}).get("twofold", "null"))
    except (SafetensorError, OSError, ValueError, RecursionError):
        return None
    form = content.get("format") if isinstance(content, dict) else None
    return form if isinstance(form, str) else None
