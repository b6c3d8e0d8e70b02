"""What a guided variational autoencoder can be told, and what it refuses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from twofold.embeddings.labels import Labels
from twofold.embeddings.vae.annealing import Anneal
from twofold.embeddings.vae.likelihoods import LikelihoodName
from twofold.errors import DataError
from twofold.options import Options
from twofold.training import Precision

Width = Annotated[int, Field(ge=1)]


class GuidedVAEOptions(Options):
    """What `GuidedVAE.fit` checks before it starts."""

    dimension: int = Field(ge=1)
    guide: Literal["features", "frame"] | None
    beta: float = Field(ge=0, allow_inf_nan=False)
    kl_per: Literal["dimension", "neuron"]
    anneal: Anneal
    anneal_share: float = Field(gt=0, le=1)
    likelihood: LikelihoodName
    hidden: tuple[Width, ...]
    decoder_hidden: tuple[Width, ...]
    guide_weight: float = Field(ge=0, allow_inf_nan=False)
    head_dropout: float = Field(ge=0, lt=1)
    recurrent: bool
    window: int = Field(ge=1)
    epochs: int = Field(ge=0)
    batch_size: int = Field(ge=1)
    learning_rate: float = Field(gt=0, allow_inf_nan=False)
    weight_decay: float = Field(ge=0, allow_inf_nan=False)
    dropout: float = Field(ge=0, lt=1)
    mask_neurons: float = Field(ge=0, lt=1)
    validation: float = Field(ge=0, lt=1)
    early_stopping: bool
    patience: int = Field(ge=1)
    precision: Precision
    device: str = Field(pattern=r"^(auto|cpu|cuda(:\d+)?)$")
    random_state: Any

    @model_validator(mode="after")
    def _fit_together(self) -> GuidedVAEOptions:
        if problems := list(self._problems()):
            raise ValueError("; ".join(problems))
        return self

    def _problems(self) -> Iterator[str]:
        if self.early_stopping and not self.validation:
            yield "early_stopping watches trials that are held out: give validation, such as 0.2"
        if self.head_dropout and self.guide is None:
            yield "head_dropout is the guide's: give guide='features' or guide='frame', or head_dropout=0"
        if self.recurrent and len(self.hidden) < 2:
            yield f"hidden={self.hidden}: the second layer of a recurrent encoder recurs; give two or more"

    def refuse_for(self, labels: Labels) -> None:
        """Refuse labels that cannot guide.

        Raises
        ------
        DataError
            If the guide needs others.
        """
        if self.guide == "features" and labels.continuous is None:
            raise DataError(
                f"guide='features' needs float features, one row per row of X, and y is {labels.kind}; give "
                "y of shape (time, feature), or guide='frame' for ids"
            )
        if self.guide == "frame" and labels.classes is None:
            raise DataError(
                f"guide='frame' needs an integer or string id per row, and y is {labels.kind}; give y of "
                "shape (time,), or guide='features' for floats"
            )
