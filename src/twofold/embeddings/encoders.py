"""Encoders of one recording, of several, and of a new one behind parts that are already trained."""

from __future__ import annotations

import copy
from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn

from twofold.embeddings.contrastive_model import ContrastiveModel, Windows
from twofold.embeddings.contrastive_options import ContrastiveOptions
from twofold.embeddings.infonce import Cosine, SquaredEuclidean, Temperature
from twofold.embeddings.objective import HybridObjective, Objective, OneObjective
from twofold.nn import OffsetEncoder
from twofold.sampling import TrialWindows, share_windows

ELEMENTS_AT_ONCE = 2**24  # responses in the windows that are encoded together: 64 MiB


class SeveralEncoders(nn.Module):
    """One encoder per recording, each with its own neurons.

    Parameters
    ----------
    encoders
        Of the same dimension.
    shared
        Whether all but the first layers are one and the same, the first encoder's.

    Examples
    --------
    >>> own = [OffsetEncoder(n, window=1, hidden=8, dimension=2) for n in (5, 7)]
    >>> encoders = SeveralEncoders(own, shared=True)
    >>> encoders((torch.zeros(3, 1, 5), torch.zeros(4, 1, 7))).shape
    torch.Size([7, 2])
    """

    def __init__(self, encoders: Sequence[OffsetEncoder], shared: bool) -> None:
        super().__init__()
        self.encoders = nn.ModuleList(encoders)
        self.dimension = encoders[0].dimension
        if shared:
            for encoder in encoders[1:]:
                encoder.rest = encoders[0].rest

    def forward(self, windows: tuple[Windows, ...]) -> Float[Tensor, "all_rows dimension"]:
        """Latents of the windows of each recording, one under the other."""
        return torch.cat([encoder(own) for encoder, own in zip(self.encoders, windows, strict=True)])


def untrained(options: ContrastiveOptions, n_neurons: Sequence[int]) -> ContrastiveModel:
    """A model for recordings of so many neurons, initialised from torch's global generator."""
    encoders = [
        OffsetEncoder(n, options.window, options.hidden, options.dimension, options.dropout, options.stride)
        for n in n_neurons
    ]
    return ContrastiveModel(
        encoders[0] if len(encoders) == 1 else SeveralEncoders(encoders, options.shared),
        Cosine() if options.similarity == "cosine" else SquaredEuclidean(),
        Temperature(options.temperature, options.learn_temperature),
        nn.Linear(options.dimension, n_neurons[0]) if options.reconstruction else None,
        options.reconstruction,
        objective(options),
    )


def objective(options: ContrastiveOptions) -> Objective:
    """Which latents the loss compares."""
    if options.time_dimensions is None:
        return OneObjective()
    behaviour, time = options.stretches
    return HybridObjective(behaviour, time, options.dimension)


def encoders_of(model: ContrastiveModel) -> list[OffsetEncoder]:
    """The encoder of each recording."""
    several = model.encoder.encoders if isinstance(model.encoder, SeveralEncoders) else [model.encoder]
    return [encoder for encoder in several if isinstance(encoder, OffsetEncoder)]


def with_new_input(
    model: ContrastiveModel, options: ContrastiveOptions, n_neurons: int, session: int
) -> ContrastiveModel:
    """A copy for another recording: new input layer (and response decoder), all else as trained, and frozen.

    Parameters
    ----------
    model
        Fitted to one recording or to several.
    options
        It was fitted with.
    n_neurons
        Of the new recording.
    session
        Whose encoder is copied, where each recording has its own.
    """
    adapted = untrained(options, [n_neurons])
    adapted.encoder.rest = copy.deepcopy(encoders_of(model)[session].rest)
    adapted.temperature = copy.deepcopy(model.temperature)
    freeze_all_but_input(adapted)
    return adapted


def freeze_all_but_input(model: ContrastiveModel) -> None:
    """Leave only the input layer, and a response decoder, to be trained."""
    for part in (model.encoder.rest, model.temperature):
        part.requires_grad_(False)


def encode(
    encoder: OffsetEncoder, responses: Tensor, trial: Tensor, causal: bool
) -> Float[Tensor, "time dimension"]:
    """One latent per row, as the encoder gives it; windows stop at the borders of trials.

    Parameters
    ----------
    encoder
        On any device; responses are moved there, some rows at a time.
    responses, trial
        (time, neuron), (time,).
    causal
        Whether windows end at their row.
    """
    device, window = encoder.first.bias.device, encoder.window
    at_once = max(window, ELEMENTS_AT_ONCE // (window * responses.shape[1]))
    latents = []
    with torch.no_grad():
        for start in range(0, len(responses), at_once):
            stop = min(start + at_once, len(responses))
            low, high = max(0, start - window), stop + window
            windows = TrialWindows(responses[low:high].to(device), trial[low:high].to(device), window, causal)
            rows = torch.arange(start - low, stop - low, device=device)
            latents.append(encoder(share_windows(windows, len(rows))(rows)))
    return torch.cat(latents)
