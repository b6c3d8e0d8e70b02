"""What a neuron of a fitted model looks for: the gradient of its expected response."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from jaxtyping import Float, Integer, Num

from twofold.sampling import ClipBatch

if TYPE_CHECKING:
    from twofold.encoding.video import VideoModel

NEURONS_AT_ONCE = 32
Fields = Float[np.ndarray, "field lag height width"]


def linearised_fields(
    model: VideoModel,
    number: int,
    neurons: Integer[np.ndarray, " field"],
    around: Num[np.ndarray, "lag height width"] | None = None,
) -> Fields:
    r"""Spatio-temporal receptive fields: change of the expected response per standard deviation of grey.

    .. math:: w_i(\tau, h, v) = \sigma_x \, \partial E[y_i(t)] / \partial x(t - \tau, h, v)

    Parameters
    ----------
    model
        Fitted.
    number
        Of the recording.
    neurons
        Which.
    around
        The video at which the gradient is taken, `frames_lost` + 1 frames; the mean grey by default.

    Returns
    -------
    np.ndarray
        (neuron, lag, height, width); the last lag is the frame of the response.
    """
    model.eval()
    n_lags, (height, width) = model.frames_lost + 1, model.frame_shape
    grey = torch.full((n_lags, height, width), model.video_mean.item())
    video = grey if around is None else torch.from_numpy(np.asarray(around, dtype=np.float32))
    n_neurons = model.population(number).n_neurons
    n_signals = len(model.options.signals)
    fields = []
    for chosen in torch.from_numpy(neurons).split(NEURONS_AT_ONCE):
        # One copy of the clip per neuron: in evaluation clips do not know of each other.
        n = len(chosen)
        clips = video.expand(n, -1, -1, -1).contiguous()
        batch = ClipBatch.unanswered(number, clips, n_neurons, n_signals).to(model.device)
        batch.video.requires_grad_()
        mean = model.distribution(batch).mean[:, 0]
        mean[torch.arange(n), chosen].sum().backward(inputs=[batch.video])
        assert batch.video.grad is not None
        fields.append((batch.video.grad * model.video_sd).cpu().numpy())
    return np.concatenate(fields)
