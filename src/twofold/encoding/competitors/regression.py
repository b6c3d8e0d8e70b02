r"""Linear regression from the neurons given to the others, of what a base model leaves unexplained.

.. math:: E[y_J \mid x, y_I] = m_J(x) + b_J + \sum_l W_l^\top (y_I - m_I(x))_{t + l} .

With a video model as base it is the linear twin of the latent video model; with a `ConstantModel`, the
regression of neurons on neurons. The base model's law is moved to this mean (`tilted`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import torch
from jaxtyping import Float
from pydantic import Field, NonNegativeInt, field_validator

from twofold.encoding.competitors.competitor import Competitor, Law, folds_of
from twofold.encoding.competitors.factors import Factors
from twofold.encoding.competitors.foretold import Foretold
from twofold.encoding.competitors.moments import Inputs, Moments, Outputs, padded_windows, squared_error
from twofold.encoding.competitors.rules import ReducedRank, Ridge, Rule, Setting
from twofold.encoding.competitors.tilting import tilted
from twofold.encoding.latent.masks import drawn
from twofold.encoding.latent.selection import Roles
from twofold.errors import DataError
from twofold.likelihoods import ResponseDistribution
from twofold.options import Options


class RegressionOptions(Options):
    """How the others are predicted.

    Parameters
    ----------
    rule
        `Ridge`, `ReducedRank` or `Factors`, with the settings to choose from.
    lags
        Frames at which the neurons given are read, relative to the one predicted; 0 is among them.
    max_folds
        Training videos are left out in so many groups to choose the settings.
    given_share, given_seed
        Share of the neurons given when the settings are chosen, and the seed that draws them.
    """

    rule: Annotated[Ridge | ReducedRank | Factors, Field(discriminator="kind")] = ReducedRank()
    lags: tuple[int, ...] = (0,)
    max_folds: int = Field(default=5, ge=2)
    given_share: float = Field(default=0.5, gt=0, lt=1)
    given_seed: NonNegativeInt = 0

    @field_validator("lags")
    @classmethod
    def _with_zero(cls, lags: tuple[int, ...]) -> tuple[int, ...]:
        if 0 not in lags or len(set(lags)) < len(lags):
            raise ValueError("give different numbers of frames, 0 among them, such as -1,0,1")
        return lags


@dataclass(frozen=True, eq=False)
class RegressionState:
    """What is learned of a recording: moments of the windows of residuals, and the setting chosen.

    Parameters
    ----------
    mean
        (column,) lag by lag, neuron by neuron.
    covariance
        (column, column).
    setting
        What the rule chose.
    """

    mean: Float[np.ndarray, " column"]
    covariance: Float[np.ndarray, "column column"]
    setting: Float[np.ndarray, " parameter"]


class ResidualRegression(Competitor):
    """Residuals of some neurons from those of others, by a linear rule.

    The settings of the rule are chosen once, for a random half of the neurons given; the weights are solved
    for whoever is given, from the covariance of all.

    Parameters
    ----------
    base
        A fitted video model, or a `ConstantModel` for neurons alone.
    options
        `RegressionOptions`; instead of it, its fields may be given by name.

    Examples
    --------
    >>> import twofold as tw
    >>> from twofold.encoding.competitors import ConstantModel
    >>> mouse = tw.simulate_movie_repeats(tw.MovieRepeats.small(n_units=6, bins_per_frame=1))
    >>> base = ConstantModel.for_recordings([mouse], "poisson", tier="all")
    >>> model = ResidualRegression(base, rule=Ridge(penalties=(0.1,))).fit([mouse], tier="all")
    >>> model.predict(mouse, given=[0, 1, 2]).concatenate().mean.shape[1]
    3
    """

    kind = "residual-regression"
    options_type = RegressionOptions
    state_type = RegressionState

    def learned(self, trials: Sequence[Foretold], groups: Sequence[str]) -> RegressionState:
        """Moments, and the settings of least squared error on left-out videos."""
        rule, lags = self.options.rule, self.options.lags
        if len(rule.settings) == 1:
            total = Moments.of((trial.residual for trial in trials), lags)
            return RegressionState(total.mean, total.covariance, np.array(rule.settings[0]))
        fold = folds_of(groups, self.options.max_folds)
        parts = [
            Moments.of((trials[k].residual for k in np.flatnonzero(fold == value).tolist()), lags)
            for value in np.unique(fold)
        ]
        n_neurons = len(parts[0].mean) // len(lags)
        given = drawn(n_neurons, self.options.given_share, np.random.default_rng(self.options.given_seed))
        inputs, outputs = self._columns(Roles(np.flatnonzero(given), np.flatnonzero(~given)), n_neurons)
        setting, total = chosen(rule, parts, inputs, outputs), merged(parts)
        return RegressionState(total.mean, total.covariance, np.array(setting))

    def law_given(self, number: int, who: Roles) -> Law:
        """The base model's, moved to the mean of the regression."""
        state: RegressionState = self.states[number]
        inputs, outputs = self._columns(who, len(state.mean) // len(self.options.lags))
        rule: Rule = self.options.rule.at(tuple(state.setting.tolist()))
        weights = rule.weights(state.covariance, inputs, outputs)

        def law(trial: Foretold) -> ResponseDistribution:
            seen = trial.observed[:, who.given] - trial.mean[:, who.given]
            read = padded_windows(seen, self.options.lags) - state.mean[inputs]
            mean = trial.mean[:, who.targets] + state.mean[outputs] + read @ weights
            return tilted(trial.law(who.targets), torch.from_numpy(mean))

        return law

    def parameters_per_neuron(self, number: int = 0) -> float:
        """Of the map from half of the neurons to the other half, in its rank; a mean besides."""
        setting, n_inputs = self.states[number].setting, len(self.options.lags) / 2
        if isinstance(self.options.rule, Ridge):
            n_neurons = len(self.states[number].mean) / len(self.options.lags)
            return 1 + n_inputs * n_neurons / 2
        return 1 + float(setting[-1]) * (n_inputs + 0.5)

    def _columns(self, who: Roles, n_neurons: int) -> tuple[Inputs, Outputs]:
        lags = self.options.lags
        inputs = np.concatenate([number * n_neurons + who.given for number in range(len(lags))])
        return inputs, lags.index(0) * n_neurons + who.targets


def chosen(rule: Rule, parts: Sequence[Moments], inputs: Inputs, outputs: Outputs) -> Setting:
    """The setting of least squared error, in units of each output's variance, on parts left out.

    Raises
    ------
    DataError
        If no setting gives a finite error.
    """
    error: dict[Setting, float] = defaultdict(float)
    for number, left_out in enumerate(parts):
        train = merged([*parts[:number], *parts[number + 1 :]])
        covariance, products = train.covariance, left_out.around(train.mean)
        variance = covariance[outputs, outputs]
        varies = variance > 0
        for setting, weights in rule.path(covariance, inputs, outputs):
            found = squared_error(products, inputs, outputs, weights)[varies] / variance[varies]
            error[setting] += left_out.n * float(found.sum())
    best = min(error, key=lambda setting: error[setting])
    if not np.isfinite(error[best]):
        raise DataError("no setting predicts the left-out videos; are the training responses finite?")
    return best


def merged(parts: Sequence[Moments]) -> Moments:
    """Of the rows of all parts."""
    total = parts[0]
    for part in parts[1:]:
        total = total.merged(part)
    return total
