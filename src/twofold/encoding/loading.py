"""Any encoding model back from its file, which says of which kind it is."""

from __future__ import annotations

from pathlib import Path

import torch

from twofold.encoding.competitors.competitor import Competitor
from twofold.encoding.competitors.saving import FORMAT as COMPETITOR
from twofold.encoding.competitors.saving import load_competitor
from twofold.encoding.latent.model import LatentVideoModel
from twofold.encoding.latent.saving import FORMAT, load_latent_model
from twofold.encoding.saving import load_video_model
from twofold.encoding.video import VideoModel
from twofold.training import read_tensors


def load_encoding_model(
    path: Path | str, device: torch.device | None = None
) -> VideoModel | LatentVideoModel | Competitor:
    """Read a model back, in evaluation mode.

    Raises
    ------
    DataError
        If the file is missing, damaged, or no encoding model.
    """
    kind = read_tensors(path)[1].get("format")
    if kind == COMPETITOR:
        return load_competitor(path, device)
    return load_latent_model(path, device) if kind == FORMAT else load_video_model(path, device)
