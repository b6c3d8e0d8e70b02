"""How many latents a recording has: as many as help to predict neurons from others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from twofold.encoding.fit import fit
from twofold.encoding.latent.model import LatentVideoModel
from twofold.encoding.scores import score
from twofold.encoding.train_options import TrainOptions
from twofold.encoding.video import VideoModel
from twofold.errors import OptionError
from twofold.recordings import Recording


@dataclass(frozen=True)
class DimensionChoice:
    """Models of several dimensions, and the one that predicts best.

    Parameters
    ----------
    dimensions
        Tried, in order.
    bits
        Per response of half of the neurons given the other half, mean over recordings, on `tier`.
    tier
        Trials that were not trained on. They are used up by the choice: report numbers of others.
    best
        The smallest dimension whose bits are within `tolerance` of the most.
    model
        Fitted, of that dimension.
    """

    dimensions: tuple[int, ...]
    bits: tuple[float, ...]
    tier: str
    best: int
    model: LatentVideoModel


def choose_dimension(
    video: VideoModel,
    recordings: Sequence[Recording],
    dimensions: Sequence[int] = (1, 2, 4, 8, 16),
    options: TrainOptions | None = None,
    *,
    tolerance: float = 1e-3,
    **settings: Any,
) -> DimensionChoice:
    """Fit a model of each dimension and compare how well half of the neurons predict the others.

    Parameters
    ----------
    video
        Fitted; every model begins from it.
    recordings
        Those that it was made for.
    dimensions
        To try.
    options
        Of each training; the choice is made on its validation tier.
    tolerance
        Bits per response that are not worth a further latent.
    **settings
        Of `LatentVideoModel`, but the dimension.

    Raises
    ------
    OptionError
        If there is no dimension to try.
    """
    if not dimensions:
        raise OptionError("dimensions is empty: give some to try, such as (1, 2, 4, 8)")
    options = options or TrainOptions()
    tried = tuple(sorted(dimensions))
    models = [
        fit(LatentVideoModel(video, dimension=dimension, **settings), recordings, options)
        for dimension in tried
    ]
    bits = tuple(_bits(model, recordings, options) for model in models)
    best = next(k for k, value in enumerate(bits) if value >= max(bits) - tolerance)
    return DimensionChoice(tried, bits, options.validation_tier, tried[best], models[best])


def _bits(model: LatentVideoModel, recordings: Sequence[Recording], options: TrainOptions) -> float:
    found = []
    for recording in recordings:
        own = score(
            model,
            recording,
            options.validation_tier,
            frames_skipped=model.frames_lost,
            training_tier=options.training_tier,
        )
        assert own.bits_conditioned is not None
        found.append(own.bits_conditioned)
    return sum(found) / len(found)
