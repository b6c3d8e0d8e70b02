"""The module that a contrastive fit trains: encoder, temperature, and where asked a decoder of responses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from twofold.embeddings.infonce import Similarity, Temperature, infonce
from twofold.nn import OffsetEncoder
from twofold.sampling import TrialWindows, TripletSampler


class ContrastiveBatch(NamedTuple):
    """Windows of references, positives and negatives, one after the other; and the responses to predict."""

    windows: Float[Tensor, "three_batch window neuron"]
    target: Float[Tensor, "batch neuron"]


def contrastive_batches(windows: TrialWindows, sampler: TripletSampler) -> Iterator[ContrastiveBatch]:
    """Batches without end."""
    while True:
        reference, positive, negative, target = sampler.draw()
        yield ContrastiveBatch(
            windows(torch.cat([reference, positive, negative])), windows.responses.index_select(0, target)
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
    """

    def __init__(
        self,
        encoder: OffsetEncoder,
        similarity: Similarity,
        temperature: Temperature,
        decoder: nn.Linear | None = None,
        reconstruction: float = 0.0,
    ) -> None:
        super().__init__()
        self.encoder, self.similarity, self.temperature = encoder, similarity, temperature
        self.decoder, self.reconstruction = decoder, reconstruction

    def loss(self, batch: ContrastiveBatch) -> tuple[Tensor, dict[str, Tensor]]:
        """Mean loss, and its parts."""
        latents = self.encoder(batch.windows)
        # Similarities over a small temperature need more digits than bf16 has.
        with torch.autocast(latents.device.type, enabled=False):
            latents = latents.float()
            reference, positive, negative = self.similarity.place(latents).chunk(3)
            inverse_temperature = self.temperature.inverse()
            nce = infonce(reference, positive, negative, self.similarity, inverse_temperature)
            loss = nce.loss
            parts = {
                "positive": nce.positive,
                "negative": nce.negative,
                "temperature": 1 / inverse_temperature,
            }
            if self.decoder is not None:
                predicted = self.decoder(latents[: len(batch.target)])
                parts["reconstruction"] = functional.mse_loss(predicted, batch.target)
                loss = loss + self.reconstruction * parts["reconstruction"]
        return loss, parts
