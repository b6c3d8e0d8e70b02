"""How long the study will take, from two steps of each kind of training and one trial of scoring."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
from joblib import effective_n_jobs
from threadpoolctl import threadpool_limits

from twofold.encoding.estimating import estimate_training
from twofold.encoding.training_data import TrainingData
from twofold.recordings import Recording
from twofold.runs.estimate import Estimate
from twofold.sampling import TrialClips
from twofold.studies.latent_factors.fits import MAIN, Fit
from twofold.studies.latent_factors.fitting import FittedModel, train_options, untrained
from twofold.studies.latent_factors.options import LatentFactorsOptions
from twofold.studies.latent_factors.plan import Plan
from twofold.studies.latent_factors.prepared import TEST, for_training
from twofold.studies.latent_factors.scoring import Scored, score_fit

SCORES_PER_PART = 2.0  # a part that looks at a model takes about as long as so many scores of a model


def estimate_study(plan: Plan, n_jobs: int = -1) -> Estimate:
    """Expected seconds and memory of the whole study.

    Parameters
    ----------
    plan
        Of the study.
    n_jobs
        Processes; -1 is one per core.
    """
    options, recordings = plan.options, plan.prepared.recordings
    own = [for_training(recording, options.validation_repeats) for recording in recordings]
    processes = min(effective_n_jobs(n_jobs), len(plan.steps))
    per_epoch: dict[str, float] = {}
    memory_mib, seconds = 0.0, 0.0
    with threadpool_limits(1):
        for fit in plan.fits.values():
            kind = _kind(fit)
            if kind not in per_epoch:
                per_epoch[kind], used_mib = _epoch(fit, own, options)
                memory_mib = max(memory_mib, used_mib)
            seconds += per_epoch[kind] * fit.epochs
        score_s = _score(untrained(plan.fits[MAIN], own), recordings)
    n_scores = sum(step.function is score_fit for step in plan.steps)
    n_parts = len(plan.steps) - n_scores - len(plan.fits)
    seconds += score_s * (n_scores + SCORES_PER_PART * n_parts)
    return Estimate(seconds / processes, memory_mib * (processes + 1), processes)


def _kind(fit: Fit) -> str:
    """Models of a kind take as long for an epoch."""
    latent, kind = fit.latent, fit.video.likelihood
    if latent is None:
        return kind
    reading = (
        f"{latent.encoder} {latent.smoother} {latent.integration} {latent.n_samples} {latent.first_step}"
    )
    return f"{kind} {reading} {latent.prior} {latent.prior_shape} {latent.latent_gain}"


def _epoch(fit: Fit, own: Sequence[Recording], options: LatentFactorsOptions) -> tuple[float, float]:
    """Seconds of an epoch, and MiB."""
    model, how = untrained(fit, own), train_options(fit, options)
    found = estimate_training(model, TrainingData.of(model, own, how), options.device, options.precision)
    return found.seconds_per_epoch, found.memory_mib


def _score(model: FittedModel, recordings: Sequence[Recording]) -> float:
    """Seconds that it takes to score a model on the held-out tier."""
    seconds = 0.0
    for number, recording in enumerate(recordings):
        tier = recording.tier(TEST)
        first = tier.select_trials(np.arange(1))
        began = time.perf_counter()
        Scored(model.eval(), number, TrialClips(first, TEST)).scores(True, recording)
        seconds += (time.perf_counter() - began) * len(tier.trials)
    return seconds
