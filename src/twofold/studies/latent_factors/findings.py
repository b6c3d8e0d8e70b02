"""What the steps of a study found, as the rows of its tables ask for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from twofold.analyses.hierarchical_bootstrap import ByMouse
from twofold.runs.jobs import Arrays
from twofold.studies.latent_factors.fits import Fit, name_of
from twofold.studies.latent_factors.options import LatentFactorsOptions
from twofold.studies.latent_factors.prepared import TEST, VALIDATION
from twofold.studies.latent_factors.row_maker import RowMaker, by_mouse
from twofold.studies.latent_factors.scoring import quarter


def score_name(fit: str, tier: str = TEST) -> str:
    """The step that scores a fit."""
    return f"score {fit}" if tier == TEST else f"score {fit} on {tier}"


@dataclass(frozen=True, eq=False)
class Findings:
    """Results of all steps.

    Parameters
    ----------
    mice
        Names of the recordings.
    options
        Of the study.
    fits
        By name.
    results
        By name of the step.
    """

    mice: Sequence[str]
    options: LatentFactorsOptions
    fits: Mapping[str, Fit]
    results: Mapping[str, Arrays]

    def rows_of(self, table: str, *, note: str = "", scored_on: str = TEST) -> RowMaker:
        """Makes the rows of a table."""
        options = self.options
        return RowMaker(table, self.mice, options.bootstrap, options.seed, note, scored_on=scored_on)

    def has(self, step: str) -> bool:
        """Whether there was such a step."""
        return step in self.results

    def scores(self, fit: str, tier: str = TEST) -> Arrays:
        """Of the fit with the first seed."""
        return self.results[score_name(fit, tier)]

    def values(self, fit: str, metric: str, tier: str = TEST) -> ByMouse:
        """For each mouse (seed, clip, neuron), of all seeds that the fit was trained with."""
        names = [name_of(fit, number) for number in range(self.options.seeds)]
        several = [self.scores(name, tier) for name in names if self.has(score_name(name, tier))]
        return by_mouse(several, metric, len(self.mice))

    def of_quarter(self, fit: str, metric: str, tier: str = TEST) -> ByMouse:
        """The same of the first seed, for the neurons that curves score."""
        scores = self.scores(fit, tier)
        found = [scores[f"{number}/{metric}"] for number in range(len(self.mice))]
        return [np.atleast_2d(values[..., quarter(values.shape[-1])]) for values in found]

    def curve(self, fits: Sequence[str], metric: str, tier: str = TEST) -> np.ndarray:
        """(mouse, fit) means over the neurons that curves score."""
        columns = [
            [float(np.nanmean(mouse)) for mouse in self.of_quarter(name, metric, tier)] for name in fits
        ]
        return np.array(columns).T

    @property
    def validation(self) -> str:
        """The tier that models are chosen by."""
        return VALIDATION
