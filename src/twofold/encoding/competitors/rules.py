r"""Linear rules from a covariance alone: ridge and reduced-rank regression, each with what is to choose.

With inputs x and outputs y in standard deviations, C = E[x x'] and D = E[x y'],

.. math:: W_a = (C + a I)^{-1} D, \qquad W_{a,r} = W_a U_r U_r^\top,

U_r being the first r right singular vectors of :math:`(C + a I)^{-1/2} D`. Sources: Hoerl & Kennard 1970;
Izenman 1975; Mukherjee & Zhu 2011 (ridge and reduced rank together).
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from typing import Literal, NamedTuple

import numpy as np
from jaxtyping import Float, Integer
from pydantic import Field, PositiveFloat, PositiveInt

from twofold.encoding.competitors.moments import Inputs, Outputs, Weights
from twofold.options import Options

Covariance = Float[np.ndarray, "column column"]
Chosen = Integer[np.ndarray, " chosen"]
Setting = tuple[float, ...]
Path = Iterator[tuple[Setting, Weights]]
PENALTIES = tuple(10.0**power for power in range(-3, 3))
RANKS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32)


class Rule(Options):
    """Weights from inputs to outputs."""

    @property
    @abstractmethod
    def settings(self) -> list[Setting]:
        """What there is to choose from, in the order of `path`."""

    @abstractmethod
    def path(self, covariance: Covariance, inputs: Inputs, outputs: Outputs) -> Path:
        """Every setting with its (input, output) weights of columns as they come."""

    @abstractmethod
    def at(self, setting: Setting) -> Rule:
        """The same rule with nothing left to choose."""

    def weights(self, covariance: Covariance, inputs: Inputs, outputs: Outputs) -> Weights:
        """Those of the first setting."""
        return next(self.path(covariance, inputs, outputs))[1]


class Ridge(Rule):
    """Ridge regression.

    Parameters
    ----------
    penalties
        Values of a to choose from.

    Examples
    --------
    >>> covariance = np.array([[1.0, 0.6], [0.6, 1.0]])
    >>> Ridge(penalties=(0.5,)).weights(covariance, np.array([0]), np.array([1]))
    array([[0.4]])
    """

    kind: Literal["ridge"] = "ridge"
    penalties: tuple[PositiveFloat, ...] = Field(default=PENALTIES, min_length=1)

    @property
    def settings(self) -> list[Setting]:
        """Penalties."""
        return [(a,) for a in self.penalties]

    def path(self, covariance: Covariance, inputs: Inputs, outputs: Outputs) -> Path:
        """By one eigendecomposition."""
        x = Spectrum.of(covariance, inputs)
        crossed = x.crossed(covariance, outputs)
        for a in self.penalties:
            yield (a,), x.weights(crossed / (x.power + a)[:, None])

    def at(self, setting: Setting) -> Ridge:
        """One penalty."""
        return Ridge(penalties=setting)


class ReducedRank(Rule):
    """Ridge regression through few dimensions.

    Parameters
    ----------
    penalties, ranks
        What to choose from; ranks of as many as inputs or outputs are plain ridge regression.

    Examples
    --------
    >>> covariance = np.eye(4) + 0.5
    >>> rule = ReducedRank(penalties=(1.0,), ranks=(1,))
    >>> weights = rule.weights(covariance, np.array([0, 1]), np.array([2, 3]))
    >>> np.linalg.matrix_rank(weights)
    np.int64(1)
    """

    kind: Literal["reduced_rank"] = "reduced_rank"
    penalties: tuple[PositiveFloat, ...] = Field(default=PENALTIES, min_length=1)
    ranks: tuple[PositiveInt, ...] = Field(default=RANKS, min_length=1)

    @property
    def settings(self) -> list[Setting]:
        """Penalties with ranks."""
        return [(a, float(rank)) for a in self.penalties for rank in self.ranks]

    def path(self, covariance: Covariance, inputs: Inputs, outputs: Outputs) -> Path:
        """By one decomposition of the inputs, and one for each penalty."""
        x = Spectrum.of(covariance, inputs)
        scale = _scale(covariance, outputs)
        crossed = x.crossed(covariance, outputs) / scale
        for a in self.penalties:
            root = np.sqrt(x.power + a)[:, None]
            directions = np.linalg.svd(crossed / root, full_matrices=False)[2]
            full = x.weights(crossed / root**2)
            for rank in self.ranks:
                first = directions[:rank]
                yield (a, float(rank)), (full @ first.T) @ first * scale

    def at(self, setting: Setting) -> ReducedRank:
        """One penalty and one rank."""
        return ReducedRank(penalties=setting[:1], ranks=(int(setting[1]),))


class Spectrum(NamedTuple):
    """Standardised inputs in the directions V in which every penalty is diagonal, C = V diag(power) V'."""

    columns: Inputs
    scale: Float[np.ndarray, " input"]
    vectors: Float[np.ndarray, "input input"]
    power: Float[np.ndarray, " input"]

    @classmethod
    def of(cls, covariance: Covariance, inputs: Inputs) -> Spectrum:
        """That of some columns."""
        scale = _scale(covariance, inputs)
        power, vectors = np.linalg.eigh(covariance[np.ix_(inputs, inputs)] / np.outer(scale, scale))
        return cls(inputs, scale, vectors, np.maximum(power, 0.0))

    def crossed(self, covariance: Covariance, outputs: Outputs) -> Float[np.ndarray, "input output"]:
        """V' D, with outputs as they come."""
        return self.vectors.T @ (covariance[np.ix_(self.columns, outputs)] / self.scale[:, None])

    def weights(self, along: Float[np.ndarray, "input output"]) -> Weights:
        """Weights of inputs as they come, from those along V."""
        return self.vectors @ along / self.scale[:, None]


def _scale(covariance: Covariance, columns: Chosen) -> Float[np.ndarray, " chosen"]:
    """Standard deviations; 1 of what never changes."""
    variance = covariance[columns, columns]
    return np.sqrt(np.where(variance > 0, variance, 1.0))
