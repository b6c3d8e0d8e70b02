"""The module that a contrastive fit trains: encoder, temperature, and where asked a decoder of responses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn
from torch.nn import functional

from twofold.embeddings.infonce import Similarity, Temperature
from twofold.embeddings.objective import Objective, OneObjective
from twofold.sampling import Stretches, TrialWindows, TripletSampler, share_windows

Windows = Tensor | Stretches  # (row, window, neuron), or not cut yet


class ContrastiveBatch(NamedTuple):
    """Windows of references, positives and negatives, one after the other; and the responses to predict.

    With `pick`, it is latents[pick] that come in this order: windows may be shared, or sorted otherwise. With
    an encoder of several recordings, there are windows for each.
    """

    windows: Windows | tuple[Windows, ...]
    target: Float[Tensor, "batch neuron"]
    sizes: list[int]
    pick: Int64[Tensor, " picked"] | None = None


def contrastive_batches(
    windows: TrialWindows,
    sampler: TripletSampler,
    *,
    with_target: bool = True,
    dtype: torch.dtype | None = None,
) -> Iterator[ContrastiveBatch]:
    """Batches without end.

    Parameters
    ----------
    windows
        Of one recording. Where its sequence is shorter than all windows of a step together, steps share it.
    sampler
        Which windows are compared.
    with_target
        Whether there are responses to predict.
    dtype
        In which the shared sequence will be multiplied; by default that of the responses.
    """
    cut = share_windows(windows, 3 * sampler.batch_size, dtype)
    while True:
        reference, positive, negative, target = sampler.draw()
        yield ContrastiveBatch(
            cut(torch.cat([reference, positive, negative])),
            windows.at(target if with_target else target[:0]),
            [len(reference), len(positive), len(negative)],
        )


class ContrastiveModel(nn.Module):
    """InfoNCE on the encoder's latents, plus `reconstruction` times the error of a linear response decoder.

        loss = InfoNCE + lambda * mean (W z + b - target)^2

    The decoder reads z before it is normalised, for a population's gain is in its length.

    Parameters
    ----------
    encoder, similarity, temperature
        The parts of InfoNCE.
    decoder
        Latents to responses; None where nothing is reconstructed.
    reconstruction
        lambda.
    objective
        Which latents are compared with which; by default all.
    """

    def __init__(
        self,
        encoder: nn.Module,
        similarity: Similarity,
        temperature: Temperature,
        decoder: nn.Linear | None = None,
        reconstruction: float = 0.0,
        objective: Objective | None = None,
    ) -> None:
        super().__init__()
        self.encoder, self.similarity, self.temperature = encoder, similarity, temperature
        self.decoder, self.reconstruction = decoder, reconstruction
        self.objective = objective or OneObjective()

    def loss(self, batch: ContrastiveBatch) -> tuple[Tensor, dict[str, Tensor]]:
        """Mean loss, and its parts."""
        latents = self.encoder(batch.windows)
        # Similarities over a small temperature need more digits than bf16 has.
        with torch.autocast(latents.device.type, enabled=False):
            latents = latents.to(torch.promote_types(latents.dtype, torch.float32))
            latents = latents if batch.pick is None else latents[batch.pick]
            reference, positive, negative = self.objective.place(latents, self.similarity).split(batch.sizes)
            inverse_temperature = self.temperature.inverse()
            parts = self.objective.parts(reference, positive, negative, self.similarity, inverse_temperature)
            loss = parts["positive"] + parts["negative"]
            parts["temperature"] = 1 / inverse_temperature
            if self.decoder is not None:
                predicted = self.decoder(latents[: len(batch.target)])
                parts["reconstruction"] = functional.mse_loss(predicted, batch.target)
                loss = loss + self.reconstruction * parts["reconstruction"]
        return loss, parts
