"""A trained core for a new recording: only what is the recording's own is trained."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import torch

from twofold.encoding.checks import check_frames, check_length
from twofold.encoding.population import Population
from twofold.recordings import Recording
from twofold.sampling import TrialClips
from twofold.training import RandomState, seeds_from

if TYPE_CHECKING:
    from twofold.encoding.video import VideoModel


def with_core_of(
    model: VideoModel, recording: Recording, *, tier: str = "train", random_state: RandomState = 0
) -> VideoModel:
    """An untrained readout for a recording on the frozen core of a fitted model.

    Parameters
    ----------
    model
        Fitted; it is not changed.
    recording
        Another one, with frames of the same size.
    tier
        Trials that will be trained on.
    random_state
        Of the new readout.

    Raises
    ------
    DataError
        If the recording cannot be explained by the model's core or likelihood.
    """
    trials = TrialClips(recording, tier, signals=model.options.signals)
    check_frames(trials, model.frame_shape)
    check_length(trials, model.frames_lost)
    generator = torch.Generator().manual_seed(seeds_from(random_state, 1)[0])
    population = Population.of(recording, trials, model.options, generator)
    core = copy.deepcopy(model.core).requires_grad_(False)
    adapted = type(model)(
        model.options, core, [population], model.video_mean.item(), model.video_sd.item(), model.frame_shape
    )
    adapted.core_is_frozen = True
    return adapted.to(model.device)
