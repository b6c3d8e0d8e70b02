"""How the weight of the KL divergence rises while a variational autoencoder is trained."""

from __future__ import annotations

from typing import Literal

Anneal = Literal["linear", "cyclical", "none"]
CYCLES = 4


def annealed(anneal: Anneal, share: float, progress: float) -> float:
    """Share of beta that counts, from 0 to 1.

    Parameters
    ----------
    anneal
        "linear": beta rises from 0 in a first `share` of the training; "cyclical": so in each of four cycles
        (Fu et al. 2019, NAACL); "none": it is whole from the beginning.
    share
        Of the training, or of a cycle: above 0, at most 1.
    progress
        How much of the training is done, from 0 to 1.

    Examples
    --------
    >>> annealed("linear", 0.5, 0.25), annealed("linear", 0.5, 0.75), annealed("cyclical", 1.0, 0.375)
    (0.5, 1.0, 0.5)
    """
    if anneal == "none":
        return 1.0
    if anneal == "cyclical":
        progress = progress * CYCLES % 1.0
    return min(1.0, progress / share)
