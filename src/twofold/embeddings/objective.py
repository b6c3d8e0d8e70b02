"""Which latents a contrastive loss compares: one InfoNCE, or one for behaviour and one for time."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor

from twofold.embeddings.infonce import Similarity, infonce


@runtime_checkable
class Objective(Protocol):
    """A sum of InfoNCE losses, each on some of the latents."""

    n_terms: int

    def place(
        self, latents: Float[Tensor, "row dimension"], similarity: Similarity
    ) -> Float[Tensor, "row dimension"]:
        """Bring the encoder's output into the space that is compared, and that `transform` gives."""
        ...

    def parts(
        self,
        reference: Float[Tensor, "batch dimension"],
        positive: Float[Tensor, "positive dimension"],
        negative: Float[Tensor, "negative dimension"],
        similarity: Similarity,
        inverse_temperature: Float[Tensor, ""],
    ) -> dict[str, Tensor]:
        """`positive` and `negative`, whose sum is the loss in nats, and what else is worth a curve."""
        ...


class OneObjective:
    """InfoNCE on all latents."""

    n_terms = 1

    def place(
        self, latents: Float[Tensor, "row dimension"], similarity: Similarity
    ) -> Float[Tensor, "row dimension"]:
        """As the similarity places them."""
        return similarity.place(latents)

    def parts(
        self,
        reference: Float[Tensor, "batch dimension"],
        positive: Float[Tensor, "positive dimension"],
        negative: Float[Tensor, "negative dimension"],
        similarity: Similarity,
        inverse_temperature: Float[Tensor, ""],
    ) -> dict[str, Tensor]:
        """The two parts of InfoNCE."""
        nce = infonce(reference, positive, negative, similarity, inverse_temperature)
        return {"positive": nce.positive, "negative": nce.negative}


class HybridObjective:
    """One InfoNCE for behaviour on the first latents, plus one for time on the last ones.

    Each reads its own stretch of the latents, placed anew: for cosine similarity every stretch is of unit
    length. Where the two overlap, `transform` gives the latents placed as a whole.

    Parameters
    ----------
    behaviour, time
        How many latents each reads, from the front and from the back.
    dimension
        Number of latents.

    Examples
    --------
    >>> from twofold.embeddings.infonce import Cosine
    >>> HybridObjective(1, 2, dimension=3).place(torch.tensor([[5.0, 3.0, 4.0]]), Cosine())
    tensor([[1.0000, 0.6000, 0.8000]])
    """

    n_terms = 2

    def __init__(self, behaviour: int, time: int, dimension: int) -> None:
        self.behaviour, self.time = slice(behaviour), slice(dimension - time, dimension)
        self.overlap = behaviour + time > dimension

    def place(
        self, latents: Float[Tensor, "row dimension"], similarity: Similarity
    ) -> Float[Tensor, "row dimension"]:
        """Place each stretch by itself, or all together where the stretches overlap."""
        if self.overlap:
            return similarity.place(latents)
        return torch.cat(
            [similarity.place(latents[:, self.behaviour]), similarity.place(latents[:, self.time])], dim=1
        )

    def parts(
        self,
        reference: Float[Tensor, "batch dimension"],
        positive: Float[Tensor, "positive dimension"],
        negative: Float[Tensor, "negative dimension"],
        similarity: Similarity,
        inverse_temperature: Float[Tensor, ""],
    ) -> dict[str, Tensor]:
        """The parts of both losses added up, and each loss; positives are behaviour's, then time's."""
        by_behaviour, by_time = positive.chunk(2)
        losses = []
        for stretch, own in ((self.behaviour, by_behaviour), (self.time, by_time)):
            x, y, z = (similarity.place(latents[:, stretch]) for latents in (reference, own, negative))
            losses.append(infonce(x, y, z, similarity, inverse_temperature))
        behaviour, time = losses
        return {
            "positive": behaviour.positive + time.positive,
            "negative": behaviour.negative + time.negative,
            "behaviour": behaviour.loss,
            "time": time.loss,
        }
