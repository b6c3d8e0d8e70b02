"""A trained core and encoder for a new recording: only what is the recording's own is trained."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

from twofold.encoding.adapting import with_core_of
from twofold.recordings import Recording
from twofold.training import RandomState, seeds_from

if TYPE_CHECKING:
    from twofold.encoding.latent.model import LatentVideoModel


def with_shared_parts_of(
    model: LatentVideoModel, recording: Recording, tier: str = "train", random_state: RandomState = 0
) -> LatentVideoModel:
    """An untrained readout, input layer and latent map on the frozen core, encoder and memory of a model.

    Parameters
    ----------
    model
        Fitted; it is not changed.
    recording
        Another one, with frames of the same size.
    tier
        Trials that will be trained on.
    random_state
        Of the new weights.

    Raises
    ------
    DataError
        If the recording cannot be explained by the model's core or likelihood.
    """
    for_video, for_state = seeds_from(random_state, 2)
    video = with_core_of(model.video, recording, tier=tier, random_state=for_video)
    options = model.latent_options.model_copy(update={"train_video": True})
    positions = [recording.neurons.position_um]
    adapted = type(model)(video, options, positions=positions, random_state=for_state)
    adapted.encoder = copy.deepcopy(model.encoder).requires_grad_(False)
    if model.smoother is not None:
        adapted.smoother = copy.deepcopy(model.smoother).requires_grad_(False)
    if model.memory is not None:
        adapted.memory = copy.deepcopy(model.memory).requires_grad_(False)
    if model.prior_flow is not None:
        adapted.prior_flow = copy.deepcopy(model.prior_flow).requires_grad_(False)
    adapted.is_shared_frozen = True
    return adapted.to(model.device)
