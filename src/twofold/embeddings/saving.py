"""A fitted embedding as one file: safetensors, its metadata JSON with the rest. Reading it runs no code."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from pydantic import Field
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as serialize
from torch import Tensor, nn

from twofold.embeddings.contrastive_fit import ContrastiveFit
from twofold.embeddings.contrastive_model import ContrastiveModel
from twofold.embeddings.contrastive_options import ContrastiveOptions
from twofold.embeddings.encoders import freeze_all_but_input, untrained
from twofold.errors import DataError
from twofold.files import written_whole
from twofold.options import Options
from twofold.training import choose_device
from twofold.training.tensor_files import digest

VERSION = 1
CLASS_TYPES = r"^([<>|=]?[biufSU]\d*|\|?O)$"


class SavedClasses(Options):
    """The classes that an embedding was fitted to."""

    dtype: str = Field(pattern=CLASS_TYPES)
    values: list[bool | int | str]


class SavedEmbedding(Options):
    """All of a fitted embedding but its tensors."""

    format: Literal["twofold contrastive embedding"] = "twofold contrastive embedding"
    version: Literal[1] = 1
    sha256: str
    params: dict[str, Any]
    options: dict[str, Any]
    n_neurons: list[int] = Field(min_length=1)
    feature_names: list[str] | None
    label_kind: Literal["time", "continuous", "discrete", "both"]
    classes: SavedClasses | None
    seeds: list[int] = Field(min_length=2, max_length=2)
    n_trainings: int = Field(ge=1)
    n_negatives: int = Field(ge=1)
    adapted: bool


def save_classes(classes: np.ndarray | None) -> SavedClasses | None:
    """Classes as JSON can hold them.

    Raises
    ------
    DataError
        If they are neither numbers nor strings.
    """
    if classes is None:
        return None
    plain = [one.decode("latin-1") if isinstance(one, bytes) else one for one in classes.tolist()]
    if not all(isinstance(one, bool | int | str) for one in plain):
        raise DataError("classes of this type cannot be saved; fit to integers, booleans or strings")
    return SavedClasses(dtype=classes.dtype.str, values=plain)


def load_classes(saved: SavedClasses | None) -> np.ndarray | None:
    """Classes in their own type."""
    if saved is None:
        return None
    dtype = np.dtype(saved.dtype)
    values = [str(one).encode("latin-1") for one in saved.values] if dtype.kind == "S" else saved.values
    return np.array(values, dtype)


def write(path: Path | str, fitted: ContrastiveFit, **about: Any) -> None:
    """Write an embedding under a temporary name, then give it its own.

    Parameters
    ----------
    path
        The file; one that is there is replaced.
    fitted
        Weights, moments, history.
    about
        The other fields of `SavedEmbedding`.

    Raises
    ------
    DataError
        If it cannot be written.
    """
    tensors = {f"model/{name}": value for name, value in fitted.model.state_dict().items()}
    for number, moments in fitted.moments.items():
        tensors |= {f"moments/{number}/{name}": value for name, value in moments.items()}
    tensors |= {f"history/{name}": torch.from_numpy(values) for name, values in fitted.history.items()}
    # Clones: recordings may share a layer, and the format knows no shared memory.
    tensors = {name: value.detach().cpu().contiguous().clone() for name, value in tensors.items()}
    saved = SavedEmbedding(
        sha256="",
        options=fitted.options.model_dump(exclude={"random_state"}),
        n_neurons=fitted.n_neurons,
        seeds=fitted.seeds,
        n_trainings=fitted.n_trainings,
        n_negatives=fitted.n_negatives,
        adapted=fitted.adapted,
        **about,
    )
    content = json.loads(json.dumps(saved.model_dump(), default=plain))
    text = json.dumps(content | {"sha256": digest(tensors, content)})
    with written_whole(path) as temporary:
        temporary.write_bytes(serialize(tensors, metadata={"twofold": text}))


def read(path: Path | str, device: str) -> tuple[SavedEmbedding, np.ndarray | None, ContrastiveFit]:
    """What `write` wrote, classes in their own type, and the fit with its tensors on a device.

    Raises
    ------
    DataError
        If the file is missing, damaged, of another version, or no embedding of this package.
    OptionError
        If there is no such device.
    """
    path, chosen = Path(path), choose_device(device)
    if not path.is_file():
        raise DataError(f"{path}: no such file")
    try:
        with safe_open(path, "pt", device="cpu") as file:
            text = (file.metadata() or {}).get("twofold")
            tensors = {name: file.get_tensor(name) for name in file.keys()} if text else {}  # noqa: SIM118
        if text is None:
            raise DataError("it holds no embedding of this package")
        saved = _parse(text, tensors)
        return saved, load_classes(saved.classes), _rebuild(saved, tensors, chosen)
    except (SafetensorError, OSError, ValueError, TypeError, KeyError, RecursionError, RuntimeError) as error:
        raise DataError(f"{path} cannot be read: {error}") from None


def _parse(text: str, tensors: Mapping[str, Tensor]) -> SavedEmbedding:
    content = json.loads(text)
    version = content.get("version") if isinstance(content, dict) else None
    if version != VERSION:
        raise DataError(f"it was written in version {version!r} of the format, and this is {VERSION}")
    if digest(tensors, content) != content.get("sha256"):
        raise DataError("its contents have changed since they were written (sha256)")
    return SavedEmbedding.model_validate(content)


def _rebuild(saved: SavedEmbedding, tensors: Mapping[str, Tensor], device: torch.device) -> ContrastiveFit:
    options = ContrastiveOptions(**saved.options, random_state=None)
    own = group(tensors, "model/")
    # Before anything of this size is made: a block per two time points, and two tensors per block.
    if options.window // options.stride > len(own) or len(saved.n_neurons) > len(own):
        raise DataError("its weights are not those of its options")
    with torch.device("meta"):
        model = untrained(options, saved.n_neurons)
    compare(model, own)
    model.to_empty(device=device).load_state_dict(own)
    if saved.adapted:
        freeze_all_but_input(model)
    history = {name: values.numpy() for name, values in group(tensors, "history/").items()}
    moments: dict[int, dict[str, Tensor]] = {}
    for name, value in group(tensors, "moments/").items():
        number, _, moment = name.partition("/")
        moments.setdefault(int(number), {})[moment] = value
    _compare_moments(model, moments)
    return ContrastiveFit(
        model.eval(),
        saved.n_neurons,
        options,
        saved.seeds,
        saved.n_trainings,
        moments,
        history,
        saved.n_negatives,
        saved.adapted,
    )


def compare(model: nn.Module, own: Mapping[str, Tensor]) -> None:
    """Refuse weights that are not those of a model.

    Raises
    ------
    DataError
        If a name, a shape or a type differs, or a number is not finite.
    """
    expected = model.state_dict()
    if expected.keys() != own.keys():
        raise DataError(
            f"its weights are not those of its options: {sorted(expected.keys() ^ own.keys())[0]}"
        )
    for name, value in own.items():
        if value.shape != expected[name].shape or value.dtype != torch.float32:
            raise DataError(f"weight {name} has shape {tuple(value.shape)} of {value.dtype}")
        if not value.isfinite().all():
            raise DataError(f"weight {name} holds NaN or infinity")


def _compare_moments(model: ContrastiveModel, moments: Mapping[int, Mapping[str, Tensor]]) -> None:
    parameters = [p for p in model.parameters() if p.requires_grad]
    # The optimizer numbers matrices first, then all else.
    ordered = [p for p in parameters if p.ndim >= 2] + [p for p in parameters if p.ndim < 2]
    if moments and sorted(moments) != list(range(len(ordered))):
        raise DataError("the optimizer's moments are not those of its weights")
    for number, own in moments.items():
        shapes = {name: value.shape for name, value in own.items()}
        shape = ordered[number].shape
        if shapes != {"step": torch.Size([]), "exp_avg": shape, "exp_avg_sq": shape}:
            raise DataError(f"the optimizer's moments of weight {number} do not fit it")


def group(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """The tensors of one prefix, by the rest of their names."""
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}


def plain(value: Any) -> Any:
    """Numbers of numpy as numbers of Python; what JSON cannot hold, such as a generator, as null."""
    return value.item() if isinstance(value, np.generic) else None
