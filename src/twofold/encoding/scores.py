"""How well a model predicts trials that it was not trained on: correlations and bits, beside a null model."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Protocol, runtime_checkable

import numpy as np
import torch

from twofold.encoding.checks import trials_to_predict
from twofold.encoding.model import EncodingModel
from twofold.likelihoods import Likelihood, ResponseDistribution, ResponseStatistics
from twofold.metrics import LogLikelihood, SingleTrialCorrelation
from twofold.recordings import Recording, refuse_withheld, withheld_trials
from twofold.sampling import Clip, TrialClips


@runtime_checkable
class Conditional(Protocol):
    """A model that predicts some neurons from others."""

    def conditioned_of(self, number: int, clip: Clip) -> tuple[np.ndarray, ResponseDistribution]:
        """Recorded responses of the neurons scored, and their distribution given the others."""
        ...


@runtime_checkable
class Foretelling(Protocol):
    """A model that was not trained on clips, such as a competitor of the latent video model."""

    @property
    def frames_lost(self) -> int:
        """Frames at the beginning of a clip for which there is no prediction."""
        ...

    def trials_of(self, recording: Recording, *tiers: str) -> tuple[int, TrialClips]:
        """Number of a recording, and those of its trials that are to be predicted."""
        ...

    def likelihood_of(self, number: int) -> Likelihood:
        """Likelihood of a recording, of which its null is."""
        ...

    def measure_of(self, number: int) -> str:
        """What probabilities are of."""
        ...

    def distribution_of(self, number: int, clip: Clip) -> ResponseDistribution:
        """Distribution of the responses in a whole trial."""
        ...


@dataclass(frozen=True)
class Score:
    """One tier of one recording.

    Parameters
    ----------
    recording, tier
        What was scored.
    n_trials, n_neurons
        How much.
    frames_skipped
        At the beginning of each trial, for the correlation only.
    correlation_single_trial
        Mean over neurons; one that never changes counts as 0.
    bits_marginal, bits_null
        Log-likelihood per neuron and time point, of the model and of constant responses fitted on the
        training trials.
    measure
        What probabilities are of; bits compare between equal ones only.
    correlation_conditioned, bits_conditioned
        Of half of the neurons, given the responses of the others; None for a model without a state.
    """

    recording: str
    tier: str
    n_trials: int
    n_neurons: int
    frames_skipped: int
    correlation_single_trial: float
    bits_marginal: float
    bits_null: float
    measure: str
    correlation_conditioned: float | None = None
    bits_conditioned: float | None = None

    def as_dict(self) -> dict[str, str | int | float | None]:
        """Plain values for JSON."""
        return asdict(self)


def score(
    model: EncodingModel | Foretelling,
    recording: Recording,
    tier: str = "oracle",
    *,
    frames_skipped: int = 50,
    training_tier: str = "train",
) -> Score:
    """Score the predictions for one tier.

    Parameters
    ----------
    model
        Fitted to the recording; any encoding model, or a competitor.
    recording
        With responses.
    tier
        Which trials.
    frames_skipped
        Frames at the beginning of a trial that the correlation leaves out.
    training_tier
        Trials from which the null model is.

    Raises
    ------
    DataError
        If the model does not know the recording, a tier is missing, or its responses were withheld.
    """
    if isinstance(model, Foretelling):
        number, trials = model.trials_of(recording, tier)
        measure = model.measure_of(number)
    else:
        number, trials = trials_to_predict(model, recording, tier)
        measure = model.likelihood_of(number).measure
    refuse_withheld(recording.tier(tier))
    null = null_of(model, number, TrialClips(recording, training_tier))
    correlation = SingleTrialCorrelation(frames_skipped=frames_skipped)
    bits = LogLikelihood()
    for clip in trials.whole():
        observed = clip.responses[model.frames_lost :]
        distribution = model.distribution_of(number, clip)
        correlation.update(observed, distribution.mean.numpy(), first_frame=model.frames_lost)
        true = torch.from_numpy(observed)
        bits.update(distribution.log_prob(true).numpy(), null=null.log_prob(true).numpy())
    found = bits.result()
    conditioned = (
        _conditioned(model, number, trials, frames_skipped) if isinstance(model, Conditional) else ()
    )
    return Score(
        recording.name,
        tier,
        len(trials),
        len(recording.neurons),
        frames_skipped,
        correlation.result().mean,
        found.mean,
        found.mean - found.mean_above_null,
        measure,
        *conditioned,
    )


def _conditioned(
    model: Conditional, number: int, trials: TrialClips, frames_skipped: int
) -> tuple[float, float]:
    """Correlation and bits of half of the neurons, given the others."""
    correlation, bits = SingleTrialCorrelation(frames_skipped=frames_skipped), LogLikelihood()
    for clip in trials.whole():
        observed, distribution = model.conditioned_of(number, clip)
        first_frame = len(clip.responses) - len(observed)
        correlation.update(observed, distribution.mean.numpy(), first_frame=first_frame)
        bits.update(distribution.log_prob(torch.from_numpy(observed)).numpy())
    return correlation.result().mean, bits.result().mean


def null_of(model: EncodingModel | Foretelling, number: int, trials: TrialClips) -> ResponseDistribution:
    """The likeliest constant distribution of each neuron in the training trials, on the processor."""
    statistics = ResponseStatistics.of(trials.responses(trial) for trial in range(len(trials)))
    return model.likelihood_of(number).null(statistics)


def tiers_to_score(recording: Recording, training_tier: str) -> list[str]:
    """Tiers other than that of training, of which no trial is withheld."""
    tiers, withheld = recording.trials.column("tier"), withheld_trials(recording)
    others = dict.fromkeys(tiers[tiers != training_tier].tolist())
    return [tier for tier in others if not withheld[np.asarray(tiers == tier)].any()]
