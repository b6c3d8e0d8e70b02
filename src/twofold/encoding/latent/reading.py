"""From the responses of some neurons to what is known of the state."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from twofold.encoding.latent.evidence import sites
from twofold.encoding.latent.population import Given, Raw, Responses
from twofold.encoding.latent.state import StateMoments

if TYPE_CHECKING:
    from twofold.encoding.latent.model import LatentVideoModel


def read_state(
    model: LatentVideoModel,
    number: int,
    responses: Responses,
    given: Given,
    raw: Raw,
) -> StateMoments:
    """q(z | the responses given) at the times of `raw`, the last ones.

    Parameters
    ----------
    model
        With an encoder.
    number
        Of the recording.
    responses, given
        All responses, and True for those that may be read; others may be anything, also NaN.
    raw
        Outputs of the readout.
    """
    likelihood, own = model.population(number).likelihood, model.latent_population(number)
    mean, sd = (part.float() for part in model.encoder(own.read(responses, given, raw, likelihood)))
    last = slice(mean.shape[1] - raw.shape[1], None)
    mean, sd = mean[:, last], sd[:, last] if sd.ndim else sd
    state = StateMoments.isotropic(mean, sd)
    if not model.latent_options.first_step:
        return state
    valid = slice(responses.shape[1] - raw.shape[1], None)
    seen = given.expand_as(responses)[:, valid]
    with torch.autocast(raw.device.type, enabled=False):
        weights, flow = own.loadings(), model.prior_flow
        bend = None if flow is None else flow.near_zero()
        weights = weights if bend is None else weights * bend.slope
        told = sites(likelihood, raw, weights, responses[:, valid], seen)
        told = told.bounded() if model.latent_options.latent_gain else told
        told = told if bend is None else told.around(bend.center)
        return state.after(told.step()) if model.memory is None else model.memory.posterior(told, mean, sd)
