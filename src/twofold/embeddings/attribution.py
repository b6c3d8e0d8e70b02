"""Jacobians of an encoder: how its latents change with every response in the window."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from twofold.errors import DataError, OptionError


def jacobians(
    encoder: nn.Module,
    windows: Float[Tensor, "sample lag neuron"],
    *,
    place: Callable[[Tensor], Tensor] | None = None,
    batch_size: int = 256,
) -> Iterator[Float[np.ndarray, "batch dimension lag neuron"]]:
    """Jacobians of latents in the responses of their windows, batch by batch.

    Samples do not mix in an encoder, so the gradient of a latent's sum over a batch holds the gradients of
    all its samples: one backward pass per latent and batch.

    Parameters
    ----------
    encoder
        Windows (batch, lag, neuron) to latents (batch, dimension), such as `ContrastiveEmbedding.encoder_`;
        dropout is off meanwhile.
    windows
        (sample, lag, neuron), such as from `TrialWindows`.
    place
        What is done to latents after the encoder, such as scaling to unit length; None for nothing.
    batch_size
        Samples at once.

    Yields
    ------
    ndarray
        (batch, dimension, lag, neuron), in the precision of the windows; where all fit in memory,
        `np.concatenate(list(...))`.

    Raises
    ------
    DataError
        If there are no windows.
    OptionError
        If `batch_size` is below 1.

    Examples
    --------
    >>> from twofold.nn import OffsetEncoder
    >>> encoder = OffsetEncoder(n_neurons=5, window=10, hidden=8, dimension=3)
    >>> [J.shape for J in jacobians(encoder, torch.zeros(6, 10, 5), batch_size=4)]
    [(4, 3, 10, 5), (2, 3, 10, 5)]
    """
    if batch_size < 1:
        raise OptionError(f"batch_size={batch_size}: give 1 or more")
    if not len(windows):
        raise DataError("windows: there are none")
    return (_jacobian(encoder, some, place or nn.Identity()) for some in windows.split(batch_size))


def _jacobian(encoder: nn.Module, windows: Tensor, place: Callable[[Tensor], Tensor]) -> np.ndarray:
    device = next((parameter.device for parameter in encoder.parameters()), windows.device)
    x = windows.detach().to(device).requires_grad_(True)
    was_training = encoder.training
    encoder.eval()
    try:
        with torch.enable_grad():
            latents = place(encoder(x)).unbind(dim=1)
            rows = [torch.autograd.grad(latent.sum(), x, retain_graph=True)[0] for latent in latents]
    finally:
        encoder.train(was_training)
    return torch.stack(rows, dim=1).cpu().numpy()
