"""A vision network and how pictures are prepared for it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from twofold.errors import DataError, NotAvailableError
from twofold.features.cache import content_key

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of ImageNet
MODES = {0: "nearest-exact", 2: "bilinear", 3: "bicubic"}  # numbers as in preprocessor_config.json


@dataclass(frozen=True, eq=False)
class VisionNetwork:
    """A network from pictures to features, with the size and the scale that it was trained at.

    Parameters
    ----------
    module
        (batch, 3, height, width) to (batch, feature).
    size
        Height and width in pixels.
    mean, std
        Of each colour, for pixels from 0 to 1.
    mode
        How pictures are brought to the size: "bicubic", "bilinear" or "nearest-exact".
    crop
        Take the middle of the picture, 7 / 8 of its shorter side, as networks are tested; else all of it is
        brought to the size.
    """

    module: nn.Module
    size: tuple[int, int] = (224, 224)
    mean: tuple[float, ...] = MEAN
    std: tuple[float, ...] = STD
    mode: str = "bicubic"
    crop: bool = False

    @property
    def key(self) -> str:
        """A name by content: the weights and the preparation."""
        weights = self.module.state_dict()
        arrays = [weights[name].detach().cpu().contiguous() for name in sorted(weights)]
        plain = [one.flatten().view(torch.uint8).numpy() if one.numel() else np.empty(0) for one in arrays]
        shapes = [f"{name} {tuple(weights[name].shape)}" for name in sorted(weights)]
        how = f"{type(self.module).__name__} {self.size} {self.mean} {self.std} {self.mode} {self.crop}"
        return content_key(how, *shapes, *plain)

    def prepare(self, frames: np.ndarray) -> Tensor:
        """Pictures as the network wants them: (batch, 3, height, width), scaled.

        Parameters
        ----------
        frames
            (batch, height, width) or (batch, height, width, colour) with 1 or 3 colours; 0 to 255.
        """
        pictures = torch.from_numpy(np.ascontiguousarray(frames, dtype=np.float32))
        pictures = pictures[:, None] if pictures.ndim == 3 else pictures.movedim(-1, 1)
        pictures = pictures.expand(-1, 3, -1, -1) if pictures.shape[1] == 1 else pictures
        height, width = self.size
        if self.crop:
            scale = max(height / pictures.shape[2], width / pictures.shape[3]) * 8 / 7
            pictures = self._resized(pictures, tuple(round(n * scale) for n in pictures.shape[2:]))
            top, left = (pictures.shape[2] - height) // 2, (pictures.shape[3] - width) // 2
            pictures = pictures[:, :, top : top + height, left : left + width]
        else:
            pictures = self._resized(pictures, self.size)
        mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in (self.mean, self.std))
        return (pictures.clamp(0, 255) / 255 - mean) / std

    def _resized(self, pictures: Tensor, size: tuple[int, ...]) -> Tensor:
        antialias = self.mode != "nearest-exact"
        return nn.functional.interpolate(pictures, list(size), mode=self.mode, antialias=antialias)


class _Features(nn.Module):
    """What a transformer says of the whole picture: its class token, or the mean over places."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, pictures: Tensor) -> Tensor:
        found = self.network(pixel_values=pictures).last_hidden_state
        return found[:, 0] if found.ndim == 3 else found.mean(dim=(2, 3))


def load_network(name: str | Path, *, crop: bool = False) -> VisionNetwork:
    """A network of transformers by name or from a local folder; weights come from safetensors only.

    Parameters
    ----------
    name
        A folder with `config.json` and `model.safetensors`, or a name such as "facebook/dino-vitb8", which is
        downloaded once and kept by transformers.
    crop
        See `VisionNetwork`.

    Raises
    ------
    NotAvailableError
        If transformers is missing.
    DataError
        If there is no such network, or it cannot be read.
    """
    try:
        from transformers import AutoConfig, AutoModel
    except ImportError:
        raise NotAvailableError(
            "features of a vision network need transformers; type: pip install 'twofold[vision]'"
        ) from None
    is_folder = Path(name).is_dir()
    if not is_folder and (Path(name).exists() or len(Path(name).parts) > 2 or Path(name).is_absolute()):
        raise DataError(f"{name} is no folder of a network, which has config.json and model.safetensors")
    try:
        with _quietly():
            config = AutoConfig.from_pretrained(name, local_files_only=is_folder)
            pooling = {"add_pooling_layer": False} if config.model_type == "vit" else {}
            module = AutoModel.from_pretrained(
                name, config=config, local_files_only=is_folder, use_safetensors=True, **pooling
            )
            about = _preparation(name, is_folder)
    except Exception as error:  # the library has a kind of its own for each way to fail
        reason = (str(error).splitlines() or [type(error).__name__])[0][:300]
        away = "" if is_folder else " Without a connection, fetch its files elsewhere and give their folder."
        raise DataError(f"the network {name} cannot be loaded: {reason}{away}") from error
    return VisionNetwork(_Features(module.eval()), crop=crop, **_as_prepared(about, config))


def _preparation(name: str | Path, is_folder: bool) -> dict[str, Any]:
    """`preprocessor_config.json`, where there is one; reading it needs no torchvision."""
    from transformers.utils import cached_file

    file = cached_file(
        str(name),
        "preprocessor_config.json",
        local_files_only=is_folder,
        _raise_exceptions_for_missing_entries=False,
    )
    return json.loads(Path(file).read_text(encoding="utf-8")) if file else {}


def _as_prepared(about: dict[str, Any], config: Any) -> dict[str, Any]:
    size: Any = about.get("crop_size") or about.get("size") or getattr(config, "image_size", 224)
    if isinstance(size, dict):
        size = [size.get(side, size.get("shortest_edge", 224)) for side in ("height", "width")]
    height, width = (size, size) if isinstance(size, int) else size
    return {
        "size": (int(height), int(width)),
        "mean": tuple(about.get("image_mean", MEAN)),
        "std": tuple(about.get("image_std", STD)),
        "mode": MODES.get(about.get("resample", 3), "bicubic"),
    }


@contextmanager
def _quietly() -> Iterator[None]:
    """No bars and no remarks of the library, and the global random state as it was."""
    from huggingface_hub.utils import logging as hub
    from transformers.utils import logging

    levels, bars = (logging.get_verbosity(), hub.get_verbosity()), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    hub.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        with torch.random.fork_rng(devices=[]):
            yield
    finally:
        logging.set_verbosity(levels[0])
        hub.set_verbosity(levels[1])
        if bars:
            logging.enable_progress_bar()
