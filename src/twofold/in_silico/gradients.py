"""What a neuron's expected response gains by a change of each pixel, for any model with a gradient."""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Float, Int64, Integer
from torch import Tensor

from twofold.errors import DataError
from twofold.in_silico.limits import Videos
from twofold.in_silico.screen import Responding, Screen


def value_and_slope(
    respond: Responding, videos: Videos, neurons: Int64[Tensor, " video"], answers: int = 1
) -> tuple[Float[Tensor, " video"], Videos]:
    """Response of one neuron to each video, mean over its last answers, and the gradient in the video.

    Parameters
    ----------
    respond
        The model; videos must not know of each other.
    videos
        Grey values.
    neurons
        (video,) whose response.
    answers
        How many at the end.

    Raises
    ------
    DataError
        If the model does not let gradients through, or answers with NaN or infinity.
    """
    shown = videos.detach().requires_grad_()
    with torch.enable_grad():
        found = respond(shown)
        value = found[torch.arange(len(shown)), -answers:, neurons].mean(1)
        if not value.requires_grad:
            raise DataError(
                "no gradient goes from the responses back to the video; give a model that is made of torch "
                "operations, not under torch.no_grad()"
            )
        (slope,) = torch.autograd.grad(value.sum(), shown)
    if not (value.isfinite().all() and slope.isfinite().all()):
        raise DataError("the model answered with NaN or infinity, or its gradient is")
    return value.detach().to(slope), slope


def receptive_fields(
    respond: Responding,
    screen: Screen,
    neurons: Integer[np.ndarray, " field"],
    around: Float[np.ndarray, "lag height width"] | None = None,
    *,
    neurons_at_once: int = 32,
) -> Float[np.ndarray, "field lag height width"]:
    r"""Spatio-temporal receptive fields: change of the expected response per standard deviation of grey.

    .. math:: w_i(\tau, y, x) = \sigma\, \partial E[r_i(t)] / \partial s(t - \tau, y, x)

    Parameters
    ----------
    respond
        The model.
    screen
        Before it.
    neurons
        Which.
    around
        Video at which the gradient is taken, frames_lost + 1 frames; the empty screen by default.
    neurons_at_once
        In one call of the model.

    Examples
    --------
    >>> screen = Screen(2, 2, frames_lost=1, grey=10.0, sd=4.0)
    >>> def difference(video):              # between the last frames of the first pixel
    ...     return (video[:, 1:, 0, 0] - video[:, :-1, 0, 0])[:, :, None]
    >>> receptive_fields(difference, screen, np.array([0]))[0, :, 0, 0]
    array([-4.,  4.], dtype=float32)
    """
    video = screen.blank(screen.frames_lost + 1) if around is None else around.astype(np.float32)
    fields = []
    for some in torch.from_numpy(np.asarray(neurons, dtype=np.int64)).split(neurons_at_once):
        copies = torch.from_numpy(video).expand(len(some), -1, -1, -1).contiguous()
        fields.append(value_and_slope(respond, copies, some)[1].cpu().numpy() * np.float32(screen.sd))
    return np.concatenate(fields)
