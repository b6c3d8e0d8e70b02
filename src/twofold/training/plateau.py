"""The learning rate falls when the score has stopped rising."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Plateau:
    """Where the schedule stands; plain numbers, so that a checkpoint can hold them.

    The rule of torch's `ReduceLROnPlateau` (mode "max", absolute threshold).

    Parameters
    ----------
    factor
        What the learning rate is multiplied by.
    patience
        Epochs without a better score that are waited for.
    threshold
        By how much a score must be better.
    minimum
        Where the learning rate stops falling.
    best
        The best score so far; None before there is one.
    waited
        Epochs since, or since it last fell.

    Examples
    --------
    >>> plateau, rate = Plateau(factor=0.5, patience=0), 1.0
    >>> for score in (0.1, 0.2, 0.2):
    ...     plateau, rate = plateau.after(score, rate)
    >>> rate
    0.5
    """

    factor: float = 0.3
    patience: int = 10
    threshold: float = 1e-6
    minimum: float = 1e-5
    best: float | None = None
    waited: int = 0

    def after(self, score: float, rate: float) -> tuple[Plateau, float]:
        """The state after an epoch, and the learning rate of the next."""
        if self.best is None or score > self.best + self.threshold:
            return replace(self, best=score, waited=0), rate
        if self.waited < self.patience:
            return replace(self, waited=self.waited + 1), rate
        return replace(self, waited=0), max(rate * self.factor, self.minimum)
