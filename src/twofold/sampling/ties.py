"""Uniform draws among the samples that share a label."""

from __future__ import annotations

import torch
from jaxtyping import Int64
from torch import Tensor


def uniform_below(n: Int64[Tensor, " draw"], generator: torch.Generator) -> Int64[Tensor, " draw"]:
    """Uniform integers, each in 0 ... n - 1 for its own n (uneven by less than n / 2^62)."""
    return torch.randint(2**62, n.shape, generator=generator, device=n.device) % n


class Ties:
    """The samples of each label, ready to draw from.

    Every sample of the label is equally likely; with `other_trial`, every sample of it that lies in another
    trial than the reference. A label that was seen in the reference's trial only has no other: there the draw
    is among all its samples, and may give the reference itself.

    Parameters
    ----------
    label
        (time,) label numbers 0, 1, ..., all in use.
    trials
        (time,) trial numbers.
    other_trial
        Whether draws leave the reference's trial.

    Examples
    --------
    >>> ties = Ties(torch.tensor([0, 1, 0, 1]), torch.tensor([0, 0, 1, 1]), other_trial=True)
    >>> ties.draw(torch.tensor([0, 0, 1]), torch.tensor([0, 2, 3]), torch.Generator().manual_seed(0))
    tensor([2, 0, 1])
    """

    def __init__(
        self, label: Int64[Tensor, " time"], trials: Int64[Tensor, " time"], other_trial: bool
    ) -> None:
        self.label, self.trials, self.other_trial = label, trials, other_trial
        self._n_trials = int(trials.max()) + 1
        key = label * self._n_trials + trials
        self._order = torch.argsort(key, stable=True)
        self._key = key[self._order]
        self._count = torch.bincount(label)
        self._start = self._count.cumsum(0) - self._count

    @property
    def repeats_across_trials(self) -> bool:
        """Whether any label was seen in more than one trial."""
        return len(torch.unique(self._key)) > len(self._count)

    def draw(
        self, label: Int64[Tensor, " draw"], reference: Int64[Tensor, " draw"], generator: torch.Generator
    ) -> Int64[Tensor, " draw"]:
        """A sample of each label, for its reference sample."""
        start, count = self._start[label], self._count[label]
        if not self.other_trial:
            return self._order[start + uniform_below(count, generator)]
        # Sorted by label, then trial, the reference's trial is one stretch of its label: draw from the rest.
        own = label * self._n_trials + self.trials[reference]
        own_start = torch.searchsorted(self._key, own)
        n_own = torch.searchsorted(self._key, own, right=True) - own_start
        n_own = torch.where(n_own == count, 0, n_own)
        pick = start + uniform_below(count - n_own, generator)
        return self._order[pick + torch.where(pick >= own_start, n_own, 0)]


class FirstTies(Ties):
    """The samples of each label, of which the first is drawn every time.

    That is what a search does which stops at the first of equally near labels, the reference implementation's
    for one: with repeated stimuli, all positives come from the first repeat.

    Examples
    --------
    >>> ties = FirstTies(torch.tensor([0, 1, 0, 1]), torch.tensor([0, 0, 1, 1]), other_trial=False)
    >>> ties.draw(torch.tensor([0, 0, 1]), torch.tensor([0, 2, 3]), torch.Generator())
    tensor([0, 0, 1])
    """

    def draw(
        self, label: Int64[Tensor, " draw"], reference: Int64[Tensor, " draw"], generator: torch.Generator
    ) -> Int64[Tensor, " draw"]:
        """The first sample of each label."""
        return self._order[self._start[label]]
