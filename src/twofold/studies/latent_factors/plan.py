"""The study latent-factors as a list of steps, before anything is computed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from twofold.encoding.training_data import TrainingData
from twofold.recordings import Recording
from twofold.runs.jobs import Arrays
from twofold.studies.latent_factors.assembling import assembled
from twofold.studies.latent_factors.findings import Findings
from twofold.studies.latent_factors.fits import POISSON, ZIG, Fit, fits_of
from twofold.studies.latent_factors.fitting import train_options, untrained
from twofold.studies.latent_factors.options import LatentFactorsOptions
from twofold.studies.latent_factors.parts.of_models import Part, parts_of
from twofold.studies.latent_factors.prepared import Prepared, for_training, prepare
from twofold.studies.latent_factors.step_lists import (
    curve_steps,
    look_steps,
    rival_steps,
    score_steps,
    unseen_steps,
)
from twofold.studies.latent_factors.step_maker import StepMaker
from twofold.studies.latent_factors.steps import Step
from twofold.studies.result import Result
from twofold.studies.versions import versions

STUDY = "latent-factors"


@dataclass(frozen=True, eq=False)
class Plan:
    """All steps of one study.

    Parameters
    ----------
    prepared, options
        What is studied, and how.
    fits
        Models by name.
    parts
        That look at one model each.
    steps
        Trainings, scores and parts.
    notes
        What is done otherwise than asked, or less than in the paper, in words.
    """

    prepared: Prepared
    options: LatentFactorsOptions
    fits: Mapping[str, Fit]
    parts: tuple[Part, ...]
    steps: tuple[Step, ...]
    notes: tuple[str, ...]

    def assemble(self, results: Mapping[str, Arrays], seconds: float) -> Result:
        """Rows, arrays and conclusions from the results of all steps."""
        found = Findings(self.prepared.names, self.options, self.fits, results)
        whole = assembled(found, self.parts, self.notes)
        recordings = self.prepared.recordings
        return Result(
            study=STUDY,
            recording={
                "name": ", ".join(self.prepared.names),
                "n_recordings": len(recordings),
                "n_neurons": [len(one.neurons) for one in recordings],
                "n_trials": [len(one.trials) for one in recordings],
                "history": [sentence for one in recordings for sentence in one.history],
            },
            options=self.options.model_dump(mode="json"),
            versions=versions(),
            seconds=seconds,
            rows=whole.rows,
            arrays=whole.arrays,
            conclusions=whole.conclusions,
        )


def plan_study(recordings: Sequence[Recording], options: LatentFactorsOptions) -> Plan:
    """Prepare the recordings and list every step.

    Raises
    ------
    DataError, OptionError
        If the recordings cannot be studied, or not with these options; before any work starts.
    """
    prepared = prepare(recordings, options)
    fits, parts = fits_of(options, prepared.have_positions), parts_of(options)
    own = [for_training(recording, options.validation_repeats) for recording in prepared.recordings]
    notes = [*prepared.notes, options.cuts]
    for name in (POISSON, ZIG):  # refuses what would stop one of the trainings
        data = TrainingData.of(untrained(fits[name], own), own, train_options(fits[name], options))
        notes += data.notes
    make = StepMaker.of(prepared, options)
    steps = [  # the longest of a level first, so that none is waited for
        *(make.training(fit) for fit in sorted(fits.values(), key=lambda fit: -fit.work)),
        *unseen_steps(make, fits),
        *look_steps(make, parts),
        *curve_steps(make),
        *rival_steps(make),
        *score_steps(make, fits),
    ]
    return Plan(prepared, options, fits, parts, tuple(steps), tuple(dict.fromkeys(notes)))
