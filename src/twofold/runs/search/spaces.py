"""What is searched by default: the spaces of both papers, sizes scaled to those of the model.

Paper B tells the learning rate of its search, 9e-4 to 9e-3; paper A beta, depths and widths.
"""

from __future__ import annotations

from typing import Literal

from twofold.encoding.video_options import Preset
from twofold.runs.search.space import Choice, Range, Space

ModelName = Literal["contrastive", "guided-vae", "video", "latent-video"]
CHANNELS: dict[Preset, tuple[str, ...]] = {
    "tiny": ("4,8,8", "8,8,8", "8,16,16"),
    "small": ("8,16,16", "16,16,16", "16,32,32"),
    "paper": ("16,32,64", "32,64,64", "32,64,128"),
}
LATENTS: dict[Preset, tuple[int, int]] = {"tiny": (1, 12), "small": (2, 24), "paper": (4, 200)}
WIDTHS = ("64", "128", "256", "512")


def default_space(model: ModelName, preset: Preset = "tiny") -> Space:
    """Ranges and choices of the options of a model.

    Parameters
    ----------
    model
        As in `twofold fit MODEL`.
    preset
        Size of video models.

    Examples
    --------
    >>> default_space("video")["learning_rate"]
    Range(low=0.0009, high=0.009, log=True, integer=False)
    """
    spaces = {
        "contrastive": _contrastive,
        "guided-vae": _guided_vae,
        "video": lambda: _video(preset),
        "latent-video": lambda: _latent_video(preset),
    }
    return spaces[model]()


def _video(preset: Preset) -> Space:
    return {
        "learning_rate": Range(low=9e-4, high=9e-3, log=True),
        "weight_decay": Range(low=1e-4, high=1e-1, log=True),
        "channels": Choice(among=CHANNELS[preset]),
        "smoothness": Range(low=1e-6, high=1e-2, log=True),
        "init_sigma": Range(low=0.1, high=1.0, log=True),
    }


def _latent_video(preset: Preset) -> Space:
    fewest, most = LATENTS[preset]
    return {
        "learning_rate": Range(low=9e-4, high=9e-3, log=True),
        "weight_decay": Range(low=1e-4, high=1e-1, log=True),
        "dimension": Range(low=fewest, high=most, log=True, integer=True),
        "encoder": Choice(among=("gru", "cnn")),
        "hidden": Range(low=16, high=256, log=True, integer=True),
        "width": Range(low=8, high=200, log=True, integer=True),
        "beta": Range(low=0.1, high=5.0, log=True),
        "masked_share": Range(low=0.25, high=0.75),
    }


def _contrastive() -> Space:
    return {
        "learning_rate": Range(low=1e-4, high=1e-2, log=True),
        "temperature": Range(low=0.05, high=3.0, log=True),
        "dimension": Range(low=8, high=128, log=True, integer=True),
        "hidden": Choice(among=("32", "64", "128", "256")),
        "dropout": Choice(among=("0.0", "0.2", "0.5")),
        "reconstruction": Choice(among=("0.0", "0.1", "1.0", "10.0")),
    }


def _guided_vae() -> Space:
    encoders = tuple(
        ",".join([width] * depth) + "," * (depth == 1) for depth in (1, 2, 3) for width in WIDTHS
    )
    return {
        "beta": Range(low=1e-3, high=1.0, log=True),
        "learning_rate": Range(low=1e-4, high=1e-2, log=True),
        "dimension": Range(low=8, high=128, log=True, integer=True),
        "hidden": Choice(among=encoders),
        "decoder_hidden": Choice(among=encoders),
        "dropout": Choice(among=("0.0", "0.2", "0.5")),
    }
