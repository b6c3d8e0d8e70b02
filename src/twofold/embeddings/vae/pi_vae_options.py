"""What a variational autoencoder with a label prior can be told, and what it refuses."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from twofold.embeddings.labels import LabelKind
from twofold.embeddings.vae.annealing import Anneal
from twofold.errors import DataError, OptionError
from twofold.options import Options
from twofold.training import Precision

Width = Annotated[int, Field(ge=1)]


class PiVAEOptions(Options):
    """What `PiVAE.fit` checks before it starts."""

    dimension: int = Field(ge=1)
    likelihood: Literal["poisson", "gaussian"]
    hidden: tuple[Width, ...] = Field(min_length=1)
    prior_hidden: tuple[Width, ...] = Field(min_length=1)
    flow_blocks: int = Field(ge=0)
    flow_hidden: int | None = Field(ge=1)
    anneal: Anneal
    anneal_share: float = Field(gt=0, le=1)
    window: int = Field(ge=1)
    epochs: int = Field(ge=0)
    batch_size: int = Field(ge=1)
    learning_rate: float = Field(gt=0, allow_inf_nan=False)
    weight_decay: float = Field(ge=0, allow_inf_nan=False)
    precision: Precision
    device: str = Field(pattern=r"^(auto|cpu|cuda(:\d+)?)$")
    random_state: Any

    def refuse_for(self, kind: LabelKind, n_neurons: int) -> None:
        """Refuse labels and sizes that cannot work.

        Raises
        ------
        DataError
            If labels are neither continuous nor discrete.
        OptionError
            If there are fewer neurons than latents.
        """
        if kind not in ("continuous", "discrete"):
            what = "requires y to be passed, but the target y is None" if kind == "time" else "takes one kind"
            raise DataError(
                f"PiVAE {what}: give continuous labels (floats) or discrete ones (integers, booleans, "
                "strings), one per row"
            )
        if self.dimension > n_neurons:
            raise OptionError(
                f"dimension={self.dimension}: the decoder needs as many neurons or more, and there are "
                f"{n_neurons}; give dimension={n_neurons} or less"
            )
