"""What a reader who knows the law of a simulation tells of its responses: the references of every table."""

from __future__ import annotations

from collections.abc import Sequence
from math import log

import numpy as np

from twofold.analyses.hierarchical_bootstrap import mean_by_clip
from twofold.encoding.latent.masks import drawn
from twofold.metrics import SingleTrialCorrelation
from twofold.recordings import Recording
from twofold.runs.jobs import Arrays
from twofold.simulate import SensoriumTruth

NOT_MATCHED = "responses do not follow the law that this reader believes in: no bound"


def is_known(recordings: Sequence[Recording]) -> bool:
    """Whether all recordings are simulations that carry their law."""
    return all("drive_q" in recording.truth for recording in recordings)


def score_truth(recordings: Sequence[Recording], tier: str, lost: int, skipped: int) -> Arrays:
    """As `score_fit`, of the reader who knows the law; "m/is_matched" says whether it holds.

    Parameters
    ----------
    recordings
        Simulated.
    tier
        To score on.
    lost, skipped
        Frames at the beginning of each trial that models do not predict, and that correlations leave out.
    """
    found = Arrays()
    for number, recording in enumerate(recordings):
        part = recording.tier(tier)
        found |= {f"{number}/{name}": values for name, values in _scores(part, lost, skipped).items()}
    return found


def _scores(part: Recording, lost: int, skipped: int) -> Arrays:
    truth, responses = SensoriumTruth.of(part), np.asarray(part.responses[:]).astype(float)
    n_neurons = responses.shape[1]
    given = drawn(n_neurons, 0.5, np.random.default_rng(0))
    targets = np.flatnonzero(~given)
    predicted = np.full_like(responses, np.nan)
    predicted[:, targets] = truth.conditioned_rate(responses, given, targets)
    trial, late = truth.trial, part.frame_of_row >= lost
    bits = truth.log_prob(responses) / log(2)
    conditioned = np.full(n_neurons, np.nan)
    conditioned[targets] = _correlation(responses[:, targets], predicted[:, targets], trial, skipped)
    return {
        "correlation": _correlation(responses, truth.video_only_rate(), trial, skipped),
        "conditioned": conditioned,
        "bits": mean_by_clip(bits[late], part.per_row("stimulus")[late]),
        "is_matched": np.array(truth.is_matched),
    }


def _correlation(true: np.ndarray, predicted: np.ndarray, trial: np.ndarray, skipped: int) -> np.ndarray:
    score = SingleTrialCorrelation(frames_skipped=skipped)
    for number in np.unique(trial):
        rows = trial == number
        score.update(true[rows], np.asarray(predicted)[rows])
    return np.nan_to_num(score.result().per_neuron)
