"""What a vision network sees in each frame."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from twofold.errors import DataError, OptionError
from twofold.features.cache import cached, content_key
from twofold.features.principal import principal_scores
from twofold.recordings.lazy import ArrayLike
from twofold.shapes import Features

if TYPE_CHECKING:
    from twofold.features.network import VisionNetwork

Progress = Callable[[int, int, str], None]


def vision_network(
    frames: ArrayLike,
    network: str | Path | VisionNetwork,
    *,
    keep: int | float | None = None,
    batch_size: int = 32,
    device: str = "auto",
    cache: Path | None = None,
    progress: Progress | None = None,
) -> Features:
    """Features of the frames by a vision network, of which all or their principal components are kept.

    Paper A takes DINO ViT-B/8 (Caron et al. 2021): the class token, 768 numbers per frame.

    Parameters
    ----------
    frames
        (frame, height, width) or with 1 or 3 colours, 0 to 255, in memory or on disk; read a batch at a time.
    network
        A name such as "facebook/dino-vitb8", a local folder, or a `VisionNetwork`.
    keep
        How many principal components of the features, or which share of their variance; None keeps all.
    batch_size
        Frames that go through the network together.
    device
        "cpu", "cuda", ..., or "auto": a GPU where there is one.
    cache
        Folder where features are kept by the content of frames and weights.
    progress
        Called with (done, total, what) after each batch.

    Returns
    -------
    np.ndarray
        (frame, feature) float32.

    Raises
    ------
    OptionError
        If an option cannot be.
    NotAvailableError
        If transformers is missing.
    DataError
        If the network cannot be loaded, or frames are no pictures.

    Examples
    --------
    >>> import torch
    >>> from twofold.features.network import VisionNetwork
    >>> mean = torch.nn.Sequential(torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten())
    >>> vision_network(np.zeros((4, 8, 16), np.uint8), VisionNetwork(mean)).shape
    (4, 3)
    """
    from twofold.features.network import VisionNetwork, load_network

    if batch_size < 1:
        raise OptionError(f"batch_size={batch_size}: give 1 or more")
    shape = tuple(frames.shape)
    if not (len(shape) == 3 or (len(shape) == 4 and shape[-1] in (1, 3))) or 0 in shape:
        raise DataError(
            f"frames have shape {shape}; (frame, height, width) is needed, or with 1 or 3 colours"
        )
    loaded = network if isinstance(network, VisionNetwork) else load_network(network)

    def compute() -> Features:
        return _seen(frames, loaded, batch_size, device, progress)

    key = "" if cache is None else content_key(loaded.key, frames)
    features = cached(cache, key, compute)
    return features if keep is None else principal_scores(features, keep)


def _seen(
    frames: ArrayLike, network: VisionNetwork, batch_size: int, device: str, progress: Progress | None
) -> Features:
    import torch

    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    module, n_frames, parts = network.module.to(device).eval(), frames.shape[0], []
    with torch.inference_mode():
        for start in range(0, n_frames, batch_size):
            batch = np.asarray(frames[start : start + batch_size])
            parts.append(module(network.prepare(batch).to(device)).float().cpu().numpy())
            if progress is not None:
                progress(min(start + batch_size, n_frames), n_frames, "frames")
    features = np.concatenate(parts)
    if features.ndim != 2 or not np.isfinite(features).all():
        raise DataError(f"the network gives {features.shape} with values that are not finite; is it damaged?")
    return features
