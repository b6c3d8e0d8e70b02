"""When a training has learned what it can: patience, and several rounds that each start from the best."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

LEAST_GAIN = 1e-6


class Verdict(Enum):
    """What follows from an epoch's score."""

    BEST = "keep these weights"
    GO_ON = "go on"
    RESTORE = "go back to the best weights and start the next round"
    STOP = "all rounds are over"


@dataclass(frozen=True)
class EarlyStopping:
    """Where early stopping stands; plain numbers, so that a checkpoint can hold them.

    A round ends after `patience` epochs without a new best score. The next one starts from the best weights,
    with the learning rate as the schedule has left it; after `rounds` the training ends. Source: paper B,
    appendix on training; the habit comes from Willeke et al. 2022 (arXiv 2206.08666).

    Parameters
    ----------
    patience
        Epochs without a better score that a round waits for.
    rounds
        How many rounds.
    best, best_epoch
        The best score so far, the higher the better, and when it was; None before there is one.
    waited
        Epochs since, or since the round began.
    round
        Number of this round, from 0.

    Examples
    --------
    >>> stopping = EarlyStopping(patience=1, rounds=1)
    >>> stopping, first = stopping.after(0.2, epoch=0)
    >>> stopping, second = stopping.after(0.1, epoch=1)
    >>> first.name, second.name, stopping.best
    ('BEST', 'STOP', 0.2)
    """

    patience: int = 12
    rounds: int = 4
    best: float | None = None
    best_epoch: int = -1
    waited: int = 0
    round: int = 0

    def after(self, score: float, epoch: int) -> tuple[EarlyStopping, Verdict]:
        """The state after an epoch, and what to do."""
        if self.best is None or score > self.best + LEAST_GAIN:
            return replace(self, best=score, best_epoch=epoch, waited=0), Verdict.BEST
        if self.waited + 1 < self.patience:
            return replace(self, waited=self.waited + 1), Verdict.GO_ON
        if self.round + 1 < self.rounds:
            return replace(self, waited=0, round=self.round + 1), Verdict.RESTORE
        return replace(self, waited=self.patience), Verdict.STOP
