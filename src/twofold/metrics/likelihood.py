"""Log-likelihood in bits per neuron and time point, and how far above a null model it is.

    bits = log p(y) / log 2,   mean over the scored neurons and time points

Numbers are comparable where the probability is of the same thing: for zero-inflated responses, a mass at
silence and a density above rho, on one scale of the responses. The null is a constant distribution per neuron
that was fitted on the training part (`Likelihood.null`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Num

from twofold.errors import DataError

Nats = Num[np.ndarray, "... neuron"]
Scored = Bool[np.ndarray, "... neuron"]
PerUnit = Float[np.ndarray, "neuron"]


def bits(log_prob: Nats, scored: Scored | None = None) -> float:
    """Bits per neuron and time point.

    Parameters
    ----------
    log_prob
        (..., neuron) log p(y) in nats.
    scored
        True for the entries that count; all by default. Others may be NaN.

    Raises
    ------
    DataError
        If nothing is scored, or a scored entry is NaN.

    Examples
    --------
    >>> bits(np.log([[0.5, 0.25]]))
    -1.5
    """
    score = LogLikelihood()
    score.update(log_prob, scored=scored)
    return score.result().mean


@dataclass(frozen=True, eq=False)
class Bits:
    """Bits of each neuron and of all.

    Parameters
    ----------
    per_neuron
        (neuron,) mean over the scored time points; NaN where there are none.
    above_null
        (neuron,) the same, less the null model's; None if no null model was given.
    n
        (neuron,) how many time points were scored.
    """

    per_neuron: PerUnit
    above_null: PerUnit | None
    n: PerUnit

    @property
    def mean(self) -> float:
        """Bits per scored entry."""
        return self._mean(self.per_neuron)

    @property
    def mean_above_null(self) -> float:
        """Bits per scored entry more than the null model has.

        Raises
        ------
        DataError
            If there was no null model.
        """
        if self.above_null is None:
            raise DataError("there is no null model to compare with; give its log_prob to `update`")
        return self._mean(self.above_null)

    def _mean(self, values: np.ndarray) -> float:
        some = self.n > 0
        return float((values[some] * self.n[some]).sum() / self.n.sum())


class LogLikelihood:
    """Log-likelihood, batch by batch.

    Examples
    --------
    >>> score = LogLikelihood()
    >>> score.update(np.log([[0.5]]), null=np.log([[0.125]]))
    >>> score.update(np.log([[0.25]]), null=np.log([[0.125]]))
    >>> score.result().mean, round(score.result().mean_above_null, 6)
    (-1.5, 1.5)
    """

    def __init__(self) -> None:
        self.total: np.ndarray | None = None
        self.null: np.ndarray | None = None
        self.n: np.ndarray | None = None

    def update(self, log_prob: Nats, *, null: Nats | None = None, scored: Scored | None = None) -> None:
        """Add a batch.

        Parameters
        ----------
        log_prob, null
            (..., neuron) log p(y) in nats of the model and of the null model; the null's may be (neuron,)
            or anything else that broadcasts.
        scored
            (..., neuron) or (neuron,), True for the entries that count; all by default.

        Raises
        ------
        DataError
            If a scored entry is NaN, or a null model is given to some batches only.
        """
        keep = np.broadcast_to(True if scored is None else scored, log_prob.shape)
        self._add(
            _sum(log_prob, keep, "log_prob"),
            None if null is None else _sum(np.broadcast_to(null, log_prob.shape), keep, "null"),
            keep.reshape(-1, keep.shape[-1]).sum(axis=0),
        )

    def merge(self, other: LogLikelihood) -> None:
        """Add the batches of another process."""
        if other.total is not None and other.n is not None:
            self._add(other.total, other.null, other.n)

    def result(self) -> Bits:
        """Bits over all batches so far.

        Raises
        ------
        DataError
            If nothing was scored.
        """
        if self.total is None or self.n is None or not self.n.any():
            raise DataError("there is nothing to score: no entry of any batch counts")
        n = self.n.astype(float)

        def in_bits(nats: np.ndarray) -> np.ndarray:
            return np.divide(nats, n * np.log(2), out=np.full(len(n), np.nan), where=n > 0)

        above_null = None if self.null is None else in_bits(self.total - self.null)
        return Bits(in_bits(self.total), above_null, n)

    def _add(self, total: np.ndarray, null: np.ndarray | None, n: np.ndarray) -> None:
        if self.total is None or self.n is None:
            self.total, self.null, self.n = total, null, n
            return
        if (null is None) != (self.null is None):
            raise DataError("give the null model's log_prob with every batch, or with none")
        self.total, self.n = self.total + total, self.n + n
        self.null = None if null is None or self.null is None else self.null + null


def _sum(values: np.ndarray, keep: np.ndarray, name: str) -> np.ndarray:
    """Sum over all axes but neurons, in double precision."""
    kept = np.where(keep, values, 0.0).astype(float).reshape(-1, values.shape[-1])
    if np.isnan(kept).any():
        row, neuron = np.argwhere(np.isnan(kept))[0]
        raise DataError(f"{name}: NaN at time point {row}, neuron {neuron}, which is scored")
    return kept.sum(axis=0)
