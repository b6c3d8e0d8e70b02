r"""Factor analysis from a covariance alone, and the regression that follows from it.

.. math:: x = \Lambda z + \epsilon, \quad z \sim N(0, I), \quad \epsilon \sim N(0, \Psi), \qquad
          W = \Sigma_{II}^{-1} \Sigma_{IJ}
            = \Psi_I^{-1} \Lambda_I (I + \Lambda_I^\top \Psi_I^{-1} \Lambda_I)^{-1} \Lambda_J^\top .

Source: Rubin & Thayer 1982 (Psychometrika 47:69) for the steps of EM.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
from jaxtyping import Float
from pydantic import Field, PositiveInt

from twofold.encoding.competitors.moments import Inputs, Outputs, Weights
from twofold.encoding.competitors.rules import Covariance, Path, Rule, Setting

LEAST_NOISE = 1e-3  # share of a column's variance
STEPS, TOLERANCE = 200, 1e-6


class FactorModel(NamedTuple):
    """Loadings (column, factor) and variances of the noise (column,)."""

    loading: Float[np.ndarray, "column factor"]
    noise: Float[np.ndarray, " column"]

    @classmethod
    def of(cls, covariance: Covariance, n_factors: int) -> FactorModel:
        """The likeliest, by EM from the principal axes.

        Parameters
        ----------
        covariance
            Of columns in standard deviations.
        n_factors
            Fewer than columns.
        """
        power, vectors = np.linalg.eigh(covariance)
        own, axes = power[::-1][:n_factors], vectors[:, ::-1][:, :n_factors]
        rest = max(float(power[: len(power) - n_factors].mean()), LEAST_NOISE)
        loading = axes * np.sqrt(np.maximum(own - rest, LEAST_NOISE))
        variance = covariance.diagonal()
        found = cls(loading, np.maximum(variance - (loading**2).sum(1), LEAST_NOISE))
        before = -np.inf
        for _ in range(STEPS):
            after = found.log_likelihood(covariance)
            if after - before < TOLERANCE * len(covariance):
                break
            found, before = found.stepped(covariance), after
        return found

    def stepped(self, covariance: Covariance) -> FactorModel:
        """After one step of EM."""
        inner, reading = self.reading()
        crossed = covariance @ reading
        loading = np.linalg.solve(inner + reading.T @ crossed, crossed.T).T
        noise = covariance.diagonal() - (loading * crossed).sum(1)
        return FactorModel(loading, np.maximum(noise, LEAST_NOISE))

    def log_likelihood(self, covariance: Covariance) -> float:
        """Mean log density of rows of this covariance around their mean, in nats."""
        inner, reading = self.reading()
        log_det = np.log(self.noise).sum() - np.linalg.slogdet(inner)[1]
        weighted = covariance.diagonal() / self.noise
        trace = weighted.sum() - ((covariance @ reading) * (self.loading / self.noise[:, None])).sum()
        return float(-0.5 * (len(covariance) * np.log(2 * np.pi) + log_det + trace))

    def weights(self, inputs: Inputs, outputs: Outputs) -> Weights:
        """Regression of some columns on others."""
        given = FactorModel(self.loading[inputs], self.noise[inputs])
        return given.reading()[1] @ self.loading[outputs].T

    def reading(self) -> tuple[np.ndarray, np.ndarray]:
        """Posterior covariance of the factors, and (column, factor) weights that give their mean."""
        scaled = self.loading / self.noise[:, None]
        inner = np.linalg.inv(np.eye(self.loading.shape[1]) + self.loading.T @ scaled)
        inner = (inner + inner.T) / 2
        return inner, scaled @ inner


class Factors(Rule):
    """Regression through the factors that all columns share.

    Parameters
    ----------
    dimensions
        Numbers of factors to choose from.

    Examples
    --------
    >>> loading = np.array([[2.0], [1.0], [1.0]])
    >>> covariance = loading @ loading.T + np.eye(3)
    >>> Factors(dimensions=(1,)).weights(covariance, np.array([0, 1]), np.array([2])).round(2)
    array([[0.33],
           [0.17]])
    """

    kind: Literal["factors"] = "factors"
    dimensions: tuple[PositiveInt, ...] = Field(default=(1, 2, 3, 4, 6, 8, 12, 16), min_length=1)

    @property
    def settings(self) -> list[Setting]:
        """Numbers of factors."""
        return [(float(dimension),) for dimension in self.dimensions]

    def path(self, covariance: Covariance, inputs: Inputs, outputs: Outputs) -> Path:
        """One fit for each number; at most as many factors as there are columns but one."""
        scale = np.sqrt(np.where(covariance.diagonal() > 0, covariance.diagonal(), 1.0))
        standard = covariance / np.outer(scale, scale)
        for dimension in self.dimensions:
            model = FactorModel.of(standard, min(dimension, len(standard) - 1))
            weights = model.weights(inputs, outputs) * scale[outputs] / scale[inputs][:, None]
            yield (float(dimension),), weights

    def at(self, setting: Setting) -> Factors:
        """One number."""
        return Factors(dimensions=(int(setting[0]),))
